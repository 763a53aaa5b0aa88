"""The cluster as the operator knows it: objects, who owns whom, which service each belongs to, and their verdicts.

Each service is the root of a tree: Service → topmost objects → what they own. Contract: ``put`` and ``remove`` only
note what changed; ``judge(now)`` judges whatever is dirty, owned before owner, and yields each object once,
departures first. An object is dirty when it changed, when something below it or an event about it changed, or when
its ``recheck_at`` has come. Nothing here reads a clock: equal calls give equal verdicts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from graph.config import Rules
from graph.judging import identity
from graph.judging.entry import Entry, Judged, choked, stopped, unreadable
from graph.kinds import service
from graph.kinds.shared.events import true_time
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
        self._labels = tuple(labels)
        self._recall = recall
        self._grace = orphan_grace
        self._kinds = {kind.name: kind for kind in kinds}
        self._rank = {kind.name: rank for rank, kind in enumerate(kinds)}
        self._made_of = {kind.name: _variants(kind, kinds) for kind in kinds}
        self._of_word: dict[str, list[str]] = {}
        for kind in kinds:
            if kind.resource:
                self._of_word.setdefault(kind.resource.kind, []).append(kind.name)
        self._entries: dict[Key, Entry] = {}
        self._by_uid: dict[str, Entry] = {}
        self._waiting: dict[str, dict[Key, Entry]] = {}
        self._events: dict[str, dict[Key, Entry]] = {}
        self._kept: dict[Key, tuple[Object, str]] = {}
        self._dirty: list[dict[Key, Entry]] = [{} for _ in kinds]
        self._gone: list[Judged] = []
        self._timers: list[tuple[float, Key]] = []

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def views(self, kinds: Iterable[Kind], namespace: str) -> dict[tuple[str, str], Object]:
        """(namespace, name) → view of the objects of these kinds, in one namespace or (empty) in all; no kept
        records.
        """
        names = {kind.name for kind in kinds}
        return {
            (key.namespace, key.name): entry.view
            for key, entry in self._entries.items()
            if key.kind in names and not entry.stopped_at and namespace in ("", key.namespace)
        }

    @property
    def next_due(self) -> float | None:
        """When ``judge`` has something to do without any change; seconds."""
        return self._timers[0][0] if self._timers else None

    def put(self, kind: Kind, view: Object, now: float, *, inferred: bool = False, problem: str | None = None) -> None:
        """An object was added or modified. ``problem``: it could not be read, ``view`` holds its metadata alone."""
        key = Key(self.cluster, kind.name, view.metadata.namespace, view.metadata.name)
        for variant in self._made_of[kind.name]:
            if variant != kind.name:
                self._remove(Key(self.cluster, variant, key.namespace, key.name), inferred=inferred)
        entry = self._entries.get(key)
        if entry and not entry.stopped_at and entry.view.metadata.uid != view.metadata.uid:
            self._leave(entry, inferred=inferred)
            entry = None
        if entry is None:
            entry = self._entries[key] = Entry(kind, key, view)
        elif not problem and kind.edits(entry.view) != kind.edits(view):
            entry.edited = now
        self._by_uid.pop(entry.view.metadata.uid, None)
        entry.view, entry.malformed, entry.stopped_at, entry.seen_at = view, problem, None, now
        entry.inferred = entry.inferred or inferred
        self._arrive(entry, now)

    def remove(self, kind: Kind, namespace: str, name: str, *, inferred: bool = False) -> None:
        """An object was deleted. What is unknown is ignored; where its manifest is kept, the record stays."""
        for variant in self._made_of[kind.name]:
            self._remove(Key(self.cluster, variant, namespace, name), inferred=inferred)

    def _remove(self, key: Key, *, inferred: bool) -> None:
        entry = self._entries.get(key)
        if entry is None or entry.stopped_at:
            return
        if key in self._kept:
            self._stop(entry)
        else:
            self._leave(entry, inferred=inferred)

    def keep(self, kind: Kind, view: Object, at: str, now: float) -> None:
        """The manifest of a stopped object is kept in the cluster since ``at``; it shows while no live object does."""
        key = Key(self.cluster, kind.name, view.metadata.namespace, view.metadata.name)
        self._kept[key] = (view, at)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(kind, key, view)
            self._stop(entry)
            self._arrive(entry, now)
        elif entry.stopped_at:
            self._stop(entry)

    def forget(self, kind: Kind, namespace: str, name: str) -> None:
        """A kept manifest is no longer there."""
        key = Key(self.cluster, kind.name, namespace, name)
        self._kept.pop(key, None)
        entry = self._entries.get(key)
        if entry and entry.stopped_at:
            self._leave(entry, inferred=False)

    def kept(self, kind: Kind, namespace: str) -> list[tuple[str, str]]:
        """(namespace, name) of every kept manifest of the kind, in one namespace or (empty) in all."""
        keys = (key for key in self._kept if key.kind == kind.name and namespace in ("", key.namespace))
        return [(key.namespace, key.name) for key in keys]

    def judge(self, now: float) -> Iterator[Judged]:
        """Judges what is dirty. Consume it whole: what was yielded is clean again."""
        self._fire(now)
        gone, self._gone = self._gone, []
        yield from gone
        for dirty in self._dirty:
            while dirty:
                _, entry = dirty.popitem()
                if entry.kind.about is None and entry.root.kind is not service.KIND:
                    continue  # it, or what owns it, still waits for an owner
                yield self._judge(entry, now)
                if entry.parent is not None:
                    self._touch(entry.parent)

    # --- links

    def _arrive(self, entry: Entry, now: float) -> None:
        if uid := entry.view.metadata.uid:
            self._by_uid[uid] = entry
        self._touch(entry)
        if entry.kind.about is not None:
            self._attach_event(entry)
            return
        self._place(entry, now)
        for child in self._waiting.pop(uid, {}).values():
            self._adopt(entry, child)
        for event in self._events.get(uid, {}).values():
            self._touch(event)

    def _place(self, entry: Entry, now: float) -> None:
        self._wait_no_longer(entry)
        owner = identity.controller(entry.view)
        parent = self._by_uid.get(owner.uid) if owner else None
        if parent is not None and self._rank[parent.kind.name] > self._rank[entry.kind.name]:
            self._adopt(parent, entry)
        elif owner is None or owner.kind not in self._of_word:
            self._root_by_name(entry)
        else:
            entry.awaits = owner.uid
            self._waiting.setdefault(owner.uid, {})[entry.key] = entry
            if entry.parent is None:
                self._await_owner(entry, now)

    def _wait_no_longer(self, entry: Entry) -> None:
        waiting = self._waiting.get(entry.awaits) if entry.awaits else None
        if waiting is not None and entry.awaits:
            waiting.pop(entry.key, None)
            if not waiting:
                del self._waiting[entry.awaits]
        entry.awaits = None

    def _await_owner(self, entry: Entry, now: float) -> None:
        before = self._recall(entry.key)
        if before is not None and before.service and before.uid == entry.view.metadata.uid:
            self._root(entry, before.service.name)  # its owner left while nobody watched
        elif self._grace:
            heapq.heappush(self._timers, (now + self._grace, entry.key))
            entry.recheck_at = now + self._grace
        else:
            self._root_by_name(entry)

    def _root_by_name(self, entry: Entry) -> None:
        self._root(entry, identity.service_name(entry.kind, entry.view, self._labels))

    def _root(self, entry: Entry, name: str) -> None:
        key = Key(self.cluster, service.KIND.name, entry.key.namespace, name)
        root = self._entries.get(key)
        if root is None:
            view = service.make(namespace=key.namespace, name=name, labels={}, created=None)
            root = self._entries[key] = Entry(service.KIND, key, view)
            root.inferred = entry.inferred
        self._adopt(root, entry)

    def _adopt(self, parent: Entry, entry: Entry) -> None:
        if entry.parent is not parent:
            self._detach(entry)
            entry.parent = parent
            self._spread(entry)
        parent.children[entry.key] = entry
        self._touch(entry)

    def _spread(self, entry: Entry) -> None:
        """Whatever is below has another service now."""
        for event in self._events.get(entry.view.metadata.uid, {}).values():
            self._touch(event)
        for child in entry.children.values():
            self._touch(child)
            self._spread(child)

    def _detach(self, entry: Entry) -> None:
        parent, entry.parent = entry.parent, None
        if parent is None:
            return
        parent.children.pop(entry.key, None)
        if parent.kind is service.KIND and not parent.children:
            self._leave(parent, inferred=entry.inferred)
        else:
            self._touch(parent)

    def _attach_event(self, entry: Entry) -> None:
        about = entry.kind.about(entry.view) if entry.kind.about else None
        target = None
        if about is not None:
            keys = (
                Key(self.cluster, word, about.namespace or "", about.name) for word in self._of_word.get(about.kind, ())
            )
            target = (
                self._by_uid.get(about.uid) if about.uid else next(filter(None, map(self._entries.get, keys)), None)
            )
            entry.about = about.uid or (target.view.metadata.uid if target else None)
        if entry.about:
            self._events.setdefault(entry.about, {})[entry.key] = entry
        if target is not None:
            self._touch(target)

    def _leave(self, entry: Entry, *, inferred: bool) -> None:
        del self._entries[entry.key]
        uid = entry.view.metadata.uid
        if self._by_uid.get(uid) is entry:
            del self._by_uid[uid]
        self._dirty[self._rank[entry.kind.name]].pop(entry.key, None)
        self._gone.append(
            Judged(entry.key, entry.kind, entry.view, entry.ref, inferred=inferred or entry.inferred, gone=True)
        )
        self._wait_no_longer(entry)
        if entry.about is not None:
            self._forget_event(entry, entry.about)
        root = entry.root
        for child in tuple(entry.children.values()):
            child.parent = None
            if root.kind is service.KIND:
                self._adopt(root, child)  # it keeps its service until it is gone itself
            else:
                self._root_by_name(child)
        self._detach(entry)

    def _forget_event(self, entry: Entry, uid: str) -> None:
        events = self._events.get(uid, {})
        events.pop(entry.key, None)
        if not events:
            self._events.pop(uid, None)
        if uid in self._by_uid:
            self._touch(self._by_uid[uid])

    def _stop(self, entry: Entry) -> None:
        entry.view, entry.stopped_at = self._kept[entry.key]
        self._touch(entry)

    # --- judging

    def _touch(self, entry: Entry) -> None:
        self._dirty[self._rank[entry.kind.name]][entry.key] = entry

    def _fire(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            at, key = heapq.heappop(self._timers)
            entry = self._entries.get(key)
            if entry is None or entry.recheck_at != at:
                continue
            if entry.parent is None and entry.kind.resource:
                self._root_by_name(entry)
            self._touch(entry)

    def _judge(self, entry: Entry, now: float) -> Judged:
        children = sorted(entry.children.values(), key=lambda child: child.key.name)
        events = sorted(self._events.get(entry.view.metadata.uid, {}).values(), key=_event_time)
        related = Related(
            ref=entry.ref,
            children=tuple(child.child for child in children if child.child is not None),
            events=tuple(event.view for event in events),
            stopped=entry.stopped_at is not None,
        )
        if entry.kind is service.KIND:
            self._refresh(entry, children)
        fields = self._conclude(entry, related, now)
        if entry.verdict is not None:
            entry.child = Child(entry.kind.name, entry.view, related.ref, entry.verdict, related.children)
            self._plan(entry, entry.verdict.recheck_at, now)
        inferred, entry.inferred = entry.inferred, False
        owner, place = self._whereabouts(entry)
        return Judged(
            entry.key,
            entry.kind,
            entry.view,
            related.ref,
            entry.verdict,
            fields,
            place,
            owner,
            entry.stopped_at,
            inferred,
        )

    def _conclude(self, entry: Entry, related: Related, now: float) -> Any:
        """Sets the verdict and gives the public fields; an object that the rules choke on costs only itself."""
        try:
            entry.verdict = self._verdict(entry, related, now)
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
        before = self._recall(entry.key)
        only_records = bool(entry.children) and all(child.stopped_at for child in entry.children.values())
        memory = Memory(before.status if before else None, entry.edited, only_records, entry.seen_at)
        return entry.kind.judge(entry.view, related, memory, self._rules, now)

    def _plan(self, entry: Entry, at: float | None, now: float) -> None:
        if at is not None:
            at = max(at, now + 0.001)  # a judge that asks for the past must not spin
            heapq.heappush(self._timers, (at, entry.key))
        entry.recheck_at = at

    def _whereabouts(self, entry: Entry) -> tuple[Key | None, Key | None]:
        """(owner, service), as they were last known: an event outlives what it is about."""
        target = self._by_uid.get(entry.about) if entry.about else entry
        if target is not None:
            root = target.root
            owner = target if entry.about else target.parent
            entry.place = (
                owner.key if owner is not None and owner.kind is not service.KIND else None,
                root.key if root.kind is service.KIND else None,
            )
        return entry.place

    def _refresh(self, entry: Entry, children: list[Entry]) -> None:
        metas = [child.view.metadata for child in children]
        common = {pair for pair in metas[0].labels.items() if all(pair in meta.labels.items() for meta in metas)}
        created = min((meta.creation_timestamp for meta in metas if meta.creation_timestamp), default=None)
        key = entry.key
        entry.view = service.make(namespace=key.namespace, name=key.name, labels=dict(sorted(common)), created=created)


def _event_time(entry: Entry) -> float:
    event: Any = entry.view  # of a kind that speaks of others: its view has an event's times
    return true_time(event)


def _variants(kind: Kind, kinds: Sequence[Kind]) -> tuple[str, ...]:
    """The kinds made of the same resource, itself included."""
    if kind.resource is None:
        return (kind.name,)
    return tuple(other.name for other in kinds if other.resource and other.resource.plural == kind.resource.plural)
