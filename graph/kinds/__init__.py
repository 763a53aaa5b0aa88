"""The kinds, bottom-up: what is owned comes before its owner. Adding a kind is one file here and one line below.

Of two kinds made of one resource the narrower comes first: a Job that is a Build is no Job.
"""

from __future__ import annotations

from graph.kinds import build, cronjob, daemonset, deployment, event, job, pod, replicaset, service, statefulset
from graph.model.kind import Kind

KINDS: tuple[Kind, ...] = (
    event.KIND,
    pod.KIND,
    replicaset.KIND,
    build.KIND,
    job.KIND,
    deployment.KIND,
    statefulset.KIND,
    daemonset.KIND,
    cronjob.KIND,
    service.KIND,
)
