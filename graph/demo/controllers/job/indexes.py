"""The numbers of an Indexed Job's pods, and how a status writes a set of them: ``1,3-5``. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from graph.demo.controllers.job.pods import index
from graph.demo.controllers.pods import active
from graph.demo.objects import Object


def parse(text: str) -> set[int]:
    """``1,3-5`` → {1, 3, 4, 5}."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def written(numbers: AbstractSet[int]) -> str:
    """{1, 2, 3, 4, 5, 7} → ``1-5,7``; two neighbours are ``1,2``."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ",".join(_span(span) for span in spans)


def _span(span: list[int]) -> str:
    if len(span) <= 2:
        return ",".join(map(str, span))
    return f"{span[0]}-{span[-1]}"


def missing(job: Object, pods: Iterable[Object], done: AbstractSet[int], count: int) -> list[int]:
    """The lowest numbers that neither succeeded nor have an active pod."""
    taken = {index(pod) for pod in pods if active(pod)} | set(done)
    return [number for number in range(job["spec"]["completions"]) if number not in taken][:count]


def repeated(job: Object, pods: Iterable[Object]) -> list[Object]:
    """Pods without a number of the Job's, or with that of another."""
    seen: set[int] = set()
    found = []
    for pod in pods:
        number = index(pod)
        if number is None or number >= job["spec"]["completions"] or number in seen:
            found.append(pod)
        else:
            seen.add(number)
    return found


def of(pods: Iterable[Object]) -> set[int]:
    """The numbers of those that succeeded."""
    numbers = {index(pod) for pod in pods if pod.get("status", {}).get("phase") == "Succeeded"}
    return {number for number in numbers if number is not None}
