"""Watching: the union of the seconds of a film that were really played, kept within the film and within the clock.

A player reports every ten seconds. Reports may add twice the seconds that pass between them (films are watched at
double speed), and 20 more, for they may be late; what one of them leaves, the next may add. So a player that is cut off
for up to three minutes, in a tunnel or a dead zone, loses nothing. With a first report, and after a longer silence, a
session begins, and that report adds 20 seconds at most: what was not heard of for longer cannot be claimed afterwards,
and neither waiting nor pausing saves up more than three minutes would.
"""

import math
from collections.abc import Iterable, Sequence

from tenants.errors import Invalid

Interval = tuple[float, float]
SHARE = 0.9
SPEED, SLACK, LONGEST_SILENCE = 2.0, 20.0, 180.0
MOST_CREDIT = SLACK + SPEED * LONGEST_SILENCE
MOST_REPORTED, MOST_KEPT = 200, 300
HAIRLINE = 0.25


def clean(intervals: Sequence[Sequence[float]], duration: float) -> list[Interval]:
    """What a player reported as a union within the film; Invalid when it is no list of `[from, to]` in seconds."""
    if len(intervals) > MOST_REPORTED:
        raise Invalid.field("/intervals", "too_many", f"Report at most {MOST_REPORTED} intervals at once.")
    for place, pair in enumerate(intervals):
        if len(pair) != 2 or not all(map(math.isfinite, pair)) or not 0 <= pair[0] <= pair[1]:
            detail = "An interval is two numbers of seconds, from and to, such as [12.5, 20]."
            raise Invalid.field(f"/intervals/{place}", "interval", detail)
    return union((start, min(end, duration)) for start, end in intervals)


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same seconds as intervals in order that do not touch; gaps below a quarter of a second are closed."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if joined and start <= joined[-1][1] + HAIRLINE:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def total(intervals: Iterable[Interval]) -> float:
    """How many seconds intervals hold that do not overlap."""
    return sum(end - start for start, end in intervals)


def gaps(played: Iterable[Interval], duration: float) -> list[Interval]:
    """The parts of the film that were never played."""
    missing, at = [], 0.0
    for start, end in played:
        if start > at:
            missing.append((at, min(start, duration)))
        at = max(at, end)
    return [*missing, (at, duration)] if at < duration else missing


def allowance(credit: float, silence: float) -> float:
    """How many new seconds a report may add after `silence` seconds without one (endless before the first).

    `credit` is what the last one left.
    """
    return SLACK if silence > LONGEST_SILENCE else min(credit + max(silence, 0.0) * SPEED, MOST_CREDIT)


def add(played: Sequence[Interval], reported: Sequence[Interval], most: float) -> list[Interval]:
    """What was played before and what is reported now, whose new seconds are cut off after `most`."""
    kept = union(played)
    left = most
    for start, end in _new(kept, reported):
        if left <= 0:
            break
        kept.append((start, min(end, start + left)))
        left -= end - start
    whole = union(kept)
    if len(whole) > MOST_KEPT:
        whole = sorted(sorted(whole, key=lambda each: each[0] - each[1])[:MOST_KEPT])
    return whole


def missing_seconds(played: Iterable[Interval], duration: float) -> int:
    """How many seconds are still to be watched until nine tenths of the film were."""
    return max(0, math.ceil(duration * SHARE - total(played) - 0.01))


def _new(known: Sequence[Interval], reported: Iterable[Interval]) -> Iterable[Interval]:
    """The parts of `reported` that are not in `known` yet."""
    for start, end in reported:
        at = start
        for before, after in known:
            if after <= at or before >= end:
                continue
            if before > at:
                yield at, before
            at = max(at, after)
        if at < end:
            yield at, end
