"""What is below an object: its scale, a pod's binding and eviction, a ServiceAccount's token; and the reviews of who
may do what, which everybody may here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.demo.api.answers import object_of
from graph.demo.api.paths import Target
from graph.demo.api.writing import Writes
from graph.demo.objects import Object, written
from graph.demo.patches import merged
from graph.demo.problems import BadRequest, Conflict, MethodNotAllowed, TooManyRequests
from graph.demo.resources import DISRUPTION_BUDGETS, PODS
from graph.demo.selectors import matches, requirements
from graph.demo.store import Store

TOKEN_SECONDS = 3600
_EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


def scale_of(obj: Object) -> Object:
    """An autoscaling/v1 Scale."""
    metadata, spec = obj["metadata"], obj["spec"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = ",".join(
        f"{name}={value}" for name, value in sorted((spec["selector"].get("matchLabels") or {}).items())
    )
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept},
        "spec": {"replicas": spec["replicas"]} if spec.get("replicas") else {},
        "status": {"replicas": obj.get("status", {}).get("replicas", 0), "selector": selector},
    }


class Subresources:
    """Answers them from one store."""

    def __init__(self, store: Store, writes: Writes) -> None:
        self._store = store
        self._writes = writes

    def rescale(self, target: Target, body: Any, query: Mapping[str, str], *, patch: bool) -> Object:
        """Writes ``spec.replicas`` of the object that is scaled."""
        old = self._store.get(target.resource, target.namespace, target.name)
        scale = merged(scale_of(old), object_of(body)) if patch else object_of(body)
        replicas = scale.get("spec", {}).get("replicas", 0)
        if not isinstance(replicas, int):
            raise BadRequest("spec.replicas must be a number")
        metadata = {**old["metadata"], **_precondition(scale)}
        obj = {**old, "metadata": metadata, "spec": {**old["spec"], "replicas": replicas}}
        whole = Target(target.resource, target.namespace, target.name)
        return scale_of(self._writes.replace(whole, obj, query))

    def create(self, target: Target, body: Any) -> Object:
        """binding, eviction, token."""
        obj = self._store.get(target.resource, target.namespace, target.name)
        given = object_of(body) if body is not None else {}
        match target.subresource:
            case "binding":
                return self._bind(obj, given)
            case "eviction":
                return self._evict(target, obj, given)
            case "token":
                return self._token(target, given)
        raise MethodNotAllowed("the server does not allow this method on the requested resource")

    def _bind(self, pod: Object, binding: Object) -> Object:
        if binding.get("metadata", {}).get("name") != pod["metadata"]["name"]:
            raise BadRequest("name in URL does not match name in Binding object")
        node = binding.get("target", {}).get("name")
        if not node:
            raise BadRequest("a binding needs the name of a node")
        name = pod["metadata"]["name"]
        if taken := pod["spec"].get("nodeName"):
            words = f"pod {name} is already assigned to node {taken!r}".replace("'", '"')
            words = f'Operation cannot be fulfilled on pods/binding "{name}": {words}'
            raise Conflict(words, name=name, kind="pods/binding")
        scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": written(self._store.clock())}
        conditions = [one for one in pod["status"].get("conditions", ()) if one["type"] != "PodScheduled"]
        status = {**pod["status"], "conditions": [*conditions, scheduled]}
        self._store.bind({**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status})
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _evict(self, target: Target, pod: Object, eviction: Object) -> Object:
        for budget in self._store.list(DISRUPTION_BUDGETS, target.namespace):
            covers = matches(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})
            if covers and requirements(budget["spec"].get("selector")) and not _allowed(budget):
                raise TooManyRequests(
                    "Cannot evict pod as it would violate the pod's disruption budget.",
                    causes=[{"reason": "DisruptionBudget", "message": f"The disruption budget {_name(budget)}"}],
                )
        whole = Target(PODS, target.namespace, target.name)
        self._writes.delete(whole, eviction.get("deleteOptions"), {})
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _token(self, target: Target, request: Object) -> Object:
        spec = request.get("spec", {})
        seconds = spec.get("expirationSeconds", TOKEN_SECONDS)
        expires = written(self._store.clock() + seconds)
        status = {"token": f"demo.{target.namespace}.{target.name}", "expirationTimestamp": expires}
        head = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1"}
        metadata = {"name": target.name, "namespace": target.namespace}
        return {**head, "metadata": metadata, "spec": {**spec, "expirationSeconds": seconds}, "status": status}


def review(path: str, body: Any) -> Object | None:
    """The answer to a review of rights; None when the path is none of one."""
    answers = {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {"allowed": True, "reason": "the demo has no RBAC"},
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews": {
            "resourceRules": [_EVERYTHING],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        },
        "/apis/authentication.k8s.io/v1/selfsubjectreviews": {"userInfo": {"username": "demo"}},
    }
    return {**object_of(body), "status": answers[path]} if path in answers else None


def _precondition(scale: Object) -> Object:
    version = scale.get("metadata", {}).get("resourceVersion")
    return {"resourceVersion": version} if version else {}


def _allowed(budget: Object) -> int:
    return int(budget.get("status", {}).get("disruptionsAllowed", 0))


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])
