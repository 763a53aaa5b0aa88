"""How the watches are:

what the beat says of freshness, what readiness says, and one log line for each change of state.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from graph.errors import ClusterError, ClusterRefused, Expired, Forbidden
from graph.kube.paths import group_of
from graph.model import instant
from graph.model.kind import Watched
from graph.model.resource import FreshnessState
from graph.watch.reflector import Tally

BEHIND = 1.0
"""Seconds for which news may wait to be judged and written, and what is stored is still called live."""

log = structlog.get_logger(__name__)


class Source:
    """One reflector's state; the reflector reports here."""

    def __init__(self, vitals: Vitals, resource: Watched, namespace: str) -> None:
        self._vitals = vitals
        self.clock = vitals.clock
        self.resource = resource
        self.namespace = namespace
        self.synced = False
        self.open = False
        self.alive_at = 0.0
        self.refusal: str | None = None
        self.tally = Tally()

    @property
    def given_up(self) -> bool:
        """An optional resource that the cluster does not have, or does not let us see."""
        return self.resource.optional and self.refusal is not None

    @property
    def resource_name(self) -> str:
        """``deployments.apps``, as RBAC and kubectl name it."""
        group = group_of(self.resource)
        return f"{self.resource.plural}.{group}" if group else self.resource.plural

    @property
    def name(self) -> str:
        """The resource's, and the namespace."""
        return f"{self.resource_name} in {self.namespace}" if self.namespace else self.resource_name

    @property
    def state(self) -> str:
        """In a word, for metrics."""
        if self.refusal is not None:
            return "refused"
        if not self.synced:
            return "loading"
        return "live" if self.open else "broken"

    def works(self) -> None:
        """It is open and up to date."""
        refused = self.refusal is not None
        self.open, self.refusal, self.alive_at = True, None, self.clock()
        if refused:
            log.info("watching again", resource=self.name)
            self._vitals.changed()
        self._vitals.one_works()

    def fails(self, error: ClusterError) -> None:
        """It is not; one line when that is new."""
        self.open = False
        if not isinstance(error, ClusterRefused) or isinstance(error, Expired):  # a list that took too long is allowed
            self._vitals.one_fails(error)
            return
        before, self.refusal = self.refusal, str(error)
        if self.resource.optional:
            if before is None:
                self._tell(log.info, "goes on without watching", error)
        elif before != self.refusal:
            self._tell(log.warning, "cannot watch", error)

    def rests(self) -> None:
        """Nothing is watched until the next try: no news of it would be noticed."""
        self.open = False

    def _tell(self, say: Callable[..., None], event: str, error: ClusterRefused) -> None:
        say(event, resource=self.name, problem=str(error), **self._missing_rule(error))
        self._vitals.changed()

    def _missing_rule(self, error: ClusterRefused) -> dict[str, str]:
        if not isinstance(error, Forbidden):
            return {}
        group, plural = group_of(self.resource), self.resource.plural
        return {"missing_rule": f'apiGroups: ["{group}"], resources: ["{plural}"], verbs: ["list", "watch"]'}


class Vitals:
    """All reflectors' states. ``clock``: POSIX seconds. ``changed`` is called when what may be watched is another."""

    def __init__(self, clock: Callable[[], float], *, changed: Callable[[], None] = lambda: None) -> None:
        self.clock = clock
        self.changed = changed
        self.sources: list[Source] = []
        self.judging_since: float | None = None
        """Since when the oldest of what is being judged is here; None while nothing is."""
        self._news_since: float | None = None
        self._unreachable = False

    def source(self, resource: Watched, namespace: str) -> Source:
        """A new one, to be reported on."""
        source = Source(self, resource, namespace)
        self.sources.append(source)
        return source

    def heard(self) -> None:
        """Something came that is to be judged."""
        if self._news_since is None:
            self._news_since = self.clock()

    def judges(self, now: float) -> float:
        """All that came until now is judged from now on: since when the oldest of it is here."""
        self.judging_since, self._news_since = self._news_since or now, None
        return self.judging_since

    def unready(self) -> str | None:
        """Why not everything was loaded yet, or is not kept up to date for want of a right; None when all is well."""
        missing = [source.name for source in self._needed() if not source.synced]
        told = [f"not loaded yet: {', '.join(missing)}"] if missing else []
        return "; ".join([*told, *filter(None, [self.refused()])]) or None

    def refused(self) -> str | None:
        """What is not kept up to date for want of a right."""
        return "; ".join(f"cannot watch {one.name}: {one.refusal}" for one in self._needed() if one.refusal) or None

    def beat(self, waits: float | None) -> tuple[FreshnessState, str | None]:
        """(state, observed_at) for the store's beat: what is stored is no fresher than what is not written yet.

        ``waits``: see Outbox.
        """
        needed, now = self._needed(), self.clock()
        if waits is None or not all(source.synced for source in needed):
            return FreshnessState.CATCHING_UP, None
        written = min(now - waits, self.judging_since or now, self._news_since or now)
        closed = [source.alive_at for source in needed if not source.open]
        if closed:
            return FreshnessState.STALE, instant.show(min(*closed, written))
        late = now - written > BEHIND
        return FreshnessState.CATCHING_UP if late else FreshnessState.LIVE, instant.show(written)

    def one_works(self) -> None:
        """Of a source; the last one to come back tells that the API server answers."""
        if self._unreachable and all(source.open or source.refusal for source in self._needed()):
            self._unreachable = False
            log.info("the API server answers again")

    def one_fails(self, error: ClusterError) -> None:
        """Of a source; the first one tells for all."""
        if not self._unreachable:
            self._unreachable = True
            log.warning("the API server does not answer, trying again", problem=str(error))

    def _needed(self) -> list[Source]:
        return [source for source in self.sources if not source.given_up]
