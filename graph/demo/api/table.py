"""Server-side tables, as ``kubectl get`` asks for them: Kubernetes' own columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from graph.demo.api.cells import AGE, NAME, Column
from graph.demo.api.columns import COLUMNS
from graph.demo.objects import Object
from graph.demo.resources import Resource

Form = Callable[[Object], Any]


def wanted(accept: str) -> bool:
    """Whether a table is preferred over the objects themselves."""
    first = accept.split(",")[0].replace(" ", "")
    return "as=Table" in first and "g=meta.k8s.io" in first


class Tables:
    """Writes the tables of one resource. ``include``: Metadata, Object or None, how much of an object a row carries."""

    def __init__(self, resource: Resource, clock: Callable[[], float], include: str) -> None:
        self._columns = COLUMNS.get(resource, (NAME, AGE))
        self._clock = clock
        self._include = include or "Metadata"
        self._headed = False

    def of(self, objects: Iterable[Object], metadata: Object) -> Object:
        """A whole table."""
        now = self._clock()
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": [_definition(column) for column in self._columns],
            "rows": [self._row(obj, now) for obj in objects],
        }

    def form(self) -> Form:
        """For a watch: a table of one row each; only the first one carries the columns."""

        def written(obj: Object) -> Object:
            table = self.of([obj], {"resourceVersion": obj["metadata"]["resourceVersion"]})
            if self._headed:
                table["columnDefinitions"] = None
            self._headed = True
            return table

        return written

    def _row(self, obj: Object, now: float) -> Object:
        row: Object = {"cells": [column.cell(obj, now) for column in self._columns]}
        if self._include == "Metadata":
            metadata = obj["metadata"]
            row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        elif self._include == "Object":
            row["object"] = obj
        return row


def _definition(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": "name" if column.name == "Name" else "",
        "description": column.name,
        "priority": column.priority,
    }
