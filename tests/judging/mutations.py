"""Objects made wrong in the ways in which clusters, clients and people make them wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Path = tuple[Any, ...]
Change = Callable[[Any, Any, Random], None]

WORDS = (
    "",
    "Nonsense",
    "True",
    "False",
    "Unknown",
    "Failed",
    "Running",
    "Pending",
    "Succeeded",
    "OnFailure",
    "Never",
    "CrashLoopBackOff",
    "OOMKilled",
    "a\x1b[2J\u202eb\nc",
    "x" * 5000,
    "* * * * *",
    "@every 1s",
    "0 0 31 2 *",
)
TIMES = (
    "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "2026-11-22T10:00:00.123456+02:00",
    "2026-11-22T10:00:00",
    "2262-04-11T23:47:16Z",
    "9999-12-31T23:59:59Z",
    "not a time",
)
NUMBERS = (0, 1, -1, 3, 137, 2**31, -(2**31), 2**62)
WRONG: tuple[Any, ...] = (10**30, 3.5, True, [], {}, [None], "words", 7)


def drop(parent: Any, key: Any, random: Random) -> None:
    """A field or an entry is missing."""
    del parent[key]


def null(parent: Any, key: Any, random: Random) -> None:
    """A null where the API leaves the field out."""
    parent[key] = None


def word(parent: Any, key: Any, random: Random) -> None:
    """A word that nobody expects there."""
    if isinstance(parent[key], str):
        parent[key] = random.choice(WORDS)


def time(parent: Any, key: Any, random: Random) -> None:
    """An absurd time, or one a little off."""
    if isinstance(parent[key], str) and parent[key][4:5] == "-":
        parent[key] = random.choice(TIMES) if random.random() < 0.5 else _shifted(parent[key], random)


def number(parent: Any, key: Any, random: Random) -> None:
    """Negative and huge."""
    if isinstance(parent[key], int) and not isinstance(parent[key], bool):
        parent[key] = random.choice(NUMBERS)


def flip(parent: Any, key: Any, random: Random) -> None:
    """The other truth."""
    if isinstance(parent[key], bool):
        parent[key] = not parent[key]


def wrong_type(parent: Any, key: Any, random: Random) -> None:
    """Something else altogether."""
    parent[key] = copy.deepcopy(random.choice(WRONG))


def repeat(parent: Any, key: Any, random: Random) -> None:
    """The same entry twice: containers named alike, a status longer than its spec."""
    if isinstance(parent, list):
        parent.insert(random.randint(0, len(parent)), copy.deepcopy(parent[key]))


def shuffle(parent: Any, key: Any, random: Random) -> None:
    """Another order."""
    if isinstance(parent[key], list):
        random.shuffle(parent[key])


CHANGES: tuple[Change, ...] = (drop, null, word, time, number, flip, repeat, shuffle)
"""What leaves an object readable."""


def any_change(objects: Sequence[Any], random: Random) -> list[Any]:
    """The objects with a few changes, also such that make one unreadable."""
    return _as_a_whole(several(objects, random, (*CHANGES, wrong_type, wrong_type)), random)


def several(objects: Sequence[Any], random: Random, changes: Sequence[Change]) -> list[Any]:
    """The objects, of each the most with a few of these changes."""
    return [_changed(item, random, changes) if random.random() < 0.6 else item for item in objects]


def statuses(objects: Sequence[Any], random: Random) -> list[Any]:
    """The objects a little later: some statuses and events are others, an event or a node may be gone."""
    changed = [_with_status(item, random) if random.random() < 0.5 else item for item in objects]
    mayfly = [item for item in changed if item["kind"] in ("Event", "Node")]
    if mayfly and random.random() < 0.3:
        changed.remove(random.choice(mayfly))
    return changed


def _with_status(item: Any, random: Random) -> Any:
    item = copy.deepcopy(item)
    skip = ("kind", "apiVersion", "metadata", "spec", "involvedObject")
    told = item if item["kind"] == "Event" else item.get("status", {})
    places = [(parent, key) for parent, key in _places(told) if parent is not item or key not in skip]
    for parent, key in random.sample(places, min(2, len(places))):
        if key in parent if isinstance(parent, dict) else key < len(parent):
            random.choice(CHANGES)(parent, key, random)
    return item


def place(objects: Sequence[Any], random: Random) -> Path:
    """Some field of an object's metadata, spec or status, not its name."""
    index = random.randrange(len(objects))
    paths = [path for path in _paths(objects[index]) if path[0] not in ("kind", "apiVersion") and len(path) > 1]
    return (index, *random.choice([path for path in paths if path != ("metadata", "name")]))


def at(objects: Sequence[Any], path: Path, change: Change) -> list[Any]:
    """The objects with one change, at one place."""
    changed = copy.deepcopy(list(objects))
    parent: Any = changed
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1], Random(0))
    return changed


def _paths(item: Any, above: Path = ()) -> Iterator[Path]:
    entries = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, value in entries:
        yield (*above, key)
        yield from _paths(value, (*above, key))


def _changed(item: Any, random: Random, changes: Sequence[Change]) -> Any:
    item = copy.deepcopy(item)
    for _ in range(random.randint(1, 4)):
        places = list(_places(item))
        if places:
            parent, key = random.choice(places)
            random.choice(changes)(parent, key, random)
    return item


def _places(item: Any) -> Iterator[tuple[Any, Any]]:
    entries = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, value in entries:
        if key not in ("kind", "apiVersion"):
            yield item, key
        yield from _places(value)


def _as_a_whole(objects: list[Any], random: Random) -> list[Any]:
    """Owners in a loop, an object twice, one in another order, one missing."""
    objects = list(objects)
    one, other = random.choice(objects), random.choice(objects)
    match random.randrange(5):
        case 0:
            objects.append(copy.deepcopy(one))
        case 1:
            random.shuffle(objects)
        case 2:
            del objects[random.randrange(len(objects))]
        case 3:
            objects = [_owned(item, other) if item is one else item for item in objects]
        case _:
            objects.append(_with_uid_of(one, other))
    return objects


def _owned(item: Any, owner: Any) -> Any:
    """Also by itself, or by what it owns."""
    item, meta = copy.deepcopy(item), owner.get("metadata")
    if isinstance(item.get("metadata"), dict) and isinstance(meta, dict):
        reference = {"kind": owner["kind"], "name": meta.get("name"), "uid": meta.get("uid"), "controller": True}
        item["metadata"]["ownerReferences"] = [reference]
    return item


def _with_uid_of(item: Any, other: Any) -> Any:
    """The same name or the same UID again: re-created, or two that claim to be one."""
    item, meta = copy.deepcopy(item), other.get("metadata")
    if isinstance(item.get("metadata"), dict) and isinstance(meta, dict):
        item["metadata"]["uid"] = meta.get("uid")
    return item


def _shifted(text: str, random: Random) -> str:
    """A neighbouring day, month or second."""
    place = random.choice((6, 9, 12, 15, 18))
    if len(text) <= place or not text[place].isdigit():
        return text
    return f"{text[:place]}{random.randint(0, 9)}{text[place + 1 :]}"
