"""What the kinds look like, from ``messages.txt``: for reading protobuf, and for checking what is sent as JSON.

``messages.txt`` has a line for each message that a client may send, drawn from ``k8s.io/api``'s ``generated.proto`` of
1.34, without statuses: its name, then ``number:field:type``; ``s b i x d`` are string, boolean, integer, bytes and
double, ``*`` is a list, ``%`` a map, ``-`` a message whose fields JSON has beside the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from graph.demo.objects import Object
from graph.demo.problems import BadRequest

INLINE = "-"
_GO = {"s": "string", "b": "bool", "i": "int32", "x": "[]uint8", "d": "float64"}
_JSON: dict[str, tuple[type, ...]] = {
    "s": (str,),
    "b": (bool,),
    "i": (int,),
    "x": (str,),
    "d": (int, float),
    "Quantity": (str, int, float),
    "IntOrString": (str, int),
    "Time": (str,),
    "MicroTime": (str,),
}
_FREE = frozenset({"FieldsV1", "RawExtension"})
_UNCHECKED = frozenset({"apiVersion", "kind", "status", "managedFields"})


class Field(NamedTuple):
    """A field of a message."""

    name: str
    type: str
    repeated: bool
    mapped: bool


class Mismatch(Exception):
    """A value is not of its field's type; the words are Go's."""


@cache
def messages() -> Mapping[str, Mapping[int, Field]]:
    """By name, and by number."""
    text = files("graph.demo.api").joinpath("messages.txt").read_text()
    lines = (line.split() for line in text.splitlines())
    return {name: dict(_field(part) for part in parts) for name, *parts in lines}


def shaped(kind: str, obj: Object, *, strict: bool) -> Object:
    """The object without what its kind does not have, and without nulls.

    Raises BadRequest for values of a wrong type and, when ``strict``, for fields that the kind does not have.
    """
    unknown: list[str] = []
    try:
        new = _shaped(kind, obj, "", unknown)
        if not isinstance(new.get("status", {}), dict):
            raise _mismatch("status", new["status"], f"{kind}Status")
    except Mismatch as error:
        problem = str(error)
    else:
        if not (strict and unknown):
            return {"metadata": {}, **({"spec": {}} if "spec" in _by_name(kind) else {}), **new}
        problem = "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in unknown)
    version = str(obj.get("apiVersion", "v1")).rpartition("/")[2]
    raise BadRequest(f'{kind} in version "{version}" cannot be handled as a {kind}: {problem}')


def _shaped(message: str, value: Any, path: str, unknown: list[str]) -> Object:
    if not isinstance(value, dict):
        raise _mismatch(path, value, message)
    fields = _by_name(message)
    new = {}
    for name, one in value.items():
        field = fields.get(name)
        place = f"{path}.{name}" if path else name
        if field is None and name not in _UNCHECKED:
            unknown.append(place)
        elif one is not None:
            new[name] = one if field is None else _field_shaped(field, one, place, unknown)
    return new


def _field_shaped(field: Field, value: Any, path: str, unknown: list[str]) -> Any:
    if field.repeated:
        if not isinstance(value, list):
            raise _mismatch(path, value, f"[]{field.type}")
        return [_one(field.type, one, f"{path}[{at}]", unknown) for at, one in enumerate(value)]
    if field.mapped:
        if not isinstance(value, dict):
            raise _mismatch(path, value, f"map[string]{_GO.get(field.type, field.type)}")
        return {name: _one(field.type, one, path, unknown) for name, one in value.items() if one is not None}
    return _one(field.type, value, path, unknown)


def _one(type_: str, value: Any, path: str, unknown: list[str]) -> Any:
    if type_ in _FREE:
        return value
    wanted = _JSON.get(type_)
    if wanted is None:
        return _shaped(type_, value, path, unknown)
    if not isinstance(value, wanted) or (isinstance(value, bool) and type_ != "b"):
        raise _mismatch(path, value, _GO.get(type_, type_))
    return value


def _mismatch(path: str, value: Any, go: str) -> Mismatch:
    names = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    found = names.get(type(value), "null")
    return Mismatch(f"json: cannot unmarshal {found} into Go struct field {path} of type {go}")


@cache
def _by_name(message: str) -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    for field in messages()[message].values():
        if field.name == INLINE:
            found.update(_by_name(field.type))
        else:
            found[field.name] = field
    return found


def _field(text: str) -> tuple[int, Field]:
    number, name, type_ = text.split(":")
    return int(number), Field(name, type_.lstrip("*%"), type_.startswith("*"), type_.startswith("%"))
