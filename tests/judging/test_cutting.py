"""What is cut out of a watch's lines is managedFields alone, and the views are the same without."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from graph.judging.cutting import cut, is_cut
from graph.judging.decode import Variants, variants
from graph.kinds import KINDS
from graph.kinds.shared.nodes import Node
from graph.model.kind import Kind

MANAGED = [{"manager": "a", "fieldsV1": {"f:spec": {'k:{"name":"b"}': {}}}, "time": "2026-01-01T00:00:00Z"}]
PLAIN: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"F": "F"}},
    "spec": {"nodeName": "n"},
    "status": {"phase": "Running"},
}


def line(obj: Any, change: str = "ADDED") -> bytes:
    return msgspec.json.encode({"type": change, "object": obj}) + b"\n"


def managed(**metadata: Any) -> dict[str, Any]:
    """PLAIN with MANAGED, as the last of its metadata but for what is given."""
    return PLAIN | {"metadata": {**PLAIN["metadata"], "managedFields": MANAGED, **metadata}}


def pods() -> Variants:
    return variants(KINDS)["pods"]


def kind(name: str) -> Kind:
    return next(one for one in KINDS if one.name == name)


def test_they_are_cut_out_and_nothing_else_is() -> None:
    told = line(managed()) + line(PLAIN, "DELETED") + line(managed(), "MODIFIED")
    assert cut(told) == line(PLAIN) + line(PLAIN, "DELETED") + line(PLAIN, "MODIFIED")


@pytest.mark.parametrize(
    "obj",
    [
        PLAIN,
        managed(managedFields=[{"fieldsV1": {'k:{"name":"]},"spec":"}': {}}}]),
        managed(zone="after them"),
        PLAIN | {"metadata": {"managedFields": MANAGED, "name": "first"}},
        PLAIN | {"metadata": {"name": "a", "annotations": {"F": ',"managedFields":[]},"spec":'}}},
        PLAIN | {"metadata": {"name": "a", "annotations": {"managedFields": "[]"}}},
        {"metadata": managed()["metadata"], "status": {}, "spec": {}},
        {"metadata": managed()["metadata"]},
    ],
)
def test_what_is_not_easily_found_is_left(obj: Any) -> None:
    assert cut(line(obj)) == line(obj)


@pytest.mark.parametrize("lines", [b"", b"\n", b"F", b"]", b"F\n", b"\n\nFF]\n", b'{"metadata":{"managedFields":[\n'])
def test_what_is_no_object_is_left(lines: bytes) -> None:
    assert cut(lines) == lines


def test_a_line_that_broke_off_within_them_takes_nothing_of_the_next() -> None:
    broken, good = line(managed())[:150] + b"\n", line(managed())
    assert b"managedFields" in broken
    assert cut(broken + good) == broken + line(PLAIN)
    assert pods().lines(broken + good) is None


def test_a_list_within_them_is_no_end_of_them_and_the_lines_are_looked_at_part_by_part() -> None:
    odd = line(PLAIN | {"metadata": {"name": "a", "managedFields": [{"x": {"y": [1]}, "spec": {}}]}})
    assert cut(odd) != odd
    assert pods().lines(odd) is None


def test_a_long_text_full_of_the_mark_is_not_looked_through() -> None:
    full = line(managed()) + line(PLAIN | {"metadata": {"name": "F" * 100}}) + line(managed())
    assert cut(full) == full.replace(line(managed()), line(PLAIN), 1)


def test_views_are_the_same_without() -> None:
    told, plain = pods().lines(line(managed())), pods().lines(line(PLAIN))
    assert told == plain is not None


def test_where_they_are_read_they_stay() -> None:
    deployments = variants(KINDS)["deployments"].lines(line(managed()))
    assert deployments is not None
    assert deployments[0].object.metadata.managed_fields[0].time == "2026-01-01T00:00:00Z"  # type: ignore[attr-defined]


def test_who_reads_them_and_who_is_short_is_not_cut() -> None:
    assert {one.name for one in KINDS if one.resource is not None and is_cut(one.view)} == {"POD"}
    assert is_cut(Node)
    assert not is_cut(kind("EVENT").view)
