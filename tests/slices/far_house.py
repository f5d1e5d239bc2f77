"""The product over every real service: what is a vendor's is a stand-in, the rest is the real program."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.nginx.authority import pin
from tests.nginx.front import HOST, Ports, Running, fronting
from tests.slices.far_servers import far_servers
from tests.slices.held import AtLiveKit
from tests.slices.houses import House
from tests.slices.installation import Installation, free_port
from tests.slices.sold import ByStripe
from tests.standins import livekit_page, stripe_pages
from tests.standins.elasticsearch import Node
from tests.standins.gcs import FarStorage, far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET
from tests.standins.livekit import LiveKitServer, livekit_server
from tests.standins.livekit_page import meeting_page
from tests.standins.recordings import RecordingServer
from tests.standins.relay import Relay, relaying
from tests.standins.stripe import KEY, WEBHOOK_SECRET, FarStripe, far_stripe
from tests.standins.stripe_pages import Pages as StripePages
from tests.webapp import settings_for

USER, PASSWORD = "guildhall", "a pass:word"
HOOKS = "/webhooks/stripe"


@dataclass(frozen=True)
class Services:
    """The real servers around it."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    elasticsearch: Node


@dataclass
class FarSides:
    """The vendors, whose books can be read; `urls` are where their APIs answer.

    `hosts` are the port and the certificate of each host that browsers see.
    """

    stripe: FarStripe
    storage: FarStorage
    livekit: LiveKitServer
    relay: Relay
    urls: dict[str, str]
    hosts: dict[str, tuple[int, Path]]
    indexes: str = ""
    """The URL of what is searched, in Elasticsearch."""


@asynccontextmanager
async def far_house(
    home: Path, database: str, services: Services, film: RecordingServer
) -> AsyncIterator[tuple[House, FarSides]]:
    """The installation in `home`, behind nginx; certificates and keys lie in folders of their own meanwhile."""
    ports, port, secret = Ports(), free_port(), secrets.token_urlsafe(48)
    given = {"secret_key": secret, "base_url": ports.origin, "trusted_proxies": 1}
    settings = settings_for(database, "", home, port, **given)
    async with AsyncExitStack() as stack:
        # nginx runs as another account, which gets a folder of its own.
        folder, site = (Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=way))) for way in ("gf-", "gn-"))
        front = await stack.enter_async_context(fronting(settings, ports, site))
        sides = await _far_sides(stack, folder, front)
        sides.indexes = f"{services.elasticsearch.url}/{settings.deployment}-documents"
        holding = AtLiveKit(front.session, sides.livekit)
        tills = await _pages(stack, folder, front, sides, holding)
        servers = await stack.enter_async_context(far_servers(database, services.postgres, services.valkey, folder))
        chosen = servers | _chosen(sides, folder) | {"ELASTICSEARCH_URL": services.elasticsearch.url}
        chosen |= {name.upper(): str(value) for name, value in given.items()}
        installation = Installation(home, PORT=str(port), RECORDING_HOSTS=f"{film.host},{sides.livekit.host}", **chosen)
        await stack.enter_async_context(installation.running())
        for words in (("storage", "prepare"), ("reindex",)):
            await asyncio.to_thread(installation.run, *words)
        house = House(
            url=ports.origin,
            installation=installation,
            database=database,
            programs=front.session,
            flags=_flags(sides),
            film=film,
            selling=ByStripe(sides.stripe, tills),
            holding=holding,
            letters=lambda: sides.relay.letters,
        )
        yield house, sides


async def _far_sides(stack: AsyncExitStack, folder: Path, front: Running) -> FarSides:
    """The vendors' APIs; files by TLS, as browsers insist on, and a relay with STARTTLS and a password."""
    (folder / "authority.pem").write_text(front.authority.pem)
    stripe, stripe_url = await stack.enter_async_context(far_stripe())
    tls = front.authority.serving(folder / "storage", "localhost")
    storage, storage_url = await stack.enter_async_context(far_storage(tls))
    livekit = await stack.enter_async_context(livekit_server())
    tls = front.authority.serving(folder / "relay", "localhost")
    relay = await stack.enter_async_context(relaying(Relay(tls=tls, user=USER, password=PASSWORD)))
    hosts = {
        HOST: (front.ports.https, front.folder / "certificates" / HOST),
        "localhost": (urlsplit(storage_url).port or 0, folder / "storage"),
    }
    return FarSides(stripe, storage, livekit, relay, {"stripe": stripe_url, "storage": storage_url}, hosts)


def _chosen(sides: FarSides, folder: Path) -> dict[str, str]:
    """The settings that lead to them."""
    authority = str(folder / "authority.pem")
    return {
        "SSL_CERT_FILE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "STORAGE": f"gcs:{BUCKET}",
        "STORAGE_EMULATOR_HOST": sides.urls["storage"],
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(folder, sides.urls["storage"])),
        "PAYMENTS": "stripe",
        "STRIPE_API_BASE": sides.urls["stripe"],
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "MAIL": f"smtp://{USER}:{quote(PASSWORD)}@localhost:{sides.relay.port}?ca={authority}",
    }


async def _pages(
    stack: AsyncExitStack, folder: Path, front: Running, sides: FarSides, holding: AtLiveKit
) -> StripePages:
    """The vendors' own pages, at their own hosts."""

    async def tell(raw: bytes, headers: dict[str, str]) -> int:
        async with front.session.post(front.url + HOOKS, data=raw, headers=headers) as answer:
            return answer.status

    tls = front.authority.serving(folder / "stripe", *stripe_pages.HOSTS)
    tills, port = await stack.enter_async_context(stripe_pages.stripe_pages(sides.stripe, tell, tls))
    sides.hosts |= dict.fromkeys(stripe_pages.HOSTS, (port, folder / "stripe"))
    tls = front.authority.serving(folder / "livekit", livekit_page.HOST)
    holding.page, port = await stack.enter_async_context(meeting_page(sides.livekit, holding.tell, tls))
    sides.hosts[livekit_page.HOST] = (port, folder / "livekit")
    return tills


def _flags(sides: FarSides) -> tuple[str, ...]:
    """What lets a browser find every host here, and trust the keys of these certificates alone."""
    rules = ", ".join(f"MAP {host} 127.0.0.1:{port}" for host, (port, _) in sides.hosts.items())
    pins = ",".join(sorted({pin(folder / "fullchain.pem") for _, folder in sides.hosts.values()}))
    return f"--host-resolver-rules={rules}", f"--ignore-certificate-errors-spki-list={pins}"
