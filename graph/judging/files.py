"""Judges objects at one instant without a cluster: manifests, ``kubectl get -o json``, corpus cases.

Nothing in the input stops it: what cannot be read gets the verdict MalformedObject, and its neighbours theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from graph.config import Rules
from graph.errors import MalformedObject
from graph.judging.decode import Variants, nodes_of, variants
from graph.judging.entry import Judged, unreadable
from graph.judging.forest import Forest
from graph.kinds import KINDS, service
from graph.kinds.shared.nodes import Node
from graph.model.kind import Kind, Object
from graph.model.ref import Key, ObjectRef
from graph.model.status import Verdict

_CLUSTER = "file"


class Told(Struct, frozen=True):
    """One object of the input, as the input names it, and what is said of it."""

    kind: str | None
    namespace: str | None
    name: str | None
    verdict: Verdict | None = None
    """None: it is of a kind without a status, such as an event, or of none of ours."""
    judged: Judged | None = None
    """None: no object of the graph comes of it."""


class Judgement(Struct, frozen=True):
    """All that was judged together."""

    objects: list[Told]
    """In input order. An object that is given twice counts as it was given last."""
    services: list[Judged]
    """What the objects add up to."""


class _Read(NamedTuple):
    """An object of a kind that is known here. ``problem``: ``view`` holds its metadata alone."""

    kind: Kind
    view: Object
    problem: str | None = None


def judge_objects(
    objects: Iterable[Any], *, now: float, rules: Rules | None = None, kinds: Sequence[Kind] = KINDS
) -> list[Judged | None]:
    """The verdict on each object at ``now``, in input order; None where no object of the graph comes of it."""
    return [told.judged for told in judge_all(objects, now=now, rules=rules, kinds=kinds).objects]


def judge_all(
    objects: Iterable[Any],
    *,
    now: float,
    rules: Rules | None = None,
    kinds: Sequence[Kind] = KINDS,
    labels: Sequence[str] = (),
) -> Judgement:
    """The verdict on each object at ``now``, and on the services that they are of; ``labels`` name these.

    Nodes are watched when there is one among the objects.
    """
    readers = _readers(kinds)
    forest = Forest(_CLUSTER, kinds, rules or Rules(), labels=labels, orphan_grace=0)
    given: list[tuple[Told, Key | None]] = []
    nodes: list[Node] = []
    for item in objects:
        told, key = _named(item), None
        found = _read(item, told, readers)
        if isinstance(found, Verdict):
            told = msgspec.structs.replace(told, verdict=found)
        elif found is not None and isinstance(found.view, Node):
            nodes.append(found.view)
        elif found is not None:
            key = Key(_CLUSTER, found.kind.name, found.view.metadata.namespace, found.view.metadata.name)
            forest.put(found.kind, found.view, now, problem=found.problem)
        given.append((told, key))
    if nodes:
        forest.nodes.replace(nodes)
    judged = {one.key: one for one in forest.judge(now) if not one.gone}
    services = [one for one in judged.values() if one.kind is service.KIND]
    return Judgement([_with(told, judged.get(key) if key else None) for told, key in given], services)


def _readers(kinds: Sequence[Kind]) -> dict[str, Variants]:
    """Kind of the cluster → how it is read."""
    readers = {watched.watched.kind: watched for watched in variants(kinds).values()}
    if (beside := nodes_of(kinds)) is not None:
        readers[beside.watched.kind] = beside
    return readers


def _with(told: Told, judged: Judged | None) -> Told:
    return told if judged is None else msgspec.structs.replace(told, verdict=judged.verdict, judged=judged)


def _named(item: Any) -> Told:
    """As the input names it, whatever else is wrong with it."""
    meta = item.get("metadata") if isinstance(item, Mapping) else None
    words = meta if isinstance(meta, Mapping) else {}
    kind = item.get("kind") if isinstance(item, Mapping) else None
    return Told(_text(kind), _text(words.get("namespace")), _text(words.get("name")))


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, Mapping | list) else str(value)


def _read(item: Any, told: Told, readers: Mapping[str, Variants]) -> _Read | Verdict | None:
    """What is there to judge; None for a kind that is none of ours, a verdict where there is not even a name."""
    if not isinstance(item, Mapping) or not isinstance(item.get("kind"), str):
        return _nameless(told, "it has no kind")
    reader = readers.get(item["kind"])
    if reader is None or not _same_group(item.get("apiVersion"), reader.watched.api_version):
        return None
    try:
        raw = msgspec.Raw(msgspec.json.encode(item))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        return _nameless(told, str(error))
    try:
        kind, view = reader.decode(raw)
    except MalformedObject as error:
        remnant = reader.remnant(raw)
        return _Read(*remnant, str(error)) if remnant else _nameless(told, str(error))
    return _Read(kind, view) if view.metadata.name else _nameless(told, "it has no name")


def _same_group(given: Any, ours: str) -> bool:
    """Whether a kind is of our API group: others have a Job, too. Versions of a group are told apart by its server."""
    return not isinstance(given, str) or given.rpartition("/")[0] == ours.rpartition("/")[0]


def _nameless(told: Told, problem: str) -> Verdict:
    ref = ObjectRef(told.kind or "?", told.name or "?", told.namespace)
    return unreadable(ref, problem)
