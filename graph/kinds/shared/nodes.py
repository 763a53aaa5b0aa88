"""Nodes as judges of pods read them. They are evidence: no objects of the graph, and never stored."""

from __future__ import annotations

from msgspec import Struct

from graph.kinds.shared.conditions import Condition, find
from graph.model.kind import Meta, Object, Watched

NODES = Watched("v1", "nodes", "Node", namespaced=False, optional=True)


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


def slim(node: Node) -> Node:
    """What of a node is read: its heartbeats change much that is not, several times a minute."""
    meta, ready = node.metadata, node.ready
    return Node(
        Meta(name=meta.name, uid=meta.uid, deletion_timestamp=meta.deletion_timestamp),
        NodeStatus((ready,) if ready is not None else ()),
    )
