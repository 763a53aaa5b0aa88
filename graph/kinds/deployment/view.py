"""What is kept of a Deployment, and what of it is public."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from graph.kinds.shared.revisions import RevisionSpec, RevisionStatus, RevisionView
from graph.kinds.shared.text import clean
from graph.kinds.shared.workload import Replicas, shown
from graph.model.kind import Related, doc


class Strategy(Struct, frozen=True, gc=False):
    """``spec.strategy``."""

    type: str = "RollingUpdate"


class DeploymentSpec(RevisionSpec, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    paused: bool = False
    progress_deadline_seconds: int = 600
    strategy: Strategy = Strategy()


class DeploymentStatus(RevisionStatus, frozen=True, gc=False, rename="camel"):
    """``status``."""

    updated_replicas: int = 0


class DeploymentView(RevisionView, frozen=True, gc=False, rename="camel"):
    """A Deployment."""

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    @property
    def replicas(self) -> Replicas:
        """Its counters."""
        told = self.status
        return Replicas(
            self.spec.replicas, told.replicas, told.updated_replicas, told.ready_replicas, told.available_replicas
        )


class DeploymentFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a Deployment."""

    replicas: Annotated[Replicas, doc("Its replicas.")]
    images: Annotated[tuple[str, ...], doc("The images of its containers.")]
    revision: Annotated[int | None, doc("The number of its current revision.")]
    paused: Annotated[bool, doc("Whether rollouts are paused.")]


def project(view: DeploymentView, related: Related, now: float) -> DeploymentFields:
    """The public fields of a Deployment."""
    images = tuple(clean(image) for image in view.spec.template.images)
    return DeploymentFields(shown(view.replicas), images, view.revision, view.spec.paused)
