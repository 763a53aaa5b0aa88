"""``python -m tests.rules [-v]``: tells how many cases fail without each rule, each row and each threshold; ends with 1
when for one of them none does.
"""

from __future__ import annotations

import argparse
from itertools import chain

from tests import rules
from tests.judging.cases import cases


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="tell all, not only those that nothing tests")
    options = parser.parse_args()
    outcomes = list(chain(rules.without_rules(), rules.without_rows(), rules.without_thresholds()))
    for one in outcomes:
        if options.verbose or not one.fails:
            print(f"{one.name:50} answers in {one.answers:3} cases, {one.fails:3} fail without it")
    idle = sum(not one.fails for one in outcomes)
    print(f"{len(rules.rules())} rules and {len(rules.rows())} rows, {len(cases())} cases: {idle} that nothing tests")
    return 1 if idle else 0


if __name__ == "__main__":
    raise SystemExit(main())
