"""Objects of the demo's API: plain JSON, and how a changed one is made.

An object that is in the store, or came from it, is never changed in place: watchers, histories and lists share it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]


def labels_of(obj: Object) -> dict[str, str]:
    """Its labels; the API leaves out what is empty."""
    labels: dict[str, str] = obj["metadata"].get("labels") or {}
    return labels


def annotations_of(obj: Object) -> dict[str, str]:
    """Its annotations."""
    annotations: dict[str, str] = obj["metadata"].get("annotations") or {}
    return annotations


def controller_of(obj: Object) -> Object | None:
    """The owner reference that is marked as the controller."""
    owners = obj["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def deleting(obj: Object) -> bool:
    """Whether its deletion was asked for."""
    return "deletionTimestamp" in obj["metadata"]


def with_metadata(obj: Object, **fields: Any) -> Object:
    """A copy with other metadata; None removes a field."""
    metadata = {name: value for name, value in {**obj["metadata"], **fields}.items() if value is not None}
    return {**obj, "metadata": metadata}


def written(moment: float) -> str:
    """POSIX seconds as metav1.Time writes them."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written_micro(moment: float) -> str:
    """POSIX seconds as metav1.MicroTime writes them."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(instant: str) -> float:
    """POSIX seconds of an instant that the API wrote."""
    return datetime.fromisoformat(instant).timestamp()
