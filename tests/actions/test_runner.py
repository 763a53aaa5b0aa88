"""The runner itself: whom it refuses, in which order it works, and how it takes trouble. The API server is played."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
import structlog

from graph.actions.turns import MOST
from graph.config import load
from graph.errors import ClusterUnreachable, Forbidden, MalformedObject, StoreUnavailable
from graph.model.action import ActionState, LogLevel
from tests.actions.recorders import CLUSTER, Desk, Journal, Scripted, asked, carried_out, running, unknown

SCALE = {"metadata": {"name": "web"}, "spec": {"replicas": 1}}


def fine(method: str, path: str, body: Any) -> Any:
    return SCALE


def scale(name: str = "web") -> Any:
    return asked("scaleDeployment", "home", name, replicas=2)


async def settled() -> None:
    """Everything that can go on by itself has done so."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_nothing_is_done_while_actions_are_off() -> None:
    api = Scripted(fine)
    journal = await carried_out(api, scale(), settings=load(actions="off", cluster=CLUSTER))
    assert api.asked == []
    assert journal.last.state is ActionState.FAILED
    assert journal.last.error == "Actions are off: this operator runs without STATUSGRAPH_ACTIONS=on."
    assert journal.last.finished_at is not None


async def test_an_unknown_target_is_refused_without_asking_the_cluster() -> None:
    api = Scripted(fine)
    journal = await carried_out(api, scale(), lookup=unknown)
    assert api.asked == []
    assert journal.last.error == "Deployment home/web is not known to this operator."
    assert (journal.last.object.kind, journal.last.object.api_version) == ("Deployment", "apps/v1")
    assert journal.entries[-1].service is None


async def test_an_action_for_another_kind_is_refused() -> None:
    request = msgspec.structs.replace(scale(), name="stopCronjob")
    journal = await carried_out(Scripted(fine), request)
    assert journal.last.error == "stopCronjob is for a CronJob, and Deployment home/web is none."


async def test_an_action_that_does_not_exist_is_refused() -> None:
    request = msgspec.structs.replace(scale(), name="explode")
    journal = await carried_out(Scripted(fine), request)
    assert (journal.last.state, journal.last.error) == (ActionState.FAILED, "There is no action explode.")


async def test_what_the_server_says_is_kept_whole_and_made_inert() -> None:
    words = "denied: " + "a rule of the house, " * 300
    error = Forbidden(words + "\u202eevil\x1b[31m", status=403)
    journal = await carried_out(Scripted(lambda *_: error), scale())
    assert journal.errors[0].error == words + "evil[31m"
    assert journal.last.error == journal.errors[0].error


async def test_what_people_write_is_made_inert() -> None:
    request = msgspec.structs.replace(scale(), requested_by="ann\u202e", reason="be\x1bcause")
    journal = await carried_out(Scripted(fine), request)
    assert journal.messages[0] == "Accepted scaleDeployment of Deployment home/web, asked for by ann: because"
    assert journal.last.requested_by == "ann"


async def test_a_server_that_does_not_answer_is_asked_again() -> None:
    answers = [ClusterUnreachable("503: later"), ClusterUnreachable("503: later"), SCALE, SCALE]
    journal = await carried_out(Scripted(lambda *_: answers.pop(0)), scale())
    assert journal.last.state is ActionState.SUCCEEDED
    warned = [(entry.message, entry.error) for entry in journal.entries if entry.level is LogLevel.WARNING]
    assert warned == [("Could not read Deployment home/web, trying again.", "503: later")] * 2


async def test_a_server_that_stays_away_fails_the_action() -> None:
    api = Scripted(lambda *_: ClusterUnreachable("503: later"))
    journal = await carried_out(api, scale())
    assert (journal.last.state, journal.last.error) == (ActionState.FAILED, "503: later")
    assert len(api.asked) == 4


async def test_an_unreadable_answer_fails_the_action() -> None:
    journal = await carried_out(Scripted(lambda *_: ["a", "list"]), scale())
    assert "unreadable" in str(journal.last.error)


