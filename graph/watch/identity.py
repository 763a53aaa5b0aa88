"""Which cluster this is: the UID of its namespace kube-system, which lives as long as the cluster does.

By it the store refuses an operator of another cluster that was given the same name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from graph.errors import ClusterError, ClusterUnreachable, Forbidden, NotFound
from graph.kube.client import Kube
from graph.kube.paths import path_of
from graph.model.kind import Watched

NAMESPACES = Watched("v1", "namespaces", "Namespace", namespaced=False)
SYSTEM = "kube-system"
RETRY = 1.0

log = structlog.get_logger(__name__)


class _Meta(msgspec.Struct):
    uid: str = ""


class _Namespace(msgspec.Struct):
    metadata: _Meta


async def cluster_uid(kube: Kube, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> str:
    """Empty where it may not be asked; waits for an API server that is away."""
    while True:
        try:
            return _uid(await kube.request("GET", path_of(NAMESPACES, name=SYSTEM)))
        except (Forbidden, NotFound) as error:
            log.info("goes on without knowing which cluster this is", problem=str(error))
            return ""
        except ClusterError as error:
            log.debug("asking again which cluster this is", problem=str(error))
            await sleep(RETRY)


def _uid(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Namespace).metadata.uid
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClusterUnreachable(f"the API server sent what is no namespace: {error}") from error
