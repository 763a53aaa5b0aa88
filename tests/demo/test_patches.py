"""Patches, in tables of cases; that a real API server does the same is ``test_differential``'s."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from graph.demo.patches import json_patched, merged, strategic, withdrawn
from graph.demo.problems import BadRequest

A, B, C = {"name": "a", "v": 1}, {"name": "b", "v": 2}, {"name": "c", "v": 3}


@pytest.mark.parametrize(
    ("old", "patch", "new"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": {"e": None, "f": 3}}}, {"a": {"c": 2, "d": {"f": 3}}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {}, {"a": 1}),
    ],
)
def test_a_merge_patch(old: Any, patch: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    assert merged(old, patch) == new
    assert old == before


@pytest.mark.parametrize(
    ("old", "patch", "new"),
    [
        ({"containers": [A, B]}, {"containers": [{"name": "b", "v": 9}]}, {"containers": [A, {"name": "b", "v": 9}]}),
        ({"containers": [A]}, {"containers": [B]}, {"containers": [B, A]}),
        ({"containers": [A, B]}, {"containers": [{"name": "a", "$patch": "delete"}]}, {"containers": [B]}),
        ({"containers": [A, B]}, {"containers": [C, {"$patch": "replace"}]}, {"containers": [C]}),
        ({"containers": [A]}, {"containers": [{"name": "a", "v": None}]}, {"containers": [{"name": "a"}]}),
        ({"tolerations": [A]}, {"tolerations": [B]}, {"tolerations": [B]}),
        ({"args": ["x"]}, {"args": ["y"]}, {"args": ["y"]}),
        ({"finalizers": ["x"]}, {"finalizers": ["y", "x"]}, {"finalizers": ["y", "x"]}),
        ({"finalizers": ["x", "y"]}, {"$deleteFromPrimitiveList/finalizers": ["x"]}, {"finalizers": ["y"]}),
        ({"s": {"type": "A", "a": 1}}, {"s": {"$retainKeys": ["type"], "type": "B"}}, {"s": {"type": "B"}}),
        ({"s": {"a": 1, "b": 2}}, {"s": {"$patch": "replace", "c": 3}}, {"s": {"c": 3}}),
        ({"s": {"a": 1}}, {"s": {"$patch": "delete"}}, {"s": {}}),
        ({"s": {"a": 1}}, {"s": None}, {}),
        ({}, {"s": {"a": None, "b": [{"c": 1}]}}, {"s": {"b": [{"c": 1}]}}),
        (
            {"containers": [A, B]},
            {"containers": [C], "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}]},
            {"containers": [C, B, A]},
        ),
        (
            {"containers": [A, B, C]},
            {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]},
            {"containers": [B, C, A]},
        ),
        (
            {"ports": [{"containerPort": 80, "protocol": "TCP"}]},
            {"ports": [{"containerPort": 80, "name": "web"}]},
            {"ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}]},
        ),
        (
            {"ports": [{"containerPort": 53, "protocol": "TCP"}]},
            {"ports": [{"containerPort": 53, "protocol": "UDP"}]},
            {"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}]},
        ),
        (
            {"ownerReferences": [{"uid": "1", "name": "a"}]},
            {"ownerReferences": [{"uid": "1", "$patch": "delete"}]},
            {"ownerReferences": []},
        ),
    ],
)
def test_a_strategic_merge_patch(old: Any, patch: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    assert strategic(old, patch) == new
    assert old == before


@pytest.mark.parametrize(
    ("before", "now", "old", "new"),
    [
        (
            {"data": {"a": 1, "b": 2}},
            {"data": {"a": 1}},
            {"data": {"a": 1, "b": 2, "x": 9}},
            {"data": {"a": 1, "x": 9}},
        ),
        ({"spec": {"n": 1}}, {}, {"spec": {"n": 1}, "x": 1}, {"x": 1}),
        ({"containers": [A, B]}, {"containers": [A]}, {"containers": [A, B, C]}, {"containers": [A, C]}),
        ({"env": [A]}, {"env": [{"name": "a"}]}, {"env": [{**A, "x": 1}]}, {"env": [{"name": "a", "x": 1}]}),
        ({"args": ["a"]}, {"args": ["b"]}, {"args": ["a"]}, {"args": ["a"]}),
        ({}, {"a": 1}, {"b": 2}, {"b": 2}),
    ],
)
def test_what_is_not_applied_any_more_is_withdrawn(before: Any, now: Any, old: Any, new: Any) -> None:
    assert strategic(old, withdrawn(before, now)) == new


@pytest.mark.parametrize(
    ("old", "operations", "new"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
        ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ({"a": [1, 2]}, [{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ({"a": {"x/y": 1}}, [{"op": "replace", "path": "/a/x~1y", "value": 2}], {"a": {"x/y": 2}}),
        ({"a~b": 1}, [{"op": "remove", "path": "/a~0b"}], {}),
        ({"a": {"b": 1}}, [{"op": "move", "from": "/a/b", "path": "/c"}], {"a": {}, "c": 1}),
        ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
        ({"a": [{"b": 1}]}, [{"op": "replace", "path": "/a/0/b", "value": 2}], {"a": [{"b": 2}]}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}, {"op": "remove", "path": "/a"}], {}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 1}}], {"b": 1}),
    ],
)
def test_a_json_patch(old: Any, operations: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    assert json_patched(old, operations) == new
    assert old == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/nothing"},
        {"op": "replace", "path": "/nothing", "value": 1},
        {"op": "add", "path": "/list/7", "value": 1},
        {"op": "add", "path": "/list/-1", "value": 1},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "no-pointer", "value": 1},
        {"op": "add", "path": "/a/b/c", "value": 1},
        {"op": "dance", "path": "/a"},
        {"op": "add", "path": "/a"},
        {"path": "/a"},
        "no operation",
        {"op": "add", "path": 5, "value": 1},
    ],
)
def test_a_json_patch_that_cannot_be_done(operation: Any) -> None:
    with pytest.raises(LookupError):
        json_patched({"a": 1, "list": []}, [operation])


def test_a_json_patch_is_a_list() -> None:
    with pytest.raises(BadRequest):
        json_patched({}, {"op": "add"})
