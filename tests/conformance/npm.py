"""The npm clients, installed once from the lock file into a folder that git ignores."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
LOCK = HERE / "package-lock.json"
MARK = MODULES / ".installed.json"
"""A copy of the lock file that was installed."""
PATIENCE = 300.0


class NpmMissing(Exception):
    """There is no Node to run the clients by."""


def installed() -> Path:
    """The folder of the modules, installed anew when the lock file changed; NpmMissing where it cannot be."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NpmMissing("no npm or node on the PATH: the npm clients are not run")
    with (HERE / "package.json").open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not MARK.exists() or MARK.read_bytes() != LOCK.read_bytes():
            _install()
            MARK.write_bytes(LOCK.read_bytes())
    return MODULES


def program(name: str) -> Path:
    """A command of the modules."""
    return installed() / ".bin" / name


def _install() -> None:
    words = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(HERE)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise NpmMissing(f"npm ci failed: {done.stderr[-500:]}")
