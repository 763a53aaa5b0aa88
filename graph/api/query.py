"""The queries. Their resolvers read the replicas and wait for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from graph.api import filters, reading
from graph.api.arguments import After, Before, First, Last
from graph.api.context import Context, Info
from graph.api.errors import Code, refused
from graph.api.history import Record, beginning, records
from graph.api.history import transitions as recorded
from graph.api.orders import NEWEST, order_of, order_of_services
from graph.api.paging import CAP, Page, Range
from graph.api.types import operator_log
from graph.api.types.cluster import CLUSTER, Cluster, Node
from graph.api.types.connection import connection, object_type
from graph.api.types.inputs import (
    OperatorLogFilter,
    ResourceFilter,
    ServiceBy,
    ServiceFilter,
    ServiceName,
    ServiceOrder,
    TransitionFilter,
)
from graph.api.types.late import Late
from graph.api.types.records import StatusTransition
from graph.model.kind import Kind
from graph.model.ref import Key
from graph.model.resource import Resource, Transition

StatusTransitionConnection = connection("StatusTransition", StatusTransition)

_FILTER = strawberry.argument(name="filter", description="Only what matches.")


def _clusters(info: Info) -> Any:
    return [Cluster(name=name) for name in info.context.catalog.clusters]


def _services(
    info: Info,
    where: Annotated[ServiceFilter | None, _FILTER] = UNSET,
    order_by: Annotated[
        list[ServiceOrder] | None, strawberry.argument(description="By namespace and name when not given.")
    ] = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Any:
    found = _matching(info.context, reading.SERVICE, where or None)
    return Page(found, order_of_services(order_by or None), Range(first, after, last, before))


def _service(info: Info, by: Annotated[ServiceBy, strawberry.argument(description="What identifies it.")]) -> Any:
    key = _named(info.context, by.name) if by.name else reading.key_of(str(by.id))
    return reading.get(info.context, key) if key is not None and key.kind == reading.SERVICE else None


def _operator_log(
    info: Info,
    where: Annotated[OperatorLogFilter | None, _FILTER] = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> Any:
    return operator_log.page(info.context, Range(first, after), filters.entries(where or None))


def _transitions(
    info: Info,
    where: Annotated[TransitionFilter | None, _FILTER] = UNSET,
    first: First = UNSET,
    after: After = UNSET,
) -> Any:
    context, matches = info.context, filters.transitions(where or None)
    replicas = context.catalog.replicas()
    found = records(replicas, recorded, beginning(replicas, recorded))
    items = [record for record in found if reading.readable(context, record.value) and matches(record.value)]
    return Page(items, NEWEST, Range(first, after), node=_transition)


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
    """The query type: one list for each kind that has a status, beside what is the same for all."""
    roots = {kind.plural: _root(kind) for kind in kinds if kind.judge is not None and kind.name != reading.SERVICE}
    return object_type("Query", "What can be asked.", roots, base=Query)


@strawberry.type(description="What is the same for every set of kinds.")
class Query:
    clusters: list[Cluster] = strawberry.field(resolver=_clusters, description="The clusters that are known, by name.")
    services: Any = strawberry.field(
        resolver=_services, graphql_type=Late("ServiceConnection"), description="Services, by namespace and name."
    )
    service: Any = strawberry.field(
        resolver=_service, graphql_type=Late("Service") | None, description="One service; null when it is not known."
    )
    operator_log: Any = strawberry.field(
        resolver=_operator_log,
        graphql_type=operator_log.OperatorLogEntryConnection,
        description="What the operator did, newest first.",
    )
    transitions: Any = strawberry.field(
        resolver=_transitions,
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
    field = strawberry.field(name=kind.plural, resolver=_lists(kind), description=kind.description)
    return Late(f"{kind.type_name}Connection"), field


def _lists(kind: Kind) -> Callable[..., Any]:
    order = order_of(kind)

    def resolve(
        info: Info,
        where: Annotated[ResourceFilter | None, _FILTER] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> Any:
        return Page(_matching(info.context, kind.name, where or None), order, Range(first, after))

    return resolve


def _matching(context: Context, kind: str, where: ResourceFilter | ServiceFilter | None) -> list[Resource]:
    matches = filters.resources(where)
    found = reading.all_of(context, kind, where.clusters if where is not None else None)
    return [resource for resource in found if matches(resource)]


def _named(context: Context, name: ServiceName) -> Key:
    return Key(name.cluster or reading.only_cluster(context), reading.SERVICE, name.namespace, name.name)


def _transition(record: Record[Transition]) -> StatusTransition:
    return StatusTransition(position=record.position, record=record.value)
