"""Which service an object belongs to. Resolved once, on the topmost owner; what it owns inherits the answer.

The order: what the kind itself says (a Build names its service), the label ``statusgraph.io/service``, the configured
labels, the name of the topmost owner. Labels of descendants are ignored: a chart that labels its pods differently from
their Deployment must not split a service in two.
"""

from __future__ import annotations

from collections.abc import Sequence

from graph.model.kind import Kind, Object, Owner

LABEL = "statusgraph.io/service"
_NO_OWNER = frozenset({"Node"})  # a static pod is owned by its node, which is nobody's service


def controller(view: Object) -> Owner | None:
    """The owner that manages an object, where it has one."""
    for owner in view.metadata.owner_references:
        if owner.controller and owner.uid and owner.kind not in _NO_OWNER:
            return owner
    return None


def service_name(kind: Kind, view: Object, labels: Sequence[str]) -> str:
    """The service of a topmost object; its controller, if any, is of a kind that is not watched."""
    if kind.service_of is not None and (said := kind.service_of(view)):
        return said
    for label in (LABEL, *labels):
        if value := view.metadata.labels.get(label):
            return value
    owner = controller(view)
    return owner.name if owner else view.metadata.name
