"""Which addresses anybody on the internet may have, and which of them a host stands for without asking its name."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_PUBLIC_V6 = IPv6Network("2000::/3")
_NEVER = [
    *(ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")),
    *(ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")),
]


def is_public(address: str) -> bool:
    """Whether the address is one anybody on the internet may have; translated, tunnelled and special ones are not."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in net for net in _NEVER):
        return False
    return ip.version == 4 or ip in _PUBLIC_V6


def places(host: str) -> list[str]:
    """The addresses that a host stands for without asking anybody: a literal however it is spelt, or this machine."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        # RFC 6761, 6.3: these names are always of the machine itself.
        return ["127.0.0.1"]
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]
