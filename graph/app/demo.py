"""``statusgraph demo``: a demo cluster that tells its stories, a Redis server, and ``serve`` in front of them.

Everything but Redis runs in this process, on one event loop. What it writes is in one private folder, which is removed
when it ends.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph import app, config, telemetry
from graph.app import redis_server, welcome
from graph.demo.cluster import Cluster, PortTaken
from graph.demo.logs import Logs
from graph.demo.player import Api
from graph.demo.stories import STORIES, VOICES, Teller
from graph.errors import DemoFailed, SettingsError

if TYPE_CHECKING:
    from graph.config import Settings

LOOPBACK = "127.0.0.1"
ASK = json.dumps({"query": "{ services(first: 1) { nodes { name } } }"}).encode()
"""Answered with a service: the demo is ready."""
LOOK = 0.05
HISTORY = 2_000
"""Changes of each resource that the cluster remembers, and transitions that the API does: some minutes of it."""
EVENT_LIFETIME = 900.0
"""Seconds. A cluster keeps them for an hour; here so many are told that they would cost a hundred megabytes."""

NO_REDIS = (
    "there is no Redis server: install one (apt install redis-server, dnf install valkey, brew install redis), or, for "
    "Python before 3.13, the one of PyPI: pip install 'statusgraph[demo]'"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said. ``pace``: how many times faster than usual the stories are told."""

    host: str = LOOPBACK
    port: int = 8000
    cluster_port: int = 0
    seed: int = 0
    scale: int = 1
    pace: float = 1.0
    browser: bool = True


async def demo(options: Options, tell: Callable[[str], None]) -> None:
    """Until a signal; what there is to say is told.

    SettingsError for what cannot be listened on, DemoFailed for what is missing or has died.
    """
    one = _Demo(options, tell)
    with _signals(one.end), suppress(asyncio.CancelledError):
        async with one.stack:
            await one.run()


class _Demo:
    """One run. What is begun is entered into ``stack``."""

    def __init__(self, options: Options, tell: Callable[[str], None]) -> None:
        self._begun = time.monotonic()
        self._tell = tell
        self._options = options
        self.stack = AsyncExitStack()
        self._ending = asyncio.Event()
        self._task = asyncio.current_task()
        self._serves = False

    def end(self) -> None:
        """On a signal: in good order, or at once while it only starts, and when somebody insists."""
        if self._serves and not self._ending.is_set():
            self._ending.set()
        elif self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """From the checks that come before anything is started to the end."""
        program = self._check()
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="statusgraph-demo-")))
        redis, kubeconfig = redis_server.RedisServer(program, home), home / "kubeconfig"
        settings = self._settings(redis.url, kubeconfig)
        telemetry.configure(settings)
        await self.stack.enter_async_context(redis)
        cluster = await self._cluster()
        cluster.kubeconfig(kubeconfig)
        teller = await self._teller(cluster)
        parts = _part("Kubernetes API", cluster.died()), _part("stories", teller.run())
        await self._live(settings, [redis.died(), *parts, self._greet(cluster, kubeconfig)])

    def _check(self) -> str:
        """Whatever can be known to fail, before anything is started. The Redis server's program."""
        options = self._options
        address, port = _free(options.host, options.port, "--port")
        _free(LOOPBACK, options.cluster_port, "--cluster-port")
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            self._tell(f"Mind that the demo has no login: whoever reaches {options.host} may use and change it.")
        self._options = replace(options, port=port)
        if (program := redis_server.find()) is None:
            raise DemoFailed(NO_REDIS)
        return program

    def _settings(self, redis_url: str, kubeconfig: Path) -> Settings:
        """The environment's, but for what makes it the demo."""
        options = self._options
        kept = {"keep_transitions": HISTORY * options.scale, "keep_changes": 2 * HISTORY * options.scale}
        defaults = {"cluster": "demo", "actions": "on", "log_level": "warning", "drain_seconds": 0}
        return config.load(
            {**defaults, **kept, "operator_listen": f"{LOOPBACK}:0"},
            api_listen=f"{_bracketed(options.host)}:{options.port}",
            redis_url=redis_url,
            kubeconfig=str(kubeconfig),
            kube_context=None,
        )

    async def _cluster(self) -> Cluster:
        options = self._options
        cluster = Cluster(
            port=options.cluster_port,
            seed=options.seed,
            speed=options.pace,
            logs=Logs(options.seed, VOICES),
            history=HISTORY * options.scale,
            event_lifetime=EVENT_LIFETIME,
        )
        try:
            return await self.stack.enter_async_context(cluster)
        except PortTaken as error:
            raise DemoFailed(str(error)) from error

    async def _teller(self, cluster: Cluster) -> Teller:
        """With everybody on the stage: the operator's first look shall not find it empty."""
        api = await self.stack.enter_async_context(Api(cluster.url))
        options = self._options
        teller = Teller(api, STORIES, seed=options.seed, scale=options.scale, pace=options.pace)
        await teller.gather()
        return teller

    async def _live(self, settings: Settings, parts: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Serves until the end is asked for, or one of the parts is over. They are not meant to be."""
        beside = [asyncio.create_task(part) for part in parts]
        for task in beside:
            task.add_done_callback(lambda _: self._ending.set())
        self._serves = True
        try:
            await app.run(settings, operator=True, api=True, ending=self._ending)
        finally:
            over = [task for task in beside if task.done()]
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
        for task in over:
            task.result()

    async def _greet(self, cluster: Cluster, kubeconfig: Path) -> None:
        """As soon as the first service is there."""
        url = f"http://{_reached_at(self._options.host)}:{self._options.port}/graphql"
        await _until_it_answers(url)
        self._tell(welcome.text(url, cluster.url, kubeconfig, seconds=time.monotonic() - self._begun))
        if self._options.browser and not welcome.open_browser(url):
            self._tell(f"There is no browser here to be opened: visit {url} with one of yours.")
        await self._ending.wait()


async def _part(name: str, running: Coroutine[Any, Any, None]) -> None:
    """Something that is not meant to end. Raises DemoFailed when it does."""
    try:
        await running
    except Exception as error:
        raise DemoFailed(f"the demo's {name} died: {type(error).__name__}: {error}") from error
    raise DemoFailed(f"the demo's {name} ended")


async def _until_it_answers(url: str) -> None:
    while True:
        if await asyncio.to_thread(_answers, url):
            return
        await asyncio.sleep(LOOK)


def _answers(url: str) -> bool:
    request = urllib.request.Request(url, ASK, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return bool(json.load(answer)["data"]["services"]["nodes"])
    except (OSError, ValueError):
        return False


def _free(host: str, port: int, option: str) -> tuple[str, int]:
    """The address and the port, a free one for 0. Raises SettingsError when something else listens there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            bound: tuple[str, int] = probe.getsockname()[:2]
            return bound
    except OSError as error:
        raise SettingsError(
            f"{option} {port}: {host}:{port} cannot be listened on ({error.strerror}); choose another one"
        ) from error


def _reached_at(host: str) -> str:
    """From this machine."""
    return LOOPBACK if host == "0.0.0.0" else "[::1]" if host == "::" else _bracketed(host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def _signals(end: Callable[[], None]) -> Iterator[None]:
    loop, numbers = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
