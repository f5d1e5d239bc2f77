"""The worker processes: one RQ worker per queue, and the steward; what they hold, and their lives."""

import asyncio
import signal
from email.utils import parseaddr
from types import FrameType

import structlog
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

import search
from logs import set_up_logs
from providers import mail, payments, pdf, storage
from providers.live.hosts import LiveHosts
from providers.payments import Place
from providers.push import WebPush
from realtime import rooms
from realtime.broadcast import Herald
from realtime.telling import Teller
from realtime.wake import Waker
from settings import Settings
from tenants import relay
from tenants.people.mailed_links import LinkSecrets
from tenants.scope import Tenancy
from workers import reminding
from workers.figures import Telling
from workers.moderation import ask_for_reports
from workers.queues import Dispatched, Queues, check_redis
from workers.registry import Workshop
from workers.run import HANDS, Hands
from workers.steward import Chore, Steward
from workers.sweeping import sweep_uploads

log = structlog.get_logger("workers")
# What mostly waits for others outside; the other queues work, or keep an order.
AT_ONCE = {"webhooks": 8}


class Worker(SimpleWorker):
    """RQ's in-process worker, which lets go of its job at once when told to end."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Put the job at work off, then leave as RQ does."""
        for hands in HANDS:
            hands.interrupt()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def run(settings: Settings, queue: str) -> None:
    """Do the jobs of one queue until SIGTERM; ends also when Redis goes away, and the supervisor starts it again."""
    set_up_logs(settings.log_format, level=settings.log_level)
    redis = Redis.from_url(settings.redis_url, health_check_interval=30, socket_connect_timeout=5)
    check_redis(redis)
    shop = make_shop(settings)
    waker = Waker(settings.redis_url, settings.deployment)
    teller = Teller(shop.tenancy, make_herald(settings), waker)
    shop.tenancy.after_commit = teller.hand
    closes = [teller.close, shop.live.close, shop.search.close]
    hands = Hands(shop, closes, at_once=AT_ONCE.get(queue, 1))
    HANDS[:] = [hands]
    queues = Queues(redis, settings.deployment, hands.shop.secret)
    worker = Worker(
        [queues.queue(queue)],
        connection=redis,
        serializer=JSONSerializer,
        job_class=Dispatched,
        maintenance_interval=30,
        job_monitoring_interval=10,
    )
    try:
        with Telling(settings.redis_url, settings.deployment, queue, shop.tenancy):
            worker.work(logging_level="WARNING")
    finally:
        hands.rest()


def run_steward(settings: Settings) -> None:
    """Relay the outbox and keep the clock until SIGTERM."""
    set_up_logs(settings.log_format, level=settings.log_level)
    asyncio.run(_run_steward(settings))


def make_shop(settings: Settings) -> Workshop:
    """The doors of this process to the database and the outside world; nothing is connected yet."""
    secret = settings.secret_key.get_secret_value()
    return Workshop(
        tenancy=make_tenancy(settings),
        store=storage.choose(settings.storage, settings.base_url, secret, settings.home),
        mailer=mail.choose(settings.mail, settings.mail_from, settings.home),
        printer=pdf.choose(settings.chromium),
        links=LinkSecrets(secret.encode()),
        payments=payments.choose(
            settings.payments, Place(settings.base_url, secret, settings.home, **settings.stripe_facts())
        ),
        provider=settings.payments,
        base_url=settings.base_url,
        secret=secret.encode(),
        push=WebPush(secret.encode(), f"mailto:{parseaddr(settings.mail_from)[1]}"),
        recording_hosts=settings.recording_hosts,
        webhook_hosts=settings.webhook_hosts,
        live=LiveHosts(settings.recording_hosts),
        search=search.choose(settings.elasticsearch_url, settings.deployment),
    )


def make_tenancy(settings: Settings) -> Tenancy:
    """Scopes as the application, and the relay's view."""
    return Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"), size=2)


async def _run_steward(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    shop = make_shop(settings)
    redis = Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2)
    queues = Queues(redis, settings.deployment, shop.secret)
    herald = make_herald(settings)
    steward = Steward(shop.tenancy, queues, herald, chores(shop))
    working = asyncio.create_task(steward.run(settings.redis_url, rooms.wake(settings.deployment)))
    with Telling(settings.redis_url, settings.deployment, "steward", shop.tenancy):
        await asyncio.wait({working, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    await herald.close()
    await shop.payments.close()
    await shop.tenancy.close()


def make_herald(settings: Settings) -> Herald:
    """What tells the web processes of notices."""
    return Herald(settings.redis_url, settings.deployment, settings.wire_key)


def chores(shop: Workshop) -> list[Chore]:
    """What repeats: dropping what has served its time and what broken-off uploads left behind; mails that are due."""
    return [
        Chore("sweep", 3600, lambda: relay.sweep(shop.tenancy)),
        Chore("sweep uploads", 3600, lambda: sweep_uploads(shop)),
        Chore("reminders", reminding.EVERY_SECONDS, lambda: reminding.send_reminders(shop)),
        Chore("digests", reminding.EVERY_SECONDS, lambda: reminding.send_digests(shop)),
        Chore("sweep the store", 3600, shop.store.sweep),
        Chore("weekly reports", 900, lambda: ask_for_reports(shop)),
    ]
