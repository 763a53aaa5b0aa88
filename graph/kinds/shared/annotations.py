"""The annotations that are kept: a struct names each one; all others are never decoded."""

from __future__ import annotations

from msgspec import Struct, field

from graph.model.kind import Meta, Object


class Annotations(Struct, frozen=True, gc=False):
    """Of every object that may count in its service's status. A kind that keeps more extends it."""

    affects_rollup: str | None = field(name="statusgraph.io/affects-rollup", default=None)


class AnnotatedMeta(Meta, frozen=True, gc=False, rename="camel"):
    """``metadata``. A kind that keeps more annotations extends it by its own struct for them."""

    annotations: Annotations = Annotations()


def counts(view: Object) -> bool:
    """Whether an object's status counts in its service's."""
    meta = view.metadata
    return not (isinstance(meta, AnnotatedMeta) and meta.annotations.affects_rollup == "false")
