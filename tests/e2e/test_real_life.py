"""An hour of real life, compressed, on a real control plane: what is heard of each actor is what happened to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from graph.model import instant
from tests.controlplane.fixtures import Cluster
from tests.controlplane.kube import Kube, Object
from tests.controlplane.plane import ControlPlane
from tests.e2e.agreement import disagreements
from tests.e2e.reallife.acts import Tells
from tests.e2e.reallife.told import RULES, TELLS, RealLife, real_life
from tests.e2e.story import chain, fits
from tests.recordings.flips import Told, flips
from tests.recordings.replay import Replay

WORDS = {"POD": "Pod", "JOB": "Job", "CRONJOB": "CronJob", "DEPLOYMENT": "Deployment", "SERVICE": "Service"}


@pytest.fixture(scope="module")
async def life(
    kube: Kube, cluster: Cluster, control_plane: ControlPlane, redis_program: str
) -> AsyncIterator[RealLife]:
    """All of it, played to its end."""
    assert cluster.plane is control_plane
    async with real_life(kube, cluster, redis_program) as told:
        yield told


def test_every_actor_came_to_the_end_of_its_part(life: RealLife) -> None:
    assert life.wrong == []


@pytest.mark.parametrize("tells", [pytest.param(one, id=one.name) for one in TELLS])
def test_what_is_heard_is_what_happened(life: RealLife, tells: Tells) -> None:
    for kind in (tells.kind, "Service"):
        heard = _of(life, kind, tells.name)
        assert fits(heard, tells.words), (kind, heard)


def test_its_recording_ends_the_same(life: RealLife) -> None:
    """Judged again by its own clock: what stands for a moment may differ, not what comes of it."""
    last = {(WORDS.get(one.kind), one.name): one.word or "GONE" for one in Replay(life.seen, RULES).told}
    for one in TELLS:
        assert last[one.kind, one.name] == _of(life, one.kind, one.name)[-1], one.name


def test_nothing_but_health_is_without_a_cause(life: RealLife) -> None:
    told = [one for one in life.story.heard.transitions if one["to"] and one["to"]["state"] != "HEALTHY"]
    assert len(told) > 100
    assert [_name(one) for one in told if not one["to"]["because"]] == []


def test_nothing_goes_there_and_back_unless_the_story_does(life: RealLife) -> None:
    history = [_told(one) for one in life.story.heard.transitions]
    spoken = [one for one in history if not one.word.endswith("/SpecNotObserved")]  # how late a controller is
    unexplained = [str(flip) for flip in flips(spoken) if not _brief(flip.there)]
    assert "\n".join(unexplained) == ""


@pytest.mark.parametrize(
    ("kind", "name", "word", "last", "words"),
    [
        ("Deployment", "barred", "FAILED/ReplicaFailure", ("Deployment", "FailedCreate", "CONDITION"), "dead.statusgr"),
        (
            "Deployment",
            "full",
            "DEGRADED/ReplicaFailure",
            ("Deployment", "FailedCreate", "CONDITION"),
            "quota: one-pod",
        ),
        ("Deployment", "partial", "DEGRADED/CrashLoopBackOff", ("Pod", "Error", "TERMINATION"), "exit code 5"),
        ("Job", "hopeless", "FAILED/PodFailurePolicy", ("Pod", "Error", "TERMINATION"), "exit code 42"),
        ("Job", "homeless", "FAILED/Unschedulable", ("Pod", "Unschedulable", "CONDITION"), "node affinity/selector"),
        ("Job", "refused", "FAILED/FailedCreate", ("Job", "FailedCreate", "EVENT"), "dead.statusgraph.io"),
        ("Job", "voyage", "UNKNOWN/NodeUnreachable", ("Node", "NodeStatusUnknown", "CONDITION"), "Kubelet stopped"),
        ("CronJob", "locked", "FAILED/FailedCreate", ("CronJob", "FailedCreate", "EVENT"), "dead.statusgraph.io"),
        ("CronJob", "stuck", "DEGRADED/ActiveJobFailing", ("Job", "FailedCreate", "EVENT"), "dead.statusgraph.io"),
    ],
)
def test_trouble_is_explained_down_to_its_cause(
    life: RealLife, kind: str, name: str, word: str, last: tuple[str, str, str], words: str
) -> None:
    told = life.story.told(kind, name, word)
    of, _, reason, evidence = chain(told)[-1]
    assert (of, reason, evidence) == last
    assert words in told["to"]["because"][-1]["message"]


async def test_the_graph_agrees_with_the_cluster(life: RealLife) -> None:
    assert await disagreements(life.story.kube, life.story.port, [life.story.namespace]) == []


def _of(life: RealLife, kind: str, name: str) -> list[str]:
    told = [
        one for one in life.story.heard.transitions if (one["object"]["kind"], one["object"]["name"]) == (kind, name)
    ]
    return [_told(one).word or "GONE" for one in told]


def _told(item: Object) -> Told:
    of, to, at = item["object"], item["to"], instant.parse(item["recordedAt"])
    assert at is not None
    return Told(of["kind"], of["namespace"], of["name"], f"{to['state']}/{to['reason']}" if to else "", at)


def _name(item: Object) -> str:
    return f"{item['object']['kind']} {item['object']['name']} {_told(item).word}"


def _brief(there: Told) -> bool:
    return any(one.owns(there.name) and there.word in one.brief for one in TELLS)
