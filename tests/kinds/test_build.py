"""What a Build's judge and projection promise beyond the cases of the corpus."""

from __future__ import annotations

import copy
from typing import Any

from graph.config import Rules
from graph.judging.entry import Judged
from graph.judging.files import judge_objects
from graph.kinds.build import KIND, BuildFields
from graph.kinds.build.judge import judge
from graph.kinds.build.steps import BuildStep, word
from graph.kinds.build.view import BuildView
from graph.model import instant
from graph.model.kind import Memory, Related, Time
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Status
from tests.kinds import corpus

REF = ObjectRef("Build", "ferry-build-17", "lagoon", "u")


def case(name: str) -> dict[str, Any]:
    return copy.deepcopy(corpus.load(corpus.CORPUS / "build" / f"{name}.yaml"))


def judged(given: dict[str, Any]) -> Judged:
    now = instant.parse(given["now"])
    assert now is not None
    found = judge_objects(given["objects"], now=now)[0]
    assert found is not None
    return found


def fields(name: str) -> BuildFields:
    found = judged(case(name)).fields
    assert isinstance(found, BuildFields)
    return found


def test_a_labelled_job_is_a_build_of_its_service_and_no_job() -> None:
    found = judged(case("B02-step-runs"))
    assert (found.kind.name, found.key.kind, found.ref.kind, found.ref.api_version) == ("BUILD", "BUILD", "Build", None)
    assert found.service is not None
    assert found.service.name == "ferry"


def test_a_job_without_the_label_is_no_build() -> None:
    given = case("B02-step-runs")
    del given["objects"][0]["metadata"]["labels"]
    assert judged(given).kind.name == "JOB"


def test_the_public_fields_come_from_annotations() -> None:
    found = fields("B03-complete")
    assert (found.number, found.commit, found.branch, found.repository) == (17, "4f2a9c1", "main", None)
    assert found.image == "registry.example.org/ferry:17"
    assert (found.queued_at, found.finished_at) == ("2026-03-17T14:25:00.000Z", "2026-03-17T14:29:50.000Z")


def test_a_number_that_is_none_is_null() -> None:
    given = case("B03-complete")
    for text in ("v17", "", "-1", "1.5", "99999999999"):
        given["objects"][0]["metadata"]["annotations"]["statusgraph.io/build-number"] = text
        assert judged(given).fields.number is None


def test_steps_are_the_containers_in_their_order() -> None:
    assert [(step.name, step.state) for step in fields("B02-step-runs").steps] == [
        ("clone", State.HEALTHY),
        ("build", State.PROGRESSING),
        ("push", State.PROGRESSING),
    ]


def test_after_a_failed_step_the_others_are_skipped() -> None:
    clone, build, push = fields("B04-step-failed").steps
    assert clone.state is State.HEALTHY
    assert build == BuildStep(
        "build", State.FAILED, "Error", 2, Time("2026-03-17T14:25:21.000Z"), Time("2026-03-17T14:29:39.000Z")
    )
    assert (push.state, push.reason) == (State.SUSPENDED, "Skipped")


def test_a_sidecar_is_no_step() -> None:
    assert [step.name for step in fields("B09-sidecar-is-no-step").steps] == ["build"]


def test_the_failed_step_is_the_evidence() -> None:
    found = judged(case("B04-step-failed")).verdict
    assert found is not None
    assert found.message == "Step build failed with exit code 2."
    assert found.hint == "See kubectl -n lagoon logs ferry-build-17-x7k2p -c build."
    step = next(link for link in found.because if link.evidence is Evidence.STEP)
    assert (step.object.name, step.object.container) == ("ferry-build-17-x7k2p", "build")


def test_a_finished_build_stays_what_it_is_when_its_pods_are_gone() -> None:
    given = case("B04-pod-gone")
    because = (Cause(REF, "Evicted", "…", Evidence.CHILD),)
    before = Status(State.FAILED, "Evicted", "Told before.", None, "2026-03-17T14:29:40.000Z", because)
    view = corpus.read(given["objects"][0], BuildView)
    found = judge(view, Related(REF), Memory(previous=before), Rules(), 1_800_000_000)
    assert (found.state, found.reason, found.message, found.because) == (
        State.FAILED,
        "Evicted",
        "Told before.",
        because,
    )


def test_a_step_names_the_status_as_a_word() -> None:
    assert [word(name) for name in ("clone", "build-image", "2nd-push", "")] == [
        "Clone",
        "BuildImage",
        "Step2ndPush",
        "Step",
    ]


def test_builds_are_ordered_by_their_start_never_by_name() -> None:
    assert KIND.order is not None
    names = ["B01-no-start", "B02-step-runs", "B01-pod-starting"]
    ordered = sorted(names, key=lambda name: KIND.order(fields(name)), reverse=True)  # type: ignore[misc] # it has one
    assert ordered == ["B01-pod-starting", "B01-no-start", "B02-step-runs"]
