"""``python -m benchmarks [name...]``: all benchmarks, or those named."""

from __future__ import annotations

import argparse
import asyncio
import logging

import structlog

from benchmarks import ingest, judge, live, queries, replica, report

BENCHMARKS = {
    "judge": judge.run,
    "ingest": ingest.run,
    "replica": replica.run,
    "queries": queries.run,
    "live": live.run,
}


def main() -> None:
    """Runs them one after another: two at once would measure each other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for name in names:
        print(report.heading(f"python -m benchmarks {name}"))
        asyncio.run(BENCHMARKS[name]())


if __name__ == "__main__":
    main()
