"""What the store promises. Written once, here; both sides of it rely on nothing else.

**Order.** The change stream of a cluster has one total order, by seq: dense, one per item, within an epoch. Changes
of one object are seen in the order in which they happened. **Atomicity.** A batch is there as a whole or not at all,
its views, changes and transitions together. **Once.** A batch that is written again because its reply was lost is
written once. **Fencing.** Only the leader of the stored term writes; another gets Fenced. **Loss.** When Redis lost
data the epoch changes: the writer gets EpochLost and rebuilds, a reader sees a Snapshot of another epoch and tells
its subscribers. Within an epoch nothing is lost, but what is older than retention is no longer there. **Staleness.**
A reader may be behind; ``Freshness`` says how far.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from graph.model.action import Action, ActionRequest, LogEntry
from graph.model.ref import Key
from graph.model.resource import Change, Cursor, FreshnessState, Resource, Transition, Whole
from graph.store.unread import Step


class Candidate(Struct, frozen=True):
    """Who asks for the pen, as far as it is known; what is empty is not compared."""

    holder: str = ""
    """The process: of two with the same term only one may write."""
    lease: str = ""
    """UID of the Lease by which it was elected: terms of another Lease are not comparable."""
    cluster: str = ""
    """UID of the namespace kube-system, which lives as long as its cluster."""


UNKNOWN = Candidate()
"""Nothing is compared but the term."""


class Pen(Struct, frozen=True):
    """The right to write: the epoch and term that every write is checked against."""

    epoch: str
    term: int
    seq: int
    """Of the last item that is stored."""
    generation: str
    """Of the resources that are stored; empty while there is none: the writer fills one first."""
    candidate: Candidate = UNKNOWN
    """Whose it is."""

    @property
    def loaded(self) -> bool:
        """Whether there is something to read."""
        return bool(self.generation)


class Snapshot(Struct, frozen=True):
    """Everything of one cluster as of one instant (``cursor``), read atomically. Histories are oldest first."""

    cursor: Cursor
    resources: Mapping[Key, Resource]
    transitions: Sequence[tuple[int, Transition]]
    """(seq, transition)"""
    transitions_from: int
    """All with a greater seq are there; what was trimmed is not greater."""
    log: Sequence[tuple[int, LogEntry]]
    log_from: int
    actions: Sequence[Action]
    whole: Whole = Whole()
    """Since when the histories are."""


class Pulse(Struct, frozen=True):
    """What the writer last said of itself; ``epoch`` None when Redis holds nothing for the cluster."""

    epoch: str | None
    seq: int
    state: FreshnessState
    observed_at: str | None
    loaded: bool
    silent: float | None = None
    """Seconds since then, by the clock of Redis: clocks of two machines are never compared. None: it never spoke."""
    behind: float = 0.0
    """Seconds from ``observed_at`` to its word, by its own clock."""
    beaten: str | None = None
    """Another one for each word."""


class Writer(Protocol):
    """One cluster's writer.

    Every call may raise StoreUnavailable or StoreRefused: try again, nothing has happened or all of it.
    """

    async def claim(self, term: int, *, lost: str = "", candidate: Candidate = UNKNOWN) -> Pen:
        """Takes the pen. ``lost``: the epoch that is known to have lost data.

        Where Redis was restarted, or another took its place, since the last leader wrote, what it wrote last may be
        missing, and nobody could tell: then the epoch is a new one, over the same resources.

        Raises Fenced, StoreIncompatible, and NameTaken when another cluster's data are there, or another election's
        leader writes.
        """

    async def write(self, pen: Pen, changes: Sequence[Change]) -> Pen:
        """Writes the batch under the next seqs; the pen for the next one. Raises Fenced, EpochLost."""

    async def fill(self, pen: Pen, resources: Sequence[Resource]) -> Pen:
        """Loads a whole new generation and makes it the one that is read. Raises Fenced, EpochLost."""

    async def beat(self, pen: Pen, state: FreshnessState, observed_at: str | None) -> None:
        """Says how fresh the written data is; at least once a second. Raises Fenced, EpochLost."""

    async def close(self, pen: Pen) -> None:
        """Nothing more is to be written, and nothing is under way. A successor need not suspect a loss."""


class Reader(Protocol):
    """Reads any cluster.

    Every call may raise StoreUnavailable, StoreRefused, and MalformedObject for what somebody else wrote; so may what
    ``tail`` returns while it is gone through, and what is left unread of that (``unread``) when it is read.
    """

    async def clusters(self) -> Sequence[str]:
        """The clusters that were ever written, by name."""

    async def forgotten(self) -> Sequence[str]:
        """The clusters that were removed on purpose; those that are written again since are in ``clusters``, too."""

    async def snapshot(self, cluster: str) -> Snapshot | None:
        """None while nothing is loaded. Raises StoreIncompatible."""

    async def pulse(self, cluster: str) -> Pulse:
        """The writer's last word."""

    async def went_back(self, cursor: Cursor) -> None:
        """Tells the writer, who may be another than wrote it, that Redis no longer holds all up to here."""

    async def tail(self, cursor: Cursor, *, wait: float) -> Iterator[tuple[int, Step]]:
        """What follows the cursor, dense, at most a page; nothing when ``wait`` seconds passed.

        Each is decoded when its turn comes: what takes the place of an old value uses its memory again, at half the
        cost. Raises EpochLost when the stream goes on in another epoch, CursorExpired when what follows was trimmed.
        """


class Desk(Protocol):
    """Where the api leaves requests for actions and the operator finds them: at least once, in order."""

    async def ask(self, request: ActionRequest, fingerprint: str) -> bool:
        """False when the id was used for something else; asking the same again is harmless."""

    def requests(self, cluster: str) -> AsyncIterator[tuple[str, ActionRequest]]:
        """(receipt, request): first those left over, then new ones as they come."""

    async def done(self, cluster: str, receipt: str) -> None:
        """The request was carried out; it will not come again."""
