"""The patches of Kubernetes' API: merge (RFC 7386), JSON (RFC 6902) and strategic merge. Pure: nothing is changed in
place.

A strategic merge knows which lists are merged by which key; those lists are the same wherever their field's name
occurs in the kinds that the demo offers, so a table by name is enough.
"""

from __future__ import annotations

from typing import Any

from graph.demo.objects import Object
from graph.demo.problems import BadRequest

_KEYS: dict[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "hostIPs": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "port", "protocol"),
    "schedulingGates": ("name",),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_UNIONS = frozenset({"finalizers"})
_PATCH, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


def merged(old: Any, patch: Any) -> Any:
    """A JSON merge patch: null removes."""
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        else:
            new[name] = merged(new.get(name), value)
    return new


def strategic(old: Object, patch: Object) -> Object:
    """A strategic merge patch, with its directives."""
    if patch.get(_PATCH) == "replace":
        return {name: value for name, value in patch.items() if name != _PATCH}
    if patch.get(_PATCH) == "delete":
        return {}
    new = _retained(old, patch)
    for name, value in patch.items():
        if name.startswith(_DELETE):
            field = name.removeprefix(_DELETE)
            new[field] = [one for one in new.get(field, ()) if one not in value]
        elif not name.startswith("$"):
            _put(new, name, value, order=patch.get(_ORDER + name))
    for name, order in patch.items():
        field = name.removeprefix(_ORDER)
        if name.startswith(_ORDER) and field not in patch and field in new:
            new[field] = _ordered(field, new[field], order, new[field])
    return new


def withdrawn(before: Object, now: Object) -> Object:
    """A strategic merge patch that removes what somebody applied before and does not say any more."""
    patch: Object = {}
    for name, value in before.items():
        if name not in now:
            patch[name] = None
        elif isinstance(value, dict) and isinstance(now[name], dict):
            patch[name] = withdrawn(value, now[name])
        elif name in _KEYS and isinstance(value, list) and isinstance(now[name], list):
            items = [item for item in now[name] if isinstance(item, dict)]  # what no schema knows may hold anything
            patch[name] = [_withdrawn(_KEYS[name], item, items) for item in value if isinstance(item, dict)]
    return {name: value for name, value in patch.items() if value not in ({}, [])}


def _withdrawn(keys: tuple[str, ...], item: Object, now: list[Object]) -> Object:
    key = {name: item[name] for name in keys if name in item}
    same = next((one for one in now if _same(keys, one, item)), None)
    return {_PATCH: "delete", **key} if same is None else {**withdrawn(item, same), **key}


def _retained(old: Object, patch: Object) -> Object:
    kept = patch.get(_RETAIN)
    return {name: value for name, value in old.items() if kept is None or name in kept}


def _put(new: Object, name: str, value: Any, *, order: list[Any] | None) -> None:
    if value is None:
        new.pop(name, None)
    elif isinstance(value, dict):
        there = new.get(name)
        new[name] = strategic(there if isinstance(there, dict) else {}, value)
    elif isinstance(value, list):
        before = new.get(name) or []
        combined = _list(name, before, value)
        new[name] = _ordered(name, combined, value if order is None else order, before) if combined != value else value
    else:
        new[name] = value


def _list(name: str, old: list[Any], patch: list[Any]) -> list[Any]:
    if name in _UNIONS:
        return [*old, *(one for one in patch if one not in old)]
    if name not in _KEYS or not all(isinstance(one, dict) for one in (*old, *patch)):
        return patch
    return _items(_KEYS[name], old, patch)


def _items(keys: tuple[str, ...], old: list[Object], patch: list[Object]) -> list[Object]:
    if any(one.get(_PATCH) == "replace" for one in patch):
        return [one for one in patch if one.get(_PATCH) != "replace"]
    new = list(old)
    for item in patch:
        at = next((i for i, one in enumerate(new) if _same(keys, one, item)), None)
        if item.get(_PATCH) == "delete":
            new = [one for one in new if not _same(keys, one, item)]
        elif at is None:
            new.append(strategic({}, item))
        else:
            new[at] = strategic(new[at], item)
    return new


def _same(keys: tuple[str, ...], one: Object, item: Object) -> bool:
    """Whether they have the same key; a key that one of them leaves out has its default there."""
    given = [key for key in keys if key in item and key in one]
    return bool(given) and given != ["protocol"] and all(one[key] == item[key] for key in given)


def _ordered(name: str, items: list[Any], order: list[Any], before: list[Any]) -> list[Any]:
    """In the order of the patch; what it does not name keeps its place among those that were there before."""
    keys = _KEYS.get(name, ())

    def place(item: Any, among: list[Any]) -> int | None:
        same = (i for i, one in enumerate(among) if one == item or (keys and _same(keys, one, item)))
        return next(same, None)

    named = sorted((item for item in items if place(item, order) is not None), key=lambda one: place(one, order) or 0)
    others = [item for item in items if place(item, order) is None]
    result: list[Any] = []
    while named and others:
        mine, theirs = place(named[0], before), place(others[0], before)
        first = named if mine is None or theirs is None or mine < theirs else others
        result.append(first.pop(0))
    return result + named + others


def json_patched(old: Any, operations: Any) -> Any:
    """A JSON patch. Raises BadRequest for what cannot be done, LookupError where a path leads nowhere."""
    if not isinstance(operations, list):
        raise BadRequest("a JSON patch is a list of operations")
    new = old
    for operation in operations:
        try:
            new = _operated(new, operation)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise LookupError(f"{operation}: {error}") from error
    return new


def _operated(document: Any, operation: Object) -> Any:
    verb, path = operation["op"], _steps(operation["path"])
    if verb == "test":
        if _found(document, path) != operation["value"]:
            raise ValueError("test failed")
        return document
    if verb == "remove":
        return _edited(document, path, None, remove=True)
    if verb in ("add", "replace"):
        return _edited(document, path, operation["value"], insert=verb == "add")
    if verb not in ("move", "copy"):
        raise ValueError(f"Unexpected kind: {verb}")
    source = _steps(operation["from"])
    value = _found(document, source)
    document = _edited(document, source, None, remove=True) if verb == "move" else document
    return _edited(document, path, value, insert=True)


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"no pointer: {pointer}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _found(document: Any, path: list[str]) -> Any:
    for step in path:
        document = document[_index(step, len(document) - 1)] if isinstance(document, list) else document[step]
    return document


def _edited(document: Any, path: list[str], value: Any, *, remove: bool = False, insert: bool = False) -> Any:
    """A copy along the path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(document, list):
        return _edited_list(document, path, value, remove=remove, insert=insert)
    new = dict(document)
    if rest:
        new[step] = _edited(document[step], rest, value, remove=remove, insert=insert)
    elif remove:
        del new[step]
    elif insert or step in document:
        new[step] = value
    else:
        raise KeyError(step)
    return new


def _edited_list(document: list[Any], path: list[str], value: Any, *, remove: bool, insert: bool) -> list[Any]:
    step, rest = path[0], path[1:]
    new = list(document)
    adds = insert and not rest
    at = len(new) if adds and step == "-" else _index(step, len(new) - (not adds))
    if adds:
        new.insert(at, value)
    elif remove and not rest:
        del new[at]
    else:
        new[at] = _edited(new[at], rest, value, remove=remove, insert=insert)
    return new


def _index(step: str, last: int) -> int:
    at = int(step)
    if not 0 <= at <= last:
        raise IndexError(step)
    return at
