"""What the columns of all tables are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graph.demo.objects import Object, read

NONE, UNKNOWN = "<none>", "<unknown>"


class Column(NamedTuple):
    """``priority`` 1: for ``-o wide`` alone."""

    name: str
    cell: Callable[[Object, float], Any]
    priority: int = 0
    type: str = "string"


def human(seconds: float) -> str:
    """A duration in kubectl's words: 119s, 3m20s, 4h5m, 2d3h."""
    if seconds < 0:
        return "0s" if seconds > -2 else "<invalid>"
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 180:
        return _pair(minutes, "m", whole % 60, "s") if minutes < 10 else f"{minutes}m"
    if hours < 48:
        return _pair(hours, "h", minutes % 60, "m") if hours < 8 else f"{hours}h"
    if days < 730:
        return _pair(days, "d", hours % 24, "h") if days < 8 else f"{days}d"
    return _pair(days // 365, "y", days % 365, "d") if days < 8 * 365 else f"{days // 365}y"


def since(instant: str | None, now: float, *, without: str = UNKNOWN) -> str:
    """How long ago that was."""
    return human(now - read(instant)) if instant else without


def field(path: str, default: Any = "") -> Callable[[Object, float], Any]:
    """A cell that is a field of the object."""
    steps = path.split(".")

    def cell(obj: Object, _: float) -> Any:
        found: Any = obj
        for step in steps:
            found = found.get(step) if isinstance(found, Mapping) else None
        return default if found is None else found

    return cell


def pairs(chosen: Mapping[str, str]) -> str:
    """Labels in one cell."""
    return ",".join(f"{name}={value}" for name, value in sorted(chosen.items())) or NONE


NAME = Column("Name", field("metadata.name"))
AGE = Column("Age", lambda obj, now: since(obj["metadata"].get("creationTimestamp"), now))


def condition(obj: Object, type_: str) -> str:
    """The status of a condition, empty without it."""
    conditions = obj.get("status", {}).get("conditions") or ()
    return next((str(one["status"]) for one in conditions if one["type"] == type_), "")


def _pair(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large}{unit}{small}{smaller}" if small else f"{large}{unit}"


def number(name: str, path: str) -> Column:
    return Column(name, field(path, 0), type="integer")
