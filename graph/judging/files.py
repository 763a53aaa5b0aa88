"""Judges objects at one instant without a cluster: manifests, ``kubectl get -o json``, corpus cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from graph.config import Rules
from graph.judging.decode import nodes_of, variants
from graph.judging.entry import Judged
from graph.judging.forest import Forest
from graph.kinds import KINDS
from graph.kinds.shared.nodes import Node
from graph.model.kind import Kind
from graph.model.ref import Key


def judge_objects(
    objects: Iterable[Mapping[str, Any]], *, now: float, rules: Rules | None = None, kinds: Sequence[Kind] = KINDS
) -> list[Judged | None]:
    """The verdict on each object at ``now``, in input order; None for an object of a kind that has no judge here.

    Nodes are watched when there is one among the objects. Raises MalformedObject for one that cannot be read.
    """
    readers = {watched.watched.kind: watched for watched in variants(kinds).values()}
    if (beside := nodes_of(kinds)) is not None:
        readers[beside.watched.kind] = beside
    forest = Forest("file", kinds, rules or Rules(), orphan_grace=0)
    keys: list[Key | None] = []
    nodes: list[Node] = []
    for item in objects:
        reader = readers.get(str(item.get("kind")))
        if reader is None:
            keys.append(None)
            continue
        kind, view = reader.decode(msgspec.json.encode(item))
        if isinstance(view, Node):
            keys.append(None)
            nodes.append(view)
            continue
        keys.append(Key("file", kind.name, view.metadata.namespace, view.metadata.name))
        forest.put(kind, view, now)
    if nodes:
        forest.nodes.replace(nodes)
    verdicts = {one.key: one for one in forest.judge(now) if not one.gone}
    return [verdicts.get(key) if key else None for key in keys]
