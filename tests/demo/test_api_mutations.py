"""Objects with one thing wrong: they are kept or refused, never a fault of the server."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from graph.demo.api.paths import target
from graph.demo.api.writing import Writes
from graph.demo.defaults import defaulted
from graph.demo.problems import Problem
from graph.demo.resources import NAMESPACES
from graph.demo.store import Store
from tests.demo.requests import STEPS
from tests.demo.samples import Object, Step

JUNK: tuple[Any, ...] = (None, 5, -1, True, "x", "", [], {}, [5], [{}], {"x": 5}, {"x": {}})
GONE = object()
SAMPLES = [
    step
    for step in STEPS
    if step.method == "POST" and isinstance(step.body, dict) and step.path.count("/") < 8 and "spec" in step.body
    if not step.body["metadata"].get("name", "x").startswith("x")
]


def named(step: Step) -> str:
    return f"{step.path.rpartition('/')[2]}-{step.body['metadata']['name']}"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything in an object."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def with_junk(obj: Object, path: tuple[Any, ...], junk: Any) -> Object:
    new = copy.deepcopy(obj)
    at: Any = new
    for step in path[:-1]:
        at = at[step]
    if junk is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = junk
    return new


@pytest.mark.parametrize("step", SAMPLES, ids=named)
def test_an_object_with_one_thing_wrong_is_no_fault_of_the_server(step: Step) -> None:
    store = Store(lambda: 0.0, Random(0))
    store.create(NAMESPACES, defaulted(NAMESPACES, {"metadata": {"name": "shop"}}))
    writes = Writes(store, lambda store, obj, resource: None)
    about = target(step.path.replace("$", "shop"))
    tried = 0
    for path in places(step.body):
        for junk in (*JUNK, GONE):
            with suppress(Problem):
                made = writes.create(about, with_junk(step.body, path, junk), {})
                tried += 1
                name = made["metadata"]["name"]
                one = target(f"{step.path.replace('$', 'shop')}/{name}")
                with suppress(Problem):
                    writes.patch(one, with_junk(step.body, path, junk), "application/strategic-merge-patch+json", {})
                writes.delete(one, {"propagationPolicy": "Background", "gracePeriodSeconds": 0}, {})
    assert tried
