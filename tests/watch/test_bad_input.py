"""Objects that are too long, and bytes that are no text: told, or passed over, and nothing else is lost by them."""

from __future__ import annotations

from typing import Any

import pytest

from graph.errors import Oversized
from graph.kube import client
from graph.watch.reflector import PAGE
from tests.watch.conftest import Play
from tests.watch.server import HELD, Answer, bookmark, line, page, pod, stream


async def test_an_object_of_five_mebibytes_is_read_like_any_other(play: Play) -> None:
    play.server.lists += [page(pod("a"), _big("big", 2), pod("b"), version=7)]
    first, last = line("MODIFIED", _big("big", 8)), line("MODIFIED", _big("big", 10))
    play.server.watches += [stream(first + line("ADDED", pod("c", 9)) + last)]
    assert await play.run() == ["= a@1 big@2 b@1", "+ big@8", "+ c@9", "+ big@10"]
    assert play.recorder.problems == []


async def test_an_annotation_of_a_mebibyte_is_passed_over(play: Play) -> None:
    long = pod("long", 8)
    long["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "x" * 2**20}
    play.server.lists += [page(long, version=7)]
    play.server.watches += [stream(line("MODIFIED", long), line("ADDED", pod("b", 9)))]
    assert await play.run() == ["= long@8", "+ long@8", "+ b@9"]
    assert "x" * 100 not in str(play.recorder.found)


async def test_what_is_no_utf8_where_nobody_looks_is_no_matter(play: Play) -> None:
    odd = pod("odd", 8, other="@")
    play.server.lists += [_bytes(page(odd, pod("b"), version=7))]
    play.server.watches += [stream(_broken(line("MODIFIED", odd)), line("ADDED", pod("c", 9)))]
    assert await play.run() == ["= odd@8 b@1", "+ odd@8", "+ c@9"]


async def test_an_object_with_a_text_that_is_no_utf8_is_malformed_and_nothing_else_is_lost(play: Play) -> None:
    odd = pod("odd", 8, status={"phase": "@"})
    play.server.lists += [_bytes(page(odd, pod("b"), version=7))]
    play.server.watches += [stream(line("ADDED", pod("c", 9)) + _broken(line("MODIFIED", odd)) + bookmark(10))]
    assert await play.run() == ["= odd@8! b@1", "+ c@9", "+ odd@8!"]
    assert play.server.queries("watch")[1]["resourceVersion"] == "10"


async def test_an_object_whose_very_name_is_no_utf8_is_counted_and_passed_over(play: Play) -> None:
    play.server.lists += [_bytes(page(pod("@"), pod("b"), version=7))]
    play.server.watches += [stream(_broken(line("ADDED", pod("@", 8))), line("ADDED", pod("c", 9)))]
    assert await play.run() == ["= b@1", "+ c@9"]
    assert play.recorder.tally.nameless == 2
    assert play.recorder.problems == []


async def test_a_broken_line_that_comes_again_and_again_is_left_behind_by_a_list(play: Play) -> None:
    """From the last good version the server would tell it for ever, and nothing after it."""
    broken = b'{"type":"MODI\n' + line("ADDED", pod("b", 9))
    play.server.lists += [page(pod("a"), version=7), page(pod("a"), pod("b", 9), version=10)]
    play.server.watches += [stream(broken), stream(broken)]
    assert await play.run() == ["= a@1", "= a@1 b@9"]
    assert [query["resourceVersion"] for query in play.server.queries("watch")] == ["7", "7", "10"]


async def test_a_line_without_an_end_is_not_held_for_ever(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST", 2**20)
    endless = line("ADDED", _big("big", 8))
    play.server.lists += [page(version=7), page(pod("a"), version=10)]
    play.server.watches += [stream(endless), stream(endless)]
    assert await play.run() == ["= ", "= a@1"]
    assert [type(error) for error in play.recorder.problems] == [Oversized, Oversized]


@pytest.mark.parametrize("said", [b"x" * 2**20, b"{", b'{"x":' + b"[" * 60_000])
async def test_a_refusal_without_an_end_is_read_so_far_and_for_so_long(
    play: Play, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    play.server.lists += [page(pod("a"), version=7)]
    play.server.watches += [stream(said, HELD, status=500), stream(line("ADDED", pod("b", 8)))]
    assert await play.run() == ["= a@1", "+ b@8"]
    (problem,) = play.recorder.problems
    assert len(str(problem)) < 1000


async def test_pages_that_are_too_long_are_asked_for_shorter(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST", 2**20)
    play.server.lists += [page(pod("a"), version=7, more="token-1"), page(_big("big", 2), version=7)]
    play.server.lists += [page(pod("a"), version=8, more="token-2"), page(pod("b"), version=8)]
    assert await play.run() == ["= a@1 b@1"]
    assert [int(query["limit"]) for query in play.server.queries("list")] == [PAGE, PAGE, PAGE // 4, PAGE // 4]


def _big(name: str, version: int) -> dict[str, Any]:
    return pod(name, version, spec={"other": "x" * 5 * 2**20})


def _broken(text: bytes) -> bytes:
    return text.replace(b"@", b"\xff\xfe")


def _bytes(answer: Answer) -> Answer:
    return stream(_broken(answer.body.encode()))
