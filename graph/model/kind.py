"""The descriptor of a kind, and what its judge is given.

A kind is one file in ``graph/kinds`` that ends in a ``KIND``: which resource to watch, the view that its bytes are
decoded into (an allow-list: what the view does not name is never kept), what of it is public, and the judge.
Everything else (watching, storing, RBAC rules, the GraphQL type) is derived from it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NewType, Protocol

import msgspec
from msgspec import Struct

from graph.config import Rules
from graph.model.ref import ObjectRef
from graph.model.status import Status, Verdict

Time = NewType("Time", str)
"""In public fields: RFC 3339, UTC, milliseconds; the scalar DateTime of the schema."""


def doc(description: str) -> msgspec.Meta:
    """The schema's description of a public field: ``Annotated[int, doc("...")]``."""
    return msgspec.Meta(description=description)


class Owner(Struct, frozen=True, gc=False, rename="camel"):
    """An entry of ``metadata.ownerReferences``."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    controller: bool = False


class Meta(Struct, frozen=True, gc=False, rename="camel"):
    """``metadata``. A kind that keeps some annotations extends it by a struct that names them."""

    name: str
    uid: str = ""
    namespace: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] = {}
    owner_references: tuple[Owner, ...] = ()
    finalizers: tuple[str, ...] = ()


class Object(Struct, frozen=True, gc=False, rename="camel"):
    """What every view has. A kind's view extends it by its own metadata, spec and status."""

    metadata: Meta


class Child(Struct, frozen=True, gc=False):
    """An object below the judged one, already judged (bottom-up)."""

    kind: str
    """Our word, e.g. POD."""
    view: Any
    ref: ObjectRef
    verdict: Verdict
    children: tuple[Child, ...] = ()


class Related(Struct, frozen=True, gc=False):
    """What a judge may look at beside the object itself."""

    ref: ObjectRef
    """The judged object, for the causes that cite it."""
    children: tuple[Child, ...] = ()
    """The objects that it owns (of a Service: its topmost objects), in the order of their names."""
    events: tuple[Any, ...] = ()
    """Views of the Kubernetes events about it, joined by UID, oldest first by their true time."""
    stopped: bool = False
    """Only its record is left: it was stopped on request."""
    node: Any = None
    """The view of the pod's node; None where it has none, and where nodes are not watched."""


class Memory(Struct, frozen=True, gc=False):
    """What the objects no longer tell. Empty when a file is judged."""

    previous: Status | None = None
    """The verdict before this one, as last published."""
    edited: float | None = None
    """When our own watch last saw the spec change; seconds."""
    stopped: bool = False
    """Stopped by an action of ours: only the record is left, or a service has only such records."""
    unchanged: float | None = None
    """Since when our own watch has held the object just as it is now; seconds."""


class Judge(Protocol):
    """Pure: no I/O, no clock, no logging. Never raises: whatever the object says, there is a verdict."""

    def __call__(self, view: Any, related: Related, memory: Memory, rules: Rules, now: float) -> Verdict: ...


class Lost(Protocol):
    """The verdict on an object that went before its end was seen; pure."""

    def __call__(self, ref: ObjectRef, at: float) -> Verdict: ...


class Project(Protocol):
    """The public fields of an object; pure. ``now`` for what lies ahead, such as the next run."""

    def __call__(self, view: Any, related: Related, now: float) -> Struct: ...


class Shape(StrEnum):
    """How a relation is shown in the schema."""

    CONNECTION = "CONNECTION"
    LIST = "LIST"
    OWNER = "OWNER"
    """The nearest owner of that kind, or null."""
    LATEST = "LATEST"
    """The newest by its order, or null."""


def always(_: Any) -> bool:
    """The default condition."""
    return True


def generation(view: Any) -> Any:
    """The default edit: ``metadata.generation``, which the API server raises with every change of the spec."""
    return view.metadata.generation


class Relation(Struct, frozen=True):
    """A field of the schema that leads to objects of another kind below this one (or, OWNER, above it)."""

    name: str
    """As in the schema, e.g. ``activeJobs``."""
    kind: str
    shape: Shape
    description: str
    where: Callable[[Any], bool] = always
    """On the other object's public fields."""


class Watched(Struct, frozen=True):
    """A resource of the Kubernetes API that is listed and watched."""

    api_version: str
    """e.g. ``v1``, ``apps/v1``."""
    plural: str
    kind: str
    """As the cluster spells it: CronJob."""
    selector: str = ""
    """Only objects with these labels."""
    namespaced: bool = True
    """False: a Role of a namespace cannot give a right to it."""
    optional: bool = False
    """Its absence (or RBAC's refusal) is told once and is no reason not to be ready."""


class Kind(Struct, frozen=True, kw_only=True):
    """All that the rest of the program knows of a kind. The order of ``KINDS`` is bottom-up: owned before owner."""

    name: str
    """As in the schema's enum ``Kind``: POD."""
    type_name: str
    """The type in the schema: Pod, Cronjob."""
    plural: str
    """The schema's field for many of it: pods, replicaSets."""
    description: str
    """The type's description in the schema."""
    resource: Watched | None
    """None for a kind that is derived from others (Service)."""
    view: type[Any]
    """What its bytes are decoded into; decoded with ``strict`` off for nothing: a wrong type is a malformed object."""
    fields: type[Struct]
    """The public fields beside those of every Resource: an ``array_like`` struct with a ``doc`` for each field."""
    project: Project
    judge: Judge | None
    """None: it has no status of its own (Event)."""
    claims: Callable[[Any], bool] = always
    """Of several kinds made of one resource, the first in ``KINDS`` whose ``claims(view)`` holds has the object."""
    relations: tuple[Relation, ...] = ()
    in_service: Shape = Shape.LIST
    """How a Service shows its objects of this kind."""
    order: Callable[[Any], Any] | None = None
    """On a stored resource's public fields: sorts newest first where the name does not (builds, runs)."""
    about: Callable[[Any], ObjectRef] | None = None
    """Of a view that speaks of another object (Event): which one."""
    service_of: Callable[[Any], str | None] | None = None
    """Of a view that says itself which service it belongs to, whatever owns it (Build)."""
    edits: Callable[[Any], Any] = generation
    """What of a view counts as an edit of its spec, see ``Memory.edited``."""
    lost: Lost | None = None
    """What is said of one that went unseen while it was PROGRESSING (Build): its record stays until the next one."""
    kept: Watched | None = None
    """Where the manifest of a stopped object is kept (Cronjob): a resource whose ``data`` decodes into the view."""
    node_of: Callable[[Any], str | None] | None = None
    """Of a view that runs on a node (Pod): the node's name, None while it has none. Then nodes are watched, too."""
