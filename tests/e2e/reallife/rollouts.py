"""Deployments: rollouts that are late, broken, paused, refused; replicas that come and go."""

from __future__ import annotations

import asyncio

from graph.demo.player import ApiError
from tests.controlplane.kube import Kind, Object
from tests.e2e.reallife.acts import Act, Stage, Tells, deployment, replay, running

DEPLOYMENT = "Deployment"
WELL = "HEALTHY/Available"
# On the way after a change. Which of these words are heard depends on how fast the controllers are; while a new pod
# starts beside the only old one, as many are updated as are wanted, and the old one is one too many.
ROLLS = "PROGRESSING/SpecNotObserved|PROGRESSING/RollingOut|PROGRESSING/OldReplicasTerminating*"
CRASHES = "DEGRADED/ContainerTerminated? DEGRADED/CrashLoopBackOff"
REPLACED = ("HEALTHY/Running", WELL, "PROGRESSING/ReplicasNotReady", "PROGRESSING/ScalingUp")
BEGINS = "PROGRESSING/SpecNotObserved? PROGRESSING/RollingOut?"
UP = f"{BEGINS} {WELL}"
WEBHOOKS = Kind("admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", namespaced=False)
BARRED = {"real-life": "barred"}


async def _late(stage: Stage) -> None:
    """A new revision that is never ready, and is rolled back."""
    await stage.create(deployment("late", progressDeadlineSeconds=4))
    await stage.hears(DEPLOYMENT, "late", WELL)
    await stage.patch(DEPLOYMENT, "late", replay("unready"))
    await stage.hears(DEPLOYMENT, "late", "DEGRADED/ProgressDeadlineExceeded")
    await stage.patch(DEPLOYMENT, "late", replay("ok"))
    await stage.hears(DEPLOYMENT, "late", WELL)


async def _dead(stage: Stage) -> None:
    """A first revision that is never ready, and is mended."""
    await stage.create(deployment("dead", "unready", progressDeadlineSeconds=4))
    await stage.hears(DEPLOYMENT, "dead", "FAILED/ProgressDeadlineExceeded")
    await stage.patch(DEPLOYMENT, "dead", replay("ok"))
    await stage.hears(DEPLOYMENT, "dead", WELL)


async def _crashy(stage: Stage) -> None:
    """A new revision that crashes."""
    await stage.create(deployment("crashy", replicas=2))
    await stage.hears(DEPLOYMENT, "crashy", WELL)
    await stage.patch(DEPLOYMENT, "crashy", replay("crash exit=4 after=100ms"))
    await stage.hears(DEPLOYMENT, "crashy", "DEGRADED/CrashLoopBackOff")
    await stage.patch(DEPLOYMENT, "crashy", replay("ok"))
    await stage.hears(DEPLOYMENT, "crashy", WELL)


async def _paused(stage: Stage) -> None:
    """Paused in peace, changed meanwhile, resumed."""
    await stage.create(deployment("paused"))
    await stage.hears(DEPLOYMENT, "paused", WELL)
    await stage.patch(DEPLOYMENT, "paused", {"spec": {"paused": True}})
    await stage.hears(DEPLOYMENT, "paused", "SUSPENDED/Paused")
    await stage.patch(DEPLOYMENT, "paused", replay("slow after=1s"))
    await stage.hears(DEPLOYMENT, "paused", "SUSPENDED/RolloutPaused")
    await stage.patch(DEPLOYMENT, "paused", {"spec": {"paused": None}})
    await stage.hears(DEPLOYMENT, "paused", WELL)


async def _halfway(stage: Stage) -> None:
    """Paused while a rollout is under way."""
    await stage.create(deployment("halfway", replicas=3))
    await stage.hears(DEPLOYMENT, "halfway", WELL)
    await stage.patch(DEPLOYMENT, "halfway", replay("slow after=2s"))
    await stage.hears(DEPLOYMENT, "halfway", "PROGRESSING/RollingOut")
    await stage.patch(DEPLOYMENT, "halfway", {"spec": {"paused": True}})
    await stage.hears(DEPLOYMENT, "halfway", "SUSPENDED/RolloutPaused")
    await stage.patch(DEPLOYMENT, "halfway", {"spec": {"paused": None}})
    await stage.hears(DEPLOYMENT, "halfway", WELL)


async def _swap(stage: Stage) -> None:
    """Recreate: the old pods go before the new ones come."""
    await stage.create(deployment("swap", "ok stop=2s", strategy={"type": "Recreate"}))
    await stage.hears(DEPLOYMENT, "swap", WELL)
    await stage.patch(DEPLOYMENT, "swap", replay("slow after=1s"))
    await stage.hears(DEPLOYMENT, "swap", "PROGRESSING/Recreating", WELL)


async def _patient(stage: Stage) -> None:
    """Pods count only after they were ready for a while."""
    await stage.create(deployment("patient", minReadySeconds=3))
    await stage.hears(DEPLOYMENT, "patient", WELL)


async def _partial(stage: Stage) -> None:
    """One of two pods begins to crash, and is well again."""
    await stage.create(deployment("partial", replicas=2))
    await stage.hears(DEPLOYMENT, "partial", WELL)
    pod = await stage.pod("app=partial", running)
    await stage.direct(pod, "crash exit=5 after=100ms")
    await stage.hears(DEPLOYMENT, "partial", "DEGRADED/CrashLoopBackOff")
    await stage.delete("Pod", pod)
    await stage.hears(DEPLOYMENT, "partial", WELL)


