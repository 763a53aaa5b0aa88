"""Verdicts as lines of JSON, for programs: one line for each object, in input order.

``status`` is null where an object has none: an event, a node, or a kind that is none of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from graph.judging.files import Told
from graph.model import instant
from graph.model.status import Cause, Evidence, State, Verdict


class Ref(Struct, rename="camel", omit_defaults=True):
    """An object, as in the GraphQL schema."""

    kind: str
    name: str
    namespace: str | None = None
    uid: str | None = None
    api_version: str | None = None
    container: str | None = None


class Link(Struct):
    """A link of the chain of causes."""

    object: Ref
    reason: str
    message: str
    evidence: Evidence
    at: str | None


class Status(Struct):
    """The status of an object."""

    state: State
    reason: str
    message: str
    hint: str | None
    because: list[Link]


class Line(Struct, rename="camel"):
    """One object."""

    kind: str | None
    namespace: str | None
    name: str | None
    status: Status | None
    recheck_at: str | None


def lines(objects: list[Told]) -> Iterator[str]:
    """Each line without its end."""
    encoder = msgspec.json.Encoder()
    for told in objects:
        yield encoder.encode(_line(told)).decode()


def _line(told: Told) -> Line:
    verdict = told.verdict
    at = verdict.recheck_at if verdict else None
    status = None if verdict is None else _status(verdict)
    return Line(told.kind, told.namespace, told.name, status, None if at is None else instant.show(at))


def _status(verdict: Verdict) -> Status:
    because = [_link(cause) for cause in verdict.because]
    return Status(verdict.state, verdict.reason, verdict.message, verdict.hint, because)


def _link(cause: Cause) -> Link:
    ref = cause.object
    there = Ref(ref.kind, ref.name, ref.namespace, ref.uid, ref.api_version, ref.container)
    return Link(there, cause.reason, cause.message, cause.evidence, cause.at)
