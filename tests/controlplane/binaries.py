"""Where the control plane's programs and Helm come from: a directory of the user's, or a build from a committed go.mod.

`KUBEBUILDER_ASSETS` names a directory that already holds the control plane's (the envtest convention). Without it they
are built once by Go into the user's cache, in a directory named after the hash of go.mod and go.sum, so a new version
never meets old files. Helm is always built.
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REQUIRED = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


class BinariesUnavailableError(Exception):
    """No control plane can be run on this machine; the message says what would help."""


@dataclass(frozen=True, slots=True)
class Module:
    """A committed go.mod, and the programs that are built from it."""

    name: str
    folder: Path
    programs: Mapping[str, str]
    """The package of each."""
    source: str
    """The module whose version the programs tell."""
    stamps: tuple[str, ...]
    """What the linker sets, as the project's own build does: else `/version` would say v0.0.0-master."""

    def cache(self) -> Path:
        """Named after everything that decides the result: either complete or unfinished, never outdated."""
        digest = hashlib.sha256((self.folder / "go.mod").read_bytes() + (self.folder / "go.sum").read_bytes())
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return home / "statusgraph" / self.name.lower().replace(" ", "") / digest.hexdigest()[:16]

    def missing(self) -> list[str]:
        """The programs that the cache does not hold."""
        return [program for program in self.programs if not os.access(self.cache() / program, os.X_OK)]

    def ldflags(self) -> str:
        found = re.search(rf"^\s*{re.escape(self.source)} (v\d+\.(\d+)\.\d+)", self._go_mod(), re.MULTILINE)
        if found is None:
            raise BinariesUnavailableError(f"{self.folder / 'go.mod'} requires no {self.source}")
        version, minor = found.groups()
        return " ".join(("-s -w", *(f"-X {stamp.format(version=version, minor=minor)}" for stamp in self.stamps)))

    def _go_mod(self) -> str:
        return (self.folder / "go.mod").read_text()


_KUBERNETES = "k8s.io/component-base/version"
CONTROL_PLANE = Module(
    "control plane",
    HERE,
    {
        "etcd": "go.etcd.io/etcd/server/v3",
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    },
    "k8s.io/kubernetes",
    (
        f"{_KUBERNETES}.gitVersion={{version}}",
        f"{_KUBERNETES}.gitMajor=1",
        f"{_KUBERNETES}.gitMinor={{minor}}",
    ),
)
HELM = Module(
    "Helm",
    HERE / "helm",
    {"helm": "helm.sh/helm/v3/cmd/helm"},
    "helm.sh/helm/v3",
    (
        "helm.sh/helm/v3/internal/version.version={version}",
        # What a chart sees as the cluster's version when it is rendered without one; 1.20 if nobody says it.
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34",
    ),
)


def find() -> Path:
    """The directory with the programs, building them first when that is needed and possible."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    return _named(Path(named)) if named else build()


def _named(directory: Path) -> Path:
    missing = [name for name in REQUIRED if not os.access(directory / name, os.X_OK)]
    if missing:
        raise BinariesUnavailableError(f"KUBEBUILDER_ASSETS={directory} has no {', '.join(missing)}")
    return directory


def build(module: Module = CONTROL_PLANE) -> Path:
    """Builds what the cache does not hold yet; another run that builds at the same time is waited for."""
    directory = module.cache()
    if not module.missing():
        return directory
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / ".lock"):
        missing = module.missing()
        if missing and shutil.which("go") is None:
            raise BinariesUnavailableError(_without_go(module))
        for program in missing:
            _build_one(module, program)
    return directory


def _without_go(module: Module) -> str:
    instead = ", or point KUBEBUILDER_ASSETS at its programs" if module is CONTROL_PLANE else ""
    return f"{module.name} is not built: install Go 1.24 or newer{instead}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build_one(module: Module, program: str) -> None:
    began = time.monotonic()
    print(f"{module.name}: building {program} …", file=sys.stderr, flush=True)
    finished = module.cache() / program
    unfinished = finished.with_name(f".{program}.{os.getpid()}")
    # The module file is ours alone: a go.work above, or flags for another project, must not change the build.
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", module.ldflags(), "-o", str(unfinished)]
    command.append(module.programs[program])
    try:
        result = subprocess.run(
            command, cwd=module.folder, env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise BinariesUnavailableError(f"go build {program} failed:\n{result.stderr[-3000:]}")
        unfinished.rename(finished)  # a rename is atomic: nobody ever sees half a program
    finally:
        unfinished.unlink(missing_ok=True)
    print(f"{module.name}: {program} built in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
