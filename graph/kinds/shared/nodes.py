"""Nodes as judges of pods read them. They are evidence, no objects of the graph."""

from __future__ import annotations

from msgspec import Struct

from graph.kinds.shared.conditions import Condition, find
from graph.model.kind import Meta, Object


class NodeStatus(Struct, frozen=True, gc=False):
    """``status`` of a node."""

    conditions: tuple[Condition, ...] = ()


class Node(Object, frozen=True, gc=False, rename="camel"):
    """A node."""

    status: NodeStatus = NodeStatus()

    @property
    def ready(self) -> Condition | None:
        """Its condition Ready."""
        return find(self.status.conditions, "Ready")


GONE = Node(Meta(name=""))
"""``Related.node`` of a pod whose node does not exist, although nodes are watched."""
