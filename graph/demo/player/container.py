"""One container's life: its image, its runs, its restarts with the kubelet's back-off."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Protocol

from .clock import BACKOFF_MAX, Pace, backoff_seconds, now
from .images import CreationFailure, creation_failure
from .phases import OUTPUT, Phase, phases
from .script import EXITING, Script, UnknownPlayError, script_for
from .status import Container

Object = dict[str, Any]


class Host(Protocol):
    """What a container needs of its pod."""

    @property
    def pod(self) -> Object: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def identity(self) -> str: ...
    async def publish(self) -> None: ...
    async def changed(self) -> None: ...
    async def make_sandbox(self) -> None: ...
    def tell(self, container: Container, type_: str, reason: str, message: str) -> None: ...
    def tell_pod(self, type_: str, reason: str, message: str) -> None: ...
    def has_image(self, image: str) -> bool: ...
    def evict(self, message: str | None) -> None: ...


class ContainerPlay:
    """Plays one container until it ends for good; cancelled when the pod ends earlier."""

    def __init__(self, host: Host, container: Container) -> None:
        self._host = host
        self.container = container
        self._failures = 0
        self._script = Script()

    async def run(self) -> int:
        """Returns the exit code with which the container ended for good."""
        while True:
            await self._create()
            code = await self._run_once()
            if not self._restarts_after(code):
                return code
            await self._back_off()

    def _restarts_after(self, code: int) -> bool:
        container = self.container
        policy = self._host.pod["spec"].get("restartPolicy", "Always")
        if container.init and not container.sidecar:
            return code != 0 and policy != "Never"
        return container.sidecar or policy == "Always" or (policy == "OnFailure" and code != 0)

    def _read_script(self) -> Script:
        """The pod's present words: a test may change the annotation while the container runs."""
        try:
            return script_for(self._host.pod, self.container.spec, restarts=self.container.restarts)
        except UnknownPlayError as error:
            return Script("config-error", message=str(error))

    async def _pause(self, seconds: float | None) -> bool:
        """Waits so long, or until the script is another one; tells whether it is."""
        try:
            async with asyncio.timeout(seconds):
                while self._read_script() == self._script:
                    await self._host.changed()
        except TimeoutError:
            return False
        return True

    async def _create(self) -> None:
        """Until the image is there and the container made; what prevents it shows as a waiting reason."""
        self._script = self._read_script()
        if self._script.verb == "creating":
            await self._hang_in_creation()
        await self._host.make_sandbox()
        attempts = 0
        while (failure := creation_failure(self._script, self.container.spec["image"], attempts)) is not None:
            await self._fail_creation(failure)
            attempts += 1
        await self._pull()

    async def _hang_in_creation(self) -> None:
        script = self._script
        while self._script == script:
            if script.reason:
                self._host.tell_pod("Warning", script.reason, script.message or script.reason)
            await self._pause(self._host.pace.of(self._host.pace.probe_period))
            self._script = self._read_script()

    async def _fail_creation(self, failure: CreationFailure) -> None:
        for type_, reason, message in failure.events:
            self._tell(type_, reason, message)
        await self._wait_as(failure.reason, failure.message)
        await self._pause(self._host.pace.of(failure.seconds))
        self._script = self._read_script()

    async def _pull(self) -> None:
        image, pace = self.container.spec["image"], self._host.pace
        if self.container.spec.get("imagePullPolicy") != "Always" and self._host.has_image(image):
            self._tell("Normal", "Pulled", f'Container image "{image}" already present on machine')
            return
        self._tell("Normal", "Pulling", f'Pulling image "{image}"')
        await asyncio.sleep(pace.of(pace.pull))
        took = f"{pace.pull * 1000:.0f}ms"
        text = f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: 51234567 bytes.'
        self._tell("Normal", "Pulled", text)

    async def _run_once(self) -> int:
        container, pace = self.container, self._host.pace
        self._tell("Normal", "Created", f"Created container: {container.name}")
        await asyncio.sleep(pace.of(pace.start))
        if "terminated" in container.state or container.last:
            container.restarts += 1
            container.last = container.state if "terminated" in container.state else container.last
        self._script = self._read_script()
        container.container_id = f"containerd://{secrets.token_hex(32)}"
        container.state = {"running": {"startedAt": now()}}
        self._tell("Normal", "Started", f"Started container {container.name}")
        began = asyncio.get_running_loop().time()
        await self._live()
        if asyncio.get_running_loop().time() - began > pace.of(2 * BACKOFF_MAX):
            self._failures = 0  # as with the kubelet: who ran for long begins anew
        await self._exit()
        return self._script.exit_code

    async def _live(self) -> None:
        """Goes through the phases; a changed script begins at its own first phase, in the same run."""
        while True:
            for phase in phases(self._script, self.container.spec, self._host.pace):
                if await self._stand(phase):
                    self._script = self._read_script()
                    break
            else:
                if self._script.verb in EXITING:
                    return

    async def _stand(self, phase: Phase) -> bool:
        """Stands as the phase says; returns True at once when the script has become another one."""
        container = self.container
        container.started = phase.started
        container.ready = phase.ready and (container.sidecar or not container.init)
        await self._host.publish()
        if self._script.verb == "evicted":
            return await self._until_evicted()
        if phase.failing is None:
            return await self._pause(phase.seconds)
        return await self._fail_probe(phase.failing, phase.seconds)

    async def _fail_probe(self, probe: str, seconds: float | None) -> bool:
        loop, period = asyncio.get_running_loop(), self._host.pace.of(self._host.pace.probe_period)
        end = None if seconds is None else loop.time() + seconds
        while end is None or loop.time() < end:
            self._tell("Warning", "Unhealthy", f"{probe} probe failed: {OUTPUT[probe]}")
            rest = period if end is None else min(period, max(end - loop.time(), 0.0))
            if await self._pause(rest):
                return True
        return False

    async def _until_evicted(self) -> bool:
        if await self._pause(self._script.after):
            return True
        self._host.evict(self._script.message)
        await asyncio.Event().wait()  # the pod's end cancels this play
        return False

    async def _exit(self) -> None:
        if self._script.verb == "unhealthy":
            text = f"Container {self.container.name} failed liveness probe, will be restarted"
            self._tell("Normal", "Killing", text)
        self.terminate(self._script.exit_code, "OOMKilled" if self._script.verb == "oom" else None)
        await self._host.publish()

    def terminate(self, code: int, reason: str | None = None) -> None:
        """The running container has ended; nothing is published yet."""
        container = self.container
        ended: Object = {
            "exitCode": code,
            "reason": reason or ("Error" if code else "Completed"),
            "startedAt": container.state["running"]["startedAt"],
            "finishedAt": now(),
            "containerID": container.container_id,
        }
        if self._script.message and code:
            ended["message"] = self._script.message
        container.state = {"terminated": ended}
        container.started = False
        container.ready = code == 0 and container.init and not container.sidecar

    async def _back_off(self) -> None:
        """The first restart comes at once, later ones after 10, 20, … 300 seconds in CrashLoopBackOff."""
        pace, name = self._host.pace, self.container.name
        await asyncio.sleep(pace.of(pace.notice))
        seconds = backoff_seconds(self._failures)
        self._failures += 1
        if not seconds:
            return
        self._tell("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {self._host.identity}")
        message = f"back-off {_go_duration(seconds)} restarting failed container={name} pod={self._host.identity}"
        await self._wait_as("CrashLoopBackOff", message)
        await self._pause(pace.of(seconds))

    async def _wait_as(self, reason: str, message: str) -> None:
        container = self.container
        if "terminated" in container.state:
            container.last = container.state
        container.state = {"waiting": {"reason": reason, "message": message}}
        container.started = container.ready = False
        await self._host.publish()

    def stop_rule(self) -> str:
        """How the container answers TERM."""
        return self._read_script().stop

    def _tell(self, type_: str, reason: str, message: str) -> None:
        self._host.tell(self.container, type_, reason, message)


def _go_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
