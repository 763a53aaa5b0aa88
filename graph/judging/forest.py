"""The cluster as the operator knows it: objects, who owns whom, which service each belongs to, and their verdicts.

Contract: ``put`` and ``remove`` only note what changed; ``judge(now)`` judges whatever is dirty, owned before owner,
and yields each object once, departures first. An object is dirty when it changed, when something below it, an event
about it or its node changed, or when its ``recheck_at`` has come. Nothing here reads a clock: equal calls give equal
verdicts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from graph.config import Rules
from graph.judging.entry import Entry, Judged, choked, is_another, missed, remnant, stopped, unreadable
from graph.judging.links import Links
from graph.kinds import service
from graph.kinds.shared.events import true_time
from graph.model import instant
from graph.model.kind import Child, Kind, Memory, Object, Related
from graph.model.ref import Key
from graph.model.resource import Resource
from graph.model.status import Verdict

ORPHAN_GRACE = 2.0
"""Seconds that an object waits for its owner to be seen: the watches of two kinds do not run in step."""


class Forest:
    """See the module. ``recall``: what was last published under a key; it restores identity and ``Memory.previous``."""

    def __init__(
        self,
        cluster: str,
        kinds: Sequence[Kind],
        rules: Rules,
        *,
        labels: Sequence[str] = (),
        recall: Callable[[Key], Resource | None] = lambda _: None,
        orphan_grace: float = ORPHAN_GRACE,
    ) -> None:
        self.cluster = cluster
        self._rules = rules
        self._recall = recall
        self._links = Links(cluster, kinds, labels=labels, recall=recall, grace=orphan_grace)
        self.nodes = self._links.nodes
        self._kinds = {kind.name: kind for kind in kinds}
        self._made_of = {kind.name: _variants(kind, kinds) for kind in kinds}
        self._kept: dict[Key, tuple[Object, str]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._links.entries

    def views(self, kinds: Iterable[Kind], namespace: str) -> dict[tuple[str, str], Object]:
        """(namespace, name) → view of the objects of these kinds, in one namespace or (empty) in all; no kept
        records.
        """
        names = {kind.name for kind in kinds}
        return {
            (key.namespace, key.name): entry.view
            for key, entry in self._links.entries.items()
            if key.kind in names and not entry.is_record and namespace in ("", key.namespace)
        }

    @property
    def next_due(self) -> float | None:
        """When ``judge`` has something to do without any change; seconds."""
        return self._links.timers[0][0] if self._links.timers else None

    def put(self, kind: Kind, view: Object, now: float, *, inferred: bool = False, problem: str | None = None) -> None:
        """An object was added or modified. ``problem``: it could not be read, ``view`` holds its metadata alone."""
        key = Key(self.cluster, kind.name, view.metadata.namespace, view.metadata.name)
        for variant in self._made_of[kind.name]:
            if variant != kind.name:
                self._remove(Key(self.cluster, variant, key.namespace, key.name), inferred=inferred)
        entry = self._links.entries.get(key)
        if entry and not entry.is_record and entry.view.metadata.uid != view.metadata.uid:
            self._links.leave(entry, inferred=inferred)
            entry = None
        if entry is None:
            entry = self._links.entries[key] = Entry(kind, key, view)
        elif not problem and kind.edits(entry.view) != kind.edits(view):
            entry.edited = now
        self._links.by_uid.pop(entry.view.metadata.uid, None)
        entry.view, entry.malformed, entry.stopped_at, entry.lost, entry.seen_at = view, problem, None, None, now
        entry.inferred = entry.inferred or inferred
        self._links.arrive(entry, now)
        self._supersede(entry)

    def remove(self, kind: Kind, namespace: str, name: str, *, inferred: bool = False, now: float = 0.0) -> None:
        """An object was deleted; ``inferred``: nobody saw it go, which was noticed at ``now``.

        What is unknown is ignored; where its manifest is kept, or its end was missed, the record stays.
        """
        for variant in self._made_of[kind.name]:
            self._remove(Key(self.cluster, variant, namespace, name), inferred=inferred, now=now)

    def _remove(self, key: Key, *, inferred: bool, now: float = 0.0) -> None:
        entry = self._links.entries.get(key)
        if entry is None or entry.is_record:
            return
        if key in self._kept:
            self._stop(entry)
        elif inferred and entry.is_under_way and (left := missed(entry.kind, self._recall(key), now)) is not None:
            entry.lost = left
            self._links.touch(entry)
        else:
            self._links.leave(entry, inferred=inferred)

    def remember(self, resource: Resource, now: float) -> None:
        """What was published of an object that is not there any more: where its end was missed, the record stays."""
        kind, key = self._kinds[resource.key.kind], resource.key
        left = missed(kind, resource, now)
        if left is None or key in self or any(self.siblings(resource)):
            return
        entry = self._links.entries[key] = Entry(kind, key, remnant(kind, resource))
        entry.lost, entry.inferred = left, True
        self._links.arrive(entry, now)

    def siblings(self, resource: Resource) -> Iterator[Entry]:
        """The younger objects of its kind in its service."""
        root = self._links.entries.get(resource.service) if resource.service else None
        for entry in tuple(root.children.values()) if root else ():
            created = instant.normal(entry.view.metadata.creation_timestamp) or ""
            alike = entry.key.kind == resource.key.kind and entry.key != resource.key
            if alike and created > (resource.created_at or ""):
                yield entry

    def _supersede(self, entry: Entry) -> None:
        """The record of one whose end was missed stays until the next one of its kind."""
        if entry.kind.lost is None or entry.parent is None:
            return
        for other in tuple(entry.parent.children.values()):
            if other.lost is not None and any(self.siblings(other.lost[0])):
                self._links.leave(other, inferred=False)

    def keep(self, kind: Kind, view: Object, at: str, now: float) -> None:
        """The manifest of a stopped object is kept in the cluster since ``at``; it shows while no live object does."""
        key = Key(self.cluster, kind.name, view.metadata.namespace, view.metadata.name)
        self._kept[key] = (view, at)
        entry = self._links.entries.get(key)
        if entry is None:
            entry = self._links.entries[key] = Entry(kind, key, view)
            self._stop(entry)
            self._links.arrive(entry, now)
        elif entry.stopped_at:
            self._stop(entry)

    def forget(self, kind: Kind, namespace: str, name: str) -> None:
        """A kept manifest is no longer there."""
        key = Key(self.cluster, kind.name, namespace, name)
        self._kept.pop(key, None)
        entry = self._links.entries.get(key)
        if entry and entry.stopped_at:
            self._links.leave(entry, inferred=False)

    def kept(self, kind: Kind, namespace: str) -> list[tuple[str, str]]:
        """(namespace, name) of every kept manifest of the kind, in one namespace or (empty) in all."""
        keys = (key for key in self._kept if key.kind == kind.name and namespace in ("", key.namespace))
        return [(key.namespace, key.name) for key in keys]

    def judge(self, now: float) -> Iterator[Judged]:
        """Judges what is dirty. Consume it whole: what was yielded is clean again."""
        self._fire(now)
        yield from self._departures()
        for dirty in self._links.dirty:
            while dirty:
                yield from self._departures()  # whoever judges in slices lets others in: what left may be back by now
                _, entry = dirty.popitem()
                if entry.kind.about is None and entry.root.kind is not service.KIND:
                    continue  # it, or what owns it, still waits for an owner
                yield self._judge(entry, now)
                if entry.parent is not None:
                    self._links.touch(entry.parent)

    def _departures(self) -> Iterator[Judged]:
        gone, self._links.gone = self._links.gone, []
        yield from gone

    def _stop(self, entry: Entry) -> None:
        entry.view, entry.stopped_at = self._kept[entry.key]
        self._links.touch(entry)

    def _fire(self, now: float) -> None:
        while self._links.timers and self._links.timers[0][0] <= now:
            at, key = heapq.heappop(self._links.timers)
            entry = self._links.entries.get(key)
            if entry is None or entry.recheck_at != at:
                continue
            entry.recheck_at = None
            if entry.parent is None and entry.kind.resource:
                self._links.root_by_name(entry)
            self._links.touch(entry)

    def _judge(self, entry: Entry, now: float) -> Judged:
        children = sorted(entry.children.values(), key=lambda child: child.key.name)
        events = sorted(self._links.events.get(entry.view.metadata.uid, {}).values(), key=_event_order)
        related = Related(
            ref=entry.ref,
            children=tuple(child.child for child in children if child.child is not None),
            events=tuple(event.view for event in events),
            stopped=entry.stopped_at is not None,
            node=self.nodes.of(entry),
        )
        if entry.kind is service.KIND:
            self._refresh(entry, children)
        fields = self._conclude(entry, related, now)
        if entry.verdict is not None:
            entry.child = Child(entry.kind.name, entry.view, related.ref, entry.verdict, related.children)
            at = entry.verdict.recheck_at
            self._links.plan(entry, None if at is None else max(at, now + 0.001))  # who asks for the past must not spin
        inferred, entry.inferred = entry.inferred, False
        owner, place = self._links.whereabouts(entry)
        return Judged(
            entry.key,
            entry.kind,
            entry.view,
            related.ref,
            entry.verdict,
            fields,
            place,
            owner,
            entry.deleted_at,
            inferred,
        )

    def _conclude(self, entry: Entry, related: Related, now: float) -> Any:
        """Sets the verdict and gives the public fields; an object that the rules choke on costs only itself."""
        try:
            entry.verdict = self._verdict(entry, related, now)
            if entry.lost is not None:
                return entry.lost[0].fields
            return entry.kind.project(entry.view, related, now)
        except Exception as error:  # noqa: BLE001 # whatever a judge raises, every other object still has a status
            entry.verdict = choked(related.ref, error) if entry.kind.judge else None
            return entry.kind.project(msgspec.convert({"metadata": entry.view.metadata}, entry.kind.view), related, now)

    def _verdict(self, entry: Entry, related: Related, now: float) -> Verdict | None:
        if entry.kind.judge is None:
            return None
        if entry.malformed is not None:
            return unreadable(related.ref, entry.malformed)
        if entry.stopped_at is not None:
            return stopped(related.ref, entry.stopped_at)
        if entry.lost is not None and entry.kind.lost is not None:
            return entry.kind.lost(related.ref, entry.lost[1])
        before = self._recall(entry.key)
        if before is not None and is_another(before, entry.view):
            before = None
        only_records = bool(entry.children) and all(child.stopped_at for child in entry.children.values())
        memory = Memory(before.status if before else None, entry.edited, only_records, entry.seen_at)
        return entry.kind.judge(entry.view, related, memory, self._rules, now)

    def _refresh(self, entry: Entry, children: list[Entry]) -> None:
        metas = [child.view.metadata for child in children]
        common = {pair for pair in metas[0].labels.items() if all(pair in meta.labels.items() for meta in metas)}
        created = min((meta.creation_timestamp for meta in metas if meta.creation_timestamp), default=None)
        key = entry.key
        entry.view = service.make(namespace=key.namespace, name=key.name, labels=dict(sorted(common)), created=created)


def _event_order(entry: Entry) -> tuple[float, str]:
    event: Any = entry.view  # of a kind that speaks of others: its view has an event's times
    return true_time(event), entry.key.name


def _variants(kind: Kind, kinds: Sequence[Kind]) -> tuple[str, ...]:
    """The kinds made of the same resource, itself included."""
    if kind.resource is None:
        return (kind.name,)
    return tuple(other.name for other in kinds if other.resource and other.resource.plural == kind.resource.plural)
