"""A kubelet player: an ordinary API client that stands in for the kubelets of a few nodes.

It registers nodes, keeps them alive, and writes the status of the pods bound to them exactly as a 1.34 kubelet does:
conditions, container states, restarts with back-off, events, graceful deletion. Nothing runs in truth.

What a container does is said by the pod's annotation `play.statusgraph.io/<container>`, else by its image's tag
(`app:crash`, `app:1.4-crash`), else it runs for ever, or in a Job's pod and as an init container to a good end after a
second:

    ok                        runs and is ready (after its readiness probe's first delay)
    slow after=5s             becomes ready late; its readiness probe fails meanwhile
    unready                   runs, never ready
    starting [after=5s]       its startup probe fails, for ever or so long
    crash exit=1 after=1s     exits again and again; with times=2 only so often, then it is well
    once exit=1 after=1s      crash times=1
    oom after=1s              as crash, OOMKilled with 137
    exit exit=0 after=1s      runs to completion
    unhealthy after=3s        ready, then killed by its liveness probe; times= as above
    missing                   ErrImagePull and ImagePullBackOff in turn
    invalid-image             InvalidImageName (a malformed reference is so by itself)
    config-error              CreateContainerConfigError
    creating [reason=FailedMount]  stays in ContainerCreating, with such an event when a reason is given
    evicted after=1s          the node gives the pod up: Failed, reason Evicted

Every verb takes `message="…"` (of the error, the end, the eviction) and `stop=2s|never|stuck`: how long it takes to
end after TERM, that it must be killed when the grace is over, or that the pod stays in Terminating for ever. A changed
annotation counts at once, in the running container; so a test can make an unready container ready.
"""

from .api import Api, ApiError, Object, UnreachableError
from .clock import Pace
from .player import Player

__all__ = ["Api", "ApiError", "Object", "Pace", "Player", "UnreachableError"]
