"""Lists: by label and field selectors, in pages that all come from one version of the cluster."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from graph.demo.api.paths import Target
from graph.demo.objects import Object
from graph.demo.problems import BadRequest, Expired, Timeout
from graph.demo.selectors import name_of, selecting
from graph.demo.store import Store

KEPT = 64
"""Lists whose further pages can be asked for; the oldest is forgotten first."""
AGE = 300.0
"""Seconds that they are kept, as an API server's etcd keeps old versions."""

TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter."
)


class Token(Struct, frozen=True):
    """What ``continue`` says: which list, and how much of it was sent."""

    list: int
    start: int


class _Kept(Struct, frozen=True):
    at: float
    version: int
    objects: list[Object]


class Page(Struct, frozen=True):
    """A part of a list. ``remaining``: how many are left; ``token`` asks for them."""

    version: int
    objects: list[Object]
    token: str = ""
    remaining: int | None = None


class Lists:
    """Answers lists. Objects are never changed in place, so keeping a list costs no copies of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, _Kept] = {}
        self._count = 0

    def page(self, target: Target, query: Mapping[str, str]) -> Page:
        """Raises BadRequest for what cannot be read, Expired for a page that is too old."""
        limit = number(query, "limit")
        if text := query.get("continue"):
            return self._further(_token(text), limit)
        require_version(self._store, query)
        objects = chosen(self._store, target, query)
        if not limit or len(objects) <= limit:
            return Page(self._store.version, objects)
        return self._first(objects, limit, counted=not (query.get("labelSelector") or query.get("fieldSelector")))

    def _first(self, objects: list[Object], limit: int, *, counted: bool) -> Page:
        self._count += 1
        while len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        kept = self._kept[self._count] = _Kept(self._store.clock(), self._store.version, objects)
        page = _cut(kept, Token(self._count, 0), limit)
        return page if counted else msgspec.structs.replace(page, remaining=None)

    def _further(self, token: Token, limit: int) -> Page:
        kept = self._kept.get(token.list)
        if kept is None or kept.at < self._store.clock() - AGE:
            self._kept.pop(token.list, None)
            raise Expired(TOO_OLD)
        return _cut(kept, token, limit)


def chosen(store: Store, target: Target, query: Mapping[str, str]) -> list[Object]:
    """What the selectors of a request choose."""
    fields = query.get("fieldSelector", "")
    predicate = selecting(target.resource, labels=query.get("labelSelector", ""), fields=fields)
    name = name_of(fields)
    if name and (target.namespace or not target.resource.namespaced):
        found = store.find(target.resource, target.namespace, name)
        objects = [found] if found else []
    else:
        objects = store.list(target.resource, target.namespace)
    return objects if predicate is None else [obj for obj in objects if predicate(obj)]


def number(query: Mapping[str, str], name: str) -> int:
    """A parameter that is a number, 0 without it."""
    text = query.get(name) or "0"
    if not text.isascii() or not text.isdecimal():
        raise BadRequest(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def require_version(store: Store, query: Mapping[str, str]) -> None:
    """Refuses a version of another life of this cluster: it would be waited for in vain."""
    wanted = number(query, "resourceVersion")
    if wanted > store.version:
        raise Timeout(
            f"Timeout: Too large resource version: {wanted}, current: {store.version}",
            causes=[{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            retryAfterSeconds=1,
        )


def _token(text: str) -> Token:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Token)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise BadRequest(f"continue key is not valid: {error}") from error


def _cut(kept: _Kept, token: Token, limit: int) -> Page:
    end = token.start + limit if limit else len(kept.objects)
    part = kept.objects[token.start : end]
    left = len(kept.objects) - end
    if left <= 0:
        return Page(kept.version, part)
    further = base64.urlsafe_b64encode(msgspec.json.encode(Token(token.list, end))).decode()
    return Page(kept.version, part, further, left)