async def _evicted(stage: Stage) -> None:
    """A node gives one of two pods up; the record of it stays."""
    await stage.create(deployment("evicted", replicas=2))
    await stage.hears(DEPLOYMENT, "evicted", WELL)
    await stage.direct(await stage.pod("app=evicted", running), "evicted after=100ms")
    await stage.hears(DEPLOYMENT, "evicted", "PROGRESSING/ReplicasNotReady", WELL)


async def _drained(stage: Stage) -> None:
    """A pod is evicted through the API, as a drain does."""
    await stage.create(deployment("drained", replicas=2))
    await stage.hears(DEPLOYMENT, "drained", WELL)
    pod = await stage.pod("app=drained", running)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    path = f"/api/v1/namespaces/{stage.story.namespace}/pods/{pod}/eviction"
    await stage.story.kube.api.request("POST", path, body=eviction)
    await stage.hears(DEPLOYMENT, "drained", "PROGRESSING/ReplicasNotReady", WELL)


async def _full(stage: Stage) -> None:
    """A quota that lets few of five pods in, then all: its controller may count one too late, and let in another."""
    quota = {"hard": {"pods": "0"}, "scopes": ["NotBestEffort"]}
    meta = {"name": "one-pod"}
    await stage.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": quota})
    made = deployment("full", replicas=5)
    made["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "10m"}}
    await _until_refused(stage, made["spec"]["template"]["spec"])
    await stage.patch("ResourceQuota", "one-pod", {"spec": {"hard": {"pods": "1"}}})
    await stage.story.kube.wait(
        "ResourceQuota",
        "one-pod",
        lambda it: it.get("status", {}).get("hard", {}).get("pods") == "1",
        namespace=stage.story.namespace,
    )
    await stage.create(made)
    await stage.hears(DEPLOYMENT, "full", "DEGRADED/ReplicaFailure")
    await stage.patch("ResourceQuota", "one-pod", {"spec": {"hard": {"pods": "5"}}})
    await stage.hears(DEPLOYMENT, "full", WELL)


async def _until_refused(stage: Stage, spec: Object) -> None:
    """The API server learns of a quota a moment after it was counted; until then it lets in what comes."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "too-many"}, "spec": spec}
    path = f"/api/v1/namespaces/{stage.story.namespace}/pods"
    async with asyncio.timeout(30):
        while True:
            try:
                await stage.story.kube.api.request("POST", path, body=pod, params={"dryRun": "All"})
            except ApiError as error:
                if error.status != 403:
                    raise
                return
            await asyncio.sleep(0.1)


async def _barred(stage: Stage) -> None:
    """An admission webhook that nobody serves."""
    made = deployment("barred")
    made["spec"]["template"]["metadata"]["labels"] = {"app": "barred", **BARRED}
    await stage.create(made)
    await stage.hears(DEPLOYMENT, "barred", "FAILED/ReplicaFailure")
    await stage.patch(DEPLOYMENT, "barred", {"spec": {"template": {"metadata": {"labels": {"real-life": None}}}}})
    await stage.hears(DEPLOYMENT, "barred", WELL)


def dead_webhook(namespace: str) -> Object:
    """Asked about what is labelled so, in one namespace; nobody listens there."""
    webhook = {
        "name": "dead.statusgraph.io",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [
            {"operations": ["CREATE"], "apiGroups": ["", "batch"], "apiVersions": ["v1"], "resources": ["pods", "jobs"]}
        ],
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "objectSelector": {"matchLabels": BARRED},
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"dead-{namespace}"},
        "webhooks": [webhook],
    }


def _tells(name: str, words: str, *brief: str) -> tuple[Tells, ...]:
    return (Tells(DEPLOYMENT, name, words, brief),)


_PAUSED = "SUSPENDED/RolloutPaused"
_RECREATES = "PROGRESSING/SpecNotObserved|PROGRESSING/RollingOut* PROGRESSING/Recreating"
_LACKS = "PROGRESSING/ReplicasNotReady"
ACTS = (
    Act(_late, _tells("late", f"{UP} {ROLLS} DEGRADED/ProgressDeadlineExceeded {ROLLS} {WELL}", WELL)),
    Act(_dead, _tells("dead", f"{BEGINS} FAILED/ProgressDeadlineExceeded {ROLLS} {WELL}")),
    Act(_crashy, _tells("crashy", f"{UP} {ROLLS} {CRASHES} {ROLLS} {WELL}", WELL)),
    Act(_paused, _tells("paused", f"{UP} {ROLLS} SUSPENDED/Paused {ROLLS} {_PAUSED} {ROLLS} {WELL}", WELL)),
    Act(_halfway, _tells("halfway", f"{UP} {ROLLS} {_PAUSED} {ROLLS} {WELL}", WELL, _PAUSED)),
    Act(_swap, _tells("swap", f"{_RECREATES} {WELL} {_RECREATES} {WELL}", WELL, "PROGRESSING/Recreating")),
    Act(_patient, _tells("patient", f"{BEGINS} PROGRESSING/WaitingForMinReadySeconds {WELL}")),
    Act(_partial, _tells("partial", f"{UP} {CRASHES} {_LACKS}? {WELL}", WELL)),
    Act(_evicted, _tells("evicted", f"{UP} {_LACKS} {WELL}", *REPLACED)),
    Act(_drained, _tells("drained", f"{UP} {_LACKS} {WELL}", *REPLACED)),
    Act(_full, _tells("full", f"{BEGINS} FAILED/ReplicaFailure? DEGRADED/ReplicaFailure {_LACKS}? {WELL}")),
    Act(_barred, _tells("barred", f"{BEGINS} FAILED/ReplicaFailure {ROLLS} {WELL}")),
)
