"""Where the control plane's programs come from: a directory of the user's, or a build from the committed go.mod.

`KUBEBUILDER_ASSETS` names a directory that already holds them (the envtest convention). Without it they are built once
by Go into the user's cache, in a directory named after the hash of go.mod and go.sum, so a new version never meets old
files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODULE = Path(__file__).parent
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}
REQUIRED = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


class BinariesUnavailableError(Exception):
    """No control plane can be run on this machine; the message says what would help."""


def find() -> Path:
    """The directory with the programs, building them first when that is needed and possible."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    return _named(Path(named)) if named else build()


def _named(directory: Path) -> Path:
    missing = [name for name in REQUIRED if not os.access(directory / name, os.X_OK)]
    if missing:
        raise BinariesUnavailableError(f"KUBEBUILDER_ASSETS={directory} has no {', '.join(missing)}")
    return directory


def build() -> Path:
    """Builds what the cache does not hold yet; another run that builds at the same time is waited for."""
    directory = cache_directory()
    if not _missing(directory):
        return directory
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / ".lock"):
        missing = _missing(directory)
        if missing and shutil.which("go") is None:
            raise BinariesUnavailableError(
                "the control plane is not built: install Go 1.24 or newer, or point KUBEBUILDER_ASSETS at its programs"
            )
        for name in missing:
            _build_one(name, directory)
    return directory


def cache_directory() -> Path:
    """Named after everything that decides the result, so that it is either complete or unfinished, never outdated."""
    digest = hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "statusgraph" / "controlplane" / digest.hexdigest()[:16]


def _missing(directory: Path) -> list[str]:
    return [name for name in PACKAGES if not os.access(directory / name, os.X_OK)]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build_one(name: str, directory: Path) -> None:
    began = time.monotonic()
    print(f"control plane: building {name} …", file=sys.stderr, flush=True)
    unfinished = directory / f".{name}.{os.getpid()}"
    # The module file is ours alone: a go.work above, or flags for another project, must not change the build.
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}
    command = [
        "go",
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        _ldflags(),
        "-o",
        str(unfinished),
        PACKAGES[name],
    ]
    try:
        result = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise BinariesUnavailableError(f"go build {name} failed:\n{result.stderr[-3000:]}")
        unfinished.rename(directory / name)  # a rename is atomic: nobody ever sees half a program
    finally:
        unfinished.unlink(missing_ok=True)
    print(f"control plane: {name} built in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _ldflags() -> str:
    """Stamps the version as Kubernetes' own build does, else `/version` would say v0.0.0-master."""
    match = re.search(r"^\s*k8s\.io/kubernetes (v1\.(\d+)\.\d+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise BinariesUnavailableError("go.mod requires no k8s.io/kubernetes")
    stamp = "k8s.io/component-base/version"
    version, minor = match.groups()
    return f"-s -w -X {stamp}.gitVersion={version} -X {stamp}.gitMajor=1 -X {stamp}.gitMinor={minor}"
