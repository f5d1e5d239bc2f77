"""One web process: what it is made of, from the settings, and its life."""

import socket
from collections.abc import Callable

from aiohttp import web

import search
from logs import set_up_logs
from providers import mail, payments, storage
from providers.live.hosts import LiveHosts
from providers.payments import Place
from providers.payments import mount as payments_mount
from providers.payments.sandbox import Sandbox
from providers.storage import mount as storage_mount
from providers.storage.disk import DiskStore
from realtime.shared import connect
from server import leaning, routes
from server.access import HouseAccess, ScopeLedger
from server.app import Parts, create_app
from server.context import HOUSE, House
from server.counters import Counters
from server.health import Readiness
from server.job_figures import JobFigures
from server.limits import Limiter
from server.metrics import METRICS
from server.neighbours import Among
from server.outbox_figures import OutboxFigures
from server.pool_figures import PoolFigures
from server.process import serve
from server.provider_figures import ProviderFigures
from server.queue_figures import QueueFigures
from server.sockets import add_sockets
from server.wire_figures import WireFigures
from server.worker_figures import WorkerFigures
from settings import Settings
from tenants.people.mailed_links import LinkSecrets
from tenants.people.passwords import Passwords
from tenants.people.sessions import Lives
from tenants.scope import Tenancy
from tenants.sealing import Seals


def run(
    settings: Settings,
    listener: socket.socket,
    on_ready: Callable[[], None] | None = None,
    among: Among | None = None,
) -> None:
    """Serve on a bound socket until SIGTERM, maybe `among` several; `on_ready` is called once it does."""
    set_up_logs(settings.log_format, level=settings.log_level)
    serve(make_app(settings, among), [listener, *([among.door] if among else [])], on_ready=on_ready)


def make_app(settings: Settings, among: Among | None = None, house: House | None = None) -> web.Application:
    """The whole application: API, pages, webhooks, files and sockets over one house, its own unless one is given."""
    house = house or make_house(settings)
    app = create_app(make_parts(settings, house))
    app[HOUSE] = house
    JobFigures(app[METRICS], house.tenancy)
    app[METRICS].registry.register(ProviderFigures())
    OutboxFigures(app[METRICS], house.tenancy)
    wire = add_sockets(app, house, settings.redis_url, settings.deployment, settings.wire_key, among)
    WireFigures(app[METRICS], wire)
    app[METRICS].registry.register(PoolFigures(house.tenancy))
    if settings.redis_url:
        add_queue_figures(app, settings.redis_url, settings.deployment)
    routes.add_pages(app, house)
    if isinstance(house.store, DiskStore):
        app.add_routes(storage_mount.routes(house.store))
    if isinstance(house.payments, Sandbox):
        app.add_routes(payments_mount.routes(house.payments))
        app.cleanup_ctx.append(payments_mount.courier(house.payments))
    app.on_cleanup.append(lambda _: close_house(house))
    return app


def add_queue_figures(app: web.Application, redis_url: str, deployment: str) -> None:
    """Figures of the queues and the workers, over a connection that ends with the process."""
    redis = connect(redis_url)
    QueueFigures(app[METRICS], redis, deployment)
    WorkerFigures(app[METRICS], redis, deployment)

    async def close(_: web.Application) -> None:
        await redis.aclose()

    app.on_cleanup.append(close)


def make_house(settings: Settings) -> House:
    """The doors of this process to the database and the outside world; nothing is connected yet."""
    secret = settings.secret_key.get_secret_value()
    return House(
        tenancy=Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay")),
        store=storage.choose(settings.storage, settings.base_url, secret, settings.home),
        mailer=mail.choose(settings.mail, settings.mail_from, settings.home),
        payments=payments.choose(
            settings.payments, Place(settings.base_url, secret, settings.home, **settings.stripe_facts())
        ),
        provider=settings.payments,
        checkout_origins=checkout_origins(settings),
        passwords=Passwords(),
        links=LinkSecrets(secret.encode()),
        lives=Lives(settings.access_token_seconds, settings.refresh_token_days),
        base_url=settings.base_url,
        sign_up=settings.sign_up,
        demo=settings.demo,
        secret=secret.encode(),
        live=LiveHosts(settings.recording_hosts),
        webhook_hosts=settings.webhook_hosts,
        search=search.choose(settings.elasticsearch_url, settings.deployment),
    )


def checkout_origins(settings: Settings) -> tuple[str, ...]:
    """Where a form of ours may lead to by a redirect: the provider's own pages (browsers enforce form-action there)."""
    own = {"stripe": ("https://checkout.stripe.com", "https://connect.stripe.com"), "sandbox": (settings.base_url,)}
    return own[settings.payments]


def make_parts(settings: Settings, house: House) -> Parts:
    """What the application is composed of."""
    return Parts(
        routes=routes.API,
        access=HouseAccess(house),
        ledger=ScopeLedger(Seals(house.secret)),
        limiter=Limiter(Counters(settings.redis_url or None), settings.limits),
        base_url=settings.base_url,
        trusted_proxies=settings.trusted_proxies,
        metrics_token=settings.metrics_token.get_secret_value() or None,
        readiness=Readiness(leaning.probes(house, settings.redis_url)),
    )


async def close_house(house: House) -> None:
    """Let go of every connection."""
    await house.tenancy.close()
    await house.store.close()
    await house.mailer.close()
    await house.payments.close()
    await house.live.close()
    await house.search.close()
    house.passwords.close()
