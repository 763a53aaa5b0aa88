"""The roll-up and the lights over every combination of parts, by tables: status-rules, section 10.

The tables are written by hand from the law; nothing here computes what is expected.
"""

from __future__ import annotations

from itertools import product

import msgspec
import pytest

from graph.kinds.daemonset import DaemonSetView
from graph.kinds.statefulset import StatefulSetView
from graph.model.kind import Child
from graph.model.status import State
from tests.kinds import test_service as parts

STATES = {
    "H": State.HEALTHY,
    "P": State.PROGRESSING,
    "D": State.DEGRADED,
    "F": State.FAILED,
    "S": State.SUSPENDED,
    "T": State.TERMINATING,
    "U": State.UNKNOWN,
}

# Rows: a workload that runs permanently and serves nobody. Columns: a Cronjob. "-": there is none.
NOBODY_SERVES = """
    - H P D F S T U
  - N H P D F S T U
  H H H P D F H H U
  P P P P D F P P U
  D D D D D F D D D
  F F F F F F F F F
  S S H P D F S S U
  T T H P D F S T U
  U U U U D F U U U
"""
# The same while the workload has an available replica: beside it nothing is FAILED (V05).
IT_SERVES = """
    - H P D F S T U
  H H H P D D H H U
  P P P P D D P P U
  D D D D D D D D D
  S S H P D D S S U
  T T H P D D S T U
  U U U U D D U U U
"""
# Two workloads that run permanently, the second of which serves.
THE_SECOND_SERVES = """
    H P D S T U
  H H P D H H U
  P P P D P P U
  D D D D D D D
  F D D D D D D
  S H P D S S U
  T H P D S T U
  U U U D U U U
"""
# Rows: the latest build. Columns: what runs, "-" nothing, "L" only what is left of a deleted workload.
BUILD_AND_RUNTIME = """
    - L H P D F S T U
  - N T H P D F S T U
  H N T H P D F S T U
  P P T H P D F S T U
  F B T W P D F S T U
  S N T H P D F S T U
  U N T H P D F S T U
"""
WORDS = {
    "N": (State.UNKNOWN, "NoWorkload"),
    "B": (State.FAILED, "BuildFailed"),
    "W": (State.DEGRADED, "BuildFailed"),
}

# The run before the newest, the newest: the light of the job, the light of the pods.
RUNS = """
  -  -  : -  -
  -  ok : -  -
  -  bad: F  F
  -  now: P  P
  ok ok : -  -
  ok bad: F  F
  ok now: P  P
  bad ok : H  -
  bad bad: F  F
  bad now: P  P
"""
# The worst of a Deployment's pod and a run's pod.
WORST_POD = """
    - F P
  - - F P
  H H F P
  D D F D
  U U F U
  F F F F
"""
# The light of a Cronjob by the row of its verdict: the schedule alone, never how runs ended.
CRONJOB_LIGHT = """
  C01 H H   C02 H H   C03 H H   C04 S S   C05 D H   C06 D H   C07 F H   C08 D D   C09 D D   C10 F F   C11 D D
  C12 D H   C13 D H   C14 F F   C15 D D   C16 F F   C17 F F   C20 D H   C21 T T   C24 D H   C26 S S   C27 F F
  C29 H H
"""


def table(text: str) -> list[tuple[str, str, str]]:
    """(row, column, cell) of each cell."""
    head, *rows = (line.split() for line in text.strip("\n").splitlines())
    return [(name, column, cell) for name, *cells in rows for column, cell in zip(head, cells, strict=True)]


def workload(word: str, name: str = "web", *, kind: str = "DEPLOYMENT", serves: bool = False) -> list[Child]:
    """None, or one that runs permanently."""
    if word == "-":
        return []
    if kind == "DEPLOYMENT":
        return [parts.deployment(STATES[word], f"Web{word}", available=2 if serves else 0, name=name)]
    view = StatefulSetView if kind == "STATEFUL_SET" else DaemonSetView
    told = {"replicas": 2, "availableReplicas": 2, "currentNumberScheduled": 2, "numberAvailable": 2}
    status = told if serves else {}
    made = msgspec.convert({"metadata": parts.meta(name), "status": status}, view)
    return [parts.child(kind, name, made, parts.verdict(STATES[word], f"Web{word}"))]


def cronjob(word: str) -> list[Child]:
    """None, or one."""
    return [] if word == "-" else [parts.cronjob(STATES[word], f"Cron{word}")]


def expected(cell: str) -> tuple[State, str | None]:
    """State and, where the law gives it, reason."""
    return WORDS.get(cell) or (STATES[cell], None)


