"""One cluster's data in the api's memory: loaded from one Snapshot, fed by the change stream. Resolvers read it and
wait for nothing.

Contract: ``load`` and ``apply`` are synchronous, so whoever reads between two of them sees one instant of the
cluster, the one of ``cursor``. Changes must come in order of seq; the follower checks that.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from msgspec import Raw, Struct
from msgspec.structs import force_setattr

from graph.model.action import Action, LogEntry
from graph.model.kind import Kind
from graph.model.ref import Key, ObjectRef
from graph.model.resource import (
    ActionChange,
    Change,
    ChangeType,
    Cursor,
    LogChange,
    Resource,
    ResourceChange,
    Transition,
    Whole,
)
from graph.store.protocols import Snapshot
from graph.store.unread import Step, decoder

T = TypeVar("T")


class _Kept(Struct, gc=False):
    seq: int
    item: Any
    """Bytes until somebody reads it."""


class History(Generic[T]):
    """The newest items of a kind of record, oldest first, with their seqs. Raw ones are decoded when they are read.

    All with a seq greater than ``complete_from`` are here.
    """

    def __init__(self, limit: int, type_: type[T]) -> None:
        self._limit = limit
        self._decode = decoder(type_)
        self._kept: deque[_Kept] = deque()
        self.complete_from = 0

    @property
    def items(self) -> Iterator[tuple[int, T]]:
        """All that are kept, oldest first."""
        return map(self._item, tuple(self._kept))

    def load(self, items: Iterable[tuple[int, T]], complete_from: int) -> None:
        """Replaces everything."""
        self._kept = deque()
        self.complete_from = complete_from
        for seq, item in items:
            self.append(seq, item)

    def append(self, seq: int, item: T | Raw) -> None:
        """The newest one; drops the oldest beyond the limit."""
        kept = self._kept
        kept.append(_Kept(seq, bytes(item) if isinstance(item, Raw) else item))  # of a change only its own bytes
        if len(kept) > self._limit:
            self.complete_from = kept.popleft().seq

    def after(self, seq: int) -> Iterator[tuple[int, T]]:
        """All that followed ``seq``, oldest first. Complete only if ``seq >= complete_from``."""
        found = list(itertools.takewhile(lambda kept: kept.seq > seq, reversed(self._kept)))
        found.reverse()
        return map(self._item, found)

    def _item(self, kept: _Kept) -> tuple[int, T]:
        if type(kept.item) is bytes:
            kept.item = self._decode(kept.item)
        return kept.seq, kept.item


class Replica:
    """See the module. ``cursor`` is None until the first load."""

    def __init__(
        self, cluster: str, kinds: Iterable[Kind], *, keep_transitions: int, keep_log: int, keep_actions: int
    ) -> None:
        self.cluster = cluster
        self.cursor: Cursor | None = None
        self.transitions: History[Transition] = History(keep_transitions, Transition)
        self.log: History[LogEntry] = History(keep_log, LogEntry)
        self.actions: dict[str, Action] = {}
        self.whole = Whole()
        self.resources: dict[Key, Resource] = {}
        self._keep_actions = keep_actions
        self._kinds = [kind.name for kind in kinds]
        self._clear()

    def load(self, snapshot: Snapshot) -> list[tuple[int, Change]]:
        """Replaces everything. Of the same epoch as before: returns what was missed, as (seq, change) in order."""
        before, old = self.cursor, self.resources
        self._clear()
        for resource in snapshot.resources.values():
            self._add(resource)
        self.transitions.load(snapshot.transitions, snapshot.transitions_from)
        self.log.load(snapshot.log, snapshot.log_from)
        self.actions = {action.id: action for action in snapshot.actions}
        self.cursor, self.whole = snapshot.cursor, snapshot.whole
        if before is None or before.epoch != snapshot.cursor.epoch:
            return []
        return sorted(self._missed(before.seq, snapshot.cursor.seq, old), key=lambda pair: pair[0])

    def apply(self, seq: int, change: Step) -> None:
        """One item of the change stream, the next after ``cursor``."""
        assert self.cursor is not None, "loaded first"
        if isinstance(change, ActionChange):
            self._act(change.action)
        elif isinstance(change, LogChange):
            self.log.append(seq, change.entry)
        else:
            self._replace(change.key, change.resource)
            if change.transition:
                self.transitions.append(seq, change.transition)
        self.cursor = Cursor(self.cluster, self.cursor.epoch, seq)

    # --- reading

    def find(self, ref: ObjectRef) -> Resource | None:
        """What a reference means: whoever made it may not know that a Job is a Build, but the UID does."""
        key = self._uids.get(ref.uid, ref.key) if ref.uid else ref.key
        return self.resources.get(key) if key is not None else None

    def of_kind(self, kind: str) -> list[Resource]:
        """Every resource of a kind, by namespace and name."""
        keys = self._sorted.get(kind)
        if keys is None:
            keys = self._sorted[kind] = sorted(self._of_kind.get(kind, ()), key=lambda key: (key.namespace, key.name))
        return [self.resources[key] for key in keys]

    def below(self, key: Key, kind: str) -> list[Resource]:
        """Every resource of a kind that this one owns, directly or not, by name."""
        found = [self.resources[child] for child in self._descend(key) if child.kind == kind]
        return sorted(found, key=lambda resource: resource.key.name)

    def above(self, key: Key, kind: str) -> Resource | None:
        """The nearest owner of a kind."""
        resource = self.resources.get(key)
        while resource is not None and resource.owner is not None:
            resource = self.resources.get(resource.owner)
            if resource is not None and resource.key.kind == kind:
                return resource
        return None

    def members(self, service: Key, kind: str) -> list[Resource]:
        """Every resource of a kind that belongs to a service, by name."""
        keys = self._members.get((service, kind), ())
        return sorted((self.resources[key] for key in keys), key=lambda resource: resource.key.name)

    # --- indexes

    def _clear(self) -> None:
        self.resources = {}
        self._uids: dict[str, Key] = {}
        self._of_kind: dict[str, dict[Key, None]] = {kind: {} for kind in self._kinds}
        self._sorted: dict[str, list[Key]] = {}
        self._owned: dict[Key, dict[Key, None]] = {}
        self._members: dict[tuple[Key, str], dict[Key, None]] = {}

    def _replace(self, key: Key, resource: Resource | None) -> None:
        old = self.resources.get(key)
        if old is not None and resource is not None and _in_one_place(old, resource):
            force_setattr(resource, "key", old.key)  # one object for what is held and what it is held by
            self.resources[old.key] = resource  # the indexes hold keys: they are as they should be
            return
        if old is not None:
            if old.uid and self._uids.get(old.uid) == key:
                del self._uids[old.uid]
            _drop(self._owned, old.owner, key)
            _drop(self._members, (old.service, key.kind), key)
        if resource is not None:
            self._add(resource)
        elif old is not None:
            del self.resources[key]
            del self._of_kind[key.kind][key]
            self._sorted.pop(key.kind, None)

    def _add(self, resource: Resource) -> None:
        key = resource.key
        if key not in self.resources:
            self._of_kind.setdefault(key.kind, {})[key] = None
            self._sorted.pop(key.kind, None)
        self.resources[key] = resource
        if resource.uid:
            self._uids[resource.uid] = key
        if resource.owner is not None:
            self._owned.setdefault(resource.owner, {})[key] = None
        if resource.service is not None and resource.service != key:
            self._members.setdefault((resource.service, key.kind), {})[key] = None

    def _descend(self, key: Key) -> Iterator[Key]:
        for child in self._owned.get(key, ()):
            yield child
            yield from self._descend(child)

    # --- what a load or a step means

    def _act(self, action: Action) -> None:
        self.actions[action.id] = action
        if len(self.actions) > self._keep_actions:
            del self.actions[next(iter(self.actions))]

    def _missed(self, seq: int, last: int, old: dict[Key, Resource]) -> Iterator[tuple[int, Change]]:
        told = set()
        for at, transition in self.transitions.after(seq):
            told.add(transition.key)
            yield at, ResourceChange(_type(transition), transition.key, self.resources.get(transition.key), transition)
        for at, entry in self.log.after(seq):
            yield at, LogChange(entry)
        for key in (old.keys() | self.resources.keys()) - told:
            resource = self.resources.get(key)
            if old.get(key) != resource:
                kind = (
                    ChangeType.DELETED if resource is None else ChangeType.MODIFIED if key in old else ChangeType.ADDED
                )
                yield last, ResourceChange(kind, key, resource)
        for action in self.actions.values():
            yield last, ActionChange(action)


def _in_one_place(one: Resource, other: Resource) -> bool:
    return one.uid == other.uid and one.owner == other.owner and one.service == other.service


def _drop(index: dict[Any, dict[Key, None]], at: Any, key: Key) -> None:
    keys = index.get(at)
    if keys is not None:
        keys.pop(key, None)
        if not keys:
            del index[at]


def _type(transition: Transition) -> ChangeType:
    if transition.after is None:
        return ChangeType.DELETED
    return ChangeType.ADDED if transition.before is None else ChangeType.MODIFIED
