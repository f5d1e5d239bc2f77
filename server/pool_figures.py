"""Figures of this process's connections to the database."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tenants.scope import Tenancy


class PoolFigures(Collector):
    """By `role` how the pools stand: `database_…`."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._pools = {"app": tenancy.app, "relay": tenancy.relay}

    def collect(self) -> Iterator[Metric]:
        """Read what is there now."""
        role = ("role",)
        in_use = GaugeMetricFamily("database_connections_in_use", "Connections lent now", labels=role)
        most = GaugeMetricFamily("database_connections_most", "The most that may be lent", labels=role)
        waiting = GaugeMetricFamily("database_callers_waiting", "Callers that wait for a connection", labels=role)
        waits = CounterMetricFamily("database_waits", "Times that a connection was waited for", labels=role)
        seconds = CounterMetricFamily("database_wait_seconds", "Seconds waited for connections", labels=role)
        for name, pool in self._pools.items():
            lent = pool.lent
            for family, value in (
                (in_use, lent.in_use), (most, lent.size), (waiting, lent.waiting), (waits, lent.waits),
                (seconds, lent.waited_seconds),
            ):  # fmt: skip
                family.add_metric((name,), value)
        yield from (in_use, most, waiting, waits, seconds)