def agrees(children: list[Child], cell: str) -> bool:
    """Whether the service comes out so, its reason that of a part which is there."""
    found = parts.judged(*children)
    state, reason = expected(cell)
    own = {child.verdict.reason for child in children} | {"Terminating"}
    return found.state is state and (found.reason == reason if reason else found.reason in own)


@pytest.mark.parametrize("kind", ["DEPLOYMENT", "STATEFUL_SET", "DAEMON_SET"])
@pytest.mark.parametrize(("text", "serves"), [(NOBODY_SERVES, False), (IT_SERVES, True)])
def test_a_workload_and_a_cronjob(text: str, serves: bool, kind: str) -> None:
    wrong = [
        cell
        for cell in table(text)
        if not agrees([*workload(cell[0], kind=kind, serves=serves), *cronjob(cell[1])], cell[2])
    ]
    assert wrong == []


@pytest.mark.parametrize("kinds", list(product(["DEPLOYMENT", "STATEFUL_SET", "DAEMON_SET"], repeat=2)), ids=":".join)
def test_two_workloads_of_which_one_serves(kinds: tuple[str, str]) -> None:
    first, second = kinds
    wrong = [
        cell
        for cell in table(THE_SECOND_SERVES)
        if not agrees([*workload(cell[0], "a", kind=first), *workload(cell[1], "b", kind=second, serves=True)], cell[2])
    ]
    assert wrong == []


def test_a_build_and_what_runs() -> None:
    owner = {"kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": True}
    left = parts.pod(
        State.TERMINATING, "Terminating", ownerReferences=[owner], deletionTimestamp="2026-03-17T14:00:30Z"
    )
    wrong = []
    for word, running, cell in table(BUILD_AND_RUNTIME):
        built = [] if word == "-" else [parts.build(STATES[word], f"Build{word}", done=word != "P")]
        there = [left] if running == "L" else workload(running)
        if not agrees([*there, *built], cell):
            wrong.append((word, running, cell))
    assert wrong == []


def test_the_light_of_the_deployment_is_the_worst_of_what_runs_permanently() -> None:
    worst = [(row, column, cell) for row, column, cell in table(NOBODY_SERVES) if "-" not in (row, column)]
    for one, other, cell in worst:
        for kinds in product(["DEPLOYMENT", "STATEFUL_SET", "DAEMON_SET"], repeat=2):
            children = [*workload(one, "a", kind=kinds[0]), *workload(other, "b", kind=kinds[1]), *cronjob("F")]
            light = parts.lights(*children).deployment
            assert light is not None
            assert light.state is STATES[cell], (one, other, kinds)


def test_builds_and_cronjobs_have_no_light_of_a_deployment() -> None:
    for word in STATES:
        shown = parts.lights(*cronjob(word), parts.build(STATES[word], "Any"))
        assert shown.deployment is None
        assert shown.build is not None
        assert shown.build.state is STATES[word]


def test_the_lights_of_job_and_pods_follow_the_runs_of_a_cronjob() -> None:
    pods = {(row, column): cell for row, column, cell in table(WORST_POD)}
    for line in RUNS.strip().splitlines():
        runs, lights = (half.split() for half in line.split(":"))
        below = [run for at, word in zip(("12:00", "13:00"), runs, strict=True) for run in _run(word, at)]
        for beside in "-HDUF":
            shown = parts.lights(parts.cronjob(State.HEALTHY, "Scheduled", below=below), *_with_pod(beside))
            found = [status.state if status else None for status in (shown.job, shown.pods)]
            assert found == [STATES.get(lights[0]), STATES.get(pods[beside, lights[1]])], (line, beside)


def test_the_light_of_a_cronjob_by_the_row_of_its_verdict() -> None:
    words = CRONJOB_LIGHT.split()
    for row, said, shown in zip(words[::3], words[1::3], words[2::3], strict=True):
        light = parts.lights(parts.cronjob(STATES[said], "Any", row=row)).cronjob
        assert light is not None
        assert light.state is STATES[shown], row


def _run(word: str, started: str) -> list[Child]:
    if word == "-":
        return []
    if word == "now":
        at_work = parts.pod(State.PROGRESSING, "RunningToCompletion", name=f"p-{started}")
        return [parts.job(State.PROGRESSING, "Running", started=started, pods=[at_work])]
    state = State.HEALTHY if word == "ok" else State.FAILED
    phase = "Succeeded" if word == "ok" else "Failed"
    done = parts.pod(state, "Ended", name=f"p-{started}", phase=phase)
    return [parts.job(state, "Ended", started=started, done=True, pods=[done])]


def _with_pod(word: str) -> list[Child]:
    if word == "-":
        return []
    return [parts.deployment(STATES[word], "Any", below=[parts.pod(STATES[word], "Any", name="web-x")])]
