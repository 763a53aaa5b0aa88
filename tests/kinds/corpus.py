"""Cases of the corpus: objects as the API shows them, an instant, and the status expected of the first object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
import yaml

from graph.judging.files import judge_objects
from graph.kinds.event import EventView
from graph.kinds.pod.view import PodView
from graph.kinds.shared import nodes
from graph.kinds.shared.events import true_time
from graph.model import instant
from graph.model.kind import Related
from graph.model.ref import Key, ObjectRef
from graph.model.status import Verdict

View = TypeVar("View")
CORPUS = Path(__file__).parent.parent / "corpus"


def cases(folder: str) -> Iterator[Any]:
    """A parameter for each file of a folder, named after it."""
    for path in sorted((CORPUS / folder).glob("*.yaml")):
        yield pytest.param(path, id=path.stem)


def load(path: Path) -> dict[str, Any]:
    """One case."""
    case = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
    assert isinstance(case, dict)
    return case


def verdict(case: dict[str, Any]) -> Verdict:
    """The verdict on the first object."""
    return verdicts(case)[0]


def verdicts(case: dict[str, Any]) -> list[Verdict]:
    """The verdicts on all objects, the first one's first."""
    now = instant.parse(case["now"])
    assert now is not None
    return [
        one.verdict for one in judge_objects(case["objects"], now=now) if one is not None and one.verdict is not None
    ]


def pod_case(objects: list[dict[str, Any]]) -> tuple[PodView, Related]:
    """A pod with its events and its node, for its judge alone."""
    view = read(objects[0], PodView)
    ref = ObjectRef(
        "Pod",
        view.metadata.name,
        view.metadata.namespace,
        view.metadata.uid,
        "v1",
        key=Key("test", "POD", view.metadata.namespace, view.metadata.name),
    )
    told = [read(item, EventView) for item in objects if item["kind"] == "Event"]
    events = tuple(sorted((one for one in told if one.involved_object.uid == ref.uid), key=true_time))
    known = {item["metadata"]["name"]: read(item, nodes.Node) for item in objects if item["kind"] == "Node"}
    return view, Related(ref, events=events, node=known.get(view.spec.node_name or "", nodes.GONE) if known else None)


def read(item: dict[str, Any], view: type[View]) -> View:
    """An object as the operator decodes it."""
    return msgspec.json.decode(msgspec.json.encode(item), type=view)
