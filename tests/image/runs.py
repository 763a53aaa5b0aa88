"""Checks of what runs: every command of the image, on its read-only root, as its user."""

from __future__ import annotations

import re
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.image import web
from tests.image.buildah import Image
from tests.image.container import Container, running
from tests.servers import free_port

READY = 60.0
END = 30.0

_SERVICES = "{ services(first: 100) { nodes { name status { state reason } } } }"


class Runs:
    """``logs`` is a folder for what the commands write."""

    def __init__(self, image: Image, logs: Path) -> None:
        self._image = image
        self._logs = logs

    def user(self) -> str:
        """The sandbox is what it claims to be, seen from within."""
        script = "id -u; for at in / /tmp /opt/statusgraph /dev/shm; do touch $at/written 2>/dev/null && echo $at; done"
        seen = self._whole("-c", script + "; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status", entrypoint="sh")
        wanted = ["10001", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"]
        assert seen.splitlines() == wanted, seen
        return "uid 10001, no capabilities, no new privileges, nothing can be written"

    def commands(self) -> str:
        """Those that only print."""
        told = self._whole("--version").strip()
        assert re.fullmatch(r"statusgraph \d+\.\d+\.\d+\S*", told), told
        assert 'kind: "ClusterRole"' in self._whole("rbac")
        assert "type Query" in self._whole("schema")
        for name in ("serve", "operator", "api", "demo"):
            assert f"usage: statusgraph {name}" in self._whole(name, "--help")
        return f"{told}; rbac, schema and the help of serve, operator, api and demo"

    def no_cluster(self) -> str:
        """An operator without a cluster says so in one sentence."""
        told = self._whole("operator", environment={"KUBECONFIG": "/none"}, code=2)
        assert len(told.splitlines()) == 1, told
        return told.strip()

    def api(self) -> str:
        """Alive without a Redis; answers with one; its end is clean."""
        redis, port = free_port(), free_port()
        listen = {"STATUSGRAPH_API_LISTEN": f"0.0.0.0:{port}"}
        environment = {**listen, "REDIS_URL": _redis_url(redis), "STATUSGRAPH_DRAIN_SECONDS": "1"}
        with self._run("api", environment=environment) as api:
            web.until(lambda: web.get(port, "/livez").status == 200, container=api, seconds=READY)
            assert web.get(port, "/readyz").status == 503, "ready without a Redis"
            with self._redis(redis):
                web.until(lambda: bool(web.query(port, "{ __typename }")), container=api, seconds=READY)
                self._health(listen)
            ended = api.terminate(within=END)
        return f"alive without a Redis, answers and is healthy with the image's own; ended {ended:.1f} s after SIGTERM"

    def serve(self) -> str:
        """Operator and API, on the demo's cluster and a Redis, with nowhere to write."""
        redis, port, operator = free_port(), free_port(), free_port()
        listen = {
            "STATUSGRAPH_API_LISTEN": f"0.0.0.0:{port}",
            "STATUSGRAPH_OPERATOR_LISTEN": f"0.0.0.0:{operator}",
        }
        environment = {**listen, "REDIS_URL": _redis_url(redis), "KUBECONFIG": "/mnt/kubeconfig"}
        environment |= {
            "STATUSGRAPH_DRAIN_SECONDS": "1",
            "STATUSGRAPH_LEASE_NAME": "image",
        }  # the demo leads by the other
        with self._demo(free_port()) as (demo, tmp), self._redis(redis):
            web.until(lambda: any(tmp.glob("*/kubeconfig")), container=demo, seconds=READY)
            mnt = next(tmp.glob("*/kubeconfig")).parent
            with self._run("serve", environment=environment, mnt=mnt) as serve:
                ready = web.until(lambda: _services(port) > 0, container=serve, seconds=READY)
                assert web.get(operator, "/readyz").status == 200, "the operator is not ready"
                self._health(listen)
                services, ended = _services(port), serve.terminate(within=END)
        return f"{services} services {ready:.1f} s after its start, healthy; ended {ended:.1f} s after SIGTERM"

    def unhealthy(self) -> str:
        """The health check fails where nothing listens."""
        nowhere = f"0.0.0.0:{free_port()}"
        told = self._health({"STATUSGRAPH_API_LISTEN": nowhere, "STATUSGRAPH_OPERATOR_LISTEN": nowhere}, code=1)
        assert told.strip() == "nothing listens", told
        return "the health check fails where nothing listens"

    def demo(self) -> str:
        """The demo answers a query, is healthy, and leaves nothing behind."""
        port = free_port()
        with self._demo(port) as (demo, tmp):
            ready = web.until(lambda: _services(port) > 0, container=demo, seconds=READY)
            services = _services(port)
            self._health({"STATUSGRAPH_API_LISTEN": f"0.0.0.0:{port}"})
            ended = demo.terminate(within=END)
            left = [path.name for path in tmp.iterdir()]
            assert not left, f"left in /tmp: {left}"
        return f"{services} services {ready:.1f} s after its start; ended {ended:.1f} s after SIGTERM, /tmp is empty"

    def page(self) -> str:
        """GraphiQL and the files that its page names."""
        port = free_port()
        with self._demo(port) as (demo, _):
            web.until(lambda: web.get(port, "/livez").status == 200, container=demo, seconds=READY)
            return _page(port)

    def _health(self, environment: Mapping[str, str], *, code: int = 0) -> str:
        _, program, *words = self._image.config["Healthcheck"]["Test"]
        return self._whole(*words, entrypoint=program, environment=environment, code=code)

    def _whole(
        self, *command: str, entrypoint: str | None = None, environment: Mapping[str, str] | None = None, code: int = 0
    ) -> str:
        with self._run(*command, entrypoint=entrypoint, environment=environment) as container:
            ended = container.wait(READY)
            assert ended == code, f"{' '.join(command)[:60]} ended with {ended}: {container.output[-2000:]}"
            return container.output

    @contextmanager
    def _redis(self, port: int) -> Iterator[None]:
        """The image's own server, empty, in memory."""
        words = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        with self._run(*words, entrypoint="valkey-server") as server:
            web.until(lambda: _listens(port), container=server, seconds=READY)
            yield

    @contextmanager
    def _demo(self, port: int) -> Iterator[tuple[Container, Path]]:
        """The demo, and what it sees as /tmp."""
        words = ("demo", "--host", "0.0.0.0", "--port", str(port), "--no-browser")
        with tempfile.TemporaryDirectory(prefix="statusgraph-image-") as name:
            tmp = Path(name)
            tmp.chmod(0o1777)
            with self._run(*words, environment={"STATUSGRAPH_OPERATOR_LISTEN": "127.0.0.1:0"}, tmp=tmp) as demo:
                yield demo, tmp

    @contextmanager
    def _run(
        self,
        *command: str,
        entrypoint: str | None = None,
        environment: Mapping[str, str] | None = None,
        tmp: Path | None = None,
        mnt: Path | None = None,
    ) -> Iterator[Container]:
        log = self._logs / f"{len(list(self._logs.iterdir()))}.log"
        program = None if entrypoint is None else [entrypoint]
        with running(
            self._image, command, log=log, environment=environment, tmp=tmp, mnt=mnt, entrypoint=program
        ) as container:
            yield container


def _redis_url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def _services(port: int) -> int:
    services = web.query(port, _SERVICES)["services"]
    assert isinstance(services, dict)
    return len(services["nodes"])


def _page(port: int) -> str:
    page = web.get(port, "/graphql", accept="text/html")
    assert page.status == 200, f"GraphiQL answers {page.status}"
    files = re.findall(r'(?:src|href)="\./([^"]+)"', page.body.decode())
    assert files, f"the page names no files: {page.body[:500]!r}"
    sizes = []
    for file in files:
        answer = web.get(port, f"/{file}")
        assert answer.status == 200, f"{file}: {answer.status}"
        sizes.append(len(answer.body))
    return f"GraphiQL's page and its {len(files)} first files, {sum(sizes) / 1e6:.1f} MB"
