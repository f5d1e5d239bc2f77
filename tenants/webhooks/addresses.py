"""Addresses of programs: those alone that can be asked as they are written, which whoever signs a request needs."""

import re

from tenants.errors import Invalid

LONGEST_URL = 1000
_ORIGIN = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
SAID = "Give the https address of your program, such as https://example.org/hook."
# What only the operator can allow, by why the way out refuses it; whatever else is refused says itself why.
REFUSED = {
    "private": "The address is private: only the operator can allow it (WEBHOOK_HOSTS).",
    "plain": "The address is not https: only the operator can allow it (WEBHOOK_HOSTS).",
}
NO_PASSWORD = "Give the address without a name and a password; what we send is signed."  # noqa: S105 - a sentence
NO_IPV6 = "Give the host by its name, or by an IPv4 address; an IPv6 address alone is not taken."
NO_PORT = "Give the port as a number from 1 to 65535, or leave it out with its colon."


def clean_url(typed: str) -> str:
    """An http or https address, its host in small letters; Invalid, with what is wrong, for one that cannot be asked.

    Whether it is public, or plain though the operator has not allowed it, is for the way out to say.
    """
    origin = _ORIGIN.match(typed)
    if origin is None or len(typed) > LONGEST_URL or not typed.isascii() or not typed.isprintable() or " " in typed:
        raise _wrong(SAID)
    scheme, place = origin[1].lower(), origin[2].lower()
    if "@" in place:
        raise _wrong(NO_PASSWORD)
    if "[" in place:
        raise _wrong(NO_IPV6)
    host, colon, port = place.partition(":")
    if colon and not (_PORT.fullmatch(port) and int(port) <= 65535):
        raise _wrong(NO_PORT)
    rest = typed[origin.end() :]
    if not _is_host(host) or "#" in rest or "\\" in rest:
        raise _wrong(SAID)
    return f"{scheme}://{place}{rest}"


def _is_host(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(_LABEL.fullmatch(each) and _stands_for_something(each) for each in labels)


def _stands_for_something(label: str) -> bool:
    """Whether a label that is written `xn--…` can be read back as letters beyond ASCII."""
    if not label.startswith("xn--"):
        return True
    try:
        return not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False


def _wrong(said: str) -> Invalid:
    return Invalid.field("/url", "url", said)
