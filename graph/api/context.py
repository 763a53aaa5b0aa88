"""What resolvers work with: ``info.context``. One for the whole process; ``Info`` is the type of a resolver's
``info``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from graph.api.drain import Drain
from graph.api.metrics import Metrics
from graph.store.catalog import Catalog
from graph.store.protocols import Desk


@dataclass(frozen=True, slots=True)
class Context:
    """See the module."""

    catalog: Catalog
    desk: Desk
    actions: bool
    """Whether mutations may change the cluster."""
    clock: Callable[[], float]
    metrics: Metrics = field(default_factory=Metrics)
    drain: Drain = field(default_factory=Drain)

    def visible(self, namespace: str | None) -> bool:
        """The choke point of authorisation: whether the viewer may see what is in this namespace.

        Every list, node, subscription and action asks here. Everybody sees everything, so far.
        """
        return True


if TYPE_CHECKING:
    Info: TypeAlias = strawberry.Info[Context, None]
else:
    Info = strawberry.Info  # Strawberry finds the parameter by this class
