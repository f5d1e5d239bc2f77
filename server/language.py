"""In which language a request is answered: the channel's for people on its pages, what they accept for all others."""

import contextlib

from aiohttp import hdrs, web

from server.cookies import read_cookie
from tenants.languages import Words, negotiate, words, words_in

LOCALE = web.RequestKey("channel_locale", str)


def language_of(request: web.Request) -> str:
    """The language of the page that is asked for: its channel's, else the one that the reader prefers."""
    return negotiate([request[LOCALE]]) if LOCALE in request else _accepted(request)


def words_for_scripts(request: web.Request) -> Words:
    """The words of whom a refusal is told: those of the page for what a page of ours asks, else what is accepted."""
    return words(_accepted(request) if read_cookie(request) is None else language_of(request))


def say_in(sentence: str, locale: str) -> str:
    """A sentence in the language of a channel."""
    return words_in(locale).message(sentence)


def _accepted(request: web.Request) -> str:
    """By Accept-Language (RFC 9110 section 12.5.4); English where it names none of ours."""
    return negotiate(_preferred(request.headers.get(hdrs.ACCEPT_LANGUAGE, "")))


def _preferred(header: str) -> list[str]:
    """The languages of an Accept-Language header, best first (RFC 9110 section 12.5.4)."""
    weighed: list[tuple[float, int, str]] = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        with contextlib.suppress(ValueError):
            weighed.append((-float(weight or 1), len(weighed), tag))
    return [tag for _, _, tag in sorted(weighed) if tag and tag != "*"]
