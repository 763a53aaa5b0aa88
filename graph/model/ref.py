"""What names an object: ``Key`` (ours) and ``ObjectRef`` (as the cluster spells it)."""

from __future__ import annotations

import base64
import binascii

from msgspec import Struct

from graph.errors import BadCursor


class Key(Struct, frozen=True, order=True, gc=False, array_like=True):
    """Names an object for good: the same again when the object is created again. The UID is no part of it."""

    cluster: str
    kind: str
    """Our word for the kind, as in the schema's enum ``Kind``: POD, CRONJOB, SERVICE; EVENT for Kubernetes events."""
    namespace: str
    name: str

    @property
    def id(self) -> str:
        """The opaque, url-safe id of the public schema."""
        return encode_id(self.kind, self.cluster, self.namespace, self.name)


class ObjectRef(Struct, frozen=True, gc=False, array_like=True):
    """An object as the cluster names it; for our own Service and Build without ``api_version``."""

    kind: str
    name: str
    namespace: str | None = None
    uid: str | None = None
    api_version: str | None = None
    container: str | None = None
    key: Key | None = None
    """The object itself, where its kind is one of ours."""


def encode_id(*parts: str) -> str:
    """An opaque id of ``parts``, the first of which says what is named."""
    return base64.urlsafe_b64encode("\x00".join(parts).encode()).rstrip(b"=").decode()


def decode_id(text: str) -> tuple[str, ...]:
    """The parts of an id; BadCursor when it is none of ours."""
    try:
        raw = text.encode("ascii")
        parts = tuple(
            base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True).decode().split("\x00")
        )
    except (ValueError, binascii.Error) as error:
        raise BadCursor("this id was not made by Statusgraph") from error
    if encode_id(*parts) != text:
        raise BadCursor("this id was not made by Statusgraph")
    return parts


def key_of_id(text: str) -> Key:
    """The key behind an object's id; BadCursor when it is none."""
    parts = decode_id(text)
    if len(parts) != 4:
        raise BadCursor("this id does not name an object with a status")
    kind, cluster, namespace, name = parts
    return Key(cluster, kind, namespace, name)
