"""From the cluster's word for a kind to ours, for references to objects of other kinds."""

from __future__ import annotations

from graph.model.kind import Meta, Related
from graph.model.ref import Key, ObjectRef

_OURS = {
    "Pod": "POD",
    "ReplicaSet": "REPLICA_SET",
    "Deployment": "DEPLOYMENT",
    "StatefulSet": "STATEFUL_SET",
    "DaemonSet": "DAEMON_SET",
    "Job": "JOB",
    "CronJob": "CRONJOB",
}


def key_of(kind: str, *, name: str, related: Related, namespace: str) -> Key | None:
    """The key of an object of the same cluster, where its kind is one of ours; a Build goes as the Job that it is."""
    ours = _OURS.get(kind)
    here = related.ref.key
    return Key(here.cluster, ours, namespace, name) if ours and here else None


def controller_ref(meta: Meta, related: Related) -> ObjectRef | None:
    """The object that manages this one."""
    for owner in meta.owner_references:
        if owner.controller:
            key = key_of(owner.kind, name=owner.name, related=related, namespace=meta.namespace)
            return ObjectRef(
                owner.kind, owner.name, meta.namespace or None, owner.uid, owner.api_version or None, key=key
            )
    return None
