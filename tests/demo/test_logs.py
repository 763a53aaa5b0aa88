"""The logs of containers that never ran."""

from __future__ import annotations

from typing import Any

from graph.demo.logs import Line, Logs
from graph.demo.stories import VOICES

BEGAN = 1_800_000_000.0
STARTED, ENDED = "2027-01-15T08:00:00Z", "2027-01-15T08:00:06Z"


def _pod(image: str, play: str = "", *, policy: str = "Always", restarts: int = 0, **states: Any) -> dict[str, Any]:
    annotations = {"play.statusgraph.io/app": play} if play else {}
    state = states.get("state", {"running": {"startedAt": STARTED}})
    status = {"name": "app", "restartCount": restarts, "state": state, "lastState": states.get("last", {})}
    return {
        "metadata": {"name": "app-1", "uid": "1", "annotations": annotations},
        "spec": {"restartPolicy": policy, "containers": [{"name": "app", "image": image}]},
        "status": {"containerStatuses": [status]},
    }


def _over(code: int, reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": STARTED, "finishedAt": ENDED}}


def _read(pod: dict[str, Any], *, previous: bool = False, after: float = 600.0) -> list[Line]:
    return Logs(0, VOICES).read(pod, "app", previous=previous, now=BEGAN + after)


def test_a_line_stays_what_it_was_while_others_follow() -> None:
    pod = _pod("registry.example.com/shop/checkout:2.4.1")
    early, late = _read(pod, after=60), _read(pod)
    assert 20 < len(early) < len(late)
    assert late[: len(early)] == early
    assert [line.at for line in late] == sorted(line.at for line in late)
    assert "checkout 2.4.1 starting" in late[0].text


def test_the_next_line_comes_when_it_was_said_to_come() -> None:
    logs, pod = Logs(0, VOICES), _pod("registry.example.com/shop/search:4.17.2")
    at = BEGAN
    for _ in range(200):
        following = logs.next_after(pod, "app", at)
        assert following is not None
        assert following > at
        assert logs.read(pod, "app", previous=False, now=following)[-1].at == following
        at = following


def test_what_crashed_tells_why_in_its_last_lines() -> None:
    pod = _pod("registry.example.com/shop/checkout:2.5.0", "crash exit=1 after=3s", state=_over(1))
    lines = [line.text for line in _read(pod)]
    assert any("TAX_RATES_URL is not set" in line for line in lines)
    assert "exiting with code 1" in lines[-1]
    assert Logs(0, VOICES).next_after(pod, "app", BEGAN) is None


def test_what_waits_for_a_restart_shows_its_last_run_and_so_does_previous() -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    pod = _pod("app:1-crash", restarts=3, state=waiting, last=_over(1))
    assert _read(pod) == _read(pod, previous=True) != []


def test_previous_is_the_run_before_and_empty_where_there_was_none() -> None:
    image = "registry.example.com/shop/checkout:2.5.0"
    running = {"running": {"startedAt": "2027-01-15T08:00:07Z"}}
    again = _pod(image, "once", restarts=1, state=running, last=_over(1))
    assert any("startup failed" in line.text for line in _read(again, previous=True))
    assert not any("startup failed" in line.text for line in _read(again))
    assert _read(_pod(image), previous=True) == []
    assert _read(_pod(image, state={"waiting": {"reason": "ContainerCreating"}})) == []


def test_memory_runs_out_before_the_kill() -> None:
    pod = _pod("registry.example.com/shop/recommendations:3.8.0", "oom after=6s", state=_over(137, "OOMKilled"))
    assert any("249 MB of 256 MB" in line.text for line in _read(pod))


def test_a_run_that_fails_tells_another_story_than_one_that_does_not() -> None:
    image = "registry.example.com/data/nightly-report:1.8"
    failed = _read(_pod(image, "exit exit=1 after=6s", policy="Never", state=_over(1)))
    fine = _read(_pod(image, "exit after=6s", policy="Never", state=_over(0, "Completed")))
    assert "psycopg.errors.UndefinedColumn" in " ".join(line.text for line in failed)
    assert fine[-1].text == "done"


def test_every_template_can_be_written() -> None:
    for image, voice in VOICES.items():
        for verb, mood in voice.items():
            failing = verb == "crash"
            play = f"{'exit exit=1' if failing else verb} after=6s" if verb != "ok" else "ok"
            pod = _pod(f"registry.example.com/x/{image}:1", play, state=_over(int(failing)))
            said = [line.text for line in _read(pod)]
            assert len(said) >= len(mood.start) + len(mood.end)
            assert not any("?" in line.replace("?page", "").replace("?n=", "") for line in said if "{" in line)
