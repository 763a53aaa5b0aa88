"""Tells how many examples are right today."""

from __future__ import annotations

import argparse
from collections import defaultdict

from tests.scenarios import RIGHT, Answer, ask, scenarios
from tests.scenarios.table import table


def main() -> None:
    """See the package."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell each wrong one")
    parser.add_argument("--accept", action="store_true", help="name those that are right now in right.txt")
    parser.add_argument("--kind", help="only this kind")
    parser.add_argument("--table", action="store_true", help="beside what kubectl, kstatus and Argo CD say")
    options = parser.parse_args()
    answers = [ask(one) for one in scenarios() if options.kind in (None, one.kind)]
    if options.table:
        print("\n".join(table(answers)))
        return
    by_kind: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_kind[answer.scenario.kind].append(answer)
    for kind, found in by_kind.items():
        print(_line(kind, found))
    print(_line("all", answers))
    if options.verbose:
        for answer in answers:
            _tell(answer)
    if options.accept:
        RIGHT.write_text("".join(f"{answer.scenario.id}\n" for answer in answers if answer.right))


def _line(name: str, answers: list[Answer]) -> str:
    states, both = sum(one.right_state for one in answers), sum(one.right for one in answers)
    return f"{name:12} {len(answers):4} cases: status right {states:4}, status and reason right {both:4}"


def _tell(answer: Answer) -> None:
    if not answer.right:
        wanted = answer.scenario.expect
        print(f"\n{answer.scenario.id}: {answer.scenario.situation}")
        print(f"  wanted {wanted.status} {' or '.join(wanted.reason_any_of)}")
        print(f"  got    {answer.state} {answer.reason}: {answer.message}")


if __name__ == "__main__":
    main()
