"""What ``fuzz`` asks for: operations on each field of the schema, with variables of the types that it declares."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from graph.api.filters import LONGEST_HOLD, LONGEST_SEARCH
from graph.api.mutation import LONGEST_KEY, LONGEST_REASON
from graph.api.paging import CAP
from graph.model.action import Action, ActionState
from graph.model.ref import encode_id
from graph.model.resource import Cursor
from graph.store.codec import encode_cursor
from tests.api.world import NOW, key, ref_of, shop

SCHEMA = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text())
ROOTS = [each for each in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type) if each is not None]
SUBSCRIPTION = ROOTS[-1]
NIGHTLY = key("CRONJOB", "nightly", namespace="office")
ACTION = Action("a1", "stopCronjob", ref_of(NIGHTLY), NIGHTLY, ActionState.RUNNING, NOW)
IDS = [*(each.key.id for each in shop()), *[encode_id("ACTION", "one", ACTION.id)] * 5]
NAMES = sorted(
    {each.key.cluster for each in shop()}
    | {name for each in shop() for name in (each.key.namespace, each.key.name)}
    | {name for each in shop() for pair in each.labels.items() for name in pair}
    | {each.status.reason for each in shop() if each.status}
)
CURSORS = [encode_cursor([Cursor("one", "e1", seq)]) for seq in (0, 5, 10**9)] + [
    encode_cursor([Cursor("one", "old", 1)]),
    encode_cursor([Cursor("other", "e1", 1)]),
]
INSTANTS = [
    NOW, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999999-14:00", "2016-12-31T23:59:60Z", "1970-01-01",
    "2026-02-30T00:00:00Z", "+10000-01-01T00:00:00Z", "2026-11-22T12:00:00",
]  # fmt: skip
EDGES = [edge + by for edge in (0, CAP, LONGEST_HOLD, 2**31, -(2**31)) for by in (-1, 0, 1)]
LENGTHS = [length + by for length in (LONGEST_SEARCH, LONGEST_KEY, LONGEST_REASON) for by in (0, 1)]
DEPTH = 3
"""So many selection sets: enough for the nodes of a page and what they consist of, and far from the limits."""


@cache
def anything() -> st.SearchStrategy[Any]:
    """Of JSON."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words()
    return st.recursive(
        leaves, lambda deeper: st.lists(deeper, max_size=4) | st.dictionaries(words(), deeper, max_size=4), max_leaves=8
    )


@cache
def rarely() -> st.SearchStrategy[bool]:
    """Once in twenty: the edges of a range are chosen more often than what lies between them."""
    return st.integers(0, 19).map(lambda number: number == 7)


def mostly(good: st.SearchStrategy[Any], *others: st.SearchStrategy[Any], times: int = 4) -> st.SearchStrategy[Any]:
    """``good`` so many times as often as each of the others; one_of would take what it is given twice for one."""
    choice = [good] * times + list(others)
    return st.sampled_from(range(len(choice))).flatmap(choice.__getitem__)


@cache
def words() -> st.SearchStrategy[str]:
    """Rarely with lone surrogates, which JSON can write and UTF-8 cannot: all that they are part of is refused."""
    lone = st.text(st.characters(categories=["Cs"]), min_size=1, max_size=2)
    return mostly(st.text(max_size=12), st.sampled_from(["", "shop", "one", "\x00", "🚦"]), lone, times=10)


