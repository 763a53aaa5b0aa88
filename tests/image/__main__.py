"""``python -m tests.image``: builds the image, checks it, prints a line a check."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.image import made
from tests.image.base import base
from tests.image.buildah import BuildError, Image, storage
from tests.image.machine import mounts
from tests.image.runs import Runs

PROJECT = Path(__file__).parents[2]
PROGRAMS = {"buildah": "buildah", "debootstrap": "debootstrap", "bwrap": "bubblewrap", "tar": "tar"}


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.image", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="make the Debian base anew; else the cached one is used")
    options = parser.parse_args()
    if problem := _problem():
        print(f"the image cannot be built here: {problem}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="statusgraph-image-") as work:
        try:
            return _all(Path(work), fresh=options.fresh)
        except BuildError as error:
            print(f"FAIL build: {error}")
        except subprocess.CalledProcessError as error:
            print(f"FAIL base: {error}\n{(error.stdout or '')[-2000:]}{(error.stderr or '')[-2000:]}")
    return 1


def _problem() -> str | None:
    if os.geteuid() != 0:
        return "debootstrap and buildah's chroot isolation need root"
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    return f"apt-get install --no-install-recommends {' '.join(missing)}" if missing else None


def _all(work: Path, *, fresh: bool) -> int:
    configuration, logs = work / "configuration", work / "logs"
    configuration.mkdir()
    logs.mkdir()
    mounted, revision = mounts(configuration), _revision()
    with storage() as buildah:
        began = time.monotonic()
        archive = base(fresh=fresh)
        buildah.take_base(archive)
        _say("base", f"{archive.stat().st_size / 1e6:.0f} MB, in {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        told = {"VERSION": made.version(PROJECT), "REVISION": revision, "CREATED": _now()}
        image = buildah.build(PROJECT, mounts=mounted, arguments=told)
        _say("build", f"in {time.monotonic() - began:.0f} s")
        _say("size", f"{image.size / 1e6:.0f} MB, of which {archive.stat().st_size / 1e6:.0f} MB are the base")
        return _checks(image, Runs(image, logs), mounted=mounted, revision=revision)


def _checks(image: Image, runs: Runs, *, mounted: dict[Path, str], revision: str) -> int:
    checks: dict[str, Callable[[], str]] = {
        "configuration": lambda: made.configuration(image),
        "labels": lambda: made.labels(image, project=PROJECT, revision=revision),
        "machine": lambda: made.nothing_of_this_machine(image, mounts=mounted),
        "bytecode": lambda: made.bytecode(image),
        "ownership": lambda: made.ownership(image),
        "user": runs.user,
        "commands": runs.commands,
        "operator": runs.no_cluster,
        "api": runs.api,
        "health": runs.unhealthy,
        "serve": runs.serve,
        "demo": runs.demo,
        "graphiql": runs.page,
    }
    passed = [_passes(name, check) for name, check in checks.items()]
    return 0 if all(passed) else 1


def _passes(name: str, check: Callable[[], str]) -> bool:
    try:
        _say(name, check())
    except Exception as problem:  # noqa: BLE001 # a check that breaks has failed, and the others still tell something
        print(f"FAIL {name}: {type(problem).__name__}: {problem}", flush=True)
        return False
    return True


def _say(name: str, text: str) -> None:
    print(f"ok   {name}: {text}", flush=True)


def _revision() -> str:
    words = ["git", "-C", str(PROJECT), "rev-parse", "HEAD"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
