"""A forest and its ledger, moved by hand: objects come and go, time passes, only when a test says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from graph.config import Rules
from graph.judging.decode import variants
from graph.judging.entry import Judged
from graph.judging.forest import ORPHAN_GRACE, Forest
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.kinds.shared.nodes import Node
from graph.model import instant
from graph.model.kind import Kind
from graph.model.ref import Key
from graph.model.resource import Resource, ResourceChange
from tests.judging.manifests import BORN, NAMESPACE, Manifest


class Hand:
    """``seen``: what was judged last of each object that is there, ``POD/web-1``; ``left``: what went."""

    def __init__(
        self,
        kinds: Sequence[Kind] = KINDS,
        *,
        cluster: str = "test",
        rules: Rules | None = None,
        resources: dict[Key, Resource] | None = None,
        grace: float = ORPHAN_GRACE,
    ) -> None:
        rules = rules or Rules()
        self.now = instant.parse(BORN) or 0.0
        self.ledger = Ledger(rules, resources or {})
        self.forest = Forest(
            cluster,
            kinds,
            rules,
            labels=("app",),
            recall=lambda key: self.ledger.resources.get(key),
            orphan_grace=grace,
        )
        self.seen: dict[str, Judged] = {}
        self.left: list[str] = []
        self._readers = {one.watched.kind: one for one in variants(kinds).values()}

    def put(self, *objects: Manifest, inferred: bool = False) -> None:
        """They were added or modified."""
        for item in objects:
            kind, view = self._readers[item["kind"]].decode(msgspec.json.encode(item))
            self.forest.put(kind, view, self.now, inferred=inferred)

    def remove(self, item: Manifest, *, inferred: bool = False) -> None:
        """It was deleted; inferred: a list no longer held it."""
        kind = self._readers[item["kind"]].kinds[0]
        self.forest.remove(kind, NAMESPACE, item["metadata"]["name"], inferred=inferred, now=self.now)

    def restart(self) -> Hand:
        """Another operator, of which nothing was seen yet; it knows what this one has published."""
        return Hand(resources=dict(self.ledger.resources))

    def first_pass(self, *objects: Manifest) -> list[ResourceChange]:
        """The first list is held against what was published before, as the operator does."""
        self.put(*objects, inferred=True)
        for resource in tuple(self.ledger.resources.values()):
            self.forest.remember(resource, self.now)
        changes = list(self.ledger.publish(self._noting(), self.now))
        return [*changes, *self.ledger.sweep(self.forest.__contains__, self.now)]

    def keep(self, item: Manifest, *, at: str = BORN) -> None:
        """Its manifest is kept in the cluster."""
        kind, view = self._readers[item["kind"]].decode(msgspec.json.encode(item))
        self.forest.keep(kind, view, at, self.now)

    def forget(self, item: Manifest) -> None:
        """Its manifest is no longer kept."""
        kind = self._readers[item["kind"]].kinds[0]
        self.forest.forget(kind, NAMESPACE, item["metadata"]["name"])

    def node(self, item: Manifest) -> bool:
        """A node was added or modified; whether anything has to be judged for that."""
        return self.forest.nodes.put(self.read_node(item))

    def read_node(self, item: Manifest) -> Node:
        """A node as the operator decodes it."""
        return msgspec.json.decode(msgspec.json.encode(item), type=Node)

    def judge(self, *objects: Manifest) -> list[str]:
        """Puts objects and judges; which ones were judged, or (``-``) left, in order."""
        self.put(*objects)
        return [self._note(one) for one in self.forest.judge(self.now)]

    def publish(self, *objects: Manifest, baseline: bool = False) -> list[ResourceChange]:
        """Puts objects, judges, and publishes what comes of it."""
        self.put(*objects)
        changes = list(self.ledger.publish(self._noting(), self.now, baseline=baseline))
        return [*changes, *self.ledger.ripe(self.now)]

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def service(self, item: str) -> str | None:
        """The service of an object, by its name."""
        found = self.seen[item].service
        return found.name if found else None

    def owner(self, item: str) -> str | None:
        """The nearest owner of an object, by its name."""
        found = self.seen[item].owner
        return found.name if found else None

    def reason(self, item: str) -> str | None:
        """The reason of an object's verdict."""
        found = self.seen[item].verdict
        return found.reason if found else None

    def _noting(self) -> Iterator[Judged]:
        for one in self.forest.judge(self.now):
            self._note(one)
            yield one

    def _note(self, one: Judged) -> str:
        name = f"{one.key.kind}/{one.key.name}"
        if one.gone:
            self.seen.pop(name, None)
            self.left.append(name)
            return f"-{name}"
        self.seen[name] = one
        return name
