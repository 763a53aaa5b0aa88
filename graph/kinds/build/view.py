"""What is kept of the Job behind a Build."""

from __future__ import annotations

from msgspec import field

from graph.kinds.shared.jobs import JobAnnotations, JobMeta, JobView

BUILD_OF = "statusgraph.io/build-of"
"""The label that makes a Job a Build; its value names the service."""


class BuildAnnotations(JobAnnotations, frozen=True, gc=False):
    """The annotations that are kept."""

    commit: str | None = field(name="statusgraph.io/commit", default=None)
    branch: str | None = field(name="statusgraph.io/branch", default=None)
    image: str | None = field(name="statusgraph.io/image", default=None)
    number: str | None = field(name="statusgraph.io/build-number", default=None)
    repository: str | None = field(name="statusgraph.io/repository", default=None)


class BuildMeta(JobMeta, frozen=True, gc=False, rename="camel"):
    """``metadata``."""

    annotations: BuildAnnotations = BuildAnnotations()


class BuildView(JobView, frozen=True, gc=False, rename="camel"):
    """A Job that builds."""

    metadata: BuildMeta
