"""What the operator tells Prometheus of its lead; shown at ``/metrics`` of its own port."""

from __future__ import annotations

from prometheus_client import Gauge

LEADING = Gauge("statusgraph_operator_leading", "1 while this process leads, 0 while it stands by.", ["cluster"])
TERM = Gauge("statusgraph_operator_term", "The term under which this process leads, or led last.", ["cluster"])
SKEW = Gauge(
    "statusgraph_operator_clock_skew_seconds",
    "How far the API server's clock is ahead of this machine's; 0 while they agree.",
    ["cluster"],
)