async def test_a_fault_of_ours_ends_the_action_alone_and_tells_no_values() -> None:
    def answer(method: str, path: str, body: Any) -> Any:
        return {"spec": {"replicas": "s3cret"}} if path.endswith("/odd/scale") else SCALE

    with structlog.testing.capture_logs() as logs:
        journal = await carried_out(Scripted(answer), scale("odd"), scale("web"))
    ends = {action.target.name: (action.state, action.error) for action in journal.actions}
    assert ends == {
        "odd": (ActionState.FAILED, "the operator itself failed (ValueError)"),
        "web": (ActionState.SUCCEEDED, None),
    }
    assert [line["fault"] for line in logs] == ["ValueError"]
    assert "s3cret" not in str(logs) + journal.text


async def test_actions_of_one_object_wait_for_each_other_and_others_do_not() -> None:
    gate, api_asked = asyncio.Event(), []

    async def answer(method: str, path: str, body: Any) -> Any:
        api_asked.append((path.split("/")[-2], body and body["spec"]["replicas"]))
        if "/web/" in path:
            await gate.wait()
        return SCALE

    slow = [asked("scaleDeployment", "home", "web", replicas=count) for count in (2, 3, 4)]
    desk, journal = Desk(*slow, scale("other")), Journal()
    async with running(Scripted(lambda *it: answer(*it)), desk, journal):
        await settled()
        assert [name for name, _ in api_asked] == ["web", "other", "other"]
        accepted = [entry.object.name for entry in journal.entries if entry.step is None]
        assert accepted == ["web", "web", "web", "other"]
        gate.set()
        await asyncio.wait_for(desk.empty.wait(), 5)
    assert [count for name, count in api_asked if name == "web" and count] == [2, 3, 4]
    assert desk.done_with[1:] == [request.id for request in slow]


async def test_only_a_few_actions_run_at_once() -> None:
    gate, inside = asyncio.Event(), []

    async def answer(method: str, path: str, body: Any) -> Any:
        inside.append(path)
        await gate.wait()
        return SCALE

    desk = Desk(*(scale(f"web-{number}") for number in range(3 * MOST)))
    async with running(Scripted(lambda *it: answer(*it)), desk, Journal()):
        await settled()
        assert len(inside) == MOST
        gate.set()
        await asyncio.wait_for(desk.empty.wait(), 5)


async def test_a_request_is_done_with_only_when_its_end_is_stored() -> None:
    desk, journal = Desk(scale()), Journal()
    journal.stored.clear()
    async with running(Scripted(fine), desk, journal):
        await settled()
        assert journal.last.state is ActionState.SUCCEEDED
        assert desk.done_with == []
        journal.stored.set()
        await asyncio.wait_for(desk.empty.wait(), 5)


@pytest.mark.parametrize("trouble", [StoreUnavailable("away"), MalformedObject("odd")])
async def test_trouble_while_reading_is_told_once_and_no_request_runs_twice(trouble: Exception) -> None:
    gate = asyncio.Event()

    async def answer(method: str, path: str, body: Any) -> Any:
        await gate.wait()
        return SCALE

    api = Scripted(lambda *it: answer(*it))
    desk = Desk(scale("web"), scale("other"))
    desk.reading_troubles = [trouble] * 3
    with structlog.testing.capture_logs() as logs:
        async with running(api, desk, Journal()):
            await settled()
            gate.set()
            await asyncio.wait_for(desk.empty.wait(), 5)
    assert len(desk.done_with) == 2
    assert len(api.asked) == 4
    assert [line["log_level"] for line in logs] == ["warning"]


async def test_a_receipt_is_handed_in_until_it_is_taken() -> None:
    desk = Desk(scale())
    desk.doing_troubles = [StoreUnavailable("away")] * 7
    async with running(Scripted(fine), desk, Journal()):
        await asyncio.wait_for(desk.empty.wait(), 5)
    assert len(desk.done_with) == 1


async def test_every_entry_has_an_id_of_its_own_and_names_its_action() -> None:
    request = scale()
    journal = await carried_out(Scripted(fine), request)
    assert {action.id for action in journal.actions} == {request.id}
    assert {entry.action for entry in journal.entries} == {request.id}
    assert len({entry.id for entry in journal.entries}) == len(journal.entries)
