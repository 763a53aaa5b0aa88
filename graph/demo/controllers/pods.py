"""Pods, for the controllers that own some: how one is made from a template, and what its status says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graph.demo.controllers import quota
from graph.demo.defaults import defaulted
from graph.demo.objects import Object, deleting, read
from graph.demo.problems import Forbidden
from graph.demo.resources import NAMESPACES, PODS, Resource
from graph.demo.store import Store

ENDED = ("Succeeded", "Failed")


class NamespaceGoing(Forbidden):
    """Nothing new is taken by a namespace that is being deleted; controllers do not complain about it."""


def owned_by(owner: Object) -> Object:
    """The reference that marks an owner as the controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def create_pod(
    store: Store,
    owner: Object,
    template: Object,
    *,
    name: str | None = None,
    generate: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    finalizers: Sequence[str] = (),
) -> Object:
    """A pod of the owner, from a template and what comes on top of it; as stored.

    Without a ``name`` one is made from ``generate``, or from the owner's name. Raises Forbidden when a quota or the
    namespace refuses it, AlreadyExists when the name is taken.
    """
    given = template.get("metadata") or {}
    metadata: Object = {
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [owned_by(owner)],
        "generateName": generate or f"{owner['metadata']['name']}-",
        **({"name": name} if name else {}),
    }
    extra = {
        "labels": {**(given.get("labels") or {}), **(labels or {})},
        "annotations": {**(given.get("annotations") or {}), **(annotations or {})},
        "finalizers": [*(given.get("finalizers") or ()), *finalizers],
    }
    metadata |= {field: value for field, value in extra.items() if value}
    return create(store, PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})


def create(store: Store, resource: Resource, obj: Object) -> Object:
    """What a controller makes, defaulted and admitted as what comes through the API; as stored."""
    metadata = obj["metadata"]
    namespace = store.find(NAMESPACES, "", metadata["namespace"])
    if namespace is not None and deleting(namespace):
        name = metadata.get("name") or metadata["generateName"]
        raise NamespaceGoing(
            f'{resource.plural} "{name}" is forbidden: unable to create new content in namespace '
            f"{metadata['namespace']} because it is being terminated"
        )
    obj = defaulted(resource, obj)
    quota.admit(store, obj, resource)
    return store.create(resource, obj)


def phase(pod: Object) -> str:
    """Empty before the first status."""
    return str(pod.get("status", {}).get("phase", ""))


def ended(pod: Object) -> bool:
    """Whether all of it has stopped for good."""
    return phase(pod) in ENDED


def active(pod: Object) -> bool:
    """Neither ended nor on its way out."""
    return not ended(pod) and not deleting(pod)


def terminating(pod: Object) -> bool:
    """On its way out, and not ended."""
    return not ended(pod) and deleting(pod)


def ready(pod: Object) -> bool:
    """By its condition."""
    return ready_since(pod) is not None


def ready_since(pod: Object) -> float | None:
    """When it became ready; None while it is not."""
    for one in pod.get("status", {}).get("conditions") or ():
        if one["type"] == "Ready":
            return read(one["lastTransitionTime"]) if one["status"] == "True" else None
    return None


def available(pod: Object, seconds: int, now: float) -> bool:
    """Ready for so many seconds."""
    since = ready_since(pod)
    return since is not None and (not seconds or since + seconds <= now)


def next_available(pods: Iterable[Object], seconds: int, now: float) -> float | None:
    """When the next ready pod will have been so for long enough."""
    instants = [since + seconds for pod in pods if (since := ready_since(pod)) is not None]
    return min((at for at in instants if at > now), default=None)
