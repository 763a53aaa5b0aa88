"""Objects that no longer change, judged at instants of a test's choice: as by somebody who looks at them for the first
time, or as by an operator that has held them since ``now`` and judges again when a verdict asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from graph.config import Rules
from graph.errors import MalformedObject
from graph.judging.decode import Variants, nodes_of, variants
from graph.judging.entry import Judged
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.kinds.shared.nodes import Node
from graph.model.kind import Kind, Object
from graph.model.ref import Key
from graph.model.status import Verdict

RULES = Rules(settle_up=0, settle_down=0)
Told = tuple[Verdict | None, Any]
"""What is said of an object: its verdict without ``recheck_at``, and its public fields."""


def _readers() -> dict[str, Variants]:
    readers = {one.watched.kind: one for one in variants(KINDS).values()}
    nodes = nodes_of(KINDS)
    assert nodes is not None
    return readers | {nodes.watched.kind: nodes}


_READERS = _readers()


class Held(NamedTuple):
    """An object that is there. ``problem``: it cannot be read, ``view`` holds its metadata alone."""

    kind: Kind
    view: Object
    problem: str | None
    since: float
    """Since when it is just so."""

    @property
    def name(self) -> tuple[str, str, str]:
        """Kind, namespace, name."""
        return self.kind.name, self.view.metadata.namespace, self.view.metadata.name

    def same(self, other: Held | None) -> bool:
        """Whether nothing changed."""
        return other is not None and self[:3] == other[:3]


class World:
    """See the module. Objects that nobody can read are there by as much as can be read of them."""

    def __init__(self, objects: Iterable[Any], now: float) -> None:
        self.now = now
        self.rechecks: list[tuple[float, str]] = []
        """When the operator judged again, and which kinds."""
        self._objects: list[Held] = []
        self._nodes: list[Node] = []
        self._watched = False  # nodes are, once there was one
        self._read(objects)
        self._ledger = Ledger(RULES, {})
        self._forest = self._grown()
        self.judged: dict[Key, Judged] = {}
        self.judge(now)

    @property
    def next_due(self) -> float | None:
        """When the operator judges again."""
        return self._forest.next_due

    @property
    def told(self) -> dict[Key, Told]:
        """What the operator says."""
        return {key: _told(one) for key, one in self.judged.items()}

    def see(self, objects: Iterable[Any], now: float) -> None:
        """From now on these are the objects that there are."""
        before = {held.name: held for held in self._objects}
        self.now, self._objects, self._nodes = now, [], []
        self._read(objects)
        for place, held in enumerate(self._objects):
            known = before.pop(held.name, None)
            if known is not None and held.same(known):
                self._objects[place] = known
            else:
                self._forest.put(held.kind, held.view, now, problem=held.problem)
        for held in before.values():
            self._forest.remove(held.kind, *held.name[1:])
        if self._watched:
            self._forest.nodes.replace(self._nodes)
        self.judge(now)

    def judge(self, now: float) -> None:
        """The operator judges what is due."""
        judged = list(self._forest.judge(now))
        for one in judged:  # what left comes first, and may be there again
            if one.gone:
                self.judged.pop(one.key, None)
            else:
                self.judged[one.key] = one
        list(self._ledger.publish(judged, now))
        self.rechecks.append((now, " ".join(sorted({one.key.kind for one in judged}))))

    def looked_at(self, now: float) -> dict[Key, Told]:
        """What somebody says who judges everything anew at that instant."""
        return {one.key: _told(one) for one in self._grown().judge(now) if not one.gone}

    def _grown(self) -> Forest:
        recall = self._ledger.resources.get
        forest = Forest("test", KINDS, RULES, orphan_grace=0, recall=recall)
        for held in self._objects:
            forest.put(held.kind, held.view, held.since, problem=held.problem)
        if self._watched:
            forest.nodes.replace(self._nodes)
        return forest

    def _read(self, objects: Iterable[Any]) -> None:
        for item in objects:
            self._read_one(item)
        self._watched = self._watched or bool(self._nodes)

    def _read_one(self, item: Any) -> None:
        word = item.get("kind") if isinstance(item, dict) else None
        reader = _READERS.get(word) if isinstance(word, str) else None
        if reader is None:
            return
        raw = msgspec.json.encode(item)
        try:
            kind, view = reader.decode(raw)
        except MalformedObject as error:
            remnant = reader.remnant(raw)
            if remnant and not isinstance(remnant[1], Node):
                self._objects.append(Held(*remnant, str(error), self.now))
            return
        if isinstance(view, Node):
            self._nodes.append(view)
        elif view.metadata.name:
            self._objects.append(Held(kind, view, None, self.now))


def _told(one: Judged) -> Told:
    return msgspec.structs.replace(one.verdict, recheck_at=None) if one.verdict else None, one.fields
