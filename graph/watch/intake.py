"""What reflectors find → the forest.

One Intake for each reflector; all of them and the judging run in one event loop.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog

from graph.errors import ClusterError, MalformedObject
from graph.judging.decode import Variants, beside
from graph.judging.forest import Forest
from graph.judging.nodes import Nodes
from graph.kinds.shared.nodes import Node
from graph.model import instant
from graph.model.kind import Kind, Object
from graph.watch.reflector import Found, Tally
from graph.watch.vitals import Source

log = structlog.get_logger(__name__)


class Intake:
    """The sink of one resource's reflector. ``changed`` is called after anything that there may be to judge.

    ``gap``: even the first list is compared with what an earlier leader published.
    """

    def __init__(
        self, forest: Forest, variants: Variants, source: Source, *, changed: Callable[[], None], gap: bool
    ) -> None:
        self._forest = forest
        self._kinds = variants.kinds
        self._source = source
        self._changed = changed
        self._gap = gap
        self._malformed: set[str] = set()

    def replace(self, found: list[Found]) -> None:
        """A list: whatever differs from what is held was missed, so it is told as inferred."""
        held = self._forest.views(self._kinds, self._source.namespace)
        for one in found:
            meta = one.view.metadata
            before = held.pop((meta.namespace, meta.name), None)
            if before is None or before.metadata.resource_version != meta.resource_version:
                self._put(one, inferred=self._gap or self._source.synced)
        for namespace, name in held:
            self._forest.remove(self._kinds[0], namespace, name, inferred=True, now=self._source.clock())
        self._source.synced = True
        self._changed()

    def put(self, found: Found) -> None:
        """Added or modified."""
        self._put(found, inferred=False)
        self._changed()

    def remove(self, found: Found) -> None:
        """Deleted."""
        self._forest.remove(found.kind, found.view.metadata.namespace, found.view.metadata.name)
        self._malformed.discard(_name(found))
        self._changed()

    def _put(self, found: Found, *, inferred: bool) -> None:
        if found.problem is not None:
            self._tell_malformed(found)
        elif self._malformed:
            self._malformed.discard(_name(found))
        self._forest.put(found.kind, found.view, self._source.clock(), inferred=inferred, problem=found.problem)

    def _tell_malformed(self, found: Found) -> None:
        name = _name(found)
        if name not in self._malformed:
            self._malformed.add(name)
            log.warning("malformed object", object=name, problem=found.problem)


def _name(found: Found) -> str:
    meta = found.view.metadata
    return f"{found.kind.name}/{meta.namespace}/{meta.name}"


class Revision(Object, frozen=True, gc=False):
    """A ControllerRevision in which the manifest of a stopped object is kept, see ``graph.actions``."""

    data: msgspec.Raw = msgspec.Raw(b"")


class KeptIntake:
    """The sink for the manifests of stopped objects of one kind."""

    def __init__(self, forest: Forest, kind: Kind, source: Source, *, changed: Callable[[], None]) -> None:
        self._forest = forest
        self._kind = kind
        self._source = source
        self._changed = changed
        self._names: dict[str, tuple[str, str]] = {}  # of a revision → what it keeps

    @staticmethod
    def variants(kind: Kind) -> Variants:
        """How revisions are read."""
        assert kind.kept is not None, "only for kinds that are kept"
        return beside(kind, kind.kept, Revision)

    def replace(self, found: list[Found]) -> None:
        """All that are kept now."""
        before = set(self._names.values())
        self._names = {}
        for one in found:
            self._keep(one)
        for namespace, name in before - set(self._names.values()):
            self._forest.forget(self._kind, namespace, name)
        self._source.synced = True
        self._changed()

    def put(self, found: Found) -> None:
        """Another one is kept."""
        self._keep(found)
        self._changed()

    def remove(self, found: Found) -> None:
        """One is no longer kept."""
        kept = self._names.pop(found.view.metadata.uid, None)
        if kept is not None:
            self._forest.forget(self._kind, *kept)
            self._changed()

    def _keep(self, found: Found) -> None:
        revision = found.view
        try:
            if not isinstance(revision, Revision):
                raise MalformedObject(str(found.problem))
            view = msgspec.json.decode(revision.data, type=self._kind.view)
            if view.metadata.namespace != revision.metadata.namespace:
                raise MalformedObject(f"it is of namespace {view.metadata.namespace!r}, and kept in another")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MalformedObject) as error:
            log.warning("a kept manifest cannot be read", revision=revision.metadata.name, problem=str(error))
            return
        self._names[revision.metadata.uid] = (view.metadata.namespace, view.metadata.name)
        now = self._source.clock()
        self._forest.keep(
            self._kind, view, instant.normal(revision.metadata.creation_timestamp) or instant.show(now), now
        )


class NodeIntake:
    """The sink of the nodes, and what their reflector reports to: they count only while they are watched.

    A malformed node is one of which nothing is known but that it is there.
    """

    def __init__(self, nodes: Nodes, source: Source, *, changed: Callable[[], None]) -> None:
        self._nodes = nodes
        self._source = source
        self._changed = changed

    def replace(self, found: list[Found]) -> None:
        """All that there are."""
        self._nodes.replace(one.view for one in found if isinstance(one.view, Node))
        self._source.synced = True
        self._changed()

    def put(self, found: Found) -> None:
        """Added or modified; most of the time it is a heartbeat."""
        if isinstance(found.view, Node) and self._nodes.put(found.view):
            self._changed()

    def remove(self, found: Found) -> None:
        """Deleted."""
        if self._nodes.remove(found.view.metadata.name):
            self._changed()

    @property
    def tally(self) -> Tally:
        """Of the source."""
        return self._source.tally

    def works(self) -> None:
        """The watch works."""
        self._source.works()
        if self._nodes.resume():
            self._changed()

    def fails(self, error: ClusterError) -> None:
        """It does not; without the right to it, what was known is no longer used."""
        self._source.fails(error)
        self._nodes.interrupt()
        if self._source.given_up and self._nodes.forbid():
            self._changed()

    def rests(self) -> None:
        """Nothing is watched; what was known is not yet doubted."""
        self._source.rests()
