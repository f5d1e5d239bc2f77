"""Who sent a request: its id, the address behind trusted proxies, the bearer token, the browser's name."""

import ipaddress
import random
import re
from functools import lru_cache

from aiohttp import hdrs, web

REQUEST_ID = web.RequestKey("request_id", str)
ADDRESS = web.RequestKey("address", str)
TRUSTED_PROXIES = web.AppKey("trusted_proxies", int)

SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Nearly every address is of this kind, and is its own canonical form.
IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
LONGEST_ADDRESS = 100
TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def accept_request_id(request: web.BaseRequest) -> str:
    """The sender's `X-Request-ID` when it is 8-64 plain characters, else a new one; remembered on the request."""
    sent = request.headers.get("X-Request-ID", "")
    # It names a request and guards nothing, so it need not be hard to guess.
    request_id = sent if sent and SANE_ID.fullmatch(sent) else f"{random.getrandbits(96):024x}"
    request[REQUEST_ID] = request_id
    return request_id


def address_of(request: web.Request) -> str:
    """The sender's IP address: `X-Forwarded-For` counted from the right by the number of trusted proxies.

    A unix socket is one more trusted hop, for only our own processes can open it.
    """
    address = request.get(ADDRESS)
    if address is None:
        address = request[ADDRESS] = _find_address(request)
    return address


def _find_address(request: web.Request) -> str:
    over_unix = arrived_by_unix_socket(request)
    peer = "127.0.0.1" if over_unix else str(request.remote or "127.0.0.1")
    hops = request.app[TRUSTED_PROXIES] + int(over_unix)
    if not hops:
        return peer
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    return plain_address(forwarded[-min(hops, len(forwarded))]) or peer


def arrived_by_unix_socket(request: web.Request) -> bool:
    """Whether the connection came through a unix socket of this installation."""
    return isinstance(request.protocol.sockname, str | bytes)


def plain_address(text: str) -> str | None:
    """The address in `text` in its canonical form, or None when it is none."""
    if IPV4.fullmatch(text):
        return text
    return _canonical(text) if len(text) <= LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip().removeprefix("[").removesuffix("]")))
    except ValueError:
        return None


def neighbourhood_of(address: str) -> str:
    """What limits count by: the IPv4 address itself, or the /64 of an IPv6 one, which is one customer's."""
    return address if IPV4.fullmatch(address) else _neighbourhood(address)


@lru_cache(maxsize=4096)
def _neighbourhood(address: str) -> str:
    parsed = ipaddress.ip_address(plain_address(address.partition("%")[0]) or "127.0.0.1")
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else str(parsed)


def bearer_of(request: web.Request) -> str | None:
    """The bearer token (RFC 6750), or None without one; "" for an Authorization header that carries no usable token."""
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" and TOKEN.fullmatch(token) else ""


def agent_of(request: web.Request) -> str:
    """The browser's name as it gives it, made printable and at most 300 characters: safe to store and to show."""
    sent = request.headers.get(hdrs.USER_AGENT, "")[:300]
    return "".join(letter if letter.isprintable() else "?" for letter in sent)
