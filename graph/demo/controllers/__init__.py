"""What acts on the demo's objects: the controllers and the scheduler of a control plane, in one process.

One file a controller. Each is level-triggered: ``reconcile`` brings what is there closer to what is wanted, whatever
happened before, and may be called at any time. They differ from Kubernetes' own in speed and size, never in what they
write: conditions, counters, events and their order are those of 1.34 (``docs/demo.md`` lists the exceptions).
"""

from __future__ import annotations

from graph.demo.controllers.cronjob import CronJobController
from graph.demo.controllers.daemonset import DaemonSetController
from graph.demo.controllers.deployment import DeploymentController
from graph.demo.controllers.disruption import DisruptionController
from graph.demo.controllers.events import LIFETIME, EventExpiry
from graph.demo.controllers.eviction import PodGarbage, TaintEviction
from graph.demo.controllers.garbage import GarbageCollector
from graph.demo.controllers.job import JobController, TtlController
from graph.demo.controllers.manager import Controller
from graph.demo.controllers.namespaces import NamespaceController
from graph.demo.controllers.nodes import NodeController
from graph.demo.controllers.placed import Placed
from graph.demo.controllers.quota import QuotaController
from graph.demo.controllers.replicaset import ReplicaSetController
from graph.demo.controllers.scheduler import Scheduler
from graph.demo.controllers.statefulset import StatefulSetController
from graph.demo.store import Store

NODE_GRACE = 40.0
"""Seconds for which a node may be silent."""


def controllers(store: Store, *, node_grace: float = NODE_GRACE, event_lifetime: float = LIFETIME) -> list[Controller]:
    """All of them, in the order in which each is told of a change."""
    placed = Placed(store)
    return [
        NamespaceController(store),
        QuotaController(store),
        ReplicaSetController(store),  # before Deployments: so their status tells each step, as where both run at once
        DeploymentController(store),
        StatefulSetController(store),
        DaemonSetController(store),
        JobController(store),
        TtlController(store),
        CronJobController(store),
        Scheduler(store, placed),
        NodeController(store, placed, grace=node_grace),
        TaintEviction(store, placed),
        PodGarbage(store, placed),
        DisruptionController(store),
        GarbageCollector(store),
        EventExpiry(store, lifetime=event_lifetime),
    ]
