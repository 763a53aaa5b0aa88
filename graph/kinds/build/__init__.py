"""Builds: a Job labelled ``statusgraph.io/build-of: <service>`` is a Build of that service, and no Job beside it.

What a Job cannot tell is read from annotations of it, all optional: ``statusgraph.io/commit``,
``statusgraph.io/branch``, ``statusgraph.io/image``, ``statusgraph.io/build-number`` and ``statusgraph.io/repository``;
see ``docs/builds.md``. The steps are the containers of its pod.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from graph.kinds.build.judge import judge, lost
from graph.kinds.build.steps import BuildStep, steps_of
from graph.kinds.build.view import BUILD_OF, BuildView
from graph.kinds.shared.jobs import newest
from graph.kinds.shared.numbers import number
from graph.kinds.shared.pods import POD, pods_below
from graph.kinds.shared.runs import BUILD
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Kind, Related, Relation, Shape, Time, Watched, doc


class BuildFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a Build."""

    number: Annotated[int | None, doc("Its number, counted by whoever started it.")]
    commit: Annotated[str | None, doc("The commit that is built.")]
    branch: Annotated[str | None, doc("The branch of the commit.")]
    repository: Annotated[str | None, doc("Where the source comes from.")]
    image: Annotated[str | None, doc("The image that it makes.")]
    queued_at: Annotated[Time | None, doc("When it was accepted.")]
    started_at: Annotated[Time | None, doc("When work on it began.")]
    finished_at: Annotated[Time | None, doc("When it succeeded or failed; null while it has not ended.")]
    steps: Annotated[tuple[BuildStep, ...], doc("Its steps in their order; none before its pod exists.")]


def project(view: BuildView, related: Related, now: float) -> BuildFields:
    """The public fields of a Build."""
    told = view.metadata.annotations
    pod = newest(pods_below(related.children))
    return BuildFields(
        number(told.number),
        clean(told.commit) or None,
        clean(told.branch) or None,
        clean(told.repository) or None,
        clean(told.image) or None,
        _time(instant.parse(view.metadata.creation_timestamp)),
        _time(view.started_at),
        _time(view.finished_at),
        steps_of(pod) if pod else (),
    )


def _time(at: float | None) -> Time | None:
    return None if at is None else Time(instant.show(at))


def order(fields: BuildFields) -> str:
    """Newest start first."""
    return fields.started_at or fields.queued_at or ""


def claims(view: BuildView) -> bool:
    """Whether a Job is a Build."""
    return bool(view.metadata.labels.get(BUILD_OF))


def service_of(view: BuildView) -> str | None:
    """The service that it builds."""
    return view.metadata.labels.get(BUILD_OF)


KIND = Kind(
    name=BUILD,
    type_name="Build",
    plural="builds",
    description="A build of a service, in steps. A failed build starts no deployment: the last good one keeps serving.",
    resource=Watched(api_version="batch/v1", plural="jobs", kind="Job"),
    view=BuildView,
    fields=BuildFields,
    project=project,
    judge=judge,
    lost=lost,
    claims=claims,
    relations=(Relation(name="pods", kind=POD, shape=Shape.CONNECTION, description="Its pods, by name."),),
    in_service=Shape.CONNECTION,
    order=order,
    service_of=service_of,
)
