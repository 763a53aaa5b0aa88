"""The orders of the lists: as asked, else resources by place or newest first, records newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from graph.api.errors import Code, refused
from graph.api.paging import Order, Term
from graph.api.types.inputs import OrderDirection, ResourceOrder, ServiceOrder
from graph.model.kind import Kind
from graph.model.resource import Resource
from graph.model.status import SEVERITY


def _place(resource: Resource) -> tuple[str, ...]:
    return resource.key.namespace, resource.key.name, resource.key.cluster


PLACE = Order("PLACE", Term(_place))
"""By namespace, name and cluster."""

_FIELDS: dict[str, Callable[[Resource], Any]] = {
    "NAME": lambda resource: resource.key.name,
    "NAMESPACE": lambda resource: resource.key.namespace,
    "SEVERITY": lambda resource: SEVERITY[resource.status.state] if resource.status else len(SEVERITY),
    "SINCE": lambda resource: resource.status.since if resource.status else "",
    "CREATED": lambda resource: resource.created_at or "",
}


def order_of(kind: Kind, asked: Iterable[ServiceOrder | ResourceOrder] | None = None) -> Order:
    """As asked; what is equal in that newest first where the kind tells what is newer, then by place."""
    fields = list(asked or ())
    if len({each.field for each in fields}) < len(fields):
        raise refused(Code.BAD_FILTER, "an order names a field once")
    terms = [Term(_FIELDS[each.field.value], each.direction is OrderDirection.DESC) for each in fields]
    name = "".join(f" {each.field.value}:{each.direction.value}" for each in fields)
    return Order(kind.name + name, *terms, *_natural(kind))


def _natural(kind: Kind) -> Iterable[Term]:
    newer = kind.order
    if newer is not None:
        yield Term(lambda resource: newer(resource.fields), descending=True)
    yield Term(_place)


def _recorded(record: Any) -> tuple[Any, ...]:
    return record.at, record.cluster, record.seq


NEWEST = Order("RECORD", Term(_recorded, descending=True))
"""Of ``Record``s."""

LATEST = Order("SEQ", Term(lambda record: record.seq, descending=True))
"""Of the ``Record``s of one cluster, as they were written: its clock may have been set back."""
