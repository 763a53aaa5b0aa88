"""Every error that Statusgraph raises on purpose.

Foreign exceptions (aiohttp, redis, msgspec, pydantic) are translated into these at the module that owns the library,
with ``from`` the original; nothing above that module catches a foreign type.

    StatusgraphError
    ├── SettingsError              a setting cannot be used; the command line ends with 2
    │   └── BadArgument            an argument of a command cannot be used, such as a file
    ├── DemoFailed                 the demo cannot start, or one of its parts died; the command line ends with 1
    ├── MalformedObject            bytes that are not the object they should be
    ├── BadCursor                  an opaque cursor or id that we did not make
    ├── SubscriberOverflow         a reader was too slow for its bounded queue
    ├── ClusterError               the Kubernetes API server
    │   ├── ClusterUnreachable     no connection, no answer, a 5xx, a 429
    │   │   ├── Unreadable         an answer that is none of Kubernetes
    │   │   └── Oversized          an answer, or a line of one, that is longer than anything of Kubernetes
    │   └── ClusterRefused         a 4xx with the server's own words
    │       ├── Unauthorized       401
    │       ├── Forbidden          403
    │       ├── NotFound           404
    │       ├── Conflict           409
    │       └── Expired            410, or an ERROR event of that code in a watch; a version that is yet to come
    └── StoreError                 Redis
        ├── StoreUnavailable       no connection or no answer
        ├── StoreRefused           Redis refuses: writes for want of memory, a right, our password; cluster mode
        ├── StoreIncompatible      the data there was written by another layout version, or by somebody else
        ├── NameTaken              another cluster, or another election's leader, has this cluster's name
        ├── Fenced                 another leader's term is stored
        ├── EpochLost              the stored epoch is not the one we write for: data was lost or replaced
        └── CursorExpired          what follows a cursor was trimmed before it was read
"""

from __future__ import annotations


class StatusgraphError(Exception):
    """Base of all errors of this package."""


class SettingsError(StatusgraphError):
    """A setting cannot be used. The message is one sentence that names the setting."""


class BadArgument(SettingsError):
    """An argument of a command cannot be used. The message is one sentence that names it."""


class DemoFailed(StatusgraphError):
    """The demo cannot start, or cannot go on. The message is one sentence that says what to do."""


class MalformedObject(StatusgraphError):
    """Bytes from the cluster or from Redis that do not have the promised shape."""


class BadCursor(StatusgraphError):
    """An opaque position or id that this product did not make."""


class SubscriberOverflow(StatusgraphError):
    """A subscriber did not read while its bounded queue filled up; it resumes with its last cursor."""


class ClusterError(StatusgraphError):
    """The Kubernetes API server could not or would not do what was asked."""


class ClusterUnreachable(ClusterError):
    """No connection, no answer in time, or an answer that says to try again later (429, 5xx)."""


class Unreadable(ClusterUnreachable):
    """What came is no answer of Kubernetes: some proxy's page, or a broken line of a watch."""


class Oversized(ClusterUnreachable):
    """More came, in one piece, than is held in memory at once."""


class ClusterRefused(ClusterError):
    """A 4xx answer. ``status`` is the HTTP code, ``reason`` the Status object's reason, the text its own message."""

    def __init__(self, message: str, *, status: int, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Unauthorized(ClusterRefused):
    """401: the credentials are missing or expired."""


class Forbidden(ClusterRefused):
    """403: RBAC or admission forbids it."""


class NotFound(ClusterRefused):
    """404: no such object or no such resource."""


class Conflict(ClusterRefused):
    """409: the object changed, exists already, or a precondition failed."""


class Expired(ClusterRefused):
    """410: the resourceVersion is too old, or (504) it is one that the server has yet to reach; list again."""


class StoreError(StatusgraphError):
    """Redis could not or would not do what was asked."""


class StoreUnavailable(StoreError):
    """No connection to Redis, or no answer in time."""


class StoreRefused(StoreError):
    """Redis answers but refuses: writes (memory, a replica), a command (a right), us (the password, cluster mode)."""


class StoreIncompatible(StoreError):
    """Redis holds data of another layout version, or such that somebody else wrote."""


class NameTaken(StoreError):
    """What Redis holds under this cluster's name is not ours to write. The message says what to do."""


class Fenced(StoreError):
    """A newer leader has taken over, whose term is ``stored``; this process must stop writing."""

    def __init__(self, message: str, *, stored: int) -> None:
        super().__init__(message)
        self.stored = stored


class EpochLost(StoreError):
    """Redis no longer holds the epoch that the caller works with."""


class CursorExpired(StoreError):
    """Redis no longer holds all that follows a position of the change stream."""
