"""The examples as a table: ours beside what kubectl, kstatus and Argo CD say of the same objects.

What the other three say comes with the examples: it was obtained by running them. ``!`` marks a word that takes trouble
for no trouble, or the other way round; kubectl's columns are no verdict and are not marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph.model.status import State
from tests.scenarios import Answer

_TROUBLE = {State.FAILED, State.DEGRADED, State.UNKNOWN}
_THEIRS = {"Failed", "Error", "Degraded", "Unknown", "Missing"}
"""Words of kstatus and Argo CD that tell of trouble."""
_WIDTHS = (46, 44, 52, 14, 14)


def table(answers: Iterable[Answer]) -> Iterator[str]:
    """Each line without its end; below it how often each one tells trouble from no trouble."""
    told = list(answers)
    yield _row("case", "Statusgraph", "kubectl", "kstatus", "Argo CD")
    yield _row(*("-" * width for width in _WIDTHS))
    for one in told:
        yield _line(one)
    ours = sum(one.right for one in told)
    yield ""
    yield f"Statusgraph: state and reason right in {ours} of {len(told)} cases."
    for name, word in (("kstatus", "kstatus"), ("Argo CD", "argo")):
        asked = [one for one in told if _word(one, word)]
        right = sum(not _misleads(one, word) for one in asked)
        yield f"{name} tells trouble from no trouble in {right} of {len(asked)} cases, Statusgraph in {_ours(asked)}."


def _line(answer: Answer) -> str:
    expect, mark = answer.scenario.expect, "" if answer.right else " !"
    kubectl = (expect.kubectl or "-").partition(";")[0]
    theirs = [f"{_word(answer, word) or '-'}{' !' if _misleads(answer, word) else ''}" for word in ("kstatus", "argo")]
    return _row(answer.scenario.id, f"{answer.state} {answer.reason}{mark}", kubectl, *theirs)


def _row(*cells: str) -> str:
    cut = (cell if len(cell) <= width else f"{cell[: width - 1]}…" for cell, width in zip(cells, _WIDTHS, strict=True))
    return "  ".join(f"{cell:{width}}" for cell, width in zip(cut, _WIDTHS, strict=True)).rstrip()


def _word(answer: Answer, name: str) -> str:
    """``Current (Pod is ready)`` → ``Current``; empty where the program was not asked, as for recorded cases."""
    said: str | None = getattr(answer.scenario.expect, name)
    return (said or "").partition(" ")[0].rstrip(":")


def _misleads(answer: Answer, name: str) -> bool:
    word = _word(answer, name)
    return bool(word) and (word in _THEIRS) is not (answer.scenario.expect.status in _TROUBLE)


def _ours(answers: list[Answer]) -> int:
    return sum((one.state in _TROUBLE) is (one.scenario.expect.status in _TROUBLE) for one in answers)
