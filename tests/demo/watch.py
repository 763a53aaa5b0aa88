"""``python -m tests.demo.watch``: a client listens to a demo and ticks off what each story promises.

Then it asks for each action and prints what the operator log told of it. With ``--pace`` the stories are told faster,
and so are judged those things that take time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.demo.running import Demo
from tests.e2e.actions import act, id_of, log_of
from tests.e2e.client import Ledger

WITHIN = 180.0
FAST = {
    "STATUSGRAPH_RULES__SCHED_GRACE": "2",
    "STATUSGRAPH_RULES__SETTLE_UP": "0.05",
    "STATUSGRAPH_RULES__SETTLE_DOWN": "0.5",
}
"""So that what stands for a short time only is told."""

Object = dict[str, Any]


@dataclass(frozen=True)
class Promise:
    """An object comes to be ``bad`` and later ``good``, each one of some ``STATE/Reason``."""

    story: str
    kind: str
    name: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    fails: bool = True
    by_minute: bool = False
    """It goes on with the next minute's run, however fast it is told: runs are named by their minute."""

    def kept(self, told: list[Object]) -> tuple[Object | None, Object | None]:
        """The transitions to the one and, after it, to the other."""
        mine = [one for one in told if one["to"] and _of(one) == (self.kind, self.name)]
        bad = next((one for one in mine if _word(one) in self.bad), None)
        rest = mine[mine.index(bad) + 1 :] if bad else []
        return bad, next((one for one in rest if _word(one) in self.good), None)

    def holds(self, told: list[Object], *, by_minute: bool) -> bool:
        """Both were seen, what failed with a cause. Without ``by_minute``, what waits for a minute need not be over."""
        bad, good = self.kept(told)
        explained = bad is not None and (bool(bad["to"]["because"]) or not self.fails)
        return explained and (good is not None or (self.by_minute and not by_minute))


AVAILABLE = ("HEALTHY/Available",)
ROLLING = ("PROGRESSING/RollingOut", "PROGRESSING/ReplicasNotReady", "PROGRESSING/OldReplicasTerminating")
PROMISES = (
    Promise("healthy web shop, scaled", "Deployment", "frontend", ROLLING, AVAILABLE, fails=False),
    Promise("crash loop, rolled forward", "Deployment", "checkout", ("DEGRADED/CrashLoopBackOff",), AVAILABLE),
    Promise("image that cannot be pulled", "Deployment", "search", ("FAILED/ImagePullBackOff",), AVAILABLE),
    Promise(
        "OOM loop, limit raised",
        "Deployment",
        "recommendations",
        ("FAILED/OOMKilled", "DEGRADED/OOMKilled"),
        AVAILABLE,
    ),
    Promise(
        "nightly report fails",
        "CronJob",
        "nightly-report",
        ("FAILED/NeverSucceeded", "DEGRADED/LastRunFailed", "FAILED/RepeatedRunFailures"),
        ("HEALTHY/Scheduled", "HEALTHY/JobRunning"),
        by_minute=True,
    ),
    Promise("backup works", "CronJob", "backup", ("HEALTHY/JobRunning",), ("HEALTHY/Scheduled",), fails=False),
    Promise("payments, a bad build", "Service", "payments", ("DEGRADED/BuildFailed",), AVAILABLE),
    Promise("payments, a good build deployed", "Deployment", "payments", ROLLING, AVAILABLE, fails=False),
    Promise("unschedulable pod", "Deployment", "analytics", ("FAILED/Unschedulable",), AVAILABLE),
    Promise("slow rollout", "Deployment", "gateway", ROLLING, AVAILABLE, fails=False),
)


async def promises_kept(heard: Ledger, within: float, *, by_minute: bool = True) -> None:
    """Waits for all; AssertionError with those that were not kept."""

    def missing() -> list[Promise]:
        return [one for one in PROMISES if not one.holds(heard.transitions, by_minute=by_minute)]

    try:
        await heard.until(lambda: not missing(), within)
    except TimeoutError:
        broken = {one.story: heard.of(one.kind, one.name) for one in missing()}
        raise AssertionError(f"not seen within {within:.0f} s: {broken}") from None


ACTIONS: tuple[tuple[str, str, str, str, Object], ...] = (
    ("stopCronjob", "cronjobs", "data", "backup", {}),
    ("startCronjob", "cronjobs", "data", "backup", {}),
    ("triggerCronjob", "cronjobs", "data", "backup", {}),
    ("restartDeployment", "deployments", "shop", "frontend", {}),
    ("scaleDeployment", "deployments", "shop", "checkout", {"replicas": 4}),
)


async def acted(port: int) -> list[tuple[str, Object, list[Object]]]:
    """Each action, at its end, with the lines of the operator log."""
    done = []
    for mutation, field, namespace, name, given in ACTIONS:
        id_ = await id_of(port, field, namespace, name)
        action = await act(port, mutation, id_, reason="trying it out", **given)
        assert action["state"] == "SUCCEEDED", action
        lines = await log_of(port, action)
        assert len(lines) == 1 + len(action["steps"]), lines
        done.append((mutation, action, lines))
    return done


def table(told: list[Object], begun: float) -> Iterator[str]:
    """A row for each promise."""
    row: Callable[..., str] = "{:<33}{:<26}{:>6}  {:<36}{:>6}  {:<20}{}".format
    yield row("story", "object", "at s", "failing or changing", "at s", "then", "the last cause")
    for promise in PROMISES:
        bad, good = promise.kept(told)
        cause = bad["to"]["because"][-1] if bad and bad["to"]["because"] else None
        text = f"{cause['object']['kind']} {cause['reason']}: {cause['message']}"[:90] if cause else ""
        shown = [(f"{_at(one) - begun:.0f}", _word(one)) if one else ("-", "not seen") for one in (bad, good)]
        yield row(promise.story, f"{promise.kind} {promise.name}", *shown[0], *shown[1], text).rstrip()


def _of(transition: Object) -> tuple[str, str]:
    return transition["object"]["kind"], transition["object"]["name"]


def _word(transition: Object) -> str:
    return f"{transition['to']['state']}/{transition['to']['reason']}"


def _at(transition: Object) -> float:
    return datetime.fromisoformat(transition["recordedAt"]).timestamp()


async def _watch(pace: float, seed: int, within: float) -> int:
    begun = time.time()
    settings = FAST if pace > 1 else {}
    async with Demo("--pace", str(pace), "--seed", str(seed), **settings) as demo, Ledger(demo.port) as heard:
        print(demo.text)
        failure = ""
        try:
            await promises_kept(heard, within)
        except AssertionError as error:
            failure = str(error)
        print(*table(heard.transitions, begun), sep="\n")
        print(f"\n{len(heard.transitions)} transitions, {len(heard.resets)} resets in {time.time() - begun:.0f} s\n")
        for mutation, action, lines in await acted(demo.port):
            print(f"{mutation} {action['object']['namespace']}/{action['object']['name']}: {action['state']}")
            print(*(f"    {line['level']} {line['step'] or ''} {line['message']}" for line in lines), sep="\n")
        print(demo.errors, failure, sep="\n")
        return 1 if failure else 0


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--within", type=float, default=WITHIN)
    given = parser.parse_args()
    return asyncio.run(_watch(given.pace, given.seed, given.within))


if __name__ == "__main__":
    sys.exit(main())
