"""The command ``statusgraph judge``: what it reads, prints and ends with."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterable
from typing import TextIO

from graph import config
from graph.errors import BadArgument
from graph.judging.files import Judgement, judge_all
from graph.model import instant
from graph.model.status import State
from graph.report.lines import lines
from graph.report.page import page
from graph.report.reading import objects_of
from graph.report.style import style_of

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def run(given: argparse.Namespace) -> int:
    """Judges and prints; the exit code. BadArgument for what cannot be used."""
    now = _instant(given.now)
    settings = config.load()
    judgement = judge_all(objects_of(given.files), now=now, rules=settings.rules, labels=settings.service_labels)
    told = lines(judgement.objects) if given.output == "json" else page(judgement, style=style_of(sys.stdout), now=now)
    _print(told, sys.stdout)
    return 1 if _failed(judgement) else 0


def _instant(text: str | None) -> float:
    if text is None:
        return time.time()
    at = instant.parse(text.upper()) if _RFC_3339.fullmatch(text) else None
    if at is None:
        raise BadArgument(f"--now {text} is no instant; write it as 2026-11-22T14:00:00Z (RFC 3339)")
    return at


def _failed(judgement: Judgement) -> bool:
    verdicts = [told.verdict for told in judgement.objects] + [service.verdict for service in judgement.services]
    return any(verdict is not None and verdict.state is State.FAILED for verdict in verdicts)


def _print(told: Iterable[str], out: TextIO) -> None:
    """Prints lines; whoever reads them may stop in the middle, as ``head`` does."""
    if (reconfigure := getattr(out, "reconfigure", None)) is not None:
        reconfigure(errors="replace")  # a terminal of another encoding shows what it can
    try:
        out.writelines(f"{line}\n" for line in told)
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())  # else Python complains when it ends
