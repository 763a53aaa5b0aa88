"""Who owns whom, which service each object belongs to, which events are about it; and what has to be judged anew for
that.

Each service is the root of a tree: Service → topmost objects → what they own. Links follow controller references by
UID. An object whose owner is not known yet waits for it; one whose owner left stays in the service that it was in.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from graph.judging import identity
from graph.judging.entry import Entry, Judged
from graph.judging.nameless import Nameless, joins
from graph.judging.nodes import Nodes
from graph.kinds import service
from graph.model.kind import Kind
from graph.model.ref import Key, ObjectRef
from graph.model.resource import Resource


class Links:
    """All entries of one cluster. ``grace``: seconds that an object waits for its owner; 0: it does not."""

    def __init__(
        self,
        cluster: str,
        kinds: Sequence[Kind],
        *,
        labels: Sequence[str],
        recall: Callable[[Key], Resource | None],
        grace: float,
    ) -> None:
        self._cluster = cluster
        self._labels = tuple(labels)
        self._recall = recall
        self._grace = grace
        self._rank = {kind.name: rank for rank, kind in enumerate(kinds)}
        self._of_word: dict[str, list[str]] = {}
        for kind in kinds:
            if kind.resource:
                self._of_word.setdefault(kind.resource.kind, []).append(kind.name)
        self._waiting: dict[str, dict[Key, Entry]] = {}
        self.entries: dict[Key, Entry] = {}
        self.by_uid: dict[str, Entry] = {}
        self._nameless = Nameless()
        self.events: dict[str, dict[Key, Entry]] = {}
        """UID → the events about it."""
        self.dirty: list[dict[Key, Entry]] = [{} for _ in kinds]
        """To be judged, by rank: owned before owner."""
        self.nodes = Nodes(self.touch)
        self.gone: list[Judged] = []
        self.timers: list[tuple[float, Key]] = []
        """When to look at an entry again, a heap; stale where the entry's ``recheck_at`` is another."""

    def touch(self, entry: Entry) -> None:
        """It has to be judged."""
        self.dirty[self._rank[entry.kind.name]][entry.key] = entry

    def plan(self, entry: Entry, at: float | None) -> None:
        """It has to be judged then."""
        if at is not None and at != entry.recheck_at:  # else it is among the timers
            heapq.heappush(self.timers, (at, entry.key))
        entry.recheck_at = at

    def arrive(self, entry: Entry, now: float) -> None:
        """It was added or modified."""
        if uid := entry.view.metadata.uid:
            self.by_uid[uid] = entry
        self.touch(entry)
        self.nodes.seat(entry)
        if entry.kind.about is not None:
            self._attach_event(entry)
            return
        self._place(entry, now)
        for child in tuple(self._waiting.get(uid, {}).values()):
            self._place(child, now)
        for event in self.events.get(uid, {}).values():
            self.touch(event)
        for event in self._nameless.about(entry):
            self._attach_event(event)
            self.touch(event)

    def _place(self, entry: Entry, now: float) -> None:
        awaited = entry.awaits
        self._wait_no_longer(entry)
        owner = identity.controller(entry.view)
        parent = self.by_uid.get(owner.uid) if owner else None
        if parent is not None and self._rank[parent.kind.name] > self._rank[entry.kind.name]:
            self._adopt(parent, entry)
        elif owner is None or parent is not None or owner.kind not in self._of_word:
            self.root_by_name(entry)  # also where the owner is of a kind that owns no such thing: no circles
        else:
            entry.awaits = owner.uid
            self._waiting.setdefault(owner.uid, {})[entry.key] = entry
            if entry.parent is None and awaited != owner.uid:  # who changes all the time waits no longer for it
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
            self.plan(entry, now + self._grace)
        else:
            self.root_by_name(entry)

    def root_by_name(self, entry: Entry) -> None:
        """It is a topmost object: its labels or its name say which service it is."""
        self._root(entry, identity.service_name(entry.kind, entry.view, self._labels))

    def _root(self, entry: Entry, name: str) -> None:
        key = Key(self._cluster, service.KIND.name, entry.key.namespace, name)
        root = self.entries.get(key)
        if root is None:
            view = service.make(namespace=key.namespace, name=name, labels={}, created=None)
            root = self.entries[key] = Entry(service.KIND, key, view)
            root.inferred = entry.inferred
        self._adopt(root, entry)

    def _adopt(self, parent: Entry, entry: Entry) -> None:
        if entry.parent is not parent:
            self._detach(entry)
            entry.parent = parent
            self._spread(entry)
        parent.children[entry.key] = entry
        self.touch(entry)

    def _spread(self, entry: Entry) -> None:
        """Whatever is below has another service now."""
        for event in self.events.get(entry.view.metadata.uid, {}).values():
            self.touch(event)
        for child in entry.children.values():
            self.touch(child)
            self._spread(child)

    def _detach(self, entry: Entry) -> None:
        parent, entry.parent = entry.parent, None
        if parent is None:
            return
        parent.children.pop(entry.key, None)
        if parent.kind is service.KIND and not parent.children:
            self.leave(parent, inferred=entry.inferred)
            return
        self.touch(parent)
        if parent.kind is service.KIND and all(child.lost for child in parent.children.values()):
            for child in tuple(parent.children.values()):  # of a service that is gone no record stays
                self.leave(child, inferred=entry.inferred)

    def _attach_event(self, entry: Entry) -> None:
        about = entry.kind.about(entry.view) if entry.kind.about else None
        if about is None:
            return
        target = self.by_uid.get(about.uid) if about.uid else self._named(entry, about)
        uid = about.uid or (target.view.metadata.uid if target else None)
        if entry.about and entry.about != uid:
            self._forget_event(entry, entry.about)
        entry.about = uid
        if entry.about:
            self.events.setdefault(entry.about, {})[entry.key] = entry
        if target is not None:
            self.touch(target)

    def _named(self, event: Entry, about: ObjectRef) -> Entry | None:
        self._nameless.forget(event)
        words = self._of_word.get(about.kind, ())
        keys = (Key(self._cluster, word, about.namespace or "", about.name) for word in words)
        target = next(filter(None, map(self.entries.get, keys)), None)
        if target is None or not joins(event, target):
            self._nameless.wait(event, about)
            return None
        return target

    def leave(self, entry: Entry, *, inferred: bool) -> None:
        """It is gone; what it owned stays in its service."""
        del self.entries[entry.key]
        uid = entry.view.metadata.uid
        if self.by_uid.get(uid) is entry:
            del self.by_uid[uid]
        self.dirty[self._rank[entry.kind.name]].pop(entry.key, None)
        self.gone.append(
            Judged(entry.key, entry.kind, entry.view, entry.ref, inferred=inferred or entry.inferred, gone=True)
        )
        self._wait_no_longer(entry)
        self.nodes.unseat(entry)
        self._nameless.forget(entry)
        if entry.about is not None:
            self._forget_event(entry, entry.about)
        root = entry.root
        for child in tuple(entry.children.values()):
            child.parent = None
            if root.kind is service.KIND:
                self._adopt(root, child)  # it keeps its service until it is gone itself
            else:
                self.root_by_name(child)
        self._detach(entry)

    def _forget_event(self, entry: Entry, uid: str) -> None:
        events = self.events.get(uid, {})
        events.pop(entry.key, None)
        if not events:
            self.events.pop(uid, None)
        if uid in self.by_uid:
            self.touch(self.by_uid[uid])

    def whereabouts(self, entry: Entry) -> tuple[Key | None, Key | None]:
        """(owner, service), as they were last known: an event outlives what it is about."""
        target = self.by_uid.get(entry.about) if entry.about else entry
        if target is not None:
            root = target.root
            owner = target if entry.about else target.parent
            entry.place = (
                owner.key if owner is not None and owner.kind is not service.KIND else None,
                root.key if root.kind is service.KIND else None,
            )
        return entry.place
