"""Documents that a client names instead of sending them: trusted ones from a manifest, and those that it sent before.

- ``documentId``: an id of the manifest, which the client's build wrote: ``{"<id>": "<document>"}``.
- ``extensions.persistedQuery``: the SHA-256 of a document of the manifest, or of one that was sent together with its
  hash before (automatic persisted queries). Those are kept in this process, bounded, the least used is forgotten first;
  a client that is told PERSISTED_QUERY_NOT_FOUND sends it again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from graph.api.errors import Code, Rejected, refused
from graph.errors import SettingsError

if TYPE_CHECKING:
    from graph.api.execute import Request

KEPT = 1_000
KEPT_CHARACTERS = 4 * 1024 * 1024


class Persisted:
    """``only_trusted``: whether documents that are not of the manifest are refused."""

    def __init__(self, trusted: Mapping[str, str] | None = None, *, only_trusted: bool = False) -> None:
        self._trusted = dict(trusted or {})
        self._texts = frozenset(self._trusted.values())
        self._only_trusted = only_trusted
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def __len__(self) -> int:
        return len(self._sent)

    def text(self, request: Request) -> str:
        """The document of a request. Rejected when it is not known, or not allowed."""
        text = self._text(request)
        if self._only_trusted and text not in self._texts:
            raise Rejected(refused(Code.DOCUMENT_NOT_TRUSTED, "only the documents of the manifest are executed"))
        return text

    def remember(self, request: Request) -> None:
        """Keeps what was sent together with its hash, once it was found good. Beside an id no hash was checked."""
        digest = _digest(request) if request.query and not request.document_id else None
        if digest is None or self._only_trusted or digest in self._sent:
            return
        self._sent[digest] = request.query
        self._characters += len(request.query)
        while len(self._sent) > KEPT or self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._sent.popitem(last=False)[1])

    def _text(self, request: Request) -> str:
        if request.document_id:
            return self._of_id(request.document_id, request.query)
        digest = _digest(request)
        if digest is None:
            return request.query
        if request.query:
            return _checked(request.query, digest)
        return self._of_digest(digest)

    def _of_id(self, given: str, sent: str) -> str:
        text = self._trusted.get(given) or self._trusted.get(given.removeprefix("sha256:"))
        if text is None or (sent and sent != text):
            raise Rejected(refused(Code.DOCUMENT_NOT_FOUND, "the manifest has no document of this id"))
        return text

    def _of_digest(self, digest: str) -> str:
        if digest in self._trusted:
            return self._trusted[digest]
        if self._only_trusted:
            raise Rejected(refused(Code.PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported"))
        if digest not in self._sent:
            raise Rejected(refused(Code.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound"))
        self._sent.move_to_end(digest)
        return self._sent[digest]


def manifest(path: str) -> dict[str, str]:
    """The trusted documents by their ids. SettingsError when that is no manifest."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError, UnicodeError) as error:
        text = f"{path} cannot be read as a JSON object of ids and documents: {error}"
        raise SettingsError(f"STATUSGRAPH_TRUSTED_DOCUMENTS: {text}") from error


def _digest(request: Request) -> str | None:
    """The hash that the request names."""
    given: Any = (request.extensions or {}).get("persistedQuery")
    if not given:
        return None
    digest = given.get("sha256Hash") if isinstance(given, dict) else None
    if not isinstance(digest, str) or given.get("version") != 1:
        raise Rejected(refused(Code.PERSISTED_QUERY_NOT_SUPPORTED, "persistedQuery is {version: 1, sha256Hash: …}"))
    return digest.lower()


def _checked(text: str, digest: str) -> str:
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
        raise Rejected(refused(Code.PERSISTED_QUERY_HASH_MISMATCH, "this hash is not the document's"))
    return text
