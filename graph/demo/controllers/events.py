"""Events of the control plane's components, correlated as client-go's recorder does it, and their end after an hour.

Where one object gets many different messages for one reason they are combined; where it gets too many at all they are
dropped; the same message again counts up the event that is there.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from graph.demo.history import Change
from graph.demo.objects import Object, deleting, written
from graph.demo.resources import EVENTS, NAMESPACES, Resource
from graph.demo.store import Place, Store

ALIKE, ALIKE_SECONDS = 10, 600
"""So many different messages for one reason are combined, unless so many seconds passed without one."""
BURST, REFILL = 25, 300.0
"""Events of a type about one object at once, and the seconds that each further one takes."""
MEMORY = 4096
LIFETIME = 3600.0
MOST = 20_000
"""The most events that are kept; the oldest go first."""

_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Alike:
    messages: dict[str, None] = field(default_factory=dict)
    last: float = 0.0


@dataclass(slots=True)
class _Bucket:
    left: float = BURST
    at: float = 0.0


class Recorder:
    """Tells events as one component of the control plane."""

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._alike: OrderedDict[Hashable, _Alike] = OrderedDict()
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()
        self._told: OrderedDict[Hashable, Object] = OrderedDict()

    def tell(self, obj: Object, type_: str, reason: str, message: str) -> None:
        """Writes an event about an object: Normal or Warning, a reason in CamelCase, a sentence."""
        namespace = self._store.find(NAMESPACES, "", obj["metadata"].get("namespace", ""))
        if namespace is not None and deleting(namespace):
            return  # it takes nothing new
        now, uid = self._store.clock(), obj["metadata"]["uid"]
        key: Hashable = (uid, type_, reason, message)
        if self._combined((uid, type_, reason), message, now):
            key, message = (uid, type_, reason), f"(combined from similar events): {message}"
        if self._allowed((uid, type_), now):
            _recall(self._told, key, self._write(obj, self._told.get(key), (type_, reason, message), now))

    def _combined(self, key: Hashable, message: str, now: float) -> bool:
        alike = self._alike.get(key)
        if alike is None or now - alike.last > ALIKE_SECONDS:
            alike = _Alike()
        _recall(self._alike, key, alike)
        alike.messages[message] = None
        alike.last = now
        if len(alike.messages) < ALIKE:
            return False
        alike.messages.popitem()
        return True

    def _allowed(self, key: Hashable, now: float) -> bool:
        bucket = self._buckets.get(key) or _Bucket(at=now)
        _recall(self._buckets, key, bucket)
        bucket.left = min(float(BURST), bucket.left + (now - bucket.at) / REFILL)
        bucket.at = now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True

    def _write(self, obj: Object, told: Object | None, what: tuple[str, str, str], now: float) -> Object:
        if told is None:
            return self._store.create(EVENTS, self._event(obj, what, now))
        more = {"count": told["count"] + 1, "lastTimestamp": written(now), "message": what[2]}
        here = self._store.find(EVENTS, *_place(told))
        if here is not None and here["metadata"]["uid"] == told["metadata"]["uid"]:
            return self._store.update(EVENTS, {**here, **more})
        metadata = {**told["metadata"], "resourceVersion": None}
        return self._store.create(EVENTS, {**told, **more, "metadata": metadata})

    def _event(self, obj: Object, what: tuple[str, str, str], now: float) -> Object:
        metadata, (type_, reason, message) = obj["metadata"], what
        place = {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
        return {
            "metadata": {
                "name": f"{metadata['name']}.{int(now * 1e9) + self._store.version:x}",  # no two are alike
                "namespace": metadata.get("namespace", "default"),
            },
            "involvedObject": {
                "kind": obj["kind"],
                **place,
                "name": metadata["name"],
                "uid": metadata["uid"],
                "apiVersion": obj["apiVersion"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
            "firstTimestamp": written(now),
            "lastTimestamp": written(now),
            "count": 1,
            "type": type_,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": "",
        }


class EventExpiry:
    """The API server's hour: an event that nobody wrote to for so long goes. One key for all of them."""

    def __init__(self, store: Store, *, lifetime: float = LIFETIME) -> None:
        self._store = store
        self._lifetime = lifetime
        self._written: deque[tuple[float, Place, str]] = deque()

    def keys(self, resource: Resource, change: Change) -> Iterable[Hashable]:
        """Takes note of every event that was written; asks to be called by time, and when there are too many."""
        if resource is EVENTS and change.type != "DELETED":
            version = change.object["metadata"]["resourceVersion"]
            self._written.append((self._store.clock() + self._lifetime, _place(change.object), version))
            if len(self._written) == 1 or len(self._written) > MOST:
                yield "events"

    def reconcile(self, key: Hashable) -> float | None:
        """Removes what is due."""
        now = self._store.clock()
        while self._written and (self._written[0][0] <= now or len(self._written) > MOST):
            _, place, version = self._written.popleft()
            event = self._store.find(EVENTS, *place)
            if event is not None and event["metadata"]["resourceVersion"] == version:
                self._store.delete(EVENTS, *place)
        return self._written[0][0] if self._written else None


def _place(event: Object) -> Place:
    return event["metadata"]["namespace"], event["metadata"]["name"]


def _recall(memory: OrderedDict[Hashable, _Value], key: Hashable, value: _Value) -> None:
    """Keeps what was used last."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > MEMORY:
        memory.popitem(last=False)
