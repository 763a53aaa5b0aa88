"""`ControlPlane`: starts, stops and breaks one Kubernetes control plane on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from graph.demo.player.api import Api, ApiError, UnreachableError

from . import certificates, commands, kubeconfig
from .process import Component, ComponentFailedError

START_TIMEOUT = 90.0
POLL_INTERVAL = 0.05


class ControlPlane:
    """One API server with its etcd, controllers and scheduler; all of it ends with the process that made it.

    Call it from the main thread: a program ends when the thread that started it does.
    """

    def __init__(
        self,
        binaries: Path,
        *,
        apiserver_flags: Sequence[str] = (),
        controller_manager_flags: Sequence[str] = (),
        node_grace_seconds: int = 10,
    ) -> None:
        self.binaries = binaries
        self._apiserver_flags = tuple(apiserver_flags)
        self._controller_manager_flags = tuple(controller_manager_flags)
        self._node_grace_seconds = node_grace_seconds
        self.directory = Path(tempfile.mkdtemp(prefix="controlplane-"))
        etcd, etcd_peer, apiserver = _free_ports(3)
        self._layout = commands.Layout(binaries, self.directory, etcd, etcd_peer, apiserver)
        self._components: dict[str, Component] = {}
        self._authority = certificates.Authority()

    @property
    def server(self) -> str:
        return self._layout.server

    @property
    def authority(self) -> bytes:
        """The certificate, in PEM, that the API server's own is signed with."""
        return self._authority.certificate

    @property
    def kubeconfig(self) -> Path:
        """An administrator's (group system:masters), with a client certificate."""
        return self._layout.kubeconfig

    def write_kubeconfig(self, name: str, *, token: str) -> Path:
        """A kubeconfig file for whoever the bearer token stands for."""
        path = self.directory / f"{name}.kubeconfig"
        return kubeconfig.write(path, server=self.server, authority=self.authority, user=kubeconfig.token_user(token))

    async def start(self) -> None:
        try:
            self._write_credentials()
            self._run("etcd", commands.etcd(self._layout))
            await self.start_apiserver()
            manager = commands.controller_manager(self._layout, node_grace_seconds=self._node_grace_seconds)
            self._run("kube-controller-manager", [*manager, *self._controller_manager_flags])
            self._run("kube-scheduler", commands.scheduler(self._layout))
            await self._until(self._controllers_work, component="kube-controller-manager")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends every program and removes every file."""
        for name in reversed(tuple(self._components)):
            self._components.pop(name).kill()
        await asyncio.to_thread(shutil.rmtree, self.directory, ignore_errors=True)

    async def stop_apiserver(self) -> None:
        """Kills it as a crash would: no goodbye to clients, etcd and the controllers stay."""
        self._components.pop("kube-apiserver").kill()

    async def start_apiserver(self, *, flags: Sequence[str] = ()) -> None:
        """Starts it (again) on the same port, over the same data, and waits until it is ready."""
        self._run("kube-apiserver", [*commands.apiserver(self._layout), *self._apiserver_flags, *flags])
        await self._until(self._apiserver_ready, component="kube-apiserver")

    def log(self, component: str) -> str:
        """What a program wrote so far."""
        return (self.directory / f"{component}.log").read_text(errors="replace")

    @contextlib.contextmanager
    def frozen(self, component: str) -> Iterator[None]:
        """While this is open, a program stands still: nobody does its work."""
        pid = self._components[component].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def check(self) -> None:
        """Raises with the log's tail when a program ended by itself."""
        for component in self._components.values():
            component.check()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _run(self, name: str, command: Sequence[str]) -> None:
        self._components[name] = Component(name, command, log=self.directory / f"{name}.log")

    def _write_credentials(self) -> None:
        (self.directory / "ca.crt").write_bytes(self.authority)
        self._authority.server().write(self.directory, "server")
        private, public = certificates.service_account_keys()
        certificates.write_secret(self.directory / "service-account.key", private)
        (self.directory / "service-account.pub").write_bytes(public)
        admin = self._authority.client("admin", group="system:masters")
        user = kubeconfig.certificate_user(admin)
        kubeconfig.write(self.kubeconfig, server=self.server, authority=self.authority, user=user)

    async def _until(self, condition: Callable[[Api], Awaitable[object]], *, component: str) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT), kubeconfig.api_of(self.kubeconfig) as api:
                while not await _holds(condition(api)):
                    self.check()
                    await asyncio.sleep(POLL_INTERVAL)
        except TimeoutError as error:
            report = self._components[component].report(f"{component} did not become ready")
            raise ComponentFailedError(report) from error

    @staticmethod
    async def _apiserver_ready(api: Api) -> object:
        return await api.text("/readyz")

    @staticmethod
    async def _controllers_work(api: Api) -> object:
        """The namespace's account is made by a controller."""
        return await api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")


async def _holds(answer: Awaitable[object]) -> bool:
    try:
        await answer
    except (ApiError, UnreachableError):
        return False
    return True


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, below those that the kernel hands out to clients: one of these could take the
    API server's port while it is down, by a connection of its own client to itself."""
    free: list[int] = []
    for port in random.sample(range(20_000, 32_000), 200):
        if len(free) < count and _is_free(port):
            free.append(port)
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
