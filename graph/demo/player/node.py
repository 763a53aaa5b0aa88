"""A played node: registers itself, keeps its Lease and its Ready condition fresh, and can fall silent."""

from __future__ import annotations

import asyncio
from typing import Any

from .api import MERGE_PATCH, Api, ApiError, UnreachableError
from .clock import Pace, now, now_micro

Object = dict[str, Any]

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
CAPACITY = {"cpu": "32", "memory": "64Gi", "pods": "1000", "ephemeral-storage": "200Gi"}
PRESSURES = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}


class Node:
    """One node; while it is silent nothing of it reaches the API server, its pods' statuses neither."""

    def __init__(self, api: Api, name: str, *, index: int, pace: Pace) -> None:
        self.name = name
        self.images: set[str] = set()
        self._api = api
        self._index = index
        self._pace = pace
        self._problem: str | None = None
        self._addresses = 0
        self._reachable = asyncio.Event()
        self._reachable.set()

    @property
    def ip(self) -> str:
        return f"10.20.0.{10 + self._index}"

    def new_pod_ip(self) -> str:
        self._addresses += 1
        return f"10.244.{self._index}.{self._addresses % 250 + 2}"

    async def reachable(self) -> None:
        await self._reachable.wait()

    def silence(self) -> None:
        self._reachable.clear()

    async def resume(self) -> None:
        """Speaks again, as a kubelet after a restart: registers if its Node is gone, and says how it is."""
        self._reachable.set()
        await self.register()

    async def report(self, problem: str | None) -> None:
        """Says by itself that it is not ready (the runtime is down, …), or with None that it is."""
        self._problem = problem
        await self._patch_status()

    async def register(self) -> None:
        try:
            await self._api.request("POST", "/api/v1/nodes", body=self._object())
        except ApiError as error:
            if error.status != 409:
                raise
        await self._patch_status()
        await self._renew()

    async def run(self) -> None:
        """The heartbeats; an unreachable API server or a removed Node does not end them."""
        while True:
            await asyncio.sleep(self._pace.heartbeat)
            await self.reachable()
            try:
                await self._renew()
                await self._correct()
            except (ApiError, UnreachableError):
                continue

    async def _renew(self) -> None:
        lease = {"holderIdentity": self.name, "leaseDurationSeconds": 40, "renewTime": now_micro()}
        try:
            await self._api.request("PATCH", f"{LEASES}/{self.name}", body={"spec": lease}, content_type=MERGE_PATCH)
        except ApiError as error:
            if error.status != 404:
                raise
            metadata = {"name": self.name, "namespace": "kube-node-lease"}
            body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": lease}
            await self._api.request("POST", LEASES, body=body)

    async def _correct(self) -> None:
        """The node controller may have written Unknown meanwhile; the kubelet puts its own word back."""
        node = await self._api.request("GET", f"/api/v1/nodes/{self.name}")
        conditions = node.get("status", {}).get("conditions", ())
        ready = next((one["status"] for one in conditions if one["type"] == "Ready"), None)
        if ready != self._ready()["status"]:
            await self._patch_status()

    async def _patch_status(self) -> None:
        path = f"/api/v1/nodes/{self.name}/status"
        await self._api.request("PATCH", path, body={"status": self._status()}, content_type=MERGE_PATCH)

    def _object(self) -> Object:
        labels = {
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": f"zone-{'abc'[self._index % 3]}",
        }
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": labels},
            "status": self._status(),
        }

    def _status(self) -> Object:
        instant = now()
        times = {"lastHeartbeatTime": instant, "lastTransitionTime": instant}
        pressures = [
            {"type": name, "status": "False", **times, "reason": reason, "message": message}
            for name, (reason, message) in PRESSURES.items()
        ]
        return {
            "capacity": CAPACITY,
            "allocatable": CAPACITY,
            "conditions": [*pressures, {"type": "Ready", **times, **self._ready()}],
            "addresses": [{"type": "InternalIP", "address": self.ip}, {"type": "Hostname", "address": self.name}],
            "nodeInfo": _node_info(self.name),
        }

    def _ready(self) -> Object:
        if self._problem:
            return {"status": "False", "reason": "KubeletNotReady", "message": self._problem}
        return {"status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}


def _node_info(name: str) -> Object:
    return {
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
        "kernelVersion": "6.12.0",
        "osImage": "Played Linux",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kubeletVersion": "v1.34.4",
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
