"""Requests per CPU-second of our web process beside the Node twin's, over the same database, in one run."""

import contextlib
import http.client
import json
import os
import statistics
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import peers
from bench.cpu import cores, cpu_seconds
from bench.peers import Side
from bench.report import Report, platform_facts
from bench.routes import ROUTES, Route
from bench.stage import Stage, staged
from bench.wire import load

REPEATS, SECONDS, WARM_UP_SECONDS = 3, 2.0, 0.6


@dataclass(slots=True)
class Figures:
    """What one side did on one route: one number per repeat."""

    per_cpu_second: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    other: dict[int, int] = field(default_factory=dict)


async def main() -> Report:
    """Measure all routes on all sides, interleaved."""
    app_core, rest = cores()
    os.sched_setaffinity(0, {rest})
    async with staged() as stage:
        with contextlib.ExitStack() as running:
            sides = [
                running.enter_context(peers.ours(stage, app_core)),
                running.enter_context(peers.twin(stage, app_core)),
                running.enter_context(peers.twin(stage, app_core, "bare")),
            ]
            check_alike(stage, sides)
            figures = await _measure(stage, sides)
    return _report(figures)


def check_alike(stage: Stage, sides: list[Side]) -> None:
    """Every side gives the same JSON to the same questions; RuntimeError names the first that does not."""
    for route in ROUTES:
        answers = [ask(side, next(route.requests(stage))) for side in sides]
        for side, (status, answer) in zip(sides, answers, strict=True):
            if status != route.status or told(answer, route) != told(answers[0][1], route):
                ours = str(answers[0])
                raise RuntimeError(f"{route.name}: {side.name} says {str((status, answer))[:500]}, ours {ours[:500]}")


def told(answer: Any, route: Route) -> Any:
    """What must be equal: all of it, but of a new message only its shape."""
    return sorted(answer) if route.status == 201 else answer


def ask(side: Side, sent: bytes) -> tuple[int, Any]:
    """The status and the JSON that a request gets."""
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines if not line.startswith(("Content-Length", "Host")))
    connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=10)
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


async def _measure(stage: Stage, sides: list[Side]) -> dict[str, dict[str, Figures]]:
    figures = {route.name: {side.name: Figures() for side in sides} for route in ROUTES}
    for repeat in range(REPEATS):
        order = sides[repeat % len(sides) :] + sides[: repeat % len(sides)]
        for route in ROUTES:
            for side in order:
                await _once(stage, route, side, figures[route.name][side.name])
    return figures


async def _once(stage: Stage, route: Route, side: Side, figures: Figures) -> None:
    requests = route.requests(stage)
    await load(side.port, requests, route.status, WARM_UP_SECONDS)
    before = cpu_seconds(side.pid)
    tally = await load(side.port, requests, route.status, SECONDS)
    spent = cpu_seconds(side.pid) - before
    figures.per_cpu_second.append(tally.good / spent)
    figures.per_second.append(tally.good / SECONDS)
    figures.p50_ms.append(tally.quantile(0.5) * 1000)
    figures.p99_ms.append(tally.quantile(0.99) * 1000)
    for status, count in tally.other.items():
        figures.other[status] = figures.other.get(status, 0) + count


def _report(figures: dict[str, dict[str, Figures]]) -> Report:
    rows, facts = [], platform_facts(peers.node())
    for route in ROUTES:
        mine, others = figures[route.name]["ours"], figures[route.name]
        ratios = {
            name: statistics.median(mine.per_cpu_second) / statistics.median(each.per_cpu_second)
            for name, each in others.items()
            if name != "ours"
        }
        said = [_span(each.per_cpu_second) for each in others.values()]
        faults = sum(sum(each.other.values()) for each in others.values())
        rows.append([route.name, *said, *(f"{ratio:.2f}×" for ratio in ratios.values()), f"≥ {route.goal:g}×", faults])
    names = list(next(iter(figures.values())))
    columns = ["requests per CPU-second", *names, *(f"ours ÷ {name}" for name in names[1:]), "goal", "faults"]
    raw = {route: {side: asdict(each) for side, each in sides.items()} for route, sides in figures.items()}
    return Report("http", columns, rows, facts, raw)


def _span(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"
