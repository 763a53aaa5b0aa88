"""CronJobs: suspended, overlapping, refused, missed, and such as never run."""

from __future__ import annotations

import pytest

from graph.demo.player import ApiError
from tests.controlplane.kube import Object
from tests.controlplane.plane import ControlPlane
from tests.e2e import manifests
from tests.e2e.reallife.acts import CALM, NODE, Act, Stage, Tells

CRONJOB = "CronJob"
WAITS = "HEALTHY/WaitingForFirstRun"
RUNS = "HEALTHY/JobRunning"
REFUSED = ("99 * * * *", "* * * * 7", "0 0 L * *", "TZ=Europe/Berlin 0 0 * * *")


def cronjob(name: str, schedule: str, play: str, **spec: object) -> Object:
    """Runs on the calm node; none of them is kept, since one bars the next of the same minute."""
    made = manifests.cronjob(name, schedule, play)
    made["spec"] |= {"successfulJobsHistoryLimit": 0, "failedJobsHistoryLimit": 0, **spec}
    made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["nodeSelector"] = {NODE: CALM}
    return made


async def _lazy(stage: Stage) -> None:
    """Suspended from the beginning, resumed, suspended after a run."""
    await stage.create(cronjob("lazy", "@every 4s", "exit after=1s", suspend=True))
    await stage.hears(CRONJOB, "lazy", "SUSPENDED/Suspended")
    await stage.patch(CRONJOB, "lazy", {"spec": {"suspend": False}})
    await stage.hears(CRONJOB, "lazy", "HEALTHY/Scheduled")
    await stage.patch(CRONJOB, "lazy", {"spec": {"suspend": True}})
    await stage.hears(CRONJOB, "lazy", "SUSPENDED/Suspended")


async def _overlap(stage: Stage) -> None:
    """Its run takes longer than its interval (Forbid)."""
    await stage.create(cronjob("overlap", "@every 4s", "exit after=9s", concurrencyPolicy="Forbid"))
    await stage.hears(CRONJOB, "overlap", "DEGRADED/OverlapSkipped")
    await stage.patch(CRONJOB, "overlap", {"spec": {"suspend": True}})
    await stage.hears(CRONJOB, "overlap", "SUSPENDED/Suspended")


async def _never(stage: Stage) -> None:
    """The 31st of February."""
    await stage.create(cronjob("never", "0 0 31 2 *", "ok"))
    await stage.hears(CRONJOB, "never", "FAILED/InvalidSchedule")


async def _nonsense(stage: Stage) -> None:
    """What the API server itself refuses."""
    for schedule in REFUSED:
        with pytest.raises(ApiError, match="422"):
            await stage.create(cronjob("nonsense", schedule, "ok"))
    with pytest.raises(ApiError, match="422"):
        await stage.create(cronjob("nonsense", "0 0 * * *", "ok", timeZone="Mars/Olympus"))


async def _locked(stage: Stage) -> None:
    """A webhook that nobody serves bars its Jobs."""
    made = cronjob("locked", "@every 8s", "exit after=500ms")  # FAILED is left after five calm seconds
    made["spec"]["jobTemplate"]["metadata"] = {"labels": {"real-life": "barred"}}
    await stage.create(made)
    await stage.hears(CRONJOB, "locked", "FAILED/FailedCreate")
    await stage.patch(CRONJOB, "locked", {"spec": {"jobTemplate": {"metadata": {"labels": None}}}})
    await stage.hears(CRONJOB, "locked", "HEALTHY/Scheduled")
    await stage.delete(CRONJOB, "locked")


async def _stuck(stage: Stage) -> None:
    """The pods of its run are barred."""
    made = cronjob("stuck", "@every 4s", "ok", concurrencyPolicy="Forbid")
    made["spec"]["jobTemplate"]["metadata"] = {"labels": {"job": "itself-is-let-in"}}
    made["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"] = {"real-life": "barred"}
    await stage.create(made)
    await stage.hears(CRONJOB, "stuck", "DEGRADED/ActiveJobFailing")
    await stage.delete(CRONJOB, "stuck")
    await stage.hears(CRONJOB, "stuck", "GONE")


async def _forgotten(stage: Stage) -> None:
    """Nobody starts what is due. Longer than nodes may be silent, the controllers must not stand still."""
    plane = stage.cluster.plane
    assert isinstance(plane, ControlPlane)
    await stage.create(cronjob("forgotten", "@every 4s", "exit after=300ms", startingDeadlineSeconds=10))
    await stage.hears(CRONJOB, "forgotten", "HEALTHY/Scheduled")
    with plane.frozen("kube-controller-manager"):
        await stage.hears(CRONJOB, "forgotten", "DEGRADED/MissedSchedule")
    await stage.patch(CRONJOB, "forgotten", {"spec": {"suspend": True}})
    await stage.hears(CRONJOB, "forgotten", "SUSPENDED/Suspended")


def _tells(name: str, words: str) -> tuple[Tells, ...]:
    return (Tells(CRONJOB, name, words, (RUNS, "HEALTHY/Scheduled")),)


# What is deleted leaves its run behind for a moment: the service is then what that one is.
ACTS = (
    Act(_lazy, _tells("lazy", f"SUSPENDED/Suspended {WAITS}? {RUNS}? HEALTHY/Scheduled SUSPENDED/Suspended")),
    Act(_overlap, _tells("overlap", f"{WAITS} {RUNS} DEGRADED/OverlapSkipped SUSPENDED/Suspended")),
    Act(_never, _tells("never", f"{WAITS}? FAILED/InvalidSchedule")),
    Act(_nonsense, ()),
    Act(
        _locked,
        _tells("locked", f"{WAITS} FAILED/FailedCreate {RUNS}? HEALTHY/Scheduled {RUNS}? HEALTHY/Completed? GONE"),
    ),
    Act(_stuck, _tells("stuck", f"{WAITS} {RUNS}? DEGRADED/ActiveJobFailing FAILED/FailedCreate? GONE")),
)
ALONE = Act(
    _forgotten,
    _tells("forgotten", f"{WAITS} {RUNS}? HEALTHY/Scheduled {RUNS}? DEGRADED/MissedSchedule SUSPENDED/Suspended"),
)
"""Played after the others: without controllers nothing goes on for anybody."""
