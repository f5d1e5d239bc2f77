"""Previews of links: fetched once a day for a channel, by the guarded way out, and read for a few words."""

import codecs
import html
import re
import unicodedata

import structlog

from providers import ProviderDown, ProviderRefused
from providers.outbound import Limits, Outbound, Reply
from tenants.community import previews
from tenants.community.previews import Page
from tenants.jobs import PreviewLink
from workers.registry import Work, performs

log = structlog.get_logger("workers.previews")
KB = 1024
MOST_READ = 512 * KB
# A page may be larger than what is read of it.
LIMITS = Limits(connect=3.0, stall=3.0, least=1, total=5.0, size=64 * KB * KB)
HEADERS = {"User-Agent": "Guildhall link preview", "Accept": "text/html,application/xhtml+xml"}
ALLOWED: tuple[str, ...] = ()
TITLE, DESCRIPTION, SITE = 140, 300, 60
_HTML = {"text/html", "application/xhtml+xml"}
_HEAD_ENDS = re.compile(rb"</head\s*>|<body[\s>]", re.IGNORECASE)
_META = re.compile(r"<meta\b([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z:-]{1,40})\s*=\s*(?:"([^"]{0,3000})"|'([^']{0,3000})')""", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,300}>([^<]{1,3000})", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^<>]{1,300}?charset\s*=\s*["']?([a-z0-9_-]{1,30})""", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


@performs(PreviewLink, seconds=30)
async def preview(work: Work, asked: PreviewLink) -> None:
    """Show what the first link of a message leads to; what cannot be seen is not tried again for a day."""
    async with work.scope() as scope:
        wanted = await previews.wanted(scope, asked.message_id)
    if wanted is None:
        return
    page = wanted.page
    if page is None:
        page = await look(wanted.url)
        async with work.scope() as scope:
            await previews.keep(scope, wanted.url, page)
    async with work.scope() as scope:
        await previews.show(scope, asked.message_id, wanted.url, page)


async def look(url: str) -> Page:
    """What the page at an address that a member wrote says of itself; nothing where none can be had."""
    try:
        async with Outbound(ALLOWED, LIMITS) as outbound, outbound.get(url, HEADERS) as reply:
            kind, _, parameters = reply.headers.get("Content-Type", "").partition(";")
            if reply.status != 200 or kind.strip().lower() not in _HTML:
                return Page()
            return read(await _beginning(reply), parameters)
    except (ProviderDown, ProviderRefused) as why:
        log.info("no preview", reason=why.message)
        return Page()


async def _beginning(reply: Reply) -> bytes:
    """As much of the page as tells about it: to the end of its head, at most MOST_READ bytes."""
    data = b""
    async for block in reply.blocks():
        data += block
        if len(data) >= MOST_READ or _HEAD_ENDS.search(block):
            break
    return data[:MOST_READ]


def read(data: bytes, parameters: str = "") -> Page:
    """The title, description and site of a page, as its head names them; words alone."""
    ends = _HEAD_ENDS.search(data)
    head = _decoded(data[: ends.start()] if ends else data, parameters)
    named = _named(head)
    title = _TITLE.search(head)
    return Page(
        title=_line(named.get("og:title") or (title[1] if title else ""), TITLE),
        description=_line(named.get("og:description") or named.get("description", ""), DESCRIPTION),
        site=_line(named.get("og:site_name", ""), SITE),
    )


def _named(head: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for meta in _META.finditer(head):
        given = {name.lower(): one or other for name, one, other in _ATTRIBUTE.findall(meta[1])}
        name = (given.get("property") or given.get("name", "")).lower()
        named.setdefault(name, given.get("content", ""))
    return named


def _decoded(data: bytes, parameters: str) -> str:
    stated = re.search(r"charset\s*=\s*[\"']?([a-z0-9_-]{1,30})", parameters, re.IGNORECASE)
    within = _CHARSET.search(data[: 4 * KB])
    for name in (stated[1] if stated else "", within[1].decode() if within else ""):
        try:
            # Only text codings: some names of codecs are none.
            if name and codecs.lookup(name)._is_text_encoding:  # noqa: SLF001
                return data.decode(name, "replace")
        except (LookupError, UnicodeError):  # some codings, as idna, refuse bytes whatever is asked of them
            continue
    return data.decode("utf-8", "replace")


def _line(words: str, longest: int) -> str:
    """Words on one line, cut where they are too many, without what nobody sees."""
    seen = "".join(each for each in html.unescape(words) if each.isspace() or unicodedata.category(each) not in _UNSEEN)
    line = _SPACES.sub(" ", unicodedata.normalize("NFC", seen)).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
