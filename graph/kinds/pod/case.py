"""One pod to be judged: what the rules of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from graph.config import Rules
from graph.kinds.pod.view import ContainerSpec, ContainerStatus, PodView
from graph.kinds.shared.causes import cause, node_ref
from graph.kinds.shared.clock import Clock
from graph.kinds.shared.conditions import Condition, find, holds
from graph.kinds.shared.events import Event
from graph.kinds.shared.hints import logs
from graph.kinds.shared.nodes import Node
from graph.kinds.shared.telling import tell
from graph.kinds.shared.text import clean
from graph.model import instant
from graph.model.kind import Related
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Verdict

SHORTLY = 60.0
"""Seconds that a scheduler, a kubelet or the end of a sidecar may take (P21, P22, P51, P64)."""

_NO_SPEC = ContainerSpec()


class Case(Struct, gc=False):
    """A pod, what stands around it, and the clock."""

    pod: PodView
    related: Related
    rules: Rules
    clock: Clock

    @property
    def ref(self) -> ObjectRef:
        """The pod, for causes."""
        return self.related.ref

    @property
    def events(self) -> tuple[Event, ...]:
        """The events about the pod, oldest first."""
        return self.related.events

    @property
    def node(self) -> Node | None:
        """The pod's node; None where nodes are not watched."""
        node: Node | None = self.related.node
        return node

    @property
    def node_name(self) -> str:
        """For messages."""
        return self.pod.spec.node_name or "?"

    @property
    def node_ref(self) -> ObjectRef:
        """The pod's node, for causes."""
        node = self.node
        return node_ref(self.node_name, node.metadata.uid or None if node else None)

    @property
    def created(self) -> float | None:
        """When the pod was created."""
        return instant.parse(self.pod.metadata.creation_timestamp)

    @property
    def finished(self) -> bool:
        """Whether all its containers ended for good."""
        return self.pod.status.phase in ("Succeeded", "Failed")

    def condition(self, name: str) -> Condition | None:
        """The condition of that type, whatever its status."""
        return find(self.pod.status.conditions, name)

    def holds(self, name: str) -> Condition | None:
        """The condition of that type if it is True."""
        return holds(self.pod.status.conditions, name)

    def regular(self) -> Iterator[OneContainer]:
        """The regular containers with a status, in status order."""
        spec, status = self.pod.spec, self.pod.status
        return _paired(self, specs=spec.containers, statuses=status.container_statuses, init=False)

    def inits(self) -> Iterator[OneContainer]:
        """The init containers with a status, in the order in which they run; sidecars are among them."""
        spec, status = self.pod.spec, self.pod.status
        return _paired(self, specs=spec.init_containers, statuses=status.init_container_statuses, init=True)

    def sidecars(self) -> Iterator[OneContainer]:
        """The native sidecars with a status."""
        return (one for one in self.inits() if one.spec.sidecar)

    def own(self, reason: str, message: str, *, at: str | float | None = None) -> tuple[Cause, ...]:
        """The pod's own status as the only cause."""
        return (cause(self.ref, reason=reason, message=message, evidence=Evidence.STATUS, at=at),)

    def told(
        self,
        state: State,
        reason: str,
        message: str,
        *,
        row: str,
        hint: str | None = None,
        because: tuple[Cause, ...] = (),
        began: float | None = None,
    ) -> Verdict:
        """A verdict; one that rests on nothing else cites the pod's own status."""
        return tell(self.ref, state, reason, message, row=row, hint=hint, because=because, began=began)


class OneContainer(Struct, gc=False):
    """A container of a pod: as it was asked for, and as the kubelet reports it."""

    case: Case
    spec: ContainerSpec
    status: ContainerStatus
    init: bool = False

    @property
    def name(self) -> str:
        """Inside a sentence: ``init container setup``."""
        noun = "container" if not self.init else "sidecar" if self.spec.sidecar else "init container"
        return f"{noun} {clean(self.status.name) or '?'}"

    @property
    def title(self) -> str:
        """At the start of a sentence."""
        name = self.name
        return name[0].upper() + name[1:]

    @property
    def image(self) -> str:
        """The image that was asked for."""
        return clean(self.spec.image or self.status.image) or "?"

    @property
    def restart_policy(self) -> str:
        """Its own, else the pod's."""
        return self.spec.restart_policy or self.case.pod.spec.restart_policy

    def logs(self, *, previous: bool = False) -> str:
        """The hint at its log."""
        return logs(self.case.ref, clean(self.status.name), previous=previous)


def _paired(
    case: Case, *, specs: tuple[ContainerSpec, ...], statuses: tuple[ContainerStatus, ...], init: bool
) -> Iterator[OneContainer]:
    """By name: names repeat between the lists of a pod, never within one."""
    for status in statuses:
        yield OneContainer(case, next((spec for spec in specs if spec.name == status.name), _NO_SPEC), status, init)
