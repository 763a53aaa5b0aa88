"""Every Redis key. All keys of a cluster carry its name as their hash tag, so that they live on one Redis Cluster slot.

| key | type | holds |
|---|---|---|
| ``statusgraph:clusters`` | set | names of the clusters that an operator ever wrote |
| ``statusgraph:{c}:meta`` | hash | layout, epoch, term, seq, generation, what the beat says, where history begins |
| ``statusgraph:{c}:resources:<generation>`` | hash | field: kind/namespace/name → Resource |
| ``statusgraph:{c}:changes`` | stream ``seq-0`` | t: A M D ACTION LOG; k: field; v: value; x: Transition; e: epoch |
| ``statusgraph:{c}:transitions`` | stream ``seq-0`` | x: Transition |
| ``statusgraph:{c}:log`` | stream ``seq-0`` | v: LogEntry |
| ``statusgraph:{c}:actions`` | hash | action id → Action |
| ``statusgraph:{c}:actions:order`` | list | action ids, newest first |
| ``statusgraph:{c}:requests`` | stream | v: ActionRequest, until the operator has done it |
| ``statusgraph:{c}:asked:<action id>`` | string | the request's fingerprint, for idempotency; expires after a day |
"""

from __future__ import annotations

from graph.model.ref import Key

LAYOUT = "1"
"""Version of all that is written; a Redis that holds another is refused."""

CLUSTERS = "statusgraph:clusters"


class Keys:
    """The keys of one cluster."""

    def __init__(self, cluster: str) -> None:
        self.prefix = f"statusgraph:{{{cluster}}}:"
        self.meta = self.prefix + "meta"
        self.changes = self.prefix + "changes"
        self.transitions = self.prefix + "transitions"
        self.log = self.prefix + "log"
        self.actions = self.prefix + "actions"
        self.action_order = self.prefix + "actions:order"
        self.requests = self.prefix + "requests"

    def resources(self, generation: str) -> str:
        """The hash of one generation of resources."""
        return f"{self.prefix}resources:{generation}"

    def asked(self, action: str) -> str:
        """Whether, and for what, this action was asked for."""
        return f"{self.prefix}asked:{action}"


def field_of(key: Key) -> str:
    """The field of a resource in its hash; the cluster is in the key's tag. Names never hold a slash."""
    return f"{key.kind}/{key.namespace}/{key.name}"


def key_of(cluster: str, field: str) -> Key:
    """The way back from ``field_of``."""
    kind, namespace, name = field.split("/", 2)
    return Key(cluster, kind, namespace, name)
