"""The resources that the demo's API offers: one table, from which discovery, paths and storage follow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the API. ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    status: bool = True
    """Whether it has a status, written through the subresource alone."""
    scale: bool = False
    generation: bool = True
    """Whether ``metadata.generation`` counts the changes of its spec."""

    @property
    def api_version(self) -> str:
        """As objects name it: ``v1``, ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version


def _plain(group: str, version: str, plural: str, kind: str, *short: str, namespaced: bool = True) -> Resource:
    return Resource(group, version, plural, kind, short=short, namespaced=namespaced, status=False, generation=False)


NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",), generation=False)
NODES = Resource("", "v1", "nodes", "Node", namespaced=False, short=("no",), generation=False)
PODS = Resource("", "v1", "pods", "Pod", short=("po",))
EVENTS = _plain("", "v1", "events", "Event", "ev")
CONFIG_MAPS = _plain("", "v1", "configmaps", "ConfigMap", "cm")
SECRETS = _plain("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = _plain("", "v1", "serviceaccounts", "ServiceAccount", "sa")
SERVICES = Resource("", "v1", "services", "Service", short=("svc",), generation=False)
QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota", short=("quota",), generation=False)
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short=("pvc",), generation=False)
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", short=("deploy",), scale=True)
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet", short=("rs",), scale=True)
STATEFUL_SETS = Resource("apps", "v1", "statefulsets", "StatefulSet", short=("sts",), scale=True)
DAEMON_SETS = Resource("apps", "v1", "daemonsets", "DaemonSet", short=("ds",))
CONTROLLER_REVISIONS = _plain("apps", "v1", "controllerrevisions", "ControllerRevision")
JOBS = Resource("batch", "v1", "jobs", "Job")
CRONJOBS = Resource("batch", "v1", "cronjobs", "CronJob", short=("cj",))
LEASES = _plain("coordination.k8s.io", "v1", "leases", "Lease")
DISRUPTION_BUDGETS = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short=("pdb",))

RESOURCES = (
    NAMESPACES,
    NODES,
    PODS,
    EVENTS,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    QUOTAS,
    CLAIMS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    CONTROLLER_REVISIONS,
    JOBS,
    CRONJOBS,
    LEASES,
    DISRUPTION_BUDGETS,
)
