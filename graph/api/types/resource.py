"""The interface Resource and what explains a status. The sources are the model's structs: Strawberry reads their
attributes, and every object type says with ``is_type_of`` which of them are its own.
"""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry import UNSET

from graph.api import reading
from graph.api.arguments import After, Before, First, Last
from graph.api.context import Info
from graph.api.types.cluster import Cluster, Node
from graph.api.types.enums import Evidence, State
from graph.api.types.late import Late
from graph.model import ref, resource
from graph.model.kind import Time


def _service(root: resource.Resource, info: Info) -> Any:
    return root if root.key.kind == reading.SERVICE else reading.get(info.context, root.service)


def _labels(root: resource.Resource) -> Any:
    return [Label(key=key, value=root.labels[key]) for key in sorted(root.labels)]


def _declared(first: First = UNSET, after: After = UNSET, last: Last = UNSET, before: Before = UNSET) -> Any:
    raise NotImplementedError("an interface only declares it; the factory gives every type its own")


@strawberry.type(description="A label of an object.")
class Label:
    key: str = strawberry.field(description="Its key, with the prefix.")
    value: str = strawberry.field(description="Its value.")


@strawberry.interface(description="Whatever has a status.")
class Resource(Node):
    id: strawberry.ID = strawberry.field(
        resolver=lambda root: root.key.id,
        description=(
            "Opaque, url-safe, made of (kind, cluster, namespace, name): "
            "the same again when the object is created again."
        ),
    )
    kind: Any = strawberry.field(
        resolver=lambda root: root.key.kind, graphql_type=Late("Kind"), description="Our word for what it is."
    )
    cluster: Cluster = strawberry.field(
        resolver=lambda root: Cluster(name=root.key.cluster), description="Where it lives."
    )
    namespace: str = strawberry.field(resolver=lambda root: root.key.namespace, description="Its namespace.")
    name: str = strawberry.field(resolver=lambda root: root.key.name, description="Its name.")
    uid: str | None = strawberry.field(description="Null for a SERVICE: it is no Kubernetes object.")
    labels: list[Label] = strawberry.field(resolver=_labels, description="Its labels, by key.")
    created_at: Time | None = strawberry.field(description="When it was created, where that is known.")
    deleted_at: Time | None = strawberry.field(
        description="Set where only the record is left: a stopped Cronjob, a run that Kubernetes deleted."
    )
    status: Status = strawberry.field(description="How it is, and why.")
    service: Any = strawberry.field(
        resolver=_service,
        graphql_type=Late("Service") | None,
        description="What it belongs to; itself for a Service.",
    )
    events: Any = strawberry.field(
        resolver=_declared,
        graphql_type=Late("EventConnection"),
        description="Kubernetes events of it and of everything below it, newest first.",
    )
    transitions: Any = strawberry.field(
        resolver=_declared,
        graphql_type=Late("StatusTransitionConnection"),
        description="Its recorded transitions, of a Service also those of all that belongs to it; newest first.",
    )


def _resource(root: ref.ObjectRef, info: Info) -> Any:
    return reading.meant(info.context, root)


@strawberry.type(description="An object as the cluster names it.")
class ObjectRef:
    api_version: str | None = strawberry.field(description="Null for our own Service and Build.")
    kind: str = strawberry.field(description="As the cluster spells it: CronJob, Pod, Node.")
    namespace: str | None = strawberry.field(description="Null for what has none, such as a node.")
    name: str = strawberry.field(description="Its name.")
    uid: str | None = strawberry.field(description="Its UID, where it is known.")
    container: str | None = strawberry.field(description="The container of the pod that is meant.")
    resource: Resource | None = strawberry.field(
        resolver=_resource, description="The object itself, where it is known to this graph."
    )


@strawberry.type(description="One link of the chain from a status to what explains it.")
class Cause:
    object: ObjectRef = strawberry.field(description="The object that it is found on.")
    reason: str = strawberry.field(description="A CamelCase word: ours, or the cluster's own.")
    message: str = strawberry.field(description="The cluster's own words, or one sentence of ours.")
    evidence: Evidence = strawberry.field(description="What it rests on.")
    at: Time | None = strawberry.field(description="When it happened, where that is known.")


@strawberry.type(description="The one honest status of an object.")
class Status:
    state: State = strawberry.field(description="What it comes down to.")
    reason: str = strawberry.field(
        description="Stable CamelCase word of the generated status reference, e.g. CrashLoopBackOff."
    )
    message: str = strawberry.field(
        description="One sentence for a person, with the cluster's own words; absolute times, never ages."
    )
    hint: str | None = strawberry.field(description="What to do.")
    since: Time = strawberry.field(description="When this (state, reason) began.")
    because: list[Cause] = strawberry.field(description="From the nearest cause to the root. Empty only when HEALTHY.")
