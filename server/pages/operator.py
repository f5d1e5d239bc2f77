"""The operator's page of the live wire: what every web process says of itself at `/metrics`, in words.

It opens to whoever has METRICS_TOKEN, which a browser asks for as a password; whoever signs in here is nobody's member.
"""

import base64
import binascii
import hmac
import math
from collections import Counter

from aiohttp import hdrs, web
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from server.metrics import METRICS_TOKEN, figures_of
from server.neighbours import NEIGHBOURS
from server.pages.visits import PRIVATE, Visit
from server.sender import bearer_of
from server.web.views.operator import ProcessRow, Tally, WireView
from tenants.errors import NotFound

MOST = 0.9
ENDED = {
    "transport close": "Sockets closed by their clients, or their network",
    "client disconnect": "Sockets whose client said good-bye",
    "ping timeout": "Sockets that went silent",
    "transport error": "Sockets cut off: too far behind, flooding, or no protocol of ours",
    "server disconnect": "Sockets ended by the server",
}
SENT_AWAY = {
    "banned": "Sockets ended by a ban",
    "session_ended": "Sockets ended by a sign-out",
    "token_expired": "Sockets closed because their token ran out",
    "not_a_member": "Sockets ended because their member left",
    "channel_closed": "Sockets ended because their channel closed",
    "flooding": "Sockets cut off for flooding",
}
BUS = {
    "caught_up": "Messages of other processes that were read again after a fault",
    "resets": "Rooms that had to start afresh",
    "breaks": "Breaks of the line to Redis",
    "refused": "Forged or foreign messages that were refused",
    "dropped": "Messages dropped because Redis was away for too long",
}


async def wire(visit: Visit) -> web.StreamResponse:
    """GET /operator/wire."""
    token = visit.request.app[METRICS_TOKEN]
    if not token:
        raise NotFound("This page is off here: set METRICS_TOKEN, and sign in with it as password.")
    if not hmac.compare_digest(_password_of(visit.request).encode(), token.encode()):
        headers = {hdrs.WWW_AUTHENTICATE: 'Basic realm="Guildhall, for its operator"', "Cache-Control": PRIVATE}
        return web.Response(status=401, text="Sign in with METRICS_TOKEN as password.", headers=headers)
    told = await _told(visit.request)
    read = {number: [] if text is None else _samples(text) for number, text in told.items()}
    rows = tuple(_row(number, samples) for number, samples in read.items())
    every = [sample for samples in read.values() for sample in samples]
    return visit.show("operator_wire.html", WireView(rows, tuple(_troubles(rows)), tuple(_tallies(every))))


async def _told(request: web.Request) -> dict[int, str | None]:
    """The figures of every web process by its number, its own first; None of one that does not answer."""
    own = (await figures_of(request.app)).decode()
    neighbours = request.app.get(NEIGHBOURS)
    if neighbours is None:
        return {1: own}
    return dict(sorted({neighbours.number: own, **await neighbours.figures()}.items()))


def _password_of(request: web.Request) -> str:
    """What a browser sent as password, or a program as bearer token."""
    scheme, _, word = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "basic":
        return bearer_of(request) or ""
    try:
        return base64.b64decode(word, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _samples(text: str) -> list[Sample]:
    families = text_string_to_metric_families(text)
    wanted = ("sockets_", "wire_", "bus_")
    return [each for family in families if family.name.startswith(wanted) for each in family.samples]


def _row(number: int, samples: list[Sample]) -> ProcessRow:
    if not samples:
        return ProcessRow(number, answers=False)
    values = {each.name: each.value for each in samples if not each.labels}
    lag = values.get("bus_lag_seconds", 0.0)
    return ProcessRow(
        number,
        sockets=int(values["sockets_open"]),
        members=int(values["wire_connections"]),
        rooms=int(values["wire_rooms"]),
        waiting=int(values.get("bus_waiting", 0)),
        lag=None if math.isinf(lag) else round(lag * 1000, 1),
        answer=_most_answers(samples),
        fallback=bool(values["wire_fallback"]),
    )


def _most_answers(samples: list[Sample]) -> float | None:
    """Within how many milliseconds nine answers in ten came, as the buckets tell."""
    within: Counter[float] = Counter()
    for each in samples:
        if each.name == "wire_answer_seconds_bucket":
            within[float(each.labels["le"])] += int(each.value)
    enough = MOST * within[math.inf]
    found = next((bound for bound in sorted(within) if within[math.inf] and within[bound] >= enough), None)
    return None if found is None or math.isinf(found) else found * 1000


def _troubles(rows: tuple[ProcessRow, ...]) -> list[str]:
    found = []
    for row in rows:
        if not row.answers:
            found.append(f"Process {row.number} does not answer: look at its log, or whether it is starting.")
        elif row.lag is None:
            found.append(
                f"Redis does not answer process {row.number}: its members hear one another, those of other processes "
                "when Redis is back. Ask `guildhall doctor`."
            )
        if row.fallback:
            found.append(
                f"Process {row.number} runs on the slower path of its engine, for the installed aiohttp is not the one "
                "it knows: run `uv sync`, then restart."
            )
    return found


def _tallies(samples: list[Sample]) -> list[Tally]:
    """What was counted, of all processes together; what never happened is left out."""
    counts: Counter[str] = Counter()
    for each in samples:
        for family, label, words in (
            ("wire_ended_total", "reason", ENDED),
            ("wire_sent_away_total", "reason", SENT_AWAY),
            ("bus_events_total", "kind", BUS),
        ):
            if each.name == family and each.labels[label] in words:
                counts[words[each.labels[label]]] += int(each.value)
        if each.name == "wire_refused_total":
            counts["Events that were refused"] += int(each.value)
        elif each.name == "wire_presence_total":
            told = each.labels["kind"] == "told"
            counts["Members who came or went" if told else "Members of dead processes taken back"] += int(each.value)
    return [Tally(words, count) for words, count in counts.most_common() if count]
