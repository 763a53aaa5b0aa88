"""Reading the replicas on behalf of a viewer. Nothing else in the api shows what is in a Replica, so nothing else has
to ask what the viewer may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.api.context import Context
from graph.api.errors import Code, refused
from graph.api.history import Record
from graph.api.listings import Listing, merged
from graph.api.paging import Order
from graph.errors import BadCursor
from graph.model.action import Action, LogEntry
from graph.model.ref import Key, ObjectRef, decode_id, encode_id, key_of_id
from graph.model.resource import Resource, Transition

SERVICE = "SERVICE"
EVENT = "EVENT"
ACTION = "ACTION"
LOG = "LOG"


def get(context: Context, key: Key | None) -> Resource | None:
    """A resource, where it is known and visible."""
    resource = context.catalog.get(key)
    return resource if resource is not None and context.visible(resource.key.namespace) else None


def meant(context: Context, ref: ObjectRef) -> Resource | None:
    """What a reference means, where it is known and visible."""
    replica = context.catalog.replica(ref.key.cluster) if ref.key is not None else None
    resource = replica.find(ref) if replica is not None else None
    return resource if resource is not None and context.visible(resource.key.namespace) else None


def listed(context: Context, kind: str, order: Order, clusters: Iterable[str] | None = None) -> Sequence[Resource]:
    """Every visible resource of a kind, sorted. It is to be read at once, and not to be changed."""
    lists = [_visible(context, listing) for listing in context.listings.of(kind, order, clusters)]
    return merged(lists, order)


def below(context: Context, key: Key, kind: str) -> list[Resource]:
    """What belongs to a Service, or is owned by another resource, directly or not."""
    replica = context.catalog.replica(key.cluster)
    if replica is None:
        return []
    found = replica.members(key, kind) if key.kind == SERVICE else replica.below(key, kind)
    return [resource for resource in found if context.visible(resource.key.namespace)]


def above(context: Context, key: Key, kind: str) -> Resource | None:
    """The nearest owner of a kind."""
    replica = context.catalog.replica(key.cluster)
    owner = replica.above(key, kind) if replica is not None else None
    return owner if owner is not None and context.visible(owner.key.namespace) else None


def readable(context: Context, item: Transition | LogEntry | Action) -> bool:
    """Whether the viewer may see a record."""
    return context.visible(item.object.namespace)


def transitions_of(context: Context, key: Key) -> Sequence[Record[Transition]]:
    """The transitions of a visible object, or of a service and all that belongs to it; newest first. All of them are of
    its namespace.
    """
    replica = context.catalog.replica(key.cluster)
    return context.shelves.transitions(replica, key) if replica and context.visible(key.namespace) else ()


def entries_of(context: Context, service: Key) -> Sequence[Record[LogEntry]]:
    """The entries of the operator log for a visible service, newest first. All of them are of its namespace."""
    replica = context.catalog.replica(service.cluster)
    return context.shelves.entries(replica, service) if replica and context.visible(service.namespace) else ()


def action(context: Context, cluster: str, action_id: str | None) -> Action | None:
    """An action, where it is known and visible."""
    replica = context.catalog.replica(cluster)
    found = replica.actions.get(action_id) if replica is not None and action_id is not None else None
    return found if found is not None and readable(context, found) else None


def entry(context: Context, cluster: str, entry_id: str) -> LogEntry | None:
    """An operator log entry, where it is kept and visible."""
    replica = context.catalog.replica(cluster)
    found = context.shelves.entries(replica, entry_id) if replica is not None else ()
    return next((record.value for record in found if readable(context, record.value)), None)


def id_of_action(action: Action) -> str:
    """The public id of an action."""
    return encode_id(ACTION, action.target.cluster, action.id)


def id_of_entry(entry: LogEntry) -> str:
    """The public id of an operator log entry."""
    return encode_id(LOG, entry.cluster, entry.id)


def keys_of(ids: Iterable[str]) -> set[Key]:
    """The keys behind ids that a filter names; refuses what is no id of a resource."""
    try:
        return {key_of_id(text) for text in ids}
    except BadCursor as error:
        raise refused(Code.BAD_ID, str(error)) from error


def key_of(text: str) -> Key | None:
    """The key behind an id; None when it is no id of a resource."""
    try:
        return key_of_id(text)
    except BadCursor:
        return None


def only_cluster(context: Context) -> str:
    """The cluster that is meant where none is named."""
    clusters = context.catalog.clusters
    if not clusters and context.catalog.loading:
        raise refused(Code.UNAVAILABLE, "no cluster is loaded yet; try again")
    if len(clusters) != 1:
        raise refused(Code.AMBIGUOUS_CLUSTER, f"name a cluster; there are {len(clusters)}")
    return clusters[0]


def parts_of(text: str) -> tuple[str, ...]:
    """The parts of any id of ours; empty for anything else."""
    try:
        return decode_id(text)
    except BadCursor:
        return ()


def _visible(context: Context, listing: Listing) -> Sequence[Resource]:
    hidden = {namespace for namespace in listing.namespaces if not context.visible(namespace)}
    if not hidden:
        return listing.items
    return [resource for resource in listing.items if resource.key.namespace not in hidden]
