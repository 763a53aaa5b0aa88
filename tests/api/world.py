"""A world to query: replicas filled by hand, a hub that tells what changes, a desk that remembers what was asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import msgspec

from graph.api.context import Context
from graph.api.trail import Trail
from graph.errors import StoreUnavailable
from graph.kinds import KINDS
from graph.kinds.cronjob import CronjobFields
from graph.kinds.deployment.view import DeploymentFields
from graph.kinds.event import EventFields
from graph.kinds.job import JobFields
from graph.kinds.pod.fields import Container, ContainerRole, ContainerState, PodFields
from graph.kinds.service import ServiceFields, ServiceSource
from graph.kinds.service.lights import ServiceParts
from graph.kinds.shared.workload import Replicas
from graph.model.action import Action, ActionRequest, LogEntry, LogLevel
from graph.model.kind import Time
from graph.model.ref import Key, ObjectRef
from graph.model.resource import (
    ActionChange,
    Change,
    ChangeType,
    Cursor,
    Freshness,
    FreshnessState,
    LogChange,
    Resource,
    ResourceChange,
    Transition,
)
from graph.model.status import Cause, Evidence, State, Status
from graph.store.catalog import Catalog
from graph.store.hub import Delivery, Hub, News, Reset, ResetReason
from graph.store.protocols import Snapshot
from graph.store.replica import Replica

NOW = "2026-11-22T12:00:00.000Z"

FIELDS: dict[str, msgspec.Struct] = {
    "SERVICE": ServiceFields(ServiceSource.IMAGE, ServiceParts(None, None, None, None, None)),
    "DEPLOYMENT": DeploymentFields(Replicas(1, 1, 1, 1, 1), ("shop:1",), 3, False),
    "POD": PodFields("Running", "node-1", "10.0.0.1", None, 0, ()),
    "CRONJOB": CronjobFields("0 3 * * *", None, False, "Forbid", None, None, None),
    "JOB": JobFields(None, False, Time(NOW), None, None, 1, 0, 0),
}
KUBERNETES = {"SERVICE": None, "CRONJOB": "CronJob", "POD": "Pod", "DEPLOYMENT": "Deployment", "JOB": "Job"}


def key(kind: str, name: str, *, cluster: str = "one", namespace: str = "shop") -> Key:
    """A key in the cluster ``one``."""
    return Key(cluster, kind, namespace, name)


def status(state: State = State.HEALTHY, reason: str = "Available", *, since: str = NOW) -> Status:
    """A status; one that is not healthy has a cause."""
    cause = Cause(ObjectRef("Pod", "web-1", "shop"), reason, "its own words", Evidence.CONTAINER_STATE)
    because = () if state is State.HEALTHY else (cause,)
    return Status(state, reason, f"{reason} as it is.", None, since, because)


def ref_of(which: Key) -> ObjectRef:
    """The object behind a key."""
    return ObjectRef(KUBERNETES.get(which.kind) or "Service", which.name, which.namespace, key=which)


def resource(
    which: Key,
    *,
    told: Status | None = None,
    service: Key | None = None,
    owner: Key | None = None,
    fields: msgspec.Struct | None = None,
    labels: dict[str, str] | None = None,
) -> Resource:
    """A resource with the plainest fields of its kind."""
    return Resource(
        key=which,
        uid=None if which.kind == "SERVICE" else f"uid-{which.name}",
        word=KUBERNETES.get(which.kind) or "Service",
        api_version=None,
        labels=labels or {},
        created_at=NOW,
        deleted_at=None,
        status=told or status(),
        service=service,
        owner=owner,
        fields=fields or FIELDS[which.kind],
    )


def event(name: str, owner: Key, service: Key, last: str) -> Resource:
    """A Kubernetes event about ``owner``."""
    fields = EventFields("Warning", "BackOff", "Back-off", ref_of(owner), 2, Time(NOW), Time(last))
    made = resource(key("EVENT", name), service=service, owner=owner, fields=fields)
    return msgspec.structs.replace(made, status=None)


def container(name: str) -> Container:
    """A container that waits."""
    waiting = ContainerState.WAITING
    return Container(
        name, "shop:1", ContainerRole.MAIN, False, 3, waiting, "CrashLoopBackOff", None, None, None, None, None
    )


def transition(
    which: Key, before: State | None, after: State | None, *, at: str = NOW, service: Key | None = None
) -> Transition:
    """A recorded transition."""
    sides = [None if state is None else status(state, f"Was{state.title()}") for state in (before, after)]
    return Transition(ref_of(which), which, service, sides[0], sides[1], at, at, at, False)


def entry(
    name: str, *, service: Key | None = None, action: str | None = None, level: LogLevel = LogLevel.INFO
) -> LogEntry:
    """A line of the operator log."""
    return LogEntry(name, NOW, level, "one", ref_of(service or key("SERVICE", "web")), service, f"did {name}", action)


class Following:
    """A replica whose freshness is what a test says."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.state = FreshnessState.LIVE
        self.observed: str | None = NOW

    @property
    def loading(self) -> bool:
        """Whether nothing was loaded yet."""
        return self.replica.cursor is None

    def freshness(self) -> Freshness:
        """As said."""
        return Freshness(self.state, self.observed, 12)


