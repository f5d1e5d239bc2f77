"""Figures of the outbox: what the wire and the search index have not heard yet; read from the rows at each look."""

import structlog
from prometheus_client import Gauge

from server.metrics import Metrics
from tenants import relay
from tenants.errors import Unavailable
from tenants.scope import Tenancy

log = structlog.get_logger("server.outbox_figures")


class OutboxFigures:
    """`notices_waiting`, `index_changes_waiting`, `…_oldest_seconds` of both (0: none waits), `index_changes_refused`.

    The same of every process that is asked, for the rows are those of the installation.
    """

    def __init__(self, metrics: Metrics, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self._gauges = [
            Gauge(name, help_, (), registry=metrics.registry)
            for name, help_ in (
                ("notices_waiting", "Notices that the wire has not been told"),
                ("notices_oldest_seconds", "Age of the oldest of them"),
                ("index_changes_waiting", "Changes that a search index has not taken"),
                ("index_changes_oldest_seconds", "Age of the oldest of them: what searches lag behind"),
                ("index_changes_refused", "Documents that the search engine will never take as they are"),
            )
        ]
        metrics.before_look.append(self.look)

    async def look(self) -> None:
        """Read how it stands; while the database is away the figures are NaN, rather than old ones."""
        try:
            told = await relay.untold(self._tenancy)
        except Unavailable as away:
            log.warning("no figures of the outbox", reason=away.message)
            for gauge in self._gauges:
                gauge.set(float("nan"))
            return
        values = (told.notices, told.oldest_notice, told.changes, told.oldest_change, told.refused)
        for gauge, value in zip(self._gauges, values, strict=True):
            gauge.set(value)
