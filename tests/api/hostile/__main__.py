"""The command; see the package."""

from __future__ import annotations

import sys

from tests.api.hostile.attack import BUDGET_MS, attack


def main() -> int:
    """The command."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    outcomes = attack(count, seed=1)
    for name, outcome in outcomes.items():
        print(f"{name:22} {outcome.tried:5} {outcome.slowest:7.2f} ms  {' '.join(sorted(outcome.codes))}")
        for body in outcome.accepted:
            print(f"  accepted: {body}")
    slowest = max(outcome.slowest for outcome in outcomes.values())
    accepted = sum(len(outcome.accepted) for outcome in outcomes.values())
    print(f"{count} documents, {accepted} accepted, at most {slowest:.2f} ms of CPU (allowed: {BUDGET_MS:g} ms)")
    return 1 if accepted or slowest > BUDGET_MS else 0


if __name__ == "__main__":
    sys.exit(main())
