"""What is kept of a Deployment, and what of it is public."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct, field

from graph.kinds.shared.annotations import AnnotatedMeta, Annotations
from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.text import clean
from graph.kinds.shared.workload import Replicas, Template, number
from graph.model.kind import Object, Related, doc


class DeploymentAnnotations(Annotations, frozen=True, gc=False):
    """The annotations that are kept."""

    revision: str | None = field(name="deployment.kubernetes.io/revision", default=None)


class DeploymentMeta(AnnotatedMeta, frozen=True, gc=False, rename="camel"):
    """``metadata``."""

    annotations: DeploymentAnnotations = DeploymentAnnotations()


class Strategy(Struct, frozen=True, gc=False):
    """``spec.strategy``."""

    type: str = "RollingUpdate"


class DeploymentSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    replicas: int = 1
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    strategy: Strategy = Strategy()
    template: Template = Template()


class DeploymentStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``; counters of zero are left out by the API."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class DeploymentView(Object, frozen=True, gc=False, rename="camel"):
    """A Deployment."""

    metadata: DeploymentMeta
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    @property
    def replicas(self) -> Replicas:
        """Its counters."""
        told = self.status
        return Replicas(
            self.spec.replicas, told.replicas, told.updated_replicas, told.ready_replicas, told.available_replicas
        )

    @property
    def observed_generation(self) -> int:
        """0 before its controller saw it."""
        return self.status.observed_generation

    @property
    def revision(self) -> int | None:
        """The number of its current revision; in a blocked Recreate still the old one."""
        return number(self.metadata.annotations.revision)


class DeploymentFields(Struct, frozen=True, gc=False, array_like=True, rename="camel"):
    """What is public of a Deployment."""

    replicas: Annotated[Replicas, doc("Its replicas.")]
    images: Annotated[tuple[str, ...], doc("The images of its containers.")]
    revision: Annotated[int | None, doc("The number of its current revision.")]
    paused: Annotated[bool, doc("Whether rollouts are paused.")]


def project(view: DeploymentView, related: Related, now: float) -> DeploymentFields:
    """The public fields of a Deployment."""
    images = tuple(clean(image) for image in view.spec.template.images)
    return DeploymentFields(view.replicas, images, view.revision, view.spec.paused)
