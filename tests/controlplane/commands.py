"""The command lines of the control plane's programs: pure, one function each, with the reason for each unusual flag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "cronjob-controller",
    "ttl-after-finished-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "resourcequota-controller",
    "disruption-controller",
    "endpointslice-controller",
    "pod-garbage-collector-controller",
    "node-lifecycle-controller",
    "taint-eviction-controller",
    "clusterrole-aggregation-controller",  # the built-in roles view, edit and admin are empty without it
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of one control plane is: its programs, its directory, its ports."""

    binaries: Path
    directory: Path
    etcd_port: int
    etcd_peer_port: int
    apiserver_port: int

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.apiserver_port}"

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "admin.kubeconfig"


def etcd(layout: Layout) -> list[str]:
    client, peer = f"http://127.0.0.1:{layout.etcd_port}", f"http://127.0.0.1:{layout.etcd_peer_port}"
    return [
        str(layout.binaries / "etcd"),
        f"--data-dir={layout.directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",  # the data never outlives the test
        "--log-level=warn",
    ]


def apiserver(layout: Layout) -> list[str]:
    files = layout.directory
    return [
        str(layout.binaries / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{layout.etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={layout.apiserver_port}",
        f"--tls-cert-file={files / 'server.crt'}",
        f"--tls-private-key-file={files / 'server.key'}",
        f"--client-ca-file={files / 'ca.crt'}",
        "--authorization-mode=RBAC,Node",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={files / 'service-account.pub'}",
        f"--service-account-signing-key-file={files / 'service-account.key'}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--endpoint-reconciler-type=none",  # a loopback address is refused as an endpoint of the kubernetes service
        "--disable-admission-plugins=ServiceAccount",  # a pod need not wait for its namespace's default account
        "--allow-privileged=true",
        "--profiling=false",
    ]


def controller_manager(layout: Layout, *, node_grace_seconds: int) -> list[str]:
    return [
        str(layout.binaries / "kube-controller-manager"),
        f"--kubeconfig={layout.kubeconfig}",
        f"--controllers={','.join(CONTROLLERS)}",
        f"--service-account-private-key-file={layout.directory / 'service-account.key'}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=300",  # the defaults would make a busy test wait for the client's own throttling
        "--kube-api-burst=600",
        f"--node-monitor-grace-period={node_grace_seconds}s",
        "--node-monitor-period=1s",
    ]


def scheduler(layout: Layout) -> list[str]:
    return [
        str(layout.binaries / "kube-scheduler"),
        f"--kubeconfig={layout.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=300",
        "--kube-api-burst=600",
    ]
