"""What a DaemonSet's status is to be: of each node its first pod counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from graph.demo.controllers.daemonset.nodes import updated
from graph.demo.controllers.daemonset.rolling import Look
from graph.demo.controllers.percent import nonzero
from graph.demo.controllers.pods import ready
from graph.demo.objects import Object


def by_age(pods: Iterable[Object]) -> list[Object]:
    """Those on a node first, then the oldest."""

    def age(pod: Object) -> tuple[bool, str, str]:
        metadata = pod["metadata"]
        return not pod["spec"].get("nodeName"), metadata["creationTimestamp"], metadata["name"]

    return sorted(pods, key=age)


def status_of(look: Look) -> Object:
    """The counters; what else the status has stays."""
    meant = [node for node, place in look.places.items() if place.run]
    first = [by_age(look.pods[node])[0] for node in meant if look.pods.get(node)]
    missed = [node for node, place in look.places.items() if not place.run and look.pods.get(node)]
    there = sum(map(look.available, first))
    before = look.daemon_set.get("status", {})
    return {
        "observedGeneration": look.daemon_set["metadata"]["generation"],
        "desiredNumberScheduled": len(meant),
        "currentNumberScheduled": len(first),
        "numberMisscheduled": len(missed),
        "numberReady": sum(map(ready, first)),
        **nonzero(
            updatedNumberScheduled=sum(updated(look.daemon_set, pod, look.hash) for pod in first),
            numberAvailable=there,
            numberUnavailable=len(meant) - there,
        ),
        **{name: before[name] for name in ("conditions", "collisionCount") if name in before},
    }