class NoteDesk:
    """Remembers requests; can be out of order."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[ActionRequest, str]] = {}
        self.broken = False

    async def ask(self, request: ActionRequest, fingerprint: str) -> bool:
        """As the Protocol says."""
        if self.broken:
            raise StoreUnavailable("Redis does not answer: 10.0.0.7")
        return self.asked.setdefault(request.id, (request, fingerprint))[1] == fingerprint

    async def requests(self, cluster: str) -> AsyncGenerator[tuple[str, ActionRequest], None]:
        """What was asked of a cluster."""
        for request, _ in list(self.asked.values()):
            if request.target.cluster == cluster:
                yield request.id, request

    async def done(self, cluster: str, receipt: str) -> None:
        """Forgets it."""
        del self.asked[receipt]


class Audience(Hub):
    """Counts those that follow something for a client: not the trail, which is the process' own."""

    trail: Trail | None = None

    def __len__(self) -> int:
        return super().__len__() - (self.trail is not None and self.trail.listens)


class World:
    """Clusters whose changes a test makes up: each has one seq, as in the store."""

    def __init__(self, *, actions: bool = True, queue: int = 1000, window: float = 0.05, keep: int = 100) -> None:
        self._keep = keep
        self.hub = Audience(queue)
        self.catalog = Catalog(self.hub)
        self.desk = NoteDesk()
        self.followed: dict[str, Following] = {}
        self.context = Context(self.catalog, self.desk, actions, clock=lambda: 1_795_348_800.0, window=window)
        self.hub.trail = self.context.trail

    def load(
        self,
        resources: Sequence[Resource] = (),
        *,
        cluster: str = "one",
        epoch: str = "e1",
        seq: int = 0,
        transitions_from: int = 0,
        actions: Sequence[Action] = (),
    ) -> None:
        """A snapshot; tells the hub as a follower does."""
        if cluster not in self.followed:
            replica = Replica(cluster, KINDS, keep_transitions=self._keep, keep_log=self._keep, keep_actions=self._keep)
            self.followed[cluster] = Following(replica)
            self.catalog.add(self.followed[cluster])
        replica = self.followed[cluster].replica
        before = replica.cursor
        cursor = Cursor(cluster, epoch, seq)
        kept = {each.key: each for each in resources}
        replica.load(Snapshot(cursor, kept, (), transitions_from, (), transitions_from, actions))
        news = before is None or before.epoch == epoch
        self.hub.publish([News(cluster) if news else Reset(cursor, ResetReason.EPOCH_CHANGED)])

    def change(self, *changes: Change, cluster: str = "one") -> None:
        """One batch of the change stream."""
        replica = self.followed[cluster].replica
        items: list[Delivery | News | Reset] = []
        for change in changes:
            assert replica.cursor is not None
            replica.apply(replica.cursor.seq + 1, change)
            items.append(Delivery(replica.cursor, change))
        self.hub.publish(items)

    def put(self, changed: Resource, *, told: Transition | None = None) -> None:
        """A resource was modified, with a transition perhaps."""
        self.change(ResourceChange(ChangeType.MODIFIED, changed.key, changed, told), cluster=changed.key.cluster)

    def drop(self, which: Key) -> None:
        """A resource was deleted, which is a transition too."""
        held = self.catalog.get(which)
        assert held is not None
        gone = transition(which, State.HEALTHY, None, service=held.service)
        self.change(ResourceChange(ChangeType.DELETED, which, None, gone), cluster=which.cluster)

    def tell(self, *transitions: Transition) -> None:
        """Transitions, one change each, of objects that stay as they are."""
        for each in transitions:
            held = self.catalog.get(each.key) or resource(each.key)
            self.put(held, told=each)

    def log(self, *entries: LogEntry) -> None:
        """New entries of the operator log."""
        for each in entries:
            self.change(LogChange(each))

    def act(self, action: Action) -> None:
        """An action made a step."""
        self.change(ActionChange(action))

    def fresh(self, state: FreshnessState) -> None:
        """The freshness changed."""
        self.followed["one"].state = state
        self.hub.publish([News("one")])


def shop() -> list[Resource]:
    """Two services: ``web`` with a Deployment of three pods, one of which crashes, and ``report`` with a Cronjob."""
    web, report = key("SERVICE", "web"), key("SERVICE", "report", namespace="office")
    deployment, cronjob = key("DEPLOYMENT", "web"), key("CRONJOB", "nightly", namespace="office")
    crash = status(State.FAILED, "CrashLoopBackOff")
    broken = PodFields("Running", "node-1", "10.0.0.1", None, 3, (container("app"),))
    pods = [resource(key("POD", f"web-{n}"), service=web, owner=deployment) for n in (2, 3)]
    crashing = resource(key("POD", "web-1"), service=web, owner=deployment, told=crash, fields=broken)
    return [
        resource(web, told=status(State.DEGRADED, "PodsFailing"), labels={"team": "red", "tier": "front"}),
        resource(report, labels={"team": "blue"}),
        resource(deployment, service=web, told=status(State.DEGRADED, "PodsFailing")),
        crashing,
        *pods,
        resource(cronjob, service=report),
        event("web-1.a", crashing.key, web, "2026-11-22T11:00:00.000Z"),
        event("web-1.b", crashing.key, web, "2026-11-22T11:30:00.000Z"),
    ]
