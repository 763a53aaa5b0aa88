"""Label and field selectors: as the query parameters of a list, and as the objects in a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graph.demo.objects import Object, labels_of
from graph.demo.problems import BadRequest
from graph.demo.resources import EVENTS, PODS, Resource

Predicate = Callable[[Object], bool]
Labels = Mapping[str, str]

_SET = re.compile(r"^\s*(?P<key>[^\s!=(),]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)\s*$")
_EQUAL = re.compile(r"^\s*(?P<key>[^\s!=(),]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=(),]*)\s*$")
_EXISTS = re.compile(r"^\s*(?P<not>!?)\s*(?P<key>[^\s!=(),]+)\s*$")
_COMMA = re.compile(r",(?![^(]*\))")

_FIELDS = ("metadata.name", "metadata.namespace")
_MORE: dict[Resource, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "type",
    ),
}
_BY_KIND: dict[str, tuple[str, ...]] = {
    "Namespace": ("status.phase", "name"),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "Job": ("status.successful",),
    "ReplicaSet": ("status.replicas",),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label. ``operator``: In, NotIn, Exists, DoesNotExist, as in a spec."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def met(self, labels: Labels) -> bool:
        """Whether the labels are so; NotIn holds for what lacks the label."""
        if self.operator in ("Exists", "DoesNotExist"):
            return (self.key in labels) == (self.operator == "Exists")
        return (labels.get(self.key) in self.values) == (self.operator == "In")


def requirements(selector: Object | None) -> list[Requirement]:
    """Of a ``metav1.LabelSelector``."""
    selector = selector or {}
    equal = [Requirement(key, "In", frozenset([value])) for key, value in (selector.get("matchLabels") or {}).items()]
    return equal + [
        Requirement(one["key"], one["operator"], frozenset(one.get("values") or ()))
        for one in selector.get("matchExpressions") or ()
    ]


def matches(selector: Object | None, labels: Labels) -> bool:
    """Whether a ``metav1.LabelSelector`` chooses these labels; an empty one chooses all, None nothing."""
    return selector is not None and all(one.met(labels) for one in requirements(selector))


def selecting(resource: Resource, *, labels: str = "", fields: str = "") -> Predicate | None:
    """A predicate from the query parameters of a list or a watch; None when they choose everything."""
    of_labels = [_requirement(part) for part in _parts(labels)]
    of_fields = [_field(resource, part) for part in _parts(fields)]
    if not of_labels and not of_fields:
        return None

    def chosen(obj: Object) -> bool:
        mine = labels_of(obj)
        return all(one.met(mine) for one in of_labels) and all(test(obj) for test in of_fields)

    return chosen


def name_of(fields: str) -> str | None:
    """The one name that a field selector asks for, if it does: no need to look at the others."""
    return next(
        (part[14:] for part in _parts(fields) if part.startswith("metadata.name=") and part[14:15] != "="), None
    )


def _parts(text: str) -> list[str]:
    return [part for part in _COMMA.split(text) if part.strip()]


def _requirement(text: str) -> Requirement:
    if found := _SET.match(text):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return Requirement(found["key"], "In" if found["operator"] == "in" else "NotIn", values)
    if found := _EQUAL.match(text):
        return Requirement(found["key"], "NotIn" if found["operator"] == "!=" else "In", frozenset([found["value"]]))
    if found := _EXISTS.match(text):
        return Requirement(found["key"], "DoesNotExist" if found["not"] else "Exists")
    raise BadRequest(f"unable to parse requirement: found '{text.strip()}', expected: a label selector")


def _field(resource: Resource, text: str) -> Predicate:
    found = _EQUAL.match(text)
    if found is None:
        raise BadRequest(f"invalid selector: '{text}'; can't understand '{text}'")
    key, value, wanted = found["key"], found["value"], found["operator"] != "!="
    if key not in _FIELDS and key not in _MORE.get(resource, ()) and key not in _BY_KIND.get(resource.kind, ()):
        raise BadRequest(_unsupported(resource, key))
    path = ("metadata", "name") if key == "name" else tuple(key.split("."))
    return lambda obj: (_text(obj, path) == value) == wanted


def _unsupported(resource: Resource, key: str) -> str:
    if resource in _MORE or resource.kind in _BY_KIND:
        return f"field label not supported: {key}"
    return f'"{key}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _text(obj: Object, path: tuple[str, ...]) -> str:
    found: object = obj
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, bool):
        return "true" if found else "false"
    return "" if found is None else str(found)
