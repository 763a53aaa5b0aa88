"""``-o text``: a page for a person."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from graph.judging.files import judge_all
from graph.model import instant
from graph.report.page import page
from graph.report.style import Style, style_of
from tests.report.objects import NOW, crashing, deployment, evicted, judge_these, meta, outage, owned, pod, replicaset


def shown(objects: list[Any], style: Style | None = None) -> list[str]:
    now = instant.parse(NOW)
    assert now is not None
    return list(page(judge_all(objects, now=now), style=style or Style(), now=now))


def test_what_is_in_trouble_comes_first_with_its_causes_and_what_to_do() -> None:
    lines = shown([deployment("api"), *outage(), deployment("web")])
    assert lines[0] == "3 services     1 FAILED, 2 HEALTHY"
    assert lines[1] == "6 objects      4 FAILED, 2 HEALTHY"
    text = "\n".join(lines[4:])
    assert text.startswith("FAILED       shop/payments CrashLoopBackOff since 2026-03-17 14:28:00Z\n")
    chain = [line for line in lines if "└" in line]
    assert [line.index("└") for line in chain] == sorted(line.index("└") for line in chain)
    assert chain[0].strip() == "└ Deployment payments: CrashLoopBackOff"
    assert chain[-1].strip() == "└ container app: Error (2026-03-17 14:28:00Z)"
    assert any(line.strip().startswith("hint: See kubectl -n shop logs payments-6c9-a") for line in lines)
    assert lines[-1] == "HEALTHY      2 services: shop/api, shop/web"


def test_the_page_says_what_it_did_not_judge() -> None:
    lines = shown([{"kind": "Service", "metadata": {"name": str(n)}} for n in range(3)] + [deployment("web")])
    assert "not judged     3 Service" in lines


def test_what_is_on_its_way_has_one_line() -> None:
    new = deployment("web", creationTimestamp="2026-03-17T14:29:50Z")
    new["status"] = {}
    lines = shown([new])
    assert lines[-1] == "PROGRESSING  shop/web SpecNotObserved: Deployment web: A change is waiting for the controller."


def test_other_trouble_of_a_service_is_told_below_it() -> None:
    label = {"statusgraph.io/service": "shop"}
    lines = shown([deployment(name, available=0, labels=label) for name in ("api", "web")])
    assert len([line for line in lines if line.startswith("FAILED")]) == 1
    assert any(line.strip().startswith("also Deployment shop/web FAILED MinimumReplicas") for line in lines)


def test_trouble_that_is_none_of_its_service_is_told_at_the_end() -> None:
    top = deployment("web")
    middle = owned(replicaset("web-1"), top)
    middle["status"] |= {"readyReplicas": 2, "availableReplicas": 2}
    lines = shown([top, middle, owned(pod("web-1-a"), middle), owned(evicted("web-1-b"), middle)])
    assert lines[-3] == ""
    assert lines[-2] == "In trouble, but not their service: 1 object"
    assert lines[-1].startswith("FAILED       Pod shop/web-1-b Evicted: Pod was evicted")


def test_a_malformed_object_is_told() -> None:
    lines = shown([{"kind": "Pod"}, {"kind": "Pod", "metadata": meta("odd"), "spec": 1}, deployment("web")])
    text = "\n".join(lines)
    assert "UNKNOWN      shop/odd MalformedObject" in text
    assert "UNKNOWN      Pod ? MalformedObject" in text
    assert "HEALTHY      1 service: shop/web" in text


def test_an_empty_list_is_nothing_to_judge() -> None:
    assert shown([])[0] == "0 services     nothing to judge"


def test_texts_of_the_cluster_are_inert() -> None:
    hostile = crashing("evil", said="\x1b[2J\x1b]0;owned\x07 \u202egnp.exe \r\n\tend")
    hostile["metadata"]["name"] = "evil\x1b[31m"
    text = "\n".join(shown([hostile]))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "evil[31m" in text


@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    many = [deployment(f"service-{n}") for n in range(30)]
    assert max(map(len, shown([*outage(), *many], Style(width)))) <= width


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not style_of(io.StringIO()).coloured
    assert style_of(Terminal()).coloured
    assert "\x1b[31;1mFAILED" in "\n".join(shown(outage(), style_of(Terminal())))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not style_of(Terminal()).coloured
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not style_of(Terminal()).coloured


def test_the_terminal_says_how_wide_a_line_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "64")
    assert style_of(io.StringIO()).width == 64
    assert max(map(len, judge_these(outage()).out.splitlines())) <= 64


def test_the_labels_of_the_settings_name_the_services() -> None:
    labels = {"app.kubernetes.io/instance": "shop-eu"}
    out = judge_these([deployment(name, labels=labels) for name in ("api", "web")]).out
    assert "1 service: shop/shop-eu" in out
