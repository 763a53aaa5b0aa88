"""From the stream to verdicts: what a list finds that the watch did not tell is inferred; one bad object is one."""

from __future__ import annotations

import msgspec
from structlog.testing import capture_logs

from graph.config import Rules
from graph.judging.decode import nodes_of, variants
from graph.judging.forest import Forest
from graph.judging.ledger import Ledger
from graph.kinds import KINDS
from graph.kinds.shared.nodes import NODES
from graph.watch.intake import Intake, KeptIntake, NodeIntake
from graph.watch.reflector import Found
from graph.watch.vitals import Source, Vitals
from tests.judging import manifests
from tests.judging.manifests import running
from tests.watch.conftest import Play, pods
from tests.watch.server import Answer, line, page, pod, problem, stream

NOW = 1_772_452_800.0


class World:
    """A forest that a reflector fills."""

    def __init__(self, *, gap: bool = False) -> None:
        self.ledger = Ledger(Rules(), {})
        self.forest = Forest("test", KINDS, Rules(), recall=self.ledger.resources.get)
        self.source = self._source()
        self.intake = Intake(self.forest, pods(), self.source, changed=self._judge, gap=gap)
        self.told: list[str] = []

    def _source(self) -> Source:
        return Vitals(lambda: NOW).source(pods().watched, "")

    def _judge(self) -> None:
        for change in self.ledger.publish(self.forest.judge(NOW), NOW):
            if change.key.kind in ("POD", "CRONJOB") and change.transition is not None:
                sure = "?" if change.transition.inferred else ""
                self.told.append(f"{change.type[0]} {change.key.name}{sure}")


def found(manifest: object) -> Found:
    """As a reflector would tell it."""
    return Found(*pods().decode(msgspec.json.encode(manifest)))


async def test_the_first_list_of_an_empty_store_is_no_gap(play: Play) -> None:
    world = World()
    play.server.lists += [page(pod("a"), version=7)]
    await play.run(sink=world.intake)
    assert world.told == ["A a"]
    assert world.source.synced


async def test_the_first_list_after_another_leader_is_a_gap(play: Play) -> None:
    world = World(gap=True)
    play.server.lists += [page(pod("a"), version=7)]
    await play.run(sink=world.intake)
    assert world.told == ["A a?"]


async def test_what_was_deleted_and_created_while_away_is_inferred(play: Play) -> None:
    world = World()
    play.server.lists += [page(pod("a"), pod("b"), version=7), page(pod("b"), pod("c", 8), version=9)]
    play.server.watches += [problem(410)]
    await play.run(sink=world.intake)
    assert world.told == ["A a", "A b", "D a?", "A c?"] or world.told == ["A b", "A a", "D a?", "A c?"]


async def test_what_was_created_again_while_away_is_another_object(play: Play) -> None:
    world = World()
    again = pod("a", 8)
    again["metadata"]["uid"] = "another"
    play.server.lists += [page(pod("a"), version=7), page(again, version=9)]
    play.server.watches += [problem(410)]
    await play.run(sink=world.intake)
    assert world.told == ["A a", "D a?", "A a?"]


async def test_what_was_created_again_between_two_lines_is_another_object(play: Play) -> None:
    world = World()
    second, third = pod("a", 8), pod("a", 10)
    second["metadata"]["uid"], third["metadata"]["uid"] = "second", "third"
    play.server.lists += [page(pod("a"), version=7)]
    play.server.watches += [stream(line("MODIFIED", second), line("DELETED", second), line("ADDED", third))]
    await play.run(sink=world.intake)
    assert world.told == ["A a", "D a", "A a", "D a", "A a"]


def test_what_leaves_and_comes_again_in_one_batch_is_told_as_both() -> None:
    world = World()
    again = pod("a", 9)
    again["metadata"]["uid"] = "another"
    world.intake.replace([found(pod("a"))])
    world.forest.remove(pods().kinds[0], "shop", "a")
    world.intake.put(found(again))
    assert world.told == ["A a", "D a", "A a"]


async def test_a_relist_that_finds_the_same_tells_nothing(play: Play) -> None:
    world = World()
    play.server.lists += [page(pod("a"), version=7), page(pod("a"), version=9)]
    play.server.watches += [problem(410)]
    await play.run(sink=world.intake)
    assert world.told == ["A a"]


async def test_duplicates_change_nothing(play: Play) -> None:
    world = World()
    play.server.lists += [page(pod("a"), version=7)]
    twice = line("ADDED", pod("b", 8))
    gone = line("DELETED", pod("b", 9))
    play.server.watches += [stream(twice, twice, line("MODIFIED", pod("b", 8)), gone, gone)]
    await play.run(sink=world.intake)
    assert world.told == ["A a", "A b", "D b"]


