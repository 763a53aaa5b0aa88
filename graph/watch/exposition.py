"""What the operator tells Prometheus of its watches: how each is, and how far behind."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from graph.model import instant
from graph.watch.reflector import Tally
from graph.watch.vitals import Source, Vitals

LABELS = ("cluster", "resource", "namespace")


class Watches(Collector):
    """The watches of the operators of this process that lead."""

    def __init__(self) -> None:
        self._leading: dict[str, Vitals] = {}

    def show(self, cluster: str, vitals: Vitals) -> None:
        """From now on, instead of what was shown of the cluster before."""
        self._leading[cluster] = vitals

    def hide(self, cluster: str) -> None:
        """It no longer leads."""
        self._leading.pop(cluster, None)

    def describe(self) -> Iterator[Metric]:
        """Nothing is known before somebody leads."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """For each scrape anew."""
        state = GaugeMetricFamily(
            "statusgraph_watch_state",
            "1 for the state of the watch: loading, live, broken (it is tried again), refused.",
            labels=(*LABELS, "state"),
        )
        age = GaugeMetricFamily(
            "statusgraph_watch_progress_age_seconds",
            "Since the API server last answered or told anything; bookmarks come every minute.",
            labels=LABELS,
        )
        lag = GaugeMetricFamily(
            "statusgraph_watch_lag_seconds",
            "How long after its creation the newest object was told of; its time is in seconds.",
            labels=LABELS,
        )
        counters = [CounterMetricFamily(name, text, labels=LABELS) for name, text in _COUNTED.values()]
        for source, labels in self._all():
            state.add_metric((*labels, source.state), 1)
            if source.alive_at:
                age.add_metric(labels, max(0.0, source.clock() - source.alive_at))
            if (behind := _lag(source.tally)) is not None:
                lag.add_metric(labels, behind)
            for word, counter in zip(_COUNTED, counters, strict=True):
                counter.add_metric(labels, getattr(source.tally, word))
        yield from (state, age, lag, *counters)

    def _all(self) -> Iterator[tuple[Source, tuple[str, str, str]]]:
        for cluster, vitals in self._leading.items():
            for source in vitals.sources:
                yield source, (cluster, source.resource_name, source.namespace)


_COUNTED = {
    "lists": ("statusgraph_watch_lists", "Complete lists: the first, and one for each watch that had to begin anew."),
    "changes": ("statusgraph_watch_changes", "Objects that were told as added, modified or deleted."),
    "failures": ("statusgraph_watch_failures", "Requests and streams that did not do what they should."),
    "nameless": ("statusgraph_watch_nameless", "Objects that were passed over: not even a name could be read."),
}
"""Word of a tally → name and description."""


def _lag(tally: Tally) -> float | None:
    created = instant.parse(tally.created)
    return None if created is None else max(0.0, tally.created_told - created)


WATCHES = Watches()
REGISTRY.register(WATCHES)
