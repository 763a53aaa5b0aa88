"""The helpers that all judges stand on."""

from __future__ import annotations

import pytest

from graph.kinds.shared.causes import cause, chain_of
from graph.kinds.shared.clock import INSTANT, Clock
from graph.kinds.shared.text import LONGEST, clean, closed, plural
from graph.model.kind import Child
from graph.model.ref import ObjectRef
from graph.model.status import Evidence, State, Verdict

POD = ObjectRef("Pod", "web-1", "shop")


def test_a_clock_remembers_the_first_comparison_that_changes() -> None:
    clock = Clock(100.0)
    assert clock.reached(100.0)
    assert not clock.reached(160.0)
    assert not clock.reached(130.0)
    assert not clock.reached(140.0)
    assert clock.next == 130.0


def test_a_clock_tells_at_least_from_more_than() -> None:
    clock = Clock(100.0)
    assert clock.reached(100.0)
    assert not clock.passed(100.0)
    assert clock.next == 100.0 + INSTANT
    assert clock.younger(90.0, 10.1)
    assert not clock.younger(90.0, 10.0)
    assert clock.within(90.0, 10.0)


def test_what_has_no_known_start_is_old() -> None:
    clock = Clock(100.0)
    assert not clock.younger(None, 1e9)
    assert not clock.within(None, 1e9)
    assert clock.next is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, ""),
        ("plain words", "plain words"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\u202etxt.exe\u2066\u200f", "txt.exe"),
        ("über – „gut“", "über – „gut“"),
        ("x" * 5000, "x" * (LONGEST - 1) + "…"),
    ],
)
def test_texts_become_one_inert_line(text: str | None, shown: str) -> None:
    assert clean(text) == shown


def test_a_text_ends_our_sentence_without_a_second_full_stop() -> None:
    assert closed(" not found.\n") == "not found"
    assert closed("", otherwise="nothing") == "nothing"
    assert (plural(1, "pod"), plural(2, "pod")) == ("1 pod", "2 pods")


def test_a_parent_cites_the_child_and_then_the_childs_own_chain() -> None:
    root = cause(POD, reason="Error", message="exit code 1", evidence=Evidence.TERMINATION, container="web")
    child = Child("POD", None, POD, Verdict(State.FAILED, "CrashLoopBackOff", "It crashes.", "P34", because=(root,)))
    link, last = chain_of(child)
    assert (link.object, link.reason, link.message, link.evidence) == (
        POD,
        "CrashLoopBackOff",
        "It crashes.",
        Evidence.CHILD,
    )
    assert last is root
    assert last.object.container == "web"