async def test_a_malformed_object_is_logged_once(play: Play) -> None:
    world = World()
    play.server.lists += [page(pod("odd", status=7), version=7)]
    play.server.watches += [stream(line("MODIFIED", pod("odd", 8, status=7)), line("DELETED", pod("odd", 9, status=7)))]
    with capture_logs() as logged:
        await play.run(sink=world.intake)
    assert world.told == ["A odd", "D odd"]
    assert [entry["object"] for entry in logged if entry["event"] == "malformed object"] == ["POD/shop/odd"]


def test_what_was_mended_or_deleted_is_logged_again_when_it_is_malformed_again() -> None:
    world = World()
    odd = msgspec.structs.replace(found(pod("odd")), problem="status: expected an object")
    with capture_logs() as logged:
        world.intake.put(odd)
        world.intake.put(found(pod("odd", 2)))
        world.intake.put(odd)
        world.intake.remove(odd)
        world.intake.put(odd)
    assert [entry["event"] for entry in logged] == ["malformed object"] * 3


async def test_kept_manifests_show_stopped_objects(play: Play) -> None:
    world = World()
    kind = next(kind for kind in variants(KINDS)["cronjobs"].kinds if kind.kept)
    sink = KeptIntake(world.forest, kind, world.source, changed=world._judge)
    manifest = {"metadata": {"name": "nightly", "namespace": "shop", "uid": "u"}, "spec": {"schedule": "0 0 * * *"}}
    revision = {**pod("kept-1", 3), "data": manifest}
    unreadable = {**pod("kept-2", 4), "data": 7}
    foreign = {
        **pod("kept-3", 5),
        "data": {**manifest, "metadata": {"name": "theirs", "namespace": "bank", "uid": "b"}},
    }
    play.server.lists += [page(revision, unreadable, foreign, version=7), page(version=9)]
    play.server.watches += [
        stream(line("ADDED", {**pod("kept-4", 8), "data": {**manifest, **_named("other")}})),
        Answer(status=410),
    ]
    with capture_logs() as logged:
        await play.run(what=KeptIntake.variants(kind), sink=sink)
    assert world.told == ["A nightly", "A other", "D nightly", "D other"] or world.told == [
        "A nightly",
        "A other",
        "D other",
        "D nightly",
    ]
    assert [entry["revision"] for entry in logged if "revision" in entry] == ["kept-2", "kept-3"]


def _named(name: str) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}"}}


async def test_nodes_are_watched_as_soon_as_it_is_allowed_and_as_long_as_it_is(play: Play) -> None:
    world = NodeWorld()
    no = problem(403, "nodes is forbidden")
    play.server.lists += [no, no, page(node("n1", 6), version=7)]
    play.server.watches += [stream(line("MODIFIED", node("n1", 8)), line("MODIFIED", node("n1", 9, "Unknown"))), no]
    play.server.watches += [stream(line("DELETED", node("n1", 10)))]
    with capture_logs() as logged:
        await play.run(what=nodes_of(KINDS), sink=world.intake, report=world.intake)
    assert world.told == [
        "Running",
        "NodeUnreachable",  # the heartbeat before it told nothing
        "Running",  # it is forbidden
        "NodeUnreachable",
        "NodeGone",
    ]
    told = [entry["event"] for entry in logged]
    assert told == ["goes on without watching", "watching again"] * 2


async def test_a_malformed_node_is_one_of_which_nothing_is_known_but_that_it_is_there(play: Play) -> None:
    world = NodeWorld()
    play.server.lists += [page({**node("n1", 6), "status": 7}, version=7)]
    await play.run(what=nodes_of(KINDS), sink=world.intake, report=world.intake)
    assert world.told == ["Running"]


class NodeWorld:
    """A ready pod on ``n1``; ``told``: what is said of it each time that there is something to judge."""

    def __init__(self) -> None:
        self.forest = Forest("test", KINDS, Rules(), orphan_grace=0)
        source = Vitals(lambda: NOW).source(NODES, "")
        self.intake = NodeIntake(self.forest.nodes, source, changed=self._judge)
        self.told: list[str] = []
        kind, view = pods().decode(msgspec.json.encode(running("a", "n1")))
        self.forest.put(kind, view, NOW)

    def _judge(self) -> None:
        for one in self.forest.judge(NOW):
            if one.kind.name == "POD" and one.verdict is not None:
                self.told.append(one.verdict.reason)


def node(name: str, version: int, ready: str = "True") -> dict[str, object]:
    """A node as the API tells it; each time with another heartbeat."""
    return manifests.node(name, ready=ready, heartbeat=f"2026-03-02T12:00:{version:02}Z", resourceVersion=str(version))
