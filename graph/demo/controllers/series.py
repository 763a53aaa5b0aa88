"""The scheduler's events, which are of the newer kind: an instant to the microsecond, an action, a series."""

from __future__ import annotations

from collections import OrderedDict

from graph.demo.objects import Object, written_micro
from graph.demo.resources import EVENTS
from graph.demo.store import Place, Store

MEMORY = 4096
"""Events of which a repeat is recognized."""


class SeriesRecorder:
    """Tells events as one component; the same about the same version of an object is a series."""

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._told: OrderedDict[tuple[str, ...], Place] = OrderedDict()

    def tell(self, obj: Object, type_: str, reason: str, *, action: str, message: str) -> None:
        """Writes an event about a pod."""
        metadata = obj["metadata"]
        key = (metadata["uid"], metadata["resourceVersion"], type_, reason, action, message)
        now, place = self._store.clock(), self._told.get(key)
        known = self._store.find(EVENTS, *place) if place else None
        if known is not None:
            count = known.get("series", {"count": 1})["count"] + 1
            series = {"count": count, "lastObservedTime": written_micro(now)}
            self._store.update(EVENTS, {**known, "series": series})
            return
        name = f"{metadata['name']}.{int(now * 1e9):x}{self._store.version % 4096:03x}"
        place = self._told[key] = (metadata["namespace"], name)
        if len(self._told) > MEMORY:
            self._told.popitem(last=False)
        reference = {field: metadata[field] for field in ("namespace", "name", "uid", "resourceVersion")}
        event = {
            "metadata": {"namespace": place[0], "name": name},
            "involvedObject": {"kind": obj["kind"], "apiVersion": obj["apiVersion"], **reference},
            "reason": reason,
            "message": message,
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": type_,
            "eventTime": written_micro(now),
            "action": action,
            "reportingComponent": self._component,
            "reportingInstance": f"{self._component}-demo",
        }
        self._store.create(EVENTS, event)
