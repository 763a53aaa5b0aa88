"""The image that the Dockerfile is built on here: Debian as ``debian:*-slim`` is, with Python and certificates."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SUITE = "trixie"
PACKAGES = "python3,python3-venv,ca-certificates"

# What the slim images leave out as well, so that the sizes are comparable.
_DOCUMENTS = ("doc", "info", "lintian", "locale", "man")
# Packages, and what debootstrap takes over from the machine that it runs on.
_LEFTOVERS = ("var/lib/apt/lists", "var/cache/apt", "var/log", "etc/resolv.conf", "etc/hostname")


def cache_directory() -> Path:
    """Where the base and the downloads of builds are kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = home / "statusgraph" / "image"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def base(*, fresh: bool) -> Path:
    """The archive of the base's files; made when there is none yet, or when ``fresh``."""
    archive = cache_directory() / f"{SUITE}.tar"
    if fresh or not archive.exists():
        with tempfile.TemporaryDirectory(dir=cache_directory(), prefix="base-") as name:
            _make(Path(name), archive)
    return archive


def _make(directory: Path, archive: Path) -> None:
    root, unfinished = directory / "root", directory / "unfinished.tar"
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    rules = [f"path-exclude /usr/share/{name}/*\n" for name in _DOCUMENTS]
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text("".join(rules))
    for name in (*_LEFTOVERS, *(f"usr/share/{name}" for name in _DOCUMENTS)):
        _empty(root / name)
    words = ["tar", "--numeric-owner", "--exclude=./dev/*", "-C", str(root), "-cf", str(unfinished), "."]
    subprocess.run(words, check=True, capture_output=True, text=True)
    unfinished.rename(archive)  # a rename is atomic: nobody ever sees half a base


def _empty(path: Path) -> None:
    if path.is_dir():
        for entry in path.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    else:
        path.unlink(missing_ok=True)