@st.composite
def damaged(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text of which something is missing, twice there, or something else."""
    text = draw(texts)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        others = st.sampled_from(["{", "}", '"', "...", "@", "$x", "\x00", "\ufeff"]) | words()
        piece = draw(st.sampled_from(["", text[start:end] * 2]) | others)
        text = text[:start] + piece + text[end:]
    return text


def opaque(good: list[str]) -> st.SearchStrategy[str]:
    """Ids or cursors: ours, damaged ones, and others that are as opaque."""
    encoded = (st.binary(max_size=30) | words().map(lambda text: text.encode(errors="replace"))).map(
        lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
    )
    ours = st.sampled_from(good)
    return mostly(ours, damaged(ours), encoded, words(), times=6)


@cache
def scalars() -> dict[str, st.SearchStrategy[Any]]:
    """By their names; one that is not here is given anything."""
    known, long = st.sampled_from(NAMES), st.sampled_from(LENGTHS).map(lambda length: "x" * length)
    instants = st.datetimes(min_value=datetime(1900, 1, 1)).map(lambda at: f"{at.isoformat()}Z")  # noqa: DTZ001
    return {
        "Int": st.sampled_from(EDGES) | st.integers(1, CAP) | st.integers(),
        "String": mostly(known, words(), long),
        "ID": opaque(IDS),
        "Cursor": opaque(CURSORS),
        "DateTime": instants | st.sampled_from(INSTANTS) | damaged(st.just(NOW)),
    }


@cache
def given(type_: GraphQLInputType) -> st.SearchStrategy[Any]:
    """Of a type, rarely of another: there may be so many values in one input that few inputs were whole otherwise."""
    right, wrong = _right(get_nullable_type(type_)), anything()
    other = wrong if isinstance(type_, GraphQLNonNull) else wrong | st.none()
    return mostly(right, other, times=20)


def _right(type_: Any) -> st.SearchStrategy[Any]:
    if isinstance(type_, GraphQLList):
        return st.lists(given(type_.of_type), max_size=3)
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(sorted(type_.values))
    if not isinstance(type_, GraphQLInputObjectType):
        return scalars().get(type_.name, anything())
    fields = {name: given(field.type) for name, field in type_.fields.items()}
    if type_.is_one_of:
        # of one that is there, null is no choice
        only = [st.fixed_dictionaries({name: _right(get_nullable_type(type_.fields[name].type))}) for name in fields]
        both = st.fixed_dictionaries({}, optional=fields)
        return mostly(st.one_of(*only), both)
    required = {name for name, field in type_.fields.items() if is_required_input_field(field)}
    return _dictionaries(fields, required)


def _dictionaries(values: dict[str, st.SearchStrategy[Any]], required: set[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {name: value for name, value in values.items() if name in required},
        optional={name: value for name, value in values.items() if name not in required},
    )


@st.composite
def selections(draw: st.DrawFn, type_: GraphQLNamedType, depth: int = DEPTH) -> str:
    """Some fields of a type, or of one of those that it may be."""
    if is_leaf_type(type_):
        return ""
    if is_abstract_type(type_):
        member = draw(st.sampled_from(SCHEMA.get_possible_types(type_)))
        return f"{{ __typename ... on {member.name} {draw(selections(member, depth))} }}"
    assert isinstance(type_, GraphQLObjectType)
    types = {name: get_named_type(field.type) for name, field in type_.fields.items()}
    choice = [name for name, each in types.items() if depth > 1 or is_leaf_type(each)]
    names = draw(st.lists(st.sampled_from(choice), min_size=1, max_size=4, unique=True)) if choice else []
    return (
        f"{{ {' '.join(['__typename', *(f'{name} {draw(selections(types[name], depth - 1))}' for name in names)])} }}"
    )


@st.composite
def operations(draw: st.DrawFn, root: GraphQLObjectType, name: str) -> dict[str, Any]:
    """``query`` and ``variables`` for a field of a root type. The answer calls it ``alias(root, field)``."""
    field = root.fields[name]
    values = {
        # a String in the schema, but as opaque
        each: given(argument.type) if each not in ("after", "before") else given(SCHEMA.type_map["Cursor"])
        for each, argument in field.args.items()
    }
    variables = draw(_dictionaries(values, {each for each, arg in field.args.items() if is_required_argument(arg)}))
    declared = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    passed = ", ".join(f"{each}: ${each}" for each in field.args)
    head, arguments = (f"({declared})", f"({passed})") if passed else ("", "")
    selection = draw(selections(get_named_type(field.type)))
    text = f"{root.name.lower()} {head} {{ {alias(root.name, name)}: {name}{arguments} {selection} }}"
    return {"query": text, "variables": variables}


def alias(root: str, field: str) -> str:
    """Tells ``service`` of the Subscription from that of the Query in what is answered."""
    return f"{root}_{field}"


@cache
def asking() -> st.SearchStrategy[dict[str, Any]]:
    """Operations of all root types, each as often as the others."""
    each = {root.name: st.one_of(*(operations(root, name) for name in root.fields)) for root in ROOTS}
    return st.sampled_from(list(each)).flatmap(each.__getitem__)  # one_of of one_of would be one of all
