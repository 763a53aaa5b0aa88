"""The RBAC rules that the operator needs, derived from kinds and actions: the manifests of ``statusgraph rbac``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from graph.actions.procedure import Rule, rule
from graph.actions.procedures import PROCEDURES
from graph.config import Settings
from graph.judging.decode import nodes_of
from graph.model.kind import Kind
from graph.watch.identity import NAMESPACES, SYSTEM
from graph.watch.lease import LEASES

API = "rbac.authorization.k8s.io"

Manifest = dict[str, Any]


def rules(kinds: Sequence[Kind], *, actions: bool, cluster_wide: bool = True) -> list[Manifest]:
    """For watching these kinds and, if so, for all actions; each resource is named once. ``cluster_wide`` not: a Role
    of a namespace gives no right to what belongs to none, and the operator goes on without it: without nodes, and
    without knowing which cluster this is.
    """
    watched = [resource for kind in kinds for resource in (kind.resource, kind.kept) if resource is not None]
    if (beside := nodes_of(kinds)) is not None:
        watched.append(beside.watched)
    needed = [rule(resource, "list", "watch") for resource in watched if cluster_wide or resource.namespaced]
    if actions:
        needed += [one for procedure in PROCEDURES.values() for one in procedure.rules]
    (identity,) = _merged([rule(NAMESPACES, "get")])
    return [*_merged(needed), *([identity | {"resourceNames": [SYSTEM]}] if cluster_wide else [])]


def lease_rules(name: str) -> list[Manifest]:
    """For the election of the leader. Creating cannot be limited to a name: the object has none yet."""
    held, created = _merged([rule(LEASES, "get", "update")]), _merged([rule(LEASES, "create")])
    return [*(one | {"resourceNames": [name]} for one in held), *created]


def document(kinds: Sequence[Kind], settings: Settings, *, account: str, namespace: str) -> str:
    """YAML manifests that give it all to a ServiceAccount; with ``settings.namespaces`` in those alone."""
    granted = rules(kinds, actions=settings.actions == "on", cluster_wide=not settings.namespaces)
    lease = settings.lease_namespace or namespace
    name = "statusgraph-operator"
    manifests = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": namespace}}]
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    for place in settings.namespaces or ("",):
        manifests += _grant(name, place, granted, subject)
    manifests += _grant(f"{name}-lease", lease, lease_rules(settings.lease_name), subject)
    return "---\n".join("".join(f"{line}\n" for line in _yaml(manifest)) for manifest in manifests)


def _grant(name: str, namespace: str, granted: list[Manifest], subject: Manifest) -> list[Manifest]:
    """A role and its binding, in one namespace or (empty) in the whole cluster."""
    role, binding = ("Role", "RoleBinding") if namespace else ("ClusterRole", "ClusterRoleBinding")
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    head = {"apiVersion": f"{API}/v1"}
    return [
        {**head, "kind": role, "metadata": metadata, "rules": granted},
        {
            **head,
            "kind": binding,
            "metadata": metadata,
            "roleRef": {"apiGroup": API, "kind": role, "name": name},
            "subjects": [subject],
        },
    ]


def _merged(needed: Iterable[Rule]) -> list[Manifest]:
    """Resources of a group that need the same verbs share a rule."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for one in needed:
        verbs.setdefault((one.group, one.resource), set()).update(one.verbs)
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), words in sorted(verbs.items()):
        shared.setdefault((group, tuple(sorted(words))), []).append(resource)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(words)}
        for (group, words), resources in shared.items()
    ]


def _yaml(value: Manifest, indent: str = "") -> Iterator[str]:
    """Block style for mappings and lists of them; what JSON writes in one line is YAML, too."""
    for name, item in value.items():
        if isinstance(item, dict):
            yield f"{indent}{name}:"
            yield from _yaml(item, indent + "  ")
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            yield f"{indent}{name}:"
            for one in item:
                first, *rest = _yaml(one, indent + "    ")
                yield f"{indent}  - {first.strip()}"
                yield from rest
        else:
            yield f"{indent}{name}: {json.dumps(item)}"
