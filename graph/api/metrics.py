"""Prometheus metrics of the api; the sole owner of prometheus-client here."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from graph.store.catalog import Catalog


class Metrics:
    """The counters, in a registry of their own unless one is given."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.requests = Counter(
            "statusgraph_requests",
            "GraphQL operations that were answered.",
            ["transport", "outcome"],
            registry=self.registry,
        )
        self.sockets = Gauge("statusgraph_websockets", "Open websockets.", registry=self.registry)
        self.streams = Gauge("statusgraph_event_streams", "Open streams of server-sent events.", registry=self.registry)
        self.subscriptions = Gauge(
            "statusgraph_subscriptions", "Active subscriptions, by their field.", ["field"], registry=self.registry
        )
        self.delivered = Counter(
            "statusgraph_delivered",
            "Items that subscriptions were given, by their field.",
            ["field"],
            registry=self.registry,
        )

    def watch(self, catalog: Catalog) -> None:
        """Shows also how far each cluster's replica is behind."""
        self.registry.register(_Lag(catalog))

    def page(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)


class _Lag(Collector):
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read when it is scraped, so that it is never old."""
        lag = GaugeMetricFamily("statusgraph_replica_lag_seconds", "How far a replica is behind.", labels=["cluster"])
        seq = GaugeMetricFamily("statusgraph_replica_seq", "Last seq that a replica applied.", labels=["cluster"])
        for cursor in self._catalog.cursors():
            behind = self._catalog.freshness(cursor.cluster).lag_ms
            if behind is not None:
                lag.add_metric([cursor.cluster], behind / 1000)
            seq.add_metric([cursor.cluster], cursor.seq)
        yield lag
        yield seq
