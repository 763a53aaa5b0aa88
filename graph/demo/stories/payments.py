"""Payments: built from its repository. A good build is deployed; a bad one leaves what runs as it is."""

from __future__ import annotations

from functools import partial

from graph.demo.objects import Object
from graph.demo.resources import JOBS
from graph.demo.stories.manifests import REGISTRY, SMALL, image, labels, run, workload
from graph.demo.stories.stage import Stage
from graph.demo.stories.story import Story
from graph.demo.voices import TOLD, Mood

NAME = "payments"
FIRST = 412
STEPS = {"clone": ("ci/git", "2.51"), "test": ("ci/go-test", "1.25"), "build": ("ci/buildkit", "0.24"),
         "push": ("ci/crane", "0.20")}  # fmt: skip
KEPT = 5
"""Builds whose Jobs are left in the cluster."""

BAD = (
    ("test", "feature/instant-refunds", "Jonas Feld", "Refund instantly when the bank allows it"),
    ("build", "main", "Priya Raman", "Upgrade the TLS library"),
    ("test", "main", "Mira Lindqvist", "Retry captures on 503"),
)
GOOD = (
    ("Mira Lindqvist", "Round amounts half to even"),
    ("Tomás Oliveira", "Keep idempotency keys for 48 hours"),
    ("Priya Raman", "Log the acquirer's answer code"),
    ("Jonas Feld", "Fix the test of partial refunds"),
    ("Aiko Tanaka", "Settle in the currency of the order"),
)


def _cast(_: Stage) -> list[Object]:
    return [workload("Deployment", NAME, image("payments/payments", str(FIRST - 1)), replicas=2)]


async def _scene(stage: Stage) -> None:
    number = FIRST + 3 * stage.round
    await stage.pause(4, 8)
    await _build(stage, number)
    await stage.pause(8, 14)
    await _build(stage, number + 1, fails=True)
    await stage.pause(25, 35)
    await _build(stage, number + 2)
    await stage.pause(25, 40)


async def _build(stage: Stage, number: int, *, fails: bool = False) -> None:
    """Until it has ended; a good one is deployed."""
    if fails:
        step, branch, author, subject = stage.random.choice(BAD)
    else:
        step, branch, (author, subject) = "", "main", stage.random.choice(GOOD)
    commit = f"{stage.random.getrandbits(28):07x}"
    told = {"number": str(number), "commit": commit, "branch": branch, "author": author, "subject": subject}
    job = _job(number, told)
    for name in STEPS:
        exit_code = 1 if name == step else 0
        job["spec"]["template"]["metadata"]["annotations"][f"play.statusgraph.io/{name}"] = (
            f"exit exit={exit_code} {stage.seconds(stage.random.randint(3, 5))}"
        )
    await stage.create(job)
    await stage.until(partial(_ended, stage, job["metadata"]["name"]))
    if not fails:
        await stage.roll(NAME, image("payments/payments", str(number)))
    await _tidy(stage)


def _job(number: int, told: dict[str, str]) -> Object:
    containers = [{"name": name, "image": image(*of), "resources": SMALL} for name, of in STEPS.items()]
    said = {word: told[word] for word in ("commit", "branch")}
    said |= {"build-number": str(number), "repository": "https://git.example.com/shop/payments.git",
             "image": f"{REGISTRY}/payments/payments:{number}"}  # fmt: skip
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{NAME}-build-{number}",
            "labels": {"statusgraph.io/build-of": NAME},
            "annotations": {f"statusgraph.io/{word}": text for word, text in said.items()},
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": 600,
            "template": {
                "metadata": {
                    "labels": labels(f"{NAME}-build"),
                    "annotations": {f"{TOLD}{word}": text for word, text in told.items()},
                },
                "spec": run(*containers),
            },
        },
    }


async def _ended(stage: Stage, name: str) -> bool:
    """Also when a user has removed it."""
    job = await stage.find(JOBS, name)
    conditions = (job or {}).get("status", {}).get("conditions", ())
    return job is None or any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)


async def _tidy(stage: Stage) -> None:
    builds = await stage.list(JOBS, f"statusgraph.io/build-of={NAME}")
    for job in sorted(builds, key=lambda one: str(one["metadata"]["name"]))[:-KEPT]:
        await stage.remove(JOBS, job["metadata"]["name"])


STORY = Story(
    name="payments",
    namespace="payments",
    cast=_cast,
    scene=_scene,
    voices={
        "payments": {
            "ok": Mood(
                start=('{{"at":"{at}","msg":"payments {version} started","port":8080}}',),
                steady=(
                    '{{"at":"{at}","msg":"captured","payment":"p-{id}","amount":"{price}","ms":{ms}}}',
                    '{{"at":"{at}","msg":"authorised","payment":"p-{id}","amount":"{price}","ms":{ms}}}',
                    '{{"at":"{at}","msg":"refunded","payment":"p-{id}","amount":"{price}","ms":{ms}}}',
                ),
                every=2.5,
                end=('{{"at":"{at}","msg":"stopping, no payment is open"}}',),
            )
        },
        "git": {
            "ok": Mood(
                start=("Cloning into '/workspace/payments'...", "remote: Enumerating objects: 18{count}, done."),
                work=("Receiving objects: 100% (18{count}/18{count}), 4.21 MiB, done.",),
                end=("HEAD is now at {commit} {subject}", "branch {branch}, author {author}"),
            )
        },
        "go-test": {
            "ok": Mood(
                start=("go test ./...",),
                work=("ok  \texample.com/payments/ledger\t0.412s", "ok  \texample.com/payments/acquirer\t1.038s"),
                end=("ok  \texample.com/payments/refunds\t0.655s", "coverage: {percent}.4% of statements"),
            ),
            "crash": Mood(
                start=("go test ./...",),
                work=("ok  \texample.com/payments/ledger\t0.398s", "ok  \texample.com/payments/acquirer\t1.102s"),
                end=(
                    "--- FAIL: TestPartialRefund (0.03s)",
                    "    refund_test.go:87: refunded 20.00 EUR of an order of 15.50 EUR",
                    "FAIL",
                    "FAIL\texample.com/payments/refunds\t0.671s",
                    "build {number} of {branch} ({author}): 1 test failed",
                ),
            ),
        },
        "buildkit": {
            "ok": Mood(
                start=("#1 [internal] load build definition from Dockerfile", "#4 [build 1/4] FROM golang:1.25"),
                work=("#6 [build 3/4] RUN go build -o /payments ./cmd/payments",),
                end=("#9 exporting to image done", "#9 naming to payments:{number} done"),
            ),
            "crash": Mood(
                start=("#1 [internal] load build definition from Dockerfile", "#4 [build 1/4] FROM golang:1.25"),
                work=("#6 [build 3/4] RUN go build -o /payments ./cmd/payments",),
                end=(
                    "#6 2.114 acquirer/tls.go:52:19: undefined: tls.NewRoots",
                    '#6 ERROR: process "/bin/sh -c go build" did not complete successfully: exit code: 1',
                    "error: failed to solve: exit code: 1",
                ),
            ),
        },
        "crane": {
            "ok": Mood(
                start=("pushing payments:{number}",),
                work=("existing blob: sha256:{trace}", "pushed blob: sha256:{trace}"),
                end=("payments:{number}: digest: sha256:{trace} size: 1571",),
            )
        },
    },
)
