"""Whatever the server sends, the reflector ends up with what the server holds, and says when it does not know."""

from __future__ import annotations

import pytest

from graph.errors import ClusterUnreachable, Forbidden, Unreadable
from graph.judging.decode import variants
from graph.kinds import KINDS
from graph.watch.backoff import FIRST
from graph.watch.intake import KeptIntake
from graph.watch.reflector import EMPTY, STEADY
from tests.watch.conftest import Play
from tests.watch.server import (
    ABORTED,
    CUT,
    HELD,
    Answer,
    bookmark,
    line,
    page,
    pod,
    problem,
    stream,
)

HTML = "<html><body>504 Gateway Time-out</body></html>\n"
GONE = line("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version", "reason": "Expired"})


async def test_the_pages_of_a_list_are_told_as_a_whole(play: Play) -> None:
    play.server.lists += [
        page(pod("a"), pod("b"), version=7, more="token-1"),
        page(pod("c"), version=7, more="token-2"),
        page(version=7),
    ]
    assert await play.run() == ["= a@1 b@1 c@1"]
    first, second, third = play.server.queries("list")
    assert first == {"limit": "500"}
    assert (second["continue"], third["continue"]) == ("token-1", "token-2")


async def test_the_watch_begins_where_the_list_ended(play: Play) -> None:
    play.server.lists += [page(version=7)]
    await play.run()
    (query,) = play.server.queries("watch")
    assert (query["resourceVersion"], query["allowWatchBookmarks"]) == ("7", "true")
    assert 300 <= int(query["timeoutSeconds"]) <= 600


async def test_changes_are_told_in_the_servers_order(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7)]
    changes = line("ADDED", pod("b", 8)), line("MODIFIED", pod("a", 9)), line("DELETED", pod("b", 10))
    play.server.watches += [stream(*changes, bookmark(20))]
    assert await play.run() == ["= a@1", "+ b@8", "+ a@9", "- b@10"]


async def test_a_watch_that_ended_at_once_goes_on_from_the_last_version_after_a_moment(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [
        stream(line("ADDED", pod("a", 8))),
        stream(bookmark(30)),
        stream(line("ADDED", pod("b", 31))),
    ]
    assert await play.run() == ["= ", "+ a@8", "+ b@31"]
    assert [query["resourceVersion"] for query in play.server.queries("watch")] == ["7", "8", "30", "31"]
    assert max(play.waits) <= 2 * FIRST, "no more than a first wait, since each of them told something"
    assert play.recorder.problems == []


async def test_a_version_that_is_too_old_lists_again(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7), page(pod("b"), version=50)]
    play.server.watches += [stream(line("ADDED", pod("c", 8)), GONE)]
    assert await play.run() == ["= a@1", "+ c@8", "= b@1"]
    assert [query["resourceVersion"] for query in play.server.queries("watch")] == ["7", "50"]
    assert len(play.waits) == 1


async def test_a_version_that_an_outage_made_too_old_lists_again_at_once(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7), page(pod("b"), version=50)]
    play.server.watches += [*[problem(500)] * 5, stream(HTML.encode()), stream(GONE)]
    assert await play.run() == ["= a@1", "= b@1"]
    assert play.waits[5] >= 10, "an outage is waited out ever longer"
    assert play.waits[6] <= 2 * FIRST, "it is over, and what is held is old"


async def test_what_is_too_old_as_soon_as_it_was_listed_is_no_reason_to_hurry(play: Play) -> None:
    play.server.lists += [page(version=version) for version in range(7, 14)]
    play.server.watches += [stream(GONE)] * 6
    await play.run()
    assert play.waits[5] >= 10


async def test_whoever_waits_says_that_nothing_is_watched(play: Play) -> None:
    play.server.lists += [page(version=7), page(version=8)]
    play.server.watches += [stream(GONE), stream(), stream(line("ADDED", pod("a", 9)))]
    await play.run()
    assert play.recorder.rested == len(play.waits) >= 2


async def test_a_watch_that_is_refused_as_too_old_lists_again(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7), page(pod("b"), version=50)]
    play.server.watches += [problem(410)]
    assert await play.run() == ["= a@1", "= b@1"]


async def test_a_list_that_expires_between_two_pages_is_begun_again(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7, more="token"), problem(410), page(pod("b"), version=9)]
    assert await play.run() == ["= b@1"]
    assert "continue" not in play.server.queries("list")[2]


async def test_a_list_that_is_always_too_old_is_no_list(play: Play) -> None:
    play.server.lists += [problem(410), problem(410), page(version=9)]
    await play.run()
    assert len(play.recorder.problems) == 2, "nothing is up to date meanwhile, and that is said"
    assert play.waits[1] > play.waits[0] / 2


async def test_two_empty_streams_list_again(play: Play) -> None:
    play.server.lists += [page(pod("a"), version=7), page(pod("b"), version=9)]
    play.server.watches += [stream(), stream()]
    assert await play.run() == ["= a@1", "= b@1"]
    assert len(play.waits) == 2, "no storm"


