"""Every Redis key. All keys of a cluster carry its name as their hash tag, which keeps them together for whoever reads
them. Redis Cluster does not work nevertheless: it is warned of, see ``inspection``.

| key | type | holds |
|---|---|---|
| ``statusgraph:clusters`` | set | names of the clusters that an operator ever wrote |
| ``statusgraph:forgotten`` | set | names of clusters that were removed on purpose, and not by a loss of data |
| ``statusgraph:{c}:meta`` | hash | layout, epoch, seq, generation, the leader, the beat, the histories: see below |
| ``statusgraph:{c}:resources:<generation>`` | hash | field: kind/namespace/name → Resource |
| ``statusgraph:{c}:changes`` | stream ``seq-epoch`` | one Change, its field named by its sort: a kind, action, log |
| ``statusgraph:{c}:transitions`` | stream ``seq-epoch`` | x: Transition |
| ``statusgraph:{c}:log`` | stream ``seq-epoch`` | v: LogEntry |
| ``statusgraph:{c}:actions`` | hash | action id → Action |
| ``statusgraph:{c}:actions:order`` | list | action ids, newest first |
| ``statusgraph:{c}:requests`` | stream | v: ActionRequest, until the operator has done it |
| ``statusgraph:{c}:lost`` | string | an epoch of which an api had read more than it found; expires after a minute |
| ``statusgraph:{c}:asked:<action id>`` | string | the request's fingerprint, for idempotency; expires after a day |

Fields of ``meta``: term, holder, lease and cluster are the leader's; state, observed, behind and beaten its beat's;
line is the ``master_replid`` that it wrote to last, or closed; transitions_from, log_from, history_since and
history_lost tell where histories begin; former (a generation that is to be removed) and filling are there until a new
generation is whole.
"""

from __future__ import annotations

from graph.model.ref import Key

LAYOUT = "3"
"""Version of all that is written; a Redis that holds another is refused."""

CLUSTERS = "statusgraph:clusters"
FORGOTTEN = "statusgraph:forgotten"
RIGHTS = tuple(f"statusgraph:{{rights}}:{kind}" for kind in ("hash", "stream", "list", "set", "string"))
"""Where rights are tried; nothing that grows is left there."""


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
        self.lost = self.prefix + "lost"

    def resources(self, generation: str) -> str:
        """The hash of one generation of resources."""
        return f"{self.prefix}resources:{generation}"

    def asked(self, action: str) -> str:
        """Whether, and for what, this action was asked for."""
        return f"{self.prefix}asked:{action}"


def field_of(key: Key) -> str:
    """The field of a resource in its hash; the cluster is in the key's tag."""
    return f"{key.kind}/{key.namespace}/{key.name}"


def epoch_number(epoch: str) -> int:
    """The epoch in the ids of entries: each says of which it is, and no byte is spent on it."""
    return int(epoch, 16)


def after(seq: int) -> str:
    """The id behind every entry of a seq, whatever its epoch."""
    return f"{seq}-{2**64 - 1}"


def place_of(entry_id: bytes) -> tuple[int, int]:
    """(seq, epoch as a number) of an entry."""
    seq, _, epoch = entry_id.partition(b"-")
    return int(seq), int(epoch)
