"""Runs a command that must not outlive its parent: `guard.py PARENT_PID COMMAND…`.

A process of its own instead of a `preexec_fn`, which is unsafe in a program with threads. The kernel remembers the
request over the exec, so nothing remains of this script.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the parent died before its child began")
    os.execv(sys.argv[2], sys.argv[2:])


main()
