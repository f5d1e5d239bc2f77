"""`guildhall nginx`: the site of this installation for nginx, from its settings and the application's own words."""

from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.stop import Stop
from providers.storage import UPLOAD_LIMIT
from server.bodies import JSON_LIMIT
from server.headers import SECURITY_HEADERS, YEAR_OF_HTTPS
from server.pages.verify import LARGEST_PAPER
from server.web.assets import BASE
from settings import Settings

TEMPLATES = Path(__file__).parents[1] / "nginx"
SITE = "guildhall.conf"
MULTIPART_BYTES = 64 * 1024
REFUSALS = {
    413: ("too_large", "That is more than we take here."),
    429: ("too_fast", "That was too fast. Wait a moment."),
    502: ("unavailable", "Guildhall does not answer just now. Try again in a few seconds."),
    503: ("unavailable", "Guildhall does not answer just now. Try again in a few seconds."),
    504: ("too_slow", "This took too long and was given up. Try again."),
}


@dataclass(frozen=True, slots=True)
class Front:
    """Where nginx listens and what it finds on its machine; `upstream` is the host:port of the web processes."""

    upstream: str
    certificates: Path
    cache: Path
    log: Path
    challenges: Path
    http: int = 80
    https: int = 443
    ipv6: bool = True


def write(settings: Settings, front: Front, folder: Path) -> Path:
    """Write the site into `folder`; its path. Stop when the settings do not fit a proxy, or it cannot be written."""
    path = folder / SITE
    site = render(settings, front)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(site)
    except OSError as fault:
        raise Stop(f"Cannot write {path} ({fault.strerror}): name another folder with --output.") from None
    return path


def render(settings: Settings, front: Front) -> str:
    """The site as text; Stop when the settings do not fit a proxy that ends TLS."""
    check(settings)
    environment = Environment(  # noqa: S701 - the language is nginx's, not HTML
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template(f"{SITE}.j2").render(words(settings, front))
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def check(settings: Settings) -> None:
    """Stop unless links begin with https and exactly this one proxy is believed."""
    if not settings.base_url.startswith("https://"):
        raise Stop(f"BASE_URL is {settings.base_url}: set the https:// address that people type.")
    if settings.trusted_proxies != 1:
        raise Stop(
            f"TRUSTED_PROXIES is {settings.trusted_proxies}: behind nginx, which names each sender, set it to 1."
        )


def words(settings: Settings, front: Front) -> dict[str, Any]:
    """What the template is given: sizes, headers and paths come from the code that they must agree with."""
    return {
        "upstream": front.upstream or own_address(settings),
        "host": urlsplit(settings.base_url).hostname,
        "certificates": front.certificates,
        "cache": front.cache,
        "log": front.log,
        "challenges": front.challenges,
        "http": front.http,
        "https": front.https,
        "ipv6": front.ipv6,
        "headers": SECURITY_HEADERS | {"Strict-Transport-Security": YEAR_OF_HTTPS},
        "refusals": REFUSALS,
        "titles": {status: HTTPStatus(status).phrase for status in REFUSALS},
        "assets": BASE,
        "json_bytes": JSON_LIMIT,
        "paper_bytes": LARGEST_PAPER + MULTIPART_BYTES,
        "upload_bytes": UPLOAD_LIMIT,
    }


def own_address(settings: Settings) -> str:
    """Where the web processes of these settings are found from their own machine."""
    address = ip_address(settings.bind)
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"[{address}]:{settings.port}" if address.version == 6 else f"{address}:{settings.port}"
