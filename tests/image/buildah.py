"""buildah with a storage of its own, gone afterwards: the machine's own images are neither seen nor changed."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.image.base import cache_directory

BASE = "localhost/base"
IMAGE = "localhost/statusgraph"


class BuildError(Exception):
    """buildah failed; the message ends with what it said last."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was built: what its configuration says, and where its files are."""

    config: dict[str, Any]
    history: str
    size: int
    root: Path


class Buildah:
    """Runs as root, without a daemon and without namespaces of its own (chroot), wherever a shell runs."""

    def __init__(self, home: Path) -> None:
        downloads = cache_directory() / "downloads"  # RUN --mount=type=cache keeps its folders there
        downloads.mkdir(exist_ok=True)
        self._words = [
            "buildah",
            "--storage-driver",
            "vfs",
            "--root",
            str(home / "root"),
            "--runroot",
            str(home / "run"),
        ]
        self._environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(downloads)}

    def run(self, *words: str) -> str:
        """Its standard output; BuildError with the end of its log when it fails."""
        command = [*self._words, *words]
        ended = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if ended.returncode:
            said = (ended.stdout + ended.stderr).splitlines()[-30:]
            raise BuildError("\n".join([f"buildah {words[0]} ended with {ended.returncode}:", *said]))
        return ended.stdout.strip()

    def take_base(self, archive: Path) -> None:
        """Makes an image of the base's files."""
        container = self.run("from", "scratch")
        self.run("add", "--quiet", container, str(archive), "/")
        self.run("commit", "--quiet", "--rm", container, BASE)

    def build(self, context: Path, *, mounts: Mapping[Path, str], arguments: Mapping[str, str]) -> Image:
        """Builds ``context``'s Dockerfile on the base. Docker's format: OCI's has no health check."""
        words = ["bud", "--network", "host", "--format", "docker", "--tag", IMAGE]
        for source, place in mounts.items():
            words += ["--volume", f"{source}:{place}:ro"]
        for name, value in {"BASE": BASE, **arguments}.items():
            words += ["--build-arg", f"{name}={value}"]
        self.run(*words, str(context))
        told = json.loads(self.run("inspect", "--type", "image", IMAGE))
        layers = json.loads(told["Manifest"])["layers"]
        root = Path(self.run("mount", self.run("from", IMAGE)))
        size = sum(layer["size"] for layer in layers)
        return Image(
            config=told["Docker"]["config"], history=json.dumps(told["Docker"]["history"]), size=size, root=root
        )


@contextmanager
def storage() -> Iterator[Buildah]:
    """A buildah whose images and containers are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="statusgraph-storage-", ignore_cleanup_errors=True) as name:
        buildah = Buildah(Path(name))
        try:
            yield buildah
        finally:
            buildah.run("rm", "--all")
            buildah.run("rmi", "--all", "--force")
