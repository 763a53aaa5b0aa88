"""Real Helm: the chart rendered, checked and installed by the program that users have."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.helm.derived import CHART

Object = dict[str, Any]
RELEASE = "statusgraph"


class HelmFailed(Exception):
    """What it wrote to standard error."""


@dataclass(frozen=True, slots=True)
class Helm:
    """``helm("list")``: what it printed. It reads and writes nothing outside ``home``."""

    program: Path
    home: Path
    options: tuple[str, ...] = ()
    """Of every call: which cluster, which namespace."""

    def __call__(self, *words: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            **{f"HELM_{kind}_HOME": str(self.home / kind) for kind in ("CACHE", "CONFIG", "DATA")},
        }
        command = [str(self.program), *words, *self.options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HelmFailed(done.stderr + done.stdout)
        return done.stdout

    def render(self, *values: str, namespace: str = "release") -> list[Object]:
        """The manifests, without a cluster."""
        text = self("template", RELEASE, str(CHART), "--namespace", namespace, *values)
        return [body for body in yaml.safe_load_all(text) if body]


def value_sets() -> list[Path]:
    """Those of ``helm/ci``."""
    return sorted((CHART / "ci").glob("*.yaml"))


def workloads(manifests: list[Object]) -> list[Object]:
    """What makes pods."""
    return [body for body in manifests if body["kind"] in ("Deployment", "StatefulSet")]


def container(workload: Object) -> Object:
    """Its only one."""
    [only] = workload["spec"]["template"]["spec"]["containers"]
    found: Object = only
    return found


def named(manifests: list[Object], kind: str, name: str) -> Object:
    """The one of that kind and name."""
    [found] = [body for body in manifests if (body["kind"], body["metadata"]["name"]) == (kind, name)]
    return found
