"""Jobs, with every end that a Job can have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.controlplane.kube import Object
from tests.e2e.reallife.acts import Act, Stage, Tells, job, running

JOB = "Job"
DONE = "HEALTHY/Completed"
ENDS = f"PROGRESSING/SuccessCriteriaMet? {DONE}"
BEGINS = "PROGRESSING/JobNotStarted? PROGRESSING/Running?"
INDEX = "batch.kubernetes.io/job-completion-index"


async def _several(stage: Stage) -> None:
    await stage.create(job("several", "exit after=1s", completions=3, parallelism=2, ttlSecondsAfterFinished=3))
    await stage.hears(JOB, "several", DONE, "GONE")


async def _retried(stage: Stage) -> None:
    """Its first pod fails, its second one as well."""
    await stage.create(job("retried", "exit exit=3 after=200ms", backoffLimit=1))
    await stage.hears(JOB, "retried", "DEGRADED/PodFailuresRetrying", "FAILED/BackoffLimitExceeded")


async def _recovered(stage: Stage) -> None:
    """Its first pod fails, its second one does not."""
    await stage.create(job("recovered", "ok", backoffLimit=2))
    await stage.direct(await stage.pod("job-name=recovered", running), "exit exit=3 after=100ms")
    await stage.hears(JOB, "recovered", "DEGRADED/PodFailuresRetrying")
    await stage.direct(await stage.pod("job-name=recovered", running), "exit after=100ms")
    await stage.hears(JOB, "recovered", DONE)


async def _inplace(stage: Stage) -> None:
    """Its container restarts in its place until the limit."""
    await stage.create(job("inplace", "crash exit=3 after=300ms", restart="OnFailure", backoffLimit=2))
    await stage.hears(JOB, "inplace", "DEGRADED/PodFailuresRetrying", "FAILED/BackoffLimitExceeded")


async def _overtime(stage: Stage) -> None:
    await stage.create(job("overtime", "ok", activeDeadlineSeconds=2))
    await stage.hears(JOB, "overtime", "FAILED/DeadlineExceeded")


async def _hopeless(stage: Stage) -> None:
    """An exit code that is not worth another try."""
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
    await stage.create(job("hopeless", "exit exit=42 after=500ms", podFailurePolicy={"rules": [rule]}))
    await stage.hears(JOB, "hopeless", "FAILED/PodFailurePolicy")


async def _disrupted(stage: Stage) -> None:
    """Its pod is evicted by the node, which does not count."""
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    await stage.create(job("disrupted", "ok", backoffLimit=0, podFailurePolicy={"rules": [rule]}))
    first = await stage.pod("job-name=disrupted", running)
    await stage.direct(first, "evicted after=100ms")
    second = await stage.pod("job-name=disrupted", lambda pod: running(pod) and pod["metadata"]["name"] != first)
    await stage.direct(second, "exit after=1s")
    await stage.hears(JOB, "disrupted", DONE)


async def _held(stage: Stage) -> None:
    """Suspended from the beginning, resumed, suspended again while it runs, resumed."""
    await stage.create(job("held", "ok", suspend=True))
    for _ in range(2):
        await stage.hears(JOB, "held", "SUSPENDED/JobSuspended")
        await stage.patch(JOB, "held", {"spec": {"suspend": False}})
        await stage.hears(JOB, "held", "PROGRESSING/Running")
        await stage.patch(JOB, "held", {"spec": {"suspend": True}})
    await stage.hears(JOB, "held", "SUSPENDED/JobSuspended")
    await stage.patch(JOB, "held", {"spec": {"suspend": False}})
    await stage.direct(await stage.pod("job-name=held", _alive), "exit after=100ms")
    await stage.hears(JOB, "held", DONE)


async def _indexes(stage: Stage) -> None:
    """One index fails, the others go on to their end."""
    await stage.create(_indexed("indexes", backoffLimitPerIndex=0))
    await stage.direct(await stage.pod("job-name=indexes", _index(1)), "exit exit=6 after=100ms")
    await stage.hears(JOB, "indexes", "DEGRADED/IndexesFailed")
    for index in (0, 2):
        await stage.direct(await stage.pod("job-name=indexes", _index(index)), "exit after=100ms")
    await stage.hears(JOB, "indexes", "FAILED/FailedIndexes")


async def _strict(stage: Stage) -> None:
    """One failed index is one too many."""
    await stage.create(_indexed("strict", backoffLimitPerIndex=0, maxFailedIndexes=0))
    await stage.direct(await stage.pod("job-name=strict", _index(2)), "exit exit=6 after=100ms")
    await stage.hears(JOB, "strict", "FAILED/MaxFailedIndexesExceeded")


async def _leader(stage: Stage) -> None:
    """The success of one index is enough."""
    policy = {"rules": [{"succeededIndexes": "0"}]}
    await stage.create(_indexed("leader", successPolicy=policy))
    await stage.direct(await stage.pod("job-name=leader", _index(0)), "exit after=100ms")
    await stage.hears(JOB, "leader", DONE)


async def _imageless(stage: Stage) -> None:
    await stage.create(job("imageless", "missing", activeDeadlineSeconds=10))
    await stage.hears(JOB, "imageless", "FAILED/ImagePullBackOff", "FAILED/DeadlineExceeded")


async def _homeless(stage: Stage) -> None:
    await stage.create(job("homeless", "ok", node="nowhere"))
    await stage.hears(JOB, "homeless", "FAILED/Unschedulable")
    await stage.delete(JOB, "homeless")
    await stage.hears(JOB, "homeless", "GONE")


async def _idle(stage: Stage) -> None:
    await stage.create(job("idle", "exit after=500ms", parallelism=0))
    await stage.hears(JOB, "idle", "SUSPENDED/ParallelismZero")
    await stage.patch(JOB, "idle", {"spec": {"parallelism": 1}})
    await stage.hears(JOB, "idle", DONE)


async def _lent(stage: Stage) -> None:
    """Another controller is to run it, and there is none."""
    await stage.create(job("lent", "ok", managedBy="example.org/nobody"))
    await stage.hears(JOB, "lent", "UNKNOWN/ManagedExternally")


async def _refused(stage: Stage) -> None:
    """A webhook that nobody serves bars its pods."""
    made = job("refused", "ok")
    made["metadata"]["labels"] = {"job": "itself-is-let-in"}  # else it takes over the labels of its pods
    made["spec"]["template"]["metadata"]["labels"] = {"real-life": "barred"}
    await stage.create(made)
    await stage.hears(JOB, "refused", "FAILED/FailedCreate")
    await stage.delete(JOB, "refused")
    await stage.hears(JOB, "refused", "GONE")


def _indexed(name: str, **spec: Any) -> Object:
    return job(name, "ok", completions=3, parallelism=3, completionMode="Indexed", **spec)


def _index(number: int) -> Callable[[Object], bool]:
    return lambda pod: pod["metadata"].get("annotations", {}).get(INDEX) == str(number) and running(pod)


def _alive(pod: Object) -> bool:
    return running(pod) and "deletionTimestamp" not in pod["metadata"]


def _tells(name: str, words: str, *brief: str) -> tuple[Tells, ...]:
    return (Tells(JOB, name, words, brief),)


_HELD = "SUSPENDED/JobSuspended PROGRESSING/JobNotStarted? PROGRESSING/Running"
ACTS = (
    Act(_several, _tells("several", f"{BEGINS} {ENDS} GONE")),
    Act(_retried, _tells("retried", f"{BEGINS} DEGRADED/PodFailuresRetrying FAILED/BackoffLimitExceeded")),
    Act(_recovered, _tells("recovered", f"{BEGINS} DEGRADED/PodFailuresRetrying {ENDS}")),
    Act(_inplace, _tells("inplace", f"{BEGINS} DEGRADED/PodFailuresRetrying FAILED/BackoffLimitExceeded")),
    Act(_overtime, _tells("overtime", f"{BEGINS} FAILED/DeadlineExceeded")),
    Act(_hopeless, _tells("hopeless", f"{BEGINS} FAILED/PodFailurePolicy")),
    Act(_disrupted, _tells("disrupted", f"{BEGINS} {ENDS}")),
    Act(
        _held,
        _tells("held", f"{_HELD} {_HELD} {_HELD} {ENDS}", "SUSPENDED/JobSuspended", "PROGRESSING/Running"),
    ),
    Act(_indexes, _tells("indexes", f"{BEGINS} DEGRADED/IndexesFailed FAILED/FailedIndexes")),
    Act(_strict, _tells("strict", f"{BEGINS} FAILED/MaxFailedIndexesExceeded")),
    Act(_leader, _tells("leader", f"{BEGINS} {ENDS}")),
    Act(_imageless, _tells("imageless", f"{BEGINS} FAILED/ImagePullBackOff FAILED/DeadlineExceeded")),
    Act(_homeless, _tells("homeless", f"{BEGINS} FAILED/Unschedulable GONE")),
    Act(_idle, _tells("idle", f"SUSPENDED/ParallelismZero {BEGINS} {ENDS}")),
    Act(_lent, _tells("lent", "PROGRESSING/JobNotStarted UNKNOWN/ManagedExternally")),
    Act(_refused, _tells("refused", "PROGRESSING/JobNotStarted? PROGRESSING/Running? FAILED/FailedCreate GONE")),
)
