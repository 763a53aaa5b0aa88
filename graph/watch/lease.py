"""Who writes: a Lease, as in client-go's leader election, with what the Python library's elector does not do.

Contract: ``leading`` is left as soon as this process cannot be sure any more, by its own monotonic clock and
whatever the API server does: a leader stops itself ``duration`` × 2/3 after its last successful renewal *began*,
others take over ``duration`` after the last change that they saw. Times that are written in the Lease are never
compared with a clock: it may be an hour off. The term (``leaseTransitions``) rises with every change of holder and
fences the store. A leader whose Lease is deleted makes it anew. On a clean end the Lease is released, so that a
standby need not wait.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from graph.errors import ClusterError, ClusterRefused, ClusterUnreachable, Conflict, Forbidden, NotFound
from graph.kube.client import Kube
from graph.kube.paths import path_of
from graph.model.kind import Watched

LEASES = Watched("coordination.k8s.io/v1", "leases", "Lease")
PAUSE = 2.0
"""Seconds between two looks at the Lease, at most: so long a standby may not know that it was given back."""

log = structlog.get_logger(__name__)


class _Spec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = ""
    lease_transitions: int = 0
    renew_time: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    uid: str = ""


class _Lease(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    spec: _Spec = msgspec.field(default_factory=_Spec)


class Elector:
    """One candidate. ``clock``: monotonic seconds."""

    def __init__(
        self,
        kube: Kube,
        *,
        name: str,
        namespace: str,
        duration: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.identity = f"{socket.gethostname()}_{secrets.token_hex(4)}"
        self.lease = ""
        """UID of the Lease by which this process leads, or led last."""
        self._kube = kube
        self._name = name
        self._namespace = namespace
        self._duration = duration
        self._pause = min(PAUSE, duration / 5)
        self._clock = clock
        self._sleep = sleep
        self._seen: tuple[str | None, str | None] = (None, None)
        self._seen_at = 0.0
        self._problem: str | None = None
        self._refused = False

    @property
    def refused(self) -> bool:
        """Whether it is for want of a right that the Lease cannot be held."""
        return self._refused

    @property
    def problem(self) -> str | None:
        """Why the Lease can be neither held nor seen to be held by another; None when it can."""
        return self._problem

    @asynccontextmanager
    async def leading(self, *, least_term: int = 0) -> AsyncIterator[tuple[int, asyncio.Task[None]]]:
        """Waits for the lead; (term, a task that ends when the lead is lost). Released on leaving.

        ``least_term``: what the store holds, should the Lease have been deleted and count from 0 again.
        """
        lease, began = await self._acquire(least_term)
        self.lease = lease.metadata.uid
        log.info("leading", identity=self.identity, term=lease.spec.lease_transitions)
        renewing = asyncio.create_task(self._renew(lease, began))
        try:
            yield lease.spec.lease_transitions, renewing
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._release()

    async def _acquire(self, least_term: int) -> tuple[_Lease, float]:
        while True:
            began = self._clock()
            try:
                lease = await self._get()
                if lease is None or self._free(lease):
                    return await self._take(lease, least_term), began
                self._told(None)
            except Conflict:
                pass  # another candidate was faster
            except ClusterError as error:
                self._told(error)
            await self._sleep(self._pause)

    def _free(self, lease: _Lease) -> bool:
        """Nobody holds it, or its holder has not renewed it for as long as we watched."""
        spec = lease.spec
        if not spec.holder_identity or spec.holder_identity == self.identity:
            return True
        mark = (spec.holder_identity, spec.renew_time)
        if mark[0] != self._seen[0]:
            log.info("standing by", leader=spec.holder_identity)
        if mark != self._seen:
            self._seen, self._seen_at = mark, self._clock()
        return self._clock() - self._seen_at > (spec.lease_duration_seconds or self._duration)

    async def _take(self, lease: _Lease | None, least_term: int) -> _Lease:
        now = _now()
        term = max(lease.spec.lease_transitions + 1 if lease else 0, least_term)
        spec = _Spec(self.identity, term, now, max(1, round(self._duration)), now)
        return await self._put(_Lease(lease.metadata if lease else _Meta(), spec))

    async def _renew(self, lease: _Lease, began: float) -> None:
        """Ends when the lead is lost."""
        while True:
            end = began + self._duration * 2 / 3
            await self._sleep(min(self._pause, max(0.0, end - self._clock())))
            tried = self._clock()
            left = end - tried
            if left <= 0:
                log.warning("the lead is lost: the Lease could not be renewed in time", identity=self.identity)
                return
            try:
                async with asyncio.timeout(left):
                    lease = await self._renewed(lease)
                began = tried
                self._told(None)
            except Conflict:
                log.warning("the lead is lost: another took the Lease", identity=self.identity)
                return
            except (ClusterError, TimeoutError) as error:
                self._told(error)

    async def _renewed(self, lease: _Lease) -> _Lease:
        """Conflict when it is another's."""
        try:
            return await self._put(_touched(lease))
        except NotFound:
            current = None
        except Conflict:
            current = await self._get()
            if current is not None and current.spec.holder_identity != self.identity:
                raise
        held = await self._put(_touched(current or _Lease(_Meta(), lease.spec)))
        log.info("the Lease was edited or deleted, holding on to it", identity=self.identity)
        return held

    async def _release(self) -> None:
        try:
            async with asyncio.timeout(2):
                lease = await self._get()
                if lease is not None and lease.spec.holder_identity == self.identity:
                    spec = msgspec.structs.replace(lease.spec, holder_identity="", lease_duration_seconds=1)
                    await self._put(_Lease(lease.metadata, spec))
        except (ClusterError, TimeoutError):
            log.info("the Lease could not be released, a successor waits for its end", identity=self.identity)

    async def _get(self) -> _Lease | None:
        path = path_of(LEASES, self._namespace, self._name)
        try:
            raw = await self._kube.request("GET", path, timeout=self._duration / 3)
        except NotFound:
            return None
        return _lease(raw)

    async def _put(self, lease: _Lease) -> _Lease:
        metadata: dict[str, Any] = {"name": self._name, "namespace": self._namespace}
        method, name = "POST", ""
        if lease.metadata.resource_version:
            metadata["resourceVersion"] = lease.metadata.resource_version
            method, name = "PUT", self._name
        body = {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": lease.spec}
        path = path_of(LEASES, self._namespace, name)
        raw = await self._kube.request(method, path, body=body, timeout=self._duration / 3)
        return _lease(raw)

    def _told(self, error: Exception | None) -> None:
        """One line for each change of what is wrong with the Lease."""
        problem = None if error is None else f"{type(error).__name__}: {error}"
        if problem is not None and self._problem is None:
            rule = 'apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"]'
            words = {"missing_rule": rule} if isinstance(error, Forbidden) else {}
            log.warning("the Lease cannot be held, trying again", problem=problem, **words)
        self._problem, self._refused = problem, isinstance(error, ClusterRefused)


def _lease(raw: bytes) -> _Lease:
    try:
        return msgspec.json.decode(raw, type=_Lease)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClusterUnreachable(f"the API server sent what is no Lease: {error}") from error


def _touched(lease: _Lease) -> _Lease:
    return _Lease(lease.metadata, msgspec.structs.replace(lease.spec, renew_time=_now()))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