async def test_a_watch_that_ends_soon_and_says_nothing_is_opened_ever_less_often(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [stream()] * 5
    play.passing = 2 * EMPTY
    assert await play.run() == ["= "], "it held, so what it was asked for is not in doubt"
    assert len(play.waits) == 5
    assert play.waits[4] >= 8 * FIRST


async def test_a_watch_that_told_something_is_opened_again_at_once(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [stream(line("ADDED", pod("a", 8))), stream(line("ADDED", pod("b", 9)))]
    play.passing = 2 * EMPTY
    assert await play.run() == ["= ", "+ a@8", "+ b@9"]
    assert play.waits == []


async def test_half_a_line_is_not_told(play: Play) -> None:
    play.server.lists += [page(version=7)]
    half = line("ADDED", pod("b", 9))[:40]
    play.server.watches += [stream(line("ADDED", pod("a", 8)), half, CUT), stream(line("ADDED", pod("b", 9)))]
    assert await play.run() == ["= ", "+ a@8", "+ b@9"]
    assert play.server.queries("watch")[1]["resourceVersion"] == "8"


async def test_half_a_line_at_a_clean_end_is_not_told(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [
        stream(line("ADDED", pod("a", 8)), line("ADDED", pod("b", 9))[:40]),
        stream(line("ADDED", pod("b", 9))),
    ]
    assert await play.run() == ["= ", "+ a@8", "+ b@9"]


async def test_a_line_may_come_in_pieces_and_several_at_once(play: Play) -> None:
    play.server.lists += [page(version=7)]
    whole = line("ADDED", pod("a", 8)) + line("ADDED", pod("b", 9)) + b"\n" + line("ADDED", pod("c", 10))
    play.server.watches += [stream(whole[:50], whole[50:300], whole[300:])]
    assert await play.run() == ["= ", "+ a@8", "+ b@9", "+ c@10"]


@pytest.mark.parametrize("body", [HTML, "", "null", "[]", '{"error": "upstream"}', '{"metadata": {}, "items": []}'])
async def test_a_page_that_is_no_list_empties_nothing(play: Play, body: str) -> None:
    play.server.lists += [page(pod("a"), version=7), Answer(body), page(pod("a"), version=8)]
    play.server.watches += [problem(410)]
    assert await play.run() == ["= a@1", "= a@1"]
    assert [type(error) for error in play.recorder.problems[-1:]] == [Unreadable]


@pytest.mark.parametrize("body", [HTML, "null\n", '{"error": "upstream"}\n', line("RENAMED", pod("a", 8)).decode()])
async def test_a_stream_that_is_none_is_opened_again(play: Play, body: str) -> None:
    play.server.lists += [page(pod("a"), version=7)]
    play.server.watches += [Answer(body), stream(line("ADDED", pod("b", 8)))]
    assert await play.run() == ["= a@1", "+ b@8"]
    assert len(play.recorder.problems) == 1


async def test_a_bookmark_without_a_version_is_no_bookmark(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [stream(line("BOOKMARK", {"metadata": {}}))]
    await play.run()
    assert play.server.queries("watch")[1]["resourceVersion"] == "7"


async def test_a_bookmark_that_looks_like_an_object_is_none(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [stream(line("ADDED", pod("a", 8)) + line("BOOKMARK", pod("", 20)))]
    assert await play.run() == ["= ", "+ a@8"]
    assert play.server.queries("watch")[1]["resourceVersion"] == "20"


async def test_an_error_in_the_stream_is_told_and_the_watch_opened_again(play: Play) -> None:
    play.server.lists += [page(version=7), page(version=8)]
    play.server.watches += [stream(line("ERROR", {"kind": "Status", "code": 500, "message": "etcd is away"}))]
    await play.run()
    assert "etcd is away" in str(play.recorder.problems[0])


async def test_silence_is_a_dead_connection(play: Play) -> None:
    play.server.lists += [page(version=7)]
    play.server.watches += [stream(line("ADDED", pod("a", 8)), HELD), stream(line("ADDED", pod("b", 9)))]
    assert await play.run(silence=0.2) == ["= ", "+ a@8", "+ b@9"]
    assert [type(error) for error in play.recorder.problems] == [ClusterUnreachable]


@pytest.mark.parametrize("code", [429, 500, 502, 503])
async def test_an_overloaded_server_is_asked_again_later(play: Play, code: int) -> None:
    play.server.lists += [problem(code), Answer(HTML, status=code), page(pod("a"), version=7)]
    play.server.watches += [problem(code), stream(line("ADDED", pod("b", 8)))]
    assert await play.run() == ["= a@1", "+ b@8"]
    assert [type(error) for error in play.recorder.problems] == [ClusterUnreachable] * 3
    assert len(play.waits) == 4, "after each refusal, and after the stream that ended at once"
    assert len(play.server.queries("list")) == 3, "a refused watch is no reason to list again"


async def test_a_missing_right_is_told_and_asked_for_again(play: Play) -> None:
    play.server.lists += [problem(403, "pods is forbidden"), page(version=7)]
    await play.run()
    (error,) = play.recorder.problems
    assert isinstance(error, Forbidden)
    assert str(error) == "pods is forbidden"


async def test_a_malformed_object_is_told_as_such(play: Play) -> None:
    odd = pod("odd", 3, status={"phase": 7})
    play.server.lists += [page(odd, pod("fine"), {"metadata": "?"}, 5, version=7)]
    play.server.watches += [
        stream(line("MODIFIED", pod("odd", 8, status=[])), line("ADDED", {}), line("ADDED", pod("b", 9)))
    ]
    assert await play.run() == ["= odd@3! fine@1", "+ odd@8!", "+ b@9"]
    assert "status" in (play.recorder.found[0].problem or "")
    assert play.recorder.problems == []


async def test_nulls_are_read_as_absent(play: Play) -> None:
    play.server.lists += [page(pod("a", status=None), version=7)]
    assert await play.run() == ["= a@1"]


async def test_an_outage_is_waited_out_ever_longer(play: Play) -> None:
    play.server.lists += [*[problem(500)] * 12, page(version=7)]
    await play.run()
    assert len(play.waits) == 12
    assert 0.8 <= play.waits[0] <= 1.6
    assert all(15 <= wait <= 30 for wait in play.waits[6:])


async def test_a_stream_that_told_something_ends_the_trouble(play: Play) -> None:
    """A load balancer that cuts every connection after a minute must not make us slower and slower."""
    play.server.lists += [page(version=7)]
    play.server.watches += [stream(line("ADDED", pod("a", version)), CUT) for version in range(8, 18)]
    await play.run()
    assert len(play.waits) == 10
    assert max(play.waits) <= 1.6


async def test_a_selector_is_asked_for_in_lists_and_watches(play: Play) -> None:
    kind = next(kind for kind in variants(KINDS)["cronjobs"].kinds if kind.kept)
    play.server.lists += [page(version=7)]
    await play.run(what=KeptIntake.variants(kind))
    assert [query["labelSelector"] for _, query in play.server.asked] == ["statusgraph.io/kept=cronjob"] * 2


async def test_a_connection_that_is_cut_before_the_answer_is_asked_for_once_a_try(play: Play) -> None:
    aborted = Answer(status=ABORTED)
    play.server.lists += [aborted, aborted, page(pod("a"), version=7)]
    play.server.watches += [aborted, aborted, aborted]
    assert await play.run() == ["= a@1"]
    assert (len(play.server.queries("list")), len(play.server.queries("watch"))) == (3, 4)
    assert len(play.waits) == len(play.recorder.problems) == 5


async def test_a_watch_that_held_and_then_fell_silent_ends_the_trouble(play: Play) -> None:
    play.server.lists += [*[problem(500)] * 4, page(version=7)]
    play.server.watches += [stream(HELD), stream(line("ADDED", pod("a", 8)))]
    play.passing = 2 * STEADY
    assert await play.run(silence=0.1) == ["= ", "+ a@8"]
    assert play.waits[3] >= 8 * FIRST
    assert play.waits[4] <= 2 * FIRST, "whatever was wrong before: it was good until it fell silent"


async def test_a_version_that_the_server_never_reaches_is_given_up(play: Play) -> None:
    """Its etcd was restored from a backup: a watch from what it does not know is silent for ever."""
    play.server.lists += [page(pod("a"), version=700), page(pod("b"), version=7)]
    play.server.watches += [stream(HELD), stream(HELD)]
    assert await play.run(silence=0.1) == ["= a@1", "= b@1"]
    assert [query["resourceVersion"] for query in play.server.queries("watch")] == ["700", "700", "7"]


async def test_a_version_that_the_server_says_is_too_large_lists_again(play: Play) -> None:
    ahead = {"kind": "Status", "code": 504, "message": "Too large resource version: 700, current: 7"}
    details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}
    play.server.lists += [page(pod("a"), version=700), page(pod("b"), version=7)]
    play.server.watches += [Answer({**ahead, "reason": "Timeout", "details": details}, status=504)]
    assert await play.run() == ["= a@1", "= b@1"]


async def test_what_is_counted(play: Play) -> None:
    play.now = began = 1_772_452_805.0
    born = pod("b", 8)
    born["metadata"]["creationTimestamp"] = "2026-03-02T12:00:00Z"
    play.server.lists += [problem(500), page(pod("a"), version=7), page(version=9)]
    play.server.watches += [stream(line("ADDED", born), line("MODIFIED", pod("b", 9)), bookmark(10)), problem(410)]
    await play.run()
    tally = play.recorder.tally
    assert (tally.lists, tally.changes, tally.failures, tally.nameless) == (2, 2, 1, 0)
    assert (tally.created, tally.created_told) == ("2026-03-02T12:00:00Z", began + play.waits[0])
