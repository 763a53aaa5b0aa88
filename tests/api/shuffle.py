"""Random changes of a world of services: what an operator could write, and which services each one touches."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from graph.model.action import LogEntry
from graph.model.ref import Key
from graph.model.resource import Change, ChangeType, LogChange, Resource, ResourceChange
from graph.model.status import State, Status
from tests.api.world import World, entry, event, key, resource, status

STATES = (State.HEALTHY, State.HEALTHY, State.PROGRESSING, State.DEGRADED, State.FAILED)
NAMESPACES = 20


class Shuffle:
    """See the module. Every service begins with two pods and an event."""

    def __init__(self, world: World, random: Random, services: int) -> None:
        self._world, self._random = world, random
        self._services = [key("SERVICE", f"s{n:05}", namespace=f"ns{n % NAMESPACES}") for n in range(services)]
        self._objects: dict[str, list[Key]] = {"POD": [], "EVENT": []}
        self._made = 0
        self._touched: set[Key] = set()
        first: list[Resource] = [self._service(each) for each in self._services]
        for service in self._services:
            first += [self._new("POD", service), self._new("POD", service), self._new("EVENT", service)]
        world.load(first, seq=1)

    def change(self, number: int) -> set[Key]:
        """One batch; the services that are touched by it."""
        self._touched = set()
        ways: tuple[Callable[[], Change], ...] = (self._judge, self._judge, self._flip, self._put, self._move)
        ways += (self._drop, self._log)
        for _ in range(number):
            self._world.change(self._random.choice(ways)())
        return self._touched

    def _any(self) -> Key:
        service = self._random.choice(self._services)
        self._touched.add(service)
        return service

    def _judge(self) -> Change:
        """A service has another status, or other labels."""
        service = self._any()
        return ResourceChange(ChangeType.MODIFIED, service, self._service(service))

    def _flip(self) -> Change:
        """A service goes, or comes again; what belongs to it stays."""
        service = self._any()
        if self._world.catalog.get(service) is None:
            return ResourceChange(ChangeType.ADDED, service, self._service(service))
        return ResourceChange(ChangeType.DELETED, service, None)

    def _put(self) -> Change:
        """A new pod or event."""
        made = self._new(self._random.choice(("POD", "EVENT")), self._any())
        return ResourceChange(ChangeType.ADDED, made.key, made)

    def _move(self) -> Change:
        """A pod has another status, now and then in another service."""
        pod = self._random.choice(self._objects["POD"])
        service = self._home(pod)
        if service is None or self._random.random() < 0.3:
            service = self._any()
        return ResourceChange(ChangeType.MODIFIED, pod, resource(pod, service=service, told=self._status()))

    def _drop(self) -> Change:
        """A pod or an event goes."""
        objects = self._objects[self._random.choice(("POD", "EVENT"))]
        if not objects:
            return self._judge()
        at = self._random.randrange(len(objects))
        objects[at], objects[-1] = objects[-1], objects[at]
        gone = objects.pop()
        self._home(gone)
        return ResourceChange(ChangeType.DELETED, gone, None)

    def _log(self) -> Change:
        self._made += 1
        written: LogEntry = entry(f"l{self._made}", service=self._any())
        return LogChange(written)

    def _home(self, which: Key) -> Key | None:
        """The service that an object belongs to, which is touched."""
        held = self._world.catalog.get(which)
        if held is None or held.service is None:
            return None
        self._touched.add(held.service)
        return held.service

    def _service(self, which: Key) -> Resource:
        return resource(which, told=self._status(), labels={"team": self._random.choice(("red", "blue"))})

    def _new(self, kind: str, service: Key) -> Resource:
        self._made += 1
        made = key(kind, f"o{self._made:07}", namespace=service.namespace)
        self._objects[kind].append(made)
        if kind == "POD":
            return resource(made, service=service, told=self._status())
        told = event(made.name, service, service, f"2026-11-22T11:00:00.{self._made % 1000:03}Z")
        return Resource(made, told.uid, "Event", "v1", {}, told.created_at, None, None, service, service, told.fields)

    def _status(self) -> Status:
        state = self._random.choice(STATES)
        return status(state, f"Is{state.title()}")
