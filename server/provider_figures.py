"""Figures of the outside world: how calls to each provider ended, and whom a breaker leaves alone."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from providers import breaker


class ProviderFigures(Collector):
    """`provider_calls_total` by `provider` and `outcome`, and `provider_breaker_open` (1 while it is left alone)."""

    def collect(self) -> Iterator[Metric]:
        """Read the breakers of this process; of one name the figures are added up."""
        calls = CounterMetricFamily("provider_calls", "Calls to providers", labels=("provider", "outcome"))
        opened = GaugeMetricFamily("provider_breaker_open", "Whether it is left alone", labels=("provider",))
        for provider, watched in _by_provider().items():
            for outcome, count in sorted(sum((each.calls for each in watched), Counter[str]()).items()):
                calls.add_metric((provider, outcome), count)
            opened.add_metric((provider,), float(any(each.state != "closed" for each in watched)))
        yield calls
        yield opened


def _by_provider() -> dict[str, list[breaker.Breaker]]:
    grouped: dict[str, list[breaker.Breaker]] = {}
    for each in breaker.known():
        grouped.setdefault(each.provider, []).append(each)
    return grouped
