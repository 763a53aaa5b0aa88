"""What the forest keeps of one object, and what it says of one that was judged."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from graph.kinds.shared.text import closed
from graph.model import instant
from graph.model.kind import Child, Kind, Object
from graph.model.ref import Key, ObjectRef
from graph.model.resource import Resource
from graph.model.status import Cause, Evidence, State, Verdict


class Entry:
    """One object. Links are by reference: ``parent`` is the nearest owner, for a topmost object its Service.

    ``awaits``: the UID of an owner that was not seen yet. ``lost``: it went before its end was seen; what was last
    published of it, and when that was noticed (seconds).
    """

    __slots__ = (
        "about", "awaits", "child", "children", "edited", "inferred", "key", "kind", "lost", "malformed", "node",
        "parent", "place", "recheck_at", "seen_at", "stopped_at", "verdict", "view",
    )  # fmt: skip

    def __init__(self, kind: Kind, key: Key, view: Object) -> None:
        self.kind = kind
        self.key = key
        self.view = view
        self.parent: Entry | None = None
        self.children: dict[Key, Entry] = {}
        self.verdict: Verdict | None = None
        self.child: Child | None = None
        self.recheck_at: float | None = None
        self.edited: float | None = None
        self.inferred = False
        self.malformed: str | None = None
        self.stopped_at: str | None = None
        self.lost: tuple[Resource, float] | None = None
        self.seen_at = 0.0
        self.about: str | None = None
        self.awaits: str | None = None
        self.node: str | None = None
        self.place: tuple[Key | None, Key | None] = (None, None)

    @property
    def ref(self) -> ObjectRef:
        """The object as the cluster names it."""
        resource = self.kind.resource
        return ObjectRef(
            kind=resource.kind if resource and self.kind.service_of is None else self.kind.type_name,
            name=self.key.name,
            namespace=self.key.namespace,
            uid=self.view.metadata.uid or None,
            api_version=resource.api_version if resource and self.kind.service_of is None else None,
            key=self.key,
        )

    @property
    def is_record(self) -> bool:
        """Whether only a record of it is left: it was stopped, or its end was missed."""
        return self.stopped_at is not None or self.lost is not None

    @property
    def is_under_way(self) -> bool:
        """Whether it was to come to an end, when it was last judged."""
        return self.verdict is not None and self.verdict.state is State.PROGRESSING

    @property
    def deleted_at(self) -> str | None:
        """When it was stopped, or found to be gone."""
        return instant.show(self.lost[1]) if self.lost is not None else self.stopped_at

    @property
    def root(self) -> Entry:
        """The Service that it belongs to, or its topmost owner while that waits for a Service."""
        entry = self
        while entry.parent is not None:
            entry = entry.parent
        return entry


class Judged(Struct, frozen=True, gc=False):
    """One object after judging. ``gone``: it has left; then only key, kind and ``inferred`` count."""

    key: Key
    kind: Kind
    view: Object
    ref: ObjectRef
    verdict: Verdict | None = None
    fields: Any = None
    service: Key | None = None
    owner: Key | None = None
    deleted_at: str | None = None
    inferred: bool = False
    gone: bool = False


def stopped(ref: ObjectRef, at: str) -> Verdict:
    """The verdict on an object of which an action of ours left only the record (row V07).

    Stopped: an action of Statusgraph stopped it, and keeps its manifest in the cluster.
    """
    message = f"Stopped on request at {at}; its manifest is kept in the cluster."
    cause = Cause(ref, "Stopped", message, Evidence.STATUS, at)
    return Verdict(State.SUSPENDED, "Stopped", message, "V07", "startCronjob brings it back.", (cause,))


def missed(kind: Kind, last: Resource | None, now: float) -> tuple[Resource, float] | None:
    """What is left of an object that is gone, if its end was missed: what was published last, and when that was seen.

    One that was noticed before keeps its time.
    """
    if kind.lost is None or last is None or last.status is None:
        return None
    noticed = instant.parse(last.deleted_at)
    if noticed is None and last.status.state is not State.PROGRESSING:
        return None
    return last, now if noticed is None else noticed


def remnant(kind: Kind, last: Resource) -> Any:
    """As much of a view as a published resource still tells."""
    meta = {
        "name": last.key.name,
        "namespace": last.key.namespace,
        "uid": last.uid or "",
        "labels": last.labels,
        "creationTimestamp": last.created_at,
    }
    return msgspec.convert({"metadata": meta}, kind.view)


def unreadable(ref: ObjectRef, problem: str) -> Verdict:
    """The verdict on an object that cannot be read: nothing is known of it, and that is said.

    MalformedObject: it has a form that cannot be read; nothing is known of it, and no other object suffers.
    """
    message = f"This object has a form that cannot be read: {closed(problem)}."
    hint = "Look at the object with kubectl get -o json; its kind's schema and the API server's version may differ."
    cause = Cause(ref, "MalformedObject", message, Evidence.STATUS)
    return Verdict(State.UNKNOWN, "MalformedObject", message, "malformed", hint, (cause,))


def choked(ref: ObjectRef, error: Exception) -> Verdict:
    """The verdict on an object on which a rule failed: a defect of ours, told as such.

    RuleFailed: a rule failed on it: a defect of Statusgraph.
    """
    message = f"The status rules failed on this object: {type(error).__name__}: {closed(str(error))}."
    cause = Cause(ref, "RuleFailed", message, Evidence.STATUS)
    return Verdict(
        State.UNKNOWN, "RuleFailed", message, "choked", "This is a defect of Statusgraph; report it.", (cause,)
    )


def is_another(published: Resource, view: Object) -> bool:
    """Whether what is there is not what was published under its name: it was deleted and created again."""
    uid = view.metadata.uid
    return bool(published.uid and uid) and published.uid != uid
