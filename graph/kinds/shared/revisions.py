"""What is kept of Deployments and ReplicaSets alike: a ReplicaSet is one revision of a Deployment."""

from __future__ import annotations

from msgspec import Struct, field

from graph.kinds.shared.annotations import Annotations
from graph.kinds.shared.conditions import Condition
from graph.kinds.shared.edits import EditedMeta
from graph.kinds.shared.numbers import number
from graph.kinds.shared.workload import Template
from graph.model.kind import Object


class RevisionAnnotations(Annotations, frozen=True, gc=False):
    """The annotations that are kept."""

    revision: str | None = field(name="deployment.kubernetes.io/revision", default=None)


class RevisionMeta(EditedMeta, frozen=True, gc=False, rename="camel"):
    """``metadata``."""

    annotations: RevisionAnnotations = RevisionAnnotations()


class RevisionSpec(Struct, frozen=True, gc=False, rename="camel"):
    """``spec``."""

    replicas: int = 1
    min_ready_seconds: int = 0
    template: Template = Template()


class RevisionStatus(Struct, frozen=True, gc=False, rename="camel"):
    """``status``; counters of zero are left out by the API."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class RevisionView(Object, frozen=True, gc=False, rename="camel"):
    """A Deployment or a ReplicaSet."""

    metadata: RevisionMeta
    spec: RevisionSpec = RevisionSpec()
    status: RevisionStatus = RevisionStatus()

    @property
    def observed_generation(self) -> int:
        """0 before its controller saw it."""
        return self.status.observed_generation

    @property
    def revision(self) -> int | None:
        """Of a Deployment the current one (in a blocked Recreate still the old), of a ReplicaSet the one that it is."""
        return number(self.metadata.annotations.revision)
