"""The columns of ``kubectl get``, as an API server of 1.34 prints them. Used by ``table``."""

from __future__ import annotations

from collections.abc import Callable

from graph.demo.api.cells import AGE, NAME, NONE, UNKNOWN, Column, condition, field, pairs, since
from graph.demo.api.podcolumns import POD_COLUMNS
from graph.demo.api.workloadcolumns import WORKLOAD_COLUMNS
from graph.demo.objects import Object, controller_of, labels_of
from graph.demo.resources import (
    CLAIMS,
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    DISRUPTION_BUDGETS,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Resource,
)


def _node_status(node: Object, _: float) -> str:
    ready = {"True": "Ready", "": "Unknown"}.get(condition(node, "Ready"), "NotReady")
    return f"{ready},SchedulingDisabled" if node.get("spec", {}).get("unschedulable") else ready


def _roles(node: Object, _: float) -> str:
    prefix = "node-role.kubernetes.io/"
    return ",".join(sorted(one.removeprefix(prefix) for one in labels_of(node) if one.startswith(prefix))) or NONE


def _address(type_: str) -> Callable[[Object, float], str]:
    def cell(node: Object, _: float) -> str:
        addresses = node.get("status", {}).get("addresses") or ()
        return next((str(one["address"]) for one in addresses if one["type"] == type_), NONE)

    return cell


def _last_seen(event: Object, now: float) -> str:
    series = event.get("series") or {}
    return since(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime"), now)


def _first_seen(event: Object, now: float) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def _involved(event: Object, _: float) -> str:
    involved = event.get("involvedObject", {})
    return f"{involved.get('kind', '').lower()}/{involved.get('name', '')}"


def _source(event: Object, _: float) -> str:
    source = event.get("source") or {}
    parts = (source.get("component") or event.get("reportingComponent", ""), source.get("host", ""))
    return ", ".join(part for part in parts if part)


def _count(event: Object, _: float) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)


def _ports(service: Object, _: float) -> str:
    ports = service["spec"].get("ports") or ()
    return ",".join(f"{one['port']}/{one.get('protocol', 'TCP')}" for one in ports) or NONE


def _size(*fields: str) -> Column:
    return Column("Data", lambda obj, _: sum(len(obj.get(name) or ()) for name in fields))


def _revised(revision: Object, _: float) -> str:
    owner = controller_of(revision)
    if owner is None:
        return NONE
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"


def _modes(claim: Object, _: float) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(mode, mode) for mode in claim.get("status", {}).get("accessModes", ()))


COLUMNS: dict[Resource, tuple[Column, ...]] = {
    PODS: POD_COLUMNS,
    **WORKLOAD_COLUMNS,
    NAMESPACES: (NAME, Column("Status", field("status.phase")), AGE),
    NODES: (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _roles),
        AGE,
        Column("Version", field("status.nodeInfo.kubeletVersion")),
        Column("Internal-IP", _address("InternalIP"), 1),
        Column("External-IP", _address("ExternalIP"), 1),
        Column("OS-Image", field("status.nodeInfo.osImage", UNKNOWN), 1),
        Column("Kernel-Version", field("status.nodeInfo.kernelVersion", UNKNOWN), 1),
        Column("Container-Runtime", field("status.nodeInfo.containerRuntimeVersion", UNKNOWN), 1),
    ),
    EVENTS: (
        Column("Last Seen", _last_seen),
        Column("Type", field("type")),
        Column("Reason", field("reason")),
        Column("Object", _involved),
        Column("Subobject", field("involvedObject.fieldPath"), 1),
        Column("Source", _source, 1),
        Column("Message", lambda event, _: event.get("message", "").strip()),
        Column("First Seen", _first_seen, 1),
        Column("Count", _count, 1),
        Column("Name", field("metadata.name"), 1),
    ),
    SERVICES: (
        NAME,
        Column("Type", field("spec.type")),
        Column("Cluster-IP", field("spec.clusterIP", NONE)),
        Column("External-IP", lambda obj, _: NONE),
        Column("Port(s)", _ports),
        AGE,
        Column("Selector", lambda obj, _: pairs(obj["spec"].get("selector") or {}), 1),
    ),
    CONFIG_MAPS: (NAME, _size("data", "binaryData"), AGE),
    SECRETS: (NAME, Column("Type", field("type")), _size("data"), AGE),
    SERVICE_ACCOUNTS: (NAME, Column("Secrets", lambda obj, _: len(obj.get("secrets") or ())), AGE),
    LEASES: (NAME, Column("Holder", field("spec.holderIdentity")), AGE),
    CONTROLLER_REVISIONS: (NAME, Column("Controller", _revised), Column("Revision", field("revision", 0)), AGE),
    CLAIMS: (
        NAME,
        Column("Status", field("status.phase")),
        Column("Volume", field("spec.volumeName")),
        Column("Capacity", field("status.capacity.storage")),
        Column("Access Modes", _modes),
        Column("StorageClass", field("spec.storageClassName")),
        AGE,
    ),
    DISRUPTION_BUDGETS: (
        NAME,
        Column("Min Available", field("spec.minAvailable", "N/A")),
        Column("Max Unavailable", field("spec.maxUnavailable", "N/A")),
        Column("Allowed Disruptions", field("status.disruptionsAllowed", 0)),
        AGE,
    ),
}
