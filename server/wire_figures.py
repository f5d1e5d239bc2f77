"""Figures of the live wire in this process: sockets, rooms, answers, ends, presence, and the line between processes."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from realtime.server import Wire
from server.metrics import Metrics


class WireFigures(Collector):
    """`sockets_open`, `wire_…` and `bus_…`; the line's lag is measured when they are asked for."""

    def __init__(self, metrics: Metrics, wire: Wire) -> None:
        self._wire, self._lag = wire, 0.0
        metrics.registry.register(self)
        metrics.before_look.append(self._measure)

    def collect(self) -> Iterator[Metric]:
        """Read what is there now."""
        yield from self._of_sockets()
        yield from self._of_answers()
        yield from self._of_presence()
        yield from self._of_bus()

    def _of_sockets(self) -> Iterator[Metric]:
        wire = self._wire
        yield GaugeMetricFamily("sockets_open", "Open sessions of the live wire", len(wire.sio.eio.sockets))
        yield GaugeMetricFamily("wire_connections", "Members connected to the live wire", len(wire.connections))
        yield GaugeMetricFamily("wire_rooms", "Rooms that somebody here has joined", len(wire.presence))
        slow = "Whether sockets stay with aiohttp, which costs memory: its private parts are not as expected"
        yield GaugeMetricFamily("wire_fallback", slow, bool(wire.sio.fallback))
        yield _counted("wire_ended", "Sockets that ended, by how", ("reason",), _single(wire.figures.ended))
        words = "Sockets that were sent away, by why"
        yield _counted("wire_sent_away", words, ("reason",), _single(wire.figures.sent_away))

    def _of_answers(self) -> Iterator[Metric]:
        figures = self._wire.figures
        yield _counted("wire_refused", "Events that were refused", ("event", "code"), figures.refused)
        seconds = HistogramMetricFamily("wire_answer_seconds", "Time from an event to its answer", labels=("event",))
        for event, times in figures.answers.items():
            seconds.add_metric((event,), times.so_far(), times.total)
        yield seconds

    def _of_presence(self) -> Iterator[Metric]:
        presence, reading = self._wire.presence, self._wire.reading
        done = {("told",): presence.transitions, ("reaped",): presence.reaped}
        yield _counted("wire_presence", "Members who came or went, told or taken back from the dead", ("kind",), done)
        marks = {("marks",): reading.written, ("statements",): reading.statements}
        yield _counted("wire_reading", "Read marks that were written, and the statements for them", ("kind",), marks)

    def _of_bus(self) -> Iterator[Metric]:
        if (figures := self._wire.bus.figures) is not None:
            told = asdict(figures)
            yield GaugeMetricFamily("bus_waiting", "What Redis has not taken yet", told.pop("waiting"))
            lag = "Seconds until Redis has what is said now, and has answered"
            yield GaugeMetricFamily("bus_lag_seconds", lag, self._lag)
            kinds = {(kind,): count for kind, count in told.items()}
            yield _counted("bus_events", "What the line between processes has done", ("kind",), kinds)

    async def _measure(self) -> None:
        self._lag = await self._wire.lag()


def _single(counts: Mapping[str, int]) -> dict[tuple[str, ...], int]:
    return {(name,): count for name, count in counts.items()}


def _counted(name: str, words: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
