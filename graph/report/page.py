"""Verdicts as one page for a person: what is in trouble first, with its causes; what is well in one line.

A page speaks of services, as the operator makes them of topmost objects; below a service in trouble stand the chain of
its causes, the hint, and whatever else of it is in trouble.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from graph.judging.entry import Judged
from graph.judging.files import Judgement, Told
from graph.kinds.shared.text import clean, plural
from graph.model import instant
from graph.model.ref import Key, ObjectRef
from graph.model.status import SEVERITY, Cause, Evidence, State, Verdict
from graph.report.style import Style

TROUBLE = frozenset({State.FAILED, State.DEGRADED, State.UNKNOWN})
_COLUMN = max(len(state) for state in State) + 2
_PAD = " " * _COLUMN
_MOST = 10
"""Lines for what is in trouble but of no consequence for a service."""


class Item(Struct, frozen=True):
    """One object with a status."""

    name: str
    verdict: Verdict
    judged: Judged | None = None

    @property
    def order(self) -> tuple[int, str]:
        """The worst first."""
        return SEVERITY[self.verdict.state], self.name


def page(judgement: Judgement, *, style: Style, now: float) -> Iterator[str]:
    """Each line without its end."""
    services = sorted(filter(None, map(_service, judgement.services)), key=lambda one: one.order)
    objects = [_object(told, told.verdict) for told in judgement.objects if told.verdict is not None]
    yield from _counts(services, objects, style=style, now=now)
    yield from _not_judged(judgement.objects, style)
    below = _by_service(objects)
    for service in services:
        if service.verdict.state in TROUBLE:
            yield ""
            yield from _in_trouble(service, below.get(_key(service), []), style=style)
    calm = [one for one in services if one.verdict.state not in TROUBLE]
    yield from _calm(calm, style)
    yield from _aside(calm, objects, style=style)


def _service(judged: Judged) -> Item | None:
    return None if judged.verdict is None else Item(_place(judged.ref), judged.verdict, judged)


def _object(told: Told, verdict: Verdict) -> Item:
    ref = told.judged.ref if told.judged else ObjectRef(told.kind or "?", told.name or "?", told.namespace)
    return Item(f"{clean(ref.kind)} {_place(ref)}", verdict, told.judged)


def _place(ref: ObjectRef) -> str:
    return clean(f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name)


def _key(item: Item) -> Key | None:
    return item.judged.key if item.judged else None


def _by_service(objects: Iterable[Item]) -> dict[Key | None, list[Item]]:
    found: dict[Key | None, list[Item]] = {}
    for one in objects:
        found.setdefault(one.judged.service if one.judged else None, []).append(one)
    return found


def _counts(services: list[Item], objects: list[Item], *, style: Style, now: float) -> Iterator[str]:
    for noun, items in (("service", services), ("object", objects)):
        counts = Counter(one.verdict.state for one in items)
        told = [style.state(state, f"{counts[state]} {state}") for state in SEVERITY if counts[state]]
        yield f"{plural(len(items), noun):{_COLUMN}}  {', '.join(told) or 'nothing to judge'}"
    yield style.paint(f"{'judged at':{_COLUMN}}  {instant.clock(now)}", "2")


def _not_judged(objects: list[Told], style: Style) -> Iterator[str]:
    kinds = Counter(told.kind or "?" for told in objects if told.verdict is None)
    if kinds:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield style.paint(style.cut(f"{'not judged':{_COLUMN}}  {told}", style.width), "2")


def _in_trouble(service: Item, below: list[Item], *, style: Style) -> Iterator[str]:
    """A service with its causes, its hint and whatever else of it is in trouble."""
    told = service.verdict
    yield from _headline(service, style)
    yield from style.wrapped(told.message, first=_PAD, rest=_PAD)
    yield from _chain(told, style)
    if told.hint:
        yield from style.wrapped(told.hint, first=f"{_PAD}hint: ", rest=f"{_PAD}      ")
    cited = {cause.object.key for cause in told.because}
    for one in sorted(below, key=lambda one: one.order):
        if one.verdict.state in TROUBLE and _topmost(one) and _key(one) not in cited:
            yield from style.wrapped(f"also {_brief(one)}", first=_PAD, rest=f"{_PAD}     ")


def _headline(item: Item, style: Style) -> Iterator[str]:
    told = item.verdict
    since = "" if told.began is None else f" since {instant.clock(told.began)}"
    first, *rest = style.wrapped(f"{item.name} {told.reason}{since}", first=_PAD, rest=_PAD)
    yield style.state(told.state, f"{told.state:{_COLUMN}}") + first[_COLUMN:]
    yield from rest


def _chain(told: Verdict, style: Style) -> Iterator[str]:
    """The causes, each child below its parent. What was said before is not said again."""
    said, names, depth = told.message, set[tuple[str, str]](), 0
    for cause in told.because:
        name, news = _subject(cause.object), cause.message.rstrip(".") not in said and cause.message != cause.reason
        if news or (name, cause.reason) not in names:
            indent = f"{_PAD}{'  ' * depth}"
            text = f"{name}: {_words(cause, news=news)}"
            yield from style.wrapped(text, first=f"{indent}└ ", rest=f"{indent}  ")
        said = f"{said} {cause.message}"
        names.add((name, cause.reason))
        depth += cause.evidence is Evidence.CHILD


def _subject(ref: ObjectRef) -> str:
    return f"container {ref.container}" if ref.container else f"{ref.kind} {ref.name}"


def _words(cause: Cause, *, news: bool) -> str:
    at = None if cause.evidence is Evidence.CHILD else instant.parse(cause.at)
    what = f"event {cause.reason}" if cause.evidence is Evidence.EVENT else cause.reason
    return f"{what}{f': {cause.message}' if news else ''}{'' if at is None else f' ({instant.clock(at)})'}"


def _calm(services: list[Item], style: Style) -> Iterator[str]:
    """What is on its way or at rest has a line, what is well shares one."""
    if services:
        yield ""
    for one in services:
        if one.verdict.state is not State.HEALTHY:
            line = style.cut(f"{one.name} {one.verdict.reason}: {one.verdict.message}", style.width - _COLUMN)
            yield style.state(one.verdict.state, f"{one.verdict.state:{_COLUMN}}") + line
    well = [one.name for one in services if one.verdict.state is State.HEALTHY]
    if well:
        line = style.cut(f"{plural(len(well), 'service')}: {', '.join(well)}", style.width - _COLUMN)
        yield style.state(State.HEALTHY, f"{State.HEALTHY:{_COLUMN}}") + line


def _aside(calm: list[Item], objects: list[Item], *, style: Style) -> Iterator[str]:
    """Objects in trouble whose service is in none, or that have none."""
    quiet = {_key(one) for one in calm} | {None}
    found = [one for one in objects if one.verdict.state in TROUBLE and _service_key(one) in quiet]
    if not found:
        return
    yield ""
    yield f"In trouble, but not their service: {plural(len(found), 'object')}"
    for one in sorted(found, key=lambda one: one.order)[:_MOST]:
        line = style.cut(_brief(one, state=False), style.width - _COLUMN)
        yield style.state(one.verdict.state, f"{one.verdict.state:{_COLUMN}}") + line
    if len(found) > _MOST:
        yield f"{_PAD}and {len(found) - _MOST} more; -o json tells all"


def _service_key(item: Item) -> Key | None:
    return item.judged.service if item.judged else None


def _topmost(item: Item) -> bool:
    return item.judged is not None and item.judged.owner is None


def _brief(item: Item, *, state: bool = True) -> str:
    told = item.verdict
    return f"{item.name}{f' {told.state}' if state else ''} {told.reason}: {told.message}"
