"""Objects invented from the API's shapes as the views of the kinds name them: a Hypothesis strategy.

Every field may be missing, null, or hold what nobody expects. Words come from the worked cases, by the name of their
field, so that invented objects reach the rules behind the words; names and UIDs come from small pools, so that objects
own one another, in circles too, are there twice, and events speak of them or of nobody.
"""

from __future__ import annotations

import types
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from msgspec import Struct

from graph.kinds import KINDS
from graph.kinds.shared.nodes import NODES, Node
from graph.model import instant
from graph.model.kind import Watched
from tests.judging.cases import cases
from tests.judging.mutations import NUMBERS, TIMES, WORDS

NOW = 1_773_758_000.0
"""The instant at which invented objects are judged."""
_NAMES = ("a", "b", "c")
_UIDS = ("u0", "u1", "u2", "u3", "")
_AGES = (-7200, -30, 0, 1, 10, 16, 59, 60, 61, 130, 301, 599, 601, 3600, 86_400)
_POOLS = {
    "name": _NAMES,
    "namespace": ("n",),
    "uid": _UIDS,
    "nodeName": _NAMES,
    "kind": ("Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Node", "Nothing"),
}
_MOST = 40
"""Words kept of one field."""

Shape = st.SearchStrategy[Any]


def worlds() -> Shape:
    """A few objects that stand together."""
    known = [_object(kind.resource, kind.view) for kind in KINDS if kind.resource is not None]
    return st.lists(st.one_of(*known, _object(NODES, Node)), min_size=1, max_size=6)


def _object(resource: Watched, view: type[Struct]) -> Shape:
    return _struct(view).map(lambda fields: {"apiVersion": resource.api_version, "kind": resource.kind, **fields})


@cache
def _struct(view: type[Struct]) -> Shape:
    fields = {field.encode_name: _field(field) for field in msgspec.structs.fields(view)}
    always = {name: shape for name, shape in fields.items() if name in ("metadata", "name")}
    return st.fixed_dictionaries(always, optional={k: v for k, v in fields.items() if k not in always})


def _field(field: msgspec.structs.FieldInfo) -> Shape:
    shape = _typed(field.type, field.encode_name)
    return shape if field.encode_name in ("metadata", "name") else st.one_of(shape, shape, shape, st.none())


def _typed(kind: Any, name: str) -> Shape:
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _typed(next(arg for arg in args if arg is not type(None)), name)
    if origin is tuple:
        return st.lists(_typed(args[0], name), max_size=3)
    if kind is str:
        return _words(name)
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.one_of(st.integers(0, 5), st.sampled_from(NUMBERS))
    if origin is dict:
        return st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_NAMES), max_size=2)
    assert isinstance(kind, type), f"a view has a field of a type that is not known here: {kind}"
    return _struct(kind) if issubclass(kind, Struct) else st.none()


@cache
def _words(name: str) -> Shape:
    if name in _POOLS:
        return st.sampled_from(_POOLS[name])
    if name.endswith(("Time", "Timestamp", "At", "time")):
        near = [instant.show(NOW - age) for age in _AGES]
        return st.sampled_from([*near, *near, *TIMES])
    seen = sorted(_seen()[name])[:_MOST]
    return st.sampled_from([*seen, *seen, *WORDS])


@cache
def _seen() -> dict[str, set[str]]:
    """Every word of the worked cases, by the name of its field."""
    found: dict[str, set[str]] = defaultdict(set)
    for case in cases():
        for item in case.objects:
            for name, text in _leaves(item):
                found[name].add(text)
    return found


def _leaves(item: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(item, dict):
        for key, value in item.items():
            yield from _leaves(value, key)
    elif isinstance(item, list):
        for value in item:
            yield from _leaves(value, name)
    elif isinstance(item, str):
        yield name, item
