"""A demo cluster ten times as fast as a kubelet, and the API alone, without controllers."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from graph.demo.api.app import Api
from graph.demo.api.server import Server
from graph.demo.cluster import Cluster
from graph.demo.defaults import defaulted
from graph.demo.objects import Object
from graph.demo.player import Api as Client
from graph.demo.resources import NAMESPACES, PODS
from graph.demo.store import Store
from tests.controlplane.kube import Kube
from tests.demo.raw import Raw

NOON = 1_767_268_800.0


@dataclass(frozen=True, slots=True)
class Line:
    """Of a log."""

    at: float
    text: str


@dataclass
class Book:
    """Logs of which the test says what is in them."""

    lines: list[Line] = field(default_factory=list)
    next: float | None = None

    def read(self, pod: Object, container: str, *, previous: bool, now: float) -> Sequence[Line]:
        return [line for line in self.lines if line.at <= now]

    def next_after(self, pod: Object, container: str, at: float) -> float | None:
        return self.next


class Bare:
    """The API over a store in which nobody acts but the test. ``now`` is its clock's."""

    def __init__(self, history: int) -> None:
        self.now = NOON
        self.store = Store(lambda: self.now, Random(0), history=history)
        self.logs = Book()
        self.api = Api(self.store, self.logs, lambda store, obj, resource: None)
        self.server = Server(self.api, host="127.0.0.1", port=0)
        self.client: Client
        self.raw: Raw
        self.store.create(NAMESPACES, defaulted(NAMESPACES, {"metadata": {"name": "shop"}}))

    @property
    def url(self) -> str:
        return self.server.url

    def pod(self, name: str, *, namespace: str = "shop", **metadata: object) -> Object:
        """Makes one."""
        spec = {"containers": [{"name": "main", "image": "example/app:1"}]}
        obj = {"metadata": {"name": name, "namespace": namespace, **metadata}, "spec": spec}
        return self.store.create(PODS, defaulted(PODS, obj))

    def touch(self, name: str, **status: object) -> Object:
        """Changes a pod's status."""
        pod = self.store.get(PODS, "shop", name)
        return self.store.update(PODS, {**pod, "status": {**pod["status"], **status}}, status=True)


@pytest.fixture
async def bare() -> AsyncIterator[Bare]:
    """A new one, with a short memory."""
    one = Bare(history=50)
    one.server.start()
    async with Client(one.url) as one.client:
        one.raw = Raw(one.client)
        yield one
    await one.server.stop()


@pytest.fixture(scope="session")
async def demo() -> AsyncIterator[Cluster]:
    """One for all tests that only add to it."""
    async with Cluster(speed=10.0) as cluster:
        yield cluster


@pytest.fixture(scope="session")
async def demo_kube(demo: Cluster) -> AsyncIterator[Kube]:
    """Its administrator."""
    async with Kube(Client(demo.url)) as kube:
        yield kube


@pytest.fixture
async def place(demo_kube: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own in it."""
    name = f"test-{secrets.token_hex(4)}"
    await demo_kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    await demo_kube.delete("Namespace", name)
