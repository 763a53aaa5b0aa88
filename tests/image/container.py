"""One command of the image as a strict container runs it, made by bubblewrap.

The root is read-only, the user is the image's, all capabilities are gone, nothing can be gained (``no_new_privs``), and
the command is process 1 of its own namespace, where a signal that it does not handle does nothing. The network is this
machine's: its ports are asked from here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.image.buildah import Image

# What root needs to become the image's user, and that user has not.
_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


class Container:
    """A command that runs, or ran."""

    def __init__(self, process: subprocess.Popen[str], pid: int, log: Path) -> None:
        self._process = process
        self._pid = pid
        self._log = log

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def output(self) -> str:
        """All that it wrote until now."""
        return self._log.read_text(errors="replace")

    def wait(self, seconds: float) -> int:
        """Its exit code; AssertionError when it goes on for longer."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end within {seconds:g} s; it wrote:\n{self.output[-2000:]}") from None

    def terminate(self, *, within: float) -> float:
        """SIGTERM, as a cluster sends it; after how many seconds it ended, with exit code 0."""
        began = time.monotonic()
        os.kill(self._pid, signal.SIGTERM)
        code = self.wait(within)
        assert code == 0, f"it ended with {code}; it wrote:\n{self.output[-2000:]}"
        return time.monotonic() - began

    def kill(self) -> None:
        """Process 1 dies, and everything in its namespace with it."""
        if not self.ended:
            os.kill(self._pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def running(
    image: Image,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    tmp: Path | None = None,
    mnt: Path | None = None,
    entrypoint: Sequence[str] | None = None,
) -> Iterator[Container]:
    """Runs ``command`` until the block ends. ``tmp`` is its /tmp; without it nothing at all can be written.

    ``mnt`` is a folder that it may read, at /mnt.
    """
    words = _sandbox(image, environment=environment or {}, tmp=tmp, mnt=mnt)
    words += [*(image.config["Entrypoint"] if entrypoint is None else entrypoint), *command]
    reading, writing = os.pipe()
    with log.open("w") as output, os.fdopen(reading) as told:
        process = subprocess.Popen(
            ["bwrap", "--info-fd", str(writing), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            text=True,
        )
        os.close(writing)
        container = Container(process, _pid(told.read(), log), log)
        try:
            yield container
        finally:
            container.kill()


def _sandbox(image: Image, *, environment: Mapping[str, str], tmp: Path | None, mnt: Path | None) -> list[str]:
    user, _, group = image.config["User"].partition(":")
    words = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--die-with-parent", "--new-session"]
    words += ["--cap-drop", "ALL", *(word for name in _CAPABILITIES for word in ("--cap-add", name)), "--clearenv"]
    variables = dict(variable.split("=", 1) for variable in image.config["Env"]) | dict(environment)
    for name, value in variables.items():
        words += ["--setenv", name, value]
    words += ["--ro-bind", str(image.root), "/", "--proc", "/proc", "--dev", "/dev"]
    words += ["--bind", str(tmp), "/tmp"] if tmp else []
    words += ["--ro-bind", str(mnt), "/mnt"] if mnt else []
    words += ["--chdir", image.config["WorkingDir"], "--", "setpriv", "--reuid", user, "--regid", group]
    return [
        *words,
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all",
        "--inh-caps=-all",
        "--pdeathsig=KILL",
        "--",
    ]


def _pid(told: str, log: Path) -> int:
    if not told:
        raise AssertionError(f"bubblewrap did not start: {log.read_text(errors='replace')}")
    pid: int = json.loads(told)["child-pid"]
    return pid
