"""Zoom's reports of past meetings: each sitting of a meeting, and who took part in it.

Wire: developers.zoom.us, "List past meeting instances", "Get past meeting participants". They come some minutes after
the sitting, for accounts on a paid plan; a sitting of one person alone has none.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from providers import ProviderDown, ProviderRefused
from providers.live import zoom_events as events
from providers.live.fields import Fields
from providers.live.hosting import Stay

Call = Callable[[str, str], Awaitable[dict[str, Any]]]
NOT_IN_PLAN = 200
PAGE, MOST_PAGES, MOST_SITTINGS = 300, 20, 10


async def stays(call: Call, number: str, since: datetime) -> list[Stay]:
    """Who was in the sittings of this meeting that began at `since` or later, the 10 latest of them."""
    try:
        told = _said(await call("GET", f"/past_meetings/{number}/instances"), "meetings")
        began = {each.text("uuid", 100): each.time("start_time") for each in told.each("meetings")}
        sittings = sorted((sitting for sitting, at in began.items() if at >= since), key=lambda each: began[each])
        return [stay for sitting in sittings[-MOST_SITTINGS:] for stay in await _of_sitting(call, sitting)]
    except ProviderRefused as refused:
        if refused.code in {"no_such_room", "plan"}:
            return []
        raise


def in_path(sitting: str) -> str:
    """A sitting's UUID in a path: Zoom wants one that holds a slash encoded twice."""
    return quote(quote(sitting, safe=""), safe="")


async def _of_sitting(call: Call, sitting: str) -> list[Stay]:
    found: list[Stay] = []
    query: dict[str, Any] = {"page_size": PAGE}
    for _ in range(MOST_PAGES):
        told = _said(
            await call("GET", f"/past_meetings/{in_path(sitting)}/participants?{urlencode(query)}"), "participants"
        )
        found += [_stay(each) for each in told.each("participants") if each.word("status") != "in_waiting_room"]
        if not (following := told.word("next_page_token", 1000)):
            break
        query["next_page_token"] = following
    return found


def _stay(who: Fields) -> Stay:
    known = events.member(who, "user_email", "id", "user_id", "name"), who.word("name")
    return Stay(*known, who.time("join_time"), who.time("leave_time"))


def _said(answer: dict[str, Any], name: str) -> Fields:
    told = Fields(answer)
    if not told.has(name):
        raise ProviderDown("Zoom answered with something that is not its report.")
    return told
