"""All clusters' replicas, as resolvers see them: look-ups by key, freshness, and whether there is anything to serve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from graph.model.ref import Key
from graph.model.resource import Cursor, Freshness, FreshnessState, Resource
from graph.store.hub import Hub, Reset, ResetReason
from graph.store.replica import Replica


class Followed(Protocol):
    """A replica and what keeps it up to date."""

    @property
    def replica(self) -> Replica: ...

    @property
    def loading(self) -> bool:
        """Whether there is something to load, or may be."""

    def freshness(self) -> Freshness: ...


class Catalog:
    """See the module. ``hub`` publishes what happens to any of the replicas."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.forgotten: frozenset[str] = frozenset()
        """Clusters that were removed on purpose: cursors of before still name them."""
        self._followed: dict[str, Followed] = {}

    def add(self, followed: Followed) -> None:
        """A cluster that is followed from now on."""
        self._followed[followed.replica.cluster] = followed

    def remove(self, cluster: str) -> None:
        """It is no longer followed: nothing of it is known from now on."""
        replica = self._followed.pop(cluster).replica
        if replica.cursor is not None:
            self.hub.publish([Reset(replica.cursor, ResetReason.EPOCH_CHANGED)])

    @property
    def clusters(self) -> list[str]:
        """Their names, sorted; those that were never loaded are left out."""
        return sorted(name for name, followed in self._followed.items() if followed.replica.cursor is not None)

    @property
    def loading(self) -> bool:
        """Whether a cluster that Redis holds may not be loaded yet: this process has just begun."""
        return not self._followed or any(followed.loading for followed in self._followed.values())

    def replica(self, cluster: str) -> Replica | None:
        """A loaded cluster's replica; None for a cluster that is not known."""
        followed = self._followed.get(cluster)
        return followed.replica if followed is not None and followed.replica.cursor is not None else None

    def replicas(self, clusters: Iterable[str] | None = None) -> list[Replica]:
        """The replicas of these clusters (all when None), by name; unknown ones are left out."""
        wanted = self.clusters if clusters is None else sorted(set(clusters) & set(self.clusters))
        return [self._followed[name].replica for name in wanted]

    def get(self, key: Key | None) -> Resource | None:
        """A resource, where it is known."""
        replica = self.replica(key.cluster) if key is not None else None
        return replica.resources.get(key) if replica is not None and key is not None else None

    def freshness(self, cluster: str) -> Freshness:
        """How fresh a cluster's replica is; of one that was removed nothing is known any more."""
        followed = self._followed.get(cluster)
        return followed.freshness() if followed else Freshness(FreshnessState.DISCONNECTED, None, None)

    def cursors(self) -> list[Cursor]:
        """Where every replica stands."""
        return [replica.cursor for replica in self.replicas() if replica.cursor is not None]
