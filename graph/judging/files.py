"""Judges objects at one instant without a cluster: manifests, ``kubectl get -o json``, corpus cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from graph.config import Rules
from graph.judging.decode import variants
from graph.judging.entry import Judged
from graph.judging.forest import Forest
from graph.kinds import KINDS
from graph.model.kind import Kind
from graph.model.ref import Key


def judge_objects(
    objects: Iterable[Mapping[str, Any]], *, now: float, rules: Rules | None = None, kinds: Sequence[Kind] = KINDS
) -> list[Judged | None]:
    """The verdict on each object at ``now``, in input order; None for an object of a kind that has no judge here.

    Raises MalformedObject for one that cannot be read.
    """
    readers = {watched.watched.kind: watched for watched in variants(kinds).values()}
    forest = Forest("file", kinds, rules or Rules(), orphan_grace=0)
    keys: list[Key | None] = []
    for item in objects:
        reader = readers.get(str(item.get("kind")))
        if reader is None:
            keys.append(None)
            continue
        kind, view = reader.decode(msgspec.json.encode(item))
        keys.append(Key("file", kind.name, view.metadata.namespace, view.metadata.name))
        forest.put(kind, view, now)
    verdicts = {one.key: one for one in forest.judge(now) if not one.gone}
    return [verdicts.get(key) if key else None for key in keys]
