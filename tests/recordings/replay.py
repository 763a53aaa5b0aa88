"""A recording, judged and published as an operator would that had watched at that time: it judges a moment after a
change, and when a verdict or a held-back status asks for it. The clock is the recording's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from graph.config import Rules, load
from graph.judging.decode import Variants, nodes_of, variants
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.kinds.shared.nodes import NODES, Node
from graph.model.resource import ResourceChange
from tests.recordings.flips import Told, told
from tests.recordings.history import Seen

SETTINGS = load()
BATCH = SETTINGS.batch_ms / 1000
REST = Rules().settle_down
"""Seconds after the last event: what is held back then is still published, and what changes by time alone later is
not known to be true.
"""


class Replay:
    """See the module. ``events``: watch events by kind; ``told``: the published transitions."""

    def __init__(self, seen: Sequence[Seen], rules: Rules | None = None) -> None:
        rules = rules or Rules()
        self.events: Counter[str] = Counter()
        self.told: list[Told] = []
        self._ledger = Ledger(rules, {})
        self._forest = Forest(
            "recorded", KINDS, rules, labels=SETTINGS.service_labels, recall=self._ledger.resources.get
        )
        self._readers = {one.watched.kind: one for one in variants(KINDS).values()}
        self._nodes = nodes_of(KINDS)
        if any(one.kind == NODES.kind for one in seen):
            self._forest.nodes.replace(())
        self._run(seen)

    def _run(self, seen: Sequence[Seen]) -> None:
        waiting, end = list(reversed(seen)), seen[-1].at + REST
        while (woken := self._next(waiting[-1].at if waiting else end)) < end:
            now = woken + BATCH
            while waiting and waiting[-1].at <= now:
                self._take(waiting.pop(), now)
            self._publish(self._ledger.publish(self._forest.judge(now), now))
            self._publish(self._ledger.ripe(now))

    def _next(self, change: float) -> float:
        return min(due for due in (change, self._forest.next_due, self._ledger.next_due) if due is not None)

    def _take(self, one: Seen, now: float) -> None:
        raw, metadata = msgspec.json.encode(one.object), one.object["metadata"]
        if one.kind == NODES.kind:
            self._take_node(one, raw)
            return
        kind, view = self._readers[one.kind].decode(raw)
        self.events[kind.name] += 1
        if one.type == "DELETED":
            self._forest.remove(kind, metadata["namespace"], metadata["name"])
        else:
            self._forest.put(kind, view, now)

    def _take_node(self, one: Seen, raw: bytes) -> None:
        assert isinstance(self._nodes, Variants)
        node = self._nodes.decode(raw)[1]
        assert isinstance(node, Node)
        if one.type == "DELETED":
            self._forest.nodes.remove(node.metadata.name)
        else:
            self._forest.nodes.put(node)

    def _publish(self, changes: Iterable[ResourceChange]) -> None:
        self.told += [told(change.transition) for change in changes if change.transition]
