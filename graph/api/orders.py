"""The orders of the lists: resources by place or newest first, services as asked, records newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graph.api.paging import Order, Term
from graph.api.types.inputs import OrderDirection, ServiceOrder, ServiceOrderField
from graph.model.kind import Kind
from graph.model.resource import Resource
from graph.model.status import SEVERITY


def _place(resource: Resource) -> tuple[str, ...]:
    return resource.key.namespace, resource.key.name, resource.key.cluster


def order_of(kind: Kind) -> Order:
    """Newest first where the kind tells what is newer, else by namespace, name and cluster."""
    newer = kind.order
    if newer is None:
        return Order(kind.name, Term(_place))
    return Order(kind.name, Term(lambda resource: newer(resource.fields), descending=True), Term(_place))


_SERVICE_TERMS = {
    ServiceOrderField.NAME: lambda service: service.key.name,
    ServiceOrderField.NAMESPACE: lambda service: service.key.namespace,
    ServiceOrderField.SEVERITY: lambda service: SEVERITY[service.status.state],
    ServiceOrderField.SINCE: lambda service: service.status.since,
}


def order_of_services(orders: Iterable[ServiceOrder] | None) -> Order:
    """As asked; what is equal in that by namespace, name and cluster."""
    asked = list(orders or ())
    terms = [Term(_SERVICE_TERMS[each.field], each.direction is OrderDirection.DESC) for each in asked]
    name = ",".join(f"{each.field}:{each.direction}" for each in asked)
    return Order(f"SERVICE {name}", *terms, Term(_place))


def _recorded(record: Any) -> tuple[Any, ...]:
    return record.at, record.cluster, record.seq


NEWEST = Order("RECORD", Term(_recorded, descending=True))
"""Of ``Record``s."""
