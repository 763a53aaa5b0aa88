"""Jobs and Builds as their owners and services read them: what of a run a verdict does not tell."""

from __future__ import annotations

from typing import Protocol

from msgspec import field

from graph.kinds.shared.annotations import AnnotatedMeta, Annotations
from graph.kinds.shared.conditions import Condition, holds
from graph.model import instant
from graph.model.kind import Meta

JOB = "JOB"
BUILD = "BUILD"


class RunAnnotations(Annotations, frozen=True, gc=False):
    """Of a Job. A kind that keeps more extends it."""

    instantiate: str | None = field(name="cronjob.kubernetes.io/instantiate", default=None)


class RunMeta(AnnotatedMeta, frozen=True, gc=False, rename="camel"):
    """``metadata`` of a Job."""

    annotations: RunAnnotations = RunAnnotations()


class RunStatus(Protocol):
    """What is read of a run's status."""

    @property
    def start_time(self) -> str | None: ...
    @property
    def conditions(self) -> tuple[Condition, ...]: ...


class Run(Protocol):
    """A Job, or what a Build is made of."""

    @property
    def metadata(self) -> Meta: ...
    @property
    def status(self) -> RunStatus: ...


def started(view: Run) -> float:
    """When it started, else when it was created: runs are ordered by it, never by name."""
    return instant.parse(view.status.start_time) or instant.parse(view.metadata.creation_timestamp) or 0.0


def active(view: Run) -> bool:
    """Whether it has not ended yet."""
    conditions = view.status.conditions
    return holds(conditions, "Complete") is None and holds(conditions, "Failed") is None


def manual(view: Run) -> bool:
    """Whether a person started it, beside the schedule."""
    meta = view.metadata
    return isinstance(meta, RunMeta) and meta.annotations.instantiate == "manual"
