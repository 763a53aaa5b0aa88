"""The nodes of a cluster, and which objects run on each: a change of a node has those judged again.

Known without doubt only while they are watched: a node that is not held is GONE then, else nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from graph.judging.entry import Entry
from graph.kinds.shared.nodes import GONE, Node, slim
from graph.model.ref import Key


class Nodes:
    """See the module. ``touch``: has an object judged. Each change tells whether anything was touched by it."""

    def __init__(self, touch: Callable[[Entry], None]) -> None:
        self._touch = touch
        self._held: dict[str, Node] = {}
        self._there: dict[str, dict[Key, Entry]] = {}
        self._watched = False
        self._complete = False

    def of(self, entry: Entry) -> Node | None:
        """The node that an object runs on; None: it has none, or nothing is known of it."""
        if entry.node is None or not self._watched:
            return None
        return self._held.get(entry.node, GONE if self._complete else None)

    def seat(self, entry: Entry) -> None:
        """An object was added or modified."""
        name = entry.kind.node_of(entry.view) if entry.kind.node_of else None
        if name != entry.node:
            self.unseat(entry)
        if name:
            entry.node = name
            self._there.setdefault(name, {})[entry.key] = entry

    def unseat(self, entry: Entry) -> None:
        """An object is gone."""
        name, entry.node = entry.node, None
        there = self._there.get(name, {}) if name else {}
        there.pop(entry.key, None)
        if name and not there:
            self._there.pop(name, None)

    def replace(self, nodes: Iterable[Node]) -> bool:
        """All nodes that there are; they are watched from now on."""
        before, self._held = self._held, {node.metadata.name: slim(node) for node in nodes}
        names = before.keys() | self._held.keys()
        changed = self._touch_on(name for name in names if before.get(name) != self._held.get(name))
        return self.resume() or changed

    def put(self, node: Node) -> bool:
        """Added or modified."""
        name, told = node.metadata.name, slim(node)
        if self._held.get(name) == told:
            return False
        self._held[name] = told
        return self._touch_on((name,))

    def remove(self, name: str) -> bool:
        """Deleted."""
        return self._held.pop(name, None) is not None and self._touch_on((name,))

    def resume(self) -> bool:
        """The watch works: what is held is all that there is."""
        if self._watched and self._complete:
            return False
        unsure = [name for name in self._there if not self._watched or name not in self._held]
        self._watched = self._complete = True
        return self._touch_on(unsure)

    def interrupt(self) -> None:
        """The watch is away: what is held is the last that was known, and there may be more by now."""
        self._complete = False

    def forbid(self) -> bool:
        """Nodes may not be watched."""
        was, self._watched = self._watched, False
        return was and self._touch_on(self._there)

    def _touch_on(self, names: Iterable[str]) -> bool:
        """Has what runs on these nodes judged."""
        entries = [entry for name in names for entry in self._there.get(name, {}).values()]
        for entry in entries:
            self._touch(entry)
        return bool(entries)
