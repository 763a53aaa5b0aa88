"""Kubernetes' protobuf, read alone: kubectl sends what it makes itself (``create job``, ``auth can-i``) in no other
form. Answers are JSON, which every client takes.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

from graph.demo.api.schema import INLINE, messages
from graph.demo.objects import Object, written
from graph.demo.problems import BadRequest

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\0"
_SIGN = 1 << 63

_MEANT = frozenset(
    {
        *("activeDeadlineSeconds", "automountServiceAccountToken", "allowPrivilegeEscalation", "backoffLimit"),
        *("blockOwnerDeletion", "completions", "controller", "enableServiceLinks", "failedJobsHistoryLimit"),
        *("gracePeriodSeconds", "orphanDependents", "parallelism", "partition", "privileged", "readOnlyRootFilesystem"),
        *("replicas", "revisionHistoryLimit", "runAsGroup", "runAsNonRoot", "runAsUser", "startingDeadlineSeconds"),
        *("successfulJobsHistoryLimit", "suspend", "terminationGracePeriodSeconds", "tolerationSeconds"),
        *("ttlSecondsAfterFinished",),
    }
)
"""Fields whose zero was written by somebody; others are sent as zero when they are not set."""


def decoded(body: bytes) -> Object:
    """The object of a request. Raises BadRequest."""
    if not body.startswith(_MAGIC):
        raise BadRequest("the body is not Kubernetes' protobuf")
    try:
        envelope = dict(_wire(body[len(_MAGIC) :]))
        head = {number: value.decode() for number, value in _wire(envelope[1])}
        api_version, kind = head.get(1, ""), head.get(2, "")
        return {"apiVersion": api_version, "kind": kind, **_message(kind, envelope.get(2, b""))}
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, OSError, struct.error) as error:
        raise BadRequest(f"the protobuf of the body cannot be read: {error!r}") from error


def _message(name: str, body: bytes) -> Object:
    fields, found = messages()[name], Object()
    for number, value in _wire(body):
        field = fields.get(number)
        if field is None:
            continue
        if field.mapped:
            pair = dict(_wire(value))
            found.setdefault(field.name, {})[_value("s", pair.get(1, b""))] = _value(field.type, pair.get(2, b""))
        elif field.repeated:
            found.setdefault(field.name, []).append(_value(field.type, value))
        elif field.name == INLINE:
            found.update(_message(field.type, value))
        else:
            one = _value(field.type, value)
            if one not in (None, "", 0, False) or field.name in _MEANT:
                found[field.name] = one
    return found


def _value(type_: str, value: Any) -> Any:
    match type_:
        case "s":
            return value.decode()
        case "b":
            return bool(value)
        case "i":
            return value - (_SIGN << 1) if value >= _SIGN else value
        case "x":
            return base64.b64encode(value).decode()
        case "d":
            return struct.unpack("<d", value)[0]
        case "Quantity":
            return dict(_wire(value)).get(1, b"0").decode()
        case "IntOrString":
            parts = dict(_wire(value))
            return parts[3].decode() if parts.get(1) else _value("i", parts.get(2, 0))
        case "Time" | "MicroTime":
            seconds = dict(_wire(value)).get(1)
            return written(seconds) if seconds else None
    return _message(type_, value)


def _wire(body: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, number or bytes) of a message."""
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        match tag & 7:
            case 0:
                value: Any
                value, at = _varint(body, at)
            case 1:
                value, at = body[at : at + 8], at + 8
            case 2:
                size, at = _varint(body, at)
                value, at = body[at : at + size], at + size
                if len(value) < size:
                    raise ValueError("it is cut off")
            case 5:
                value, at = body[at : at + 4], at + 4
            case other:
                raise ValueError(f"wire type {other}")
        yield tag >> 3, value


def _varint(body: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = body[at]
        at += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result, at
        shift += 7
