"""What is published: every resource of one cluster as the store holds it, and the changes that bring it up to date.

Contract: ``publish`` turns each judged object into at most one change; equal resources give none. A transition is a
change of the published (state, reason) and is made exactly once, here. Settling may hold a status back; the other
fields never wait.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

import msgspec

from graph.config import Rules
from graph.judging.entry import Judged, is_another
from graph.judging.flaps import Flaps
from graph.judging.settling import Candidate, settle
from graph.model import instant
from graph.model.ref import Key
from graph.model.resource import ChangeType, Resource, ResourceChange, Transition
from graph.model.status import Status


class Ledger:
    """See the module. ``resources``: what the store holds already."""

    def __init__(self, rules: Rules, resources: dict[Key, Resource]) -> None:
        self.resources = resources
        self._rules = rules
        self._waiting: dict[Key, tuple[Judged, Candidate]] = {}
        self._timers: list[tuple[float, Key]] = []
        self._flaps = Flaps(rules.flap_win)

    @property
    def next_due(self) -> float | None:
        """When a held-back status is to be published; seconds."""
        return self._timers[0][0] if self._timers else None

    def publish(self, judged: Iterable[Judged], now: float, *, baseline: bool = False) -> Iterator[ResourceChange]:
        """The changes of these objects.

        ``baseline``: the first load of an empty store, which has no history to tell.
        """
        for one in judged:
            before = self.resources.get(one.key)
            another = before is not None and is_another(before, one.view)
            if one.gone:
                change = None if another else self._gone(one.key, now, inferred=one.inferred)
            else:
                if another and (left := self._gone(one.key, now, inferred=True)) is not None:
                    yield left  # nobody saw it go
                change = self._publish(one, now, baseline=baseline)
            if change is not None:
                yield change

    def ripe(self, now: float) -> Iterator[ResourceChange]:
        """The changes whose time has come."""
        while self._timers and self._timers[0][0] <= now:
            _, key = heapq.heappop(self._timers)
            waiting = self._waiting.get(key)
            change = self._publish(waiting[0], now, baseline=False) if waiting else None
            if change is not None:
                yield change

    def sweep(self, alive: Callable[[Key], bool], now: float) -> Iterator[ResourceChange]:
        """What the store holds and the cluster no longer does: it left while nobody watched."""
        for key in [key for key in self.resources if not alive(key)]:
            change = self._gone(key, now, inferred=True)
            if change is not None:
                yield change

    def _publish(self, one: Judged, now: float, *, baseline: bool) -> ResourceChange | None:
        before = self.resources.get(one.key)
        status, observed = self._settle(one, before, now)
        resource = _resource(one, status)
        if resource == before:
            return None
        self.resources[one.key] = resource
        transition = None
        if status is not None and not baseline and _differ(before.status if before else None, status):
            flaps = self._flaps.count(one.key, before.status, status, now) if before and before.status else 0
            transition = _transition(one, resource, before, observed=observed, now=now, flaps=flaps)
        return ResourceChange(ChangeType.MODIFIED if before else ChangeType.ADDED, one.key, resource, transition)

    def _settle(self, one: Judged, before: Resource | None, now: float) -> tuple[Status | None, float]:
        verdict = one.verdict
        if verdict is None:
            return None, now
        held, candidate = self._waiting.pop(one.key, (None, None))
        if held is not None and held.inferred:
            one = msgspec.structs.replace(one, inferred=True)
        settled = settle(before.status if before else None, candidate, verdict, self._rules, now)
        if settled.candidate is not None and settled.due is not None:
            self._waiting[one.key] = (one, settled.candidate)
            heapq.heappush(self._timers, (settled.due, one.key))
        return settled.status, candidate.first_seen if candidate else now

    def _gone(self, key: Key, now: float, *, inferred: bool) -> ResourceChange | None:
        before = self.resources.pop(key, None)
        self._waiting.pop(key, None)
        self._flaps.forget(key)
        if before is None:
            return None
        at = instant.show(now)
        transition = None
        if before.status is not None:
            transition = Transition(before.ref, key, before.service, before.status, None, at, at, at, inferred)
        return ResourceChange(ChangeType.DELETED, key, None, transition)


def _differ(before: Status | None, after: Status) -> bool:
    return before is None or (before.state, before.reason) != (after.state, after.reason)


def _resource(one: Judged, status: Status | None) -> Resource:
    meta = one.view.metadata
    return Resource(
        key=one.key,
        uid=meta.uid or None,
        word=one.ref.kind,
        api_version=one.ref.api_version,
        labels=meta.labels,
        created_at=instant.normal(meta.creation_timestamp),
        deleted_at=one.deleted_at,
        status=status,
        service=one.service,
        owner=one.owner,
        fields=one.fields,
    )


def _transition(
    one: Judged, after: Resource, before: Resource | None, *, observed: float, now: float, flaps: int
) -> Transition:
    assert after.status is not None  # asked by the caller
    return Transition(
        object=one.ref,
        key=one.key,
        service=one.service,
        before=before.status if before else None,
        after=after.status,
        at=after.status.since,
        observed_at=instant.show(observed),
        recorded_at=instant.show(now),
        inferred=one.inferred,
        flaps=flaps,
    )
