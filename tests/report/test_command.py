"""``statusgraph judge`` as a command: exit codes, bad input, speed, and all examples through the real thing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.model import instant
from tests.report.objects import NOW, deployment, evicted, judge, judge_these, outage, owned, pod, write
from tests.scenarios import Scenario, scenarios

PROCESS = 10
"""As many examples of one instant are worth a process of their own."""


def test_it_ends_with_1_when_something_failed() -> None:
    assert judge_these([deployment("web")]).code == 0
    assert judge_these(outage()).code == 1
    assert judge_these(outage(), "-o", "json").code == 1
    assert judge_these([evicted("gone")]).code == 1


def test_what_is_merely_degraded_is_no_failure() -> None:
    half = deployment("web", available=1)
    half["status"]["conditions"][0]["status"] = "True"
    ran = judge_these([half, owned(pod("other"), half)])
    assert ran.code == 0


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "17", "2026-03-17", "2026-03-17T14:30:00"])
def test_a_bad_time_is_one_sentence(text: str) -> None:
    ran = judge("-f", "-", stdin=b"{}", now=text)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"statusgraph: --now {text} is no instant; write it as 2026-11-22T14:00:00Z (RFC 3339)\n"


@pytest.mark.parametrize(
    "text", ["2026-03-17T14:30:00.5Z", "2026-03-17t14:30:00z", "2026-03-17 14:30:00Z", "2026-03-17T16:30:00+02:00"]
)
def test_every_form_of_rfc_3339_is_a_time(text: str) -> None:
    assert (
        "judged at      2026-03-17 14:30:00Z" in judge("-f", "-", stdin=b'{"kind": "List", "items": []}', now=text).out
    )


def test_thresholds_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    new = deployment("web", available=0, creationTimestamp="2026-03-17T14:00:00Z")
    new["status"]["conditions"][0]["lastTransitionTime"] = "2026-03-17T14:29:00Z"
    assert judge_these([new]).code == 0
    monkeypatch.setenv("STATUSGRAPH_RULES__READY_GRACE", "30")
    assert judge_these([new]).code == 1
    monkeypatch.setenv("STATUSGRAPH_RULES__READY_GRACE", "soon")
    assert judge_these([new]).code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"a: [", "is neither YAML nor JSON: "),
        (b'{"kind": "Pod"', "is neither YAML nor JSON: "),
        (b"\xff\xff", "is neither YAML nor JSON: "),
        (b"[" * 100_000, "is neither YAML nor JSON: "),
        (b"a: &a [*a]\n---\n- &b [*b]", "is neither YAML nor JSON: "),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    ran = judge("-f", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"statusgraph: {path} {said}")
    assert ran.err.count("\n") == 1


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    for name in (tmp_path / "nowhere.yaml", tmp_path, "with\0null"):
        ran = judge("-f", str(name))
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_an_empty_list_is_no_trouble() -> None:
    assert judge_these([]).code == 0


def test_the_clock_is_the_default_instant(tmp_path: Path) -> None:
    path = write(tmp_path / "pod.json", pod("web"))
    ran = run("-f", str(path))
    shown = next(line for line in ran.stdout.splitlines() if line.startswith("judged at"))
    at = instant.parse(shown.removeprefix("judged at").strip())
    assert at is not None
    assert abs(time.time() - at) < 60


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "many.json", [deployment(f"d-{n}") for n in range(3_000)])
    command = f"{sys.executable} -m graph judge -f {path} --now {NOW} -o json | head -n 1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(ran.stdout)["name"] == "d-0"
    assert ran.stderr == ""


def test_a_terminal_of_another_encoding_shows_what_it_can(tmp_path: Path) -> None:
    path = write(tmp_path / "down.json", outage())
    ran = run("-f", str(path), "--now", NOW, PYTHONIOENCODING="ascii")
    assert ran.returncode == 1
    assert "? Deployment payments" in ran.stdout


def test_ten_thousand_objects_take_seconds(tmp_path: Path) -> None:
    path = write(tmp_path / "many.json", list(_many(10_000)))
    began = time.monotonic()
    ran = run("-f", str(path), "--now", NOW, "-o", "json")
    took = time.monotonic() - began
    print(f"10,000 objects in {took:.1f} s")
    assert len(ran.stdout.splitlines()) == 10_000
    assert took < 30  # a few on a machine that has nothing else to do


def test_all_examples_are_right_through_the_command(tmp_path: Path) -> None:
    wrong = []
    for group in _groups():
        objects = [item for one in group for item in one.objects]
        path = write(tmp_path / "group.json", {"apiVersion": "v1", "kind": "List", "items": objects})
        arguments = ("-f", str(path), "-o", "json")
        out = run(*arguments, "--now", group[0].now).stdout if len(group) >= PROCESS else None
        lines = [json.loads(line) for line in (out or judge(*arguments, now=group[0].now).out).splitlines()]
        assert [_name(line) for line in lines] == [_named(item) for item in objects]
        for one in group:
            told, lines = lines[0], lines[len(one.objects) :]
            if not _right(one, told):
                wrong.append((one.id, told["status"]))
    assert not wrong


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a process."""
    command = [sys.executable, "-m", "graph", "judge", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, env={**os.environ, **environment}
    )


def _many(count: int) -> Iterator[dict[str, Any]]:
    top, middle, *pods = outage()
    for n in range(count // 4):
        for item in (top, middle, *pods):
            yield json.loads(json.dumps(item).replace("payments", f"payments-{n}"))


def _groups() -> list[list[Scenario]]:
    """Examples that can be judged together: one instant, no two objects alike, and all or none watch nodes."""
    groups: dict[tuple[str, bool, int], list[Scenario]] = {}
    taken: dict[tuple[str, bool, int], set[tuple[str, ...]]] = {}
    for one in scenarios():
        nodes = any(item["kind"] == "Node" for item in one.objects)
        here = {_identity(item) for item in one.objects}
        place = next(n for n in range(len(scenarios())) if not here & taken.get((one.now, nodes, n), set()))
        groups.setdefault((one.now, nodes, place), []).append(one)
        taken.setdefault((one.now, nodes, place), set()).update(here)
    return list(groups.values())


def _identity(item: dict[str, Any]) -> tuple[str, ...]:
    return (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])


def _named(item: dict[str, Any]) -> tuple[str, str | None, str]:
    return (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])


def _name(line: dict[str, Any]) -> tuple[str, str | None, str]:
    return (line["kind"], line["namespace"], line["name"])


def _right(one: Scenario, line: dict[str, Any]) -> bool:
    status = line["status"]
    return status["state"] == one.expect.status and status["reason"] in one.expect.reason_any_of
