"""The queries. Their resolvers read the replicas and wait for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import strawberry

from graph.api import lists, reading
from graph.api.context import Context, Info
from graph.api.errors import Code, refused
from graph.api.paging import CAP
from graph.api.types.cluster import CLUSTER, Cluster, Node
from graph.api.types.connection import object_type
from graph.api.types.inputs import ServiceBy
from graph.api.types.late import Late
from graph.api.types.logs import OperatorLogEntryConnection, StatusTransitionConnection
from graph.model.kind import Kind
from graph.model.ref import Key


def _clusters(info: Info) -> Any:
    return [Cluster(name=name) for name in info.context.catalog.clusters]


def _service(info: Info, by: Annotated[ServiceBy, strawberry.argument(description="What identifies it.")]) -> Any:
    return reading.get(info.context, key_of(info.context, by))


def key_of(context: Context, by: ServiceBy) -> Key | None:
    """The key of the service that is meant; None where an id is of something else."""
    if by.name:
        name = by.name
        return Key(name.cluster or reading.only_cluster(context), reading.SERVICE, name.namespace, name.name)
    key = reading.key_of(str(by.id))
    return key if key is not None and key.kind == reading.SERVICE else None


def _node(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]) -> Any:  # noqa: A002 # the schema's name
    return find(info.context, id)


def _nodes(info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids.")]) -> Any:
    if len(ids) > CAP:
        raise refused(Code.BAD_PAGE, f"ids are at most {CAP}")
    return [find(info.context, each) for each in ids]


def find(context: Context, text: str) -> Any:
    """Whatever has this id and is visible; None for everything else, also for what is no id."""
    match reading.parts_of(text):
        case (kind, cluster) if kind == CLUSTER:
            return Cluster(name=cluster) if context.catalog.replica(cluster) is not None else None
        case (kind, cluster, name) if kind == reading.ACTION:
            return reading.action(context, cluster, name)
        case (kind, cluster, name) if kind == reading.LOG:
            return reading.entry(context, cluster, name)
        case (kind, cluster, namespace, name):
            return reading.get(context, Key(cluster, kind, namespace, name))
    return None


def query(kinds: Iterable[Kind]) -> type[Any]:
    """The query type: one list for each kind, beside what is the same for all."""
    roots = {kind.plural: _root(kind) for kind in kinds}
    return object_type("Query", "What can be asked.", roots, base=Query)


@strawberry.type(description="What is the same for every set of kinds.")
class Query:
    clusters: list[Cluster] = strawberry.field(resolver=_clusters, description="The clusters that are known, by name.")
    service: Any = strawberry.field(
        resolver=_service, graphql_type=Late("Service") | None, description="One service; null when it is not known."
    )
    operator_log: Any = strawberry.field(
        resolver=lists.operator_log,
        graphql_type=OperatorLogEntryConnection,
        description="What the operator did, newest first.",
    )
    transitions: Any = strawberry.field(
        resolver=lists.transitions,
        graphql_type=StatusTransitionConnection,
        description="Recorded transitions, newest first.",
    )
    node: Node | None = strawberry.field(
        resolver=_node, description="Whatever has this id; null when it is not known or not to be seen."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=_nodes, description="The same for several ids, in their order; 100 at most."
    )


def _root(kind: Kind) -> tuple[Any, Any]:
    resolver = lists.resources(kind) if kind.judge is not None else lists.events(kind)
    description = "Services, by namespace and name." if kind.name == reading.SERVICE else kind.description
    field = strawberry.field(name=kind.plural, resolver=resolver, description=description)
    return Late(f"{kind.type_name}Connection"), field
