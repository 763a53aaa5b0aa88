"""What resolvers work with: ``info.context``. One for the whole process; ``Info`` is the type of a resolver's
``info``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import strawberry

from graph.api.drain import Drain
from graph.api.history import Shelves
from graph.api.listings import Listings
from graph.api.metrics import Metrics
from graph.api.trail import Trail
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
    window: float = 0.05
    """Seconds for which changes of what a client follows are collected, from the first one on: longer than a batch of
    the operator takes to be applied.
    """
    trail: Trail = field(init=False)
    listings: Listings = field(init=False)
    shelves: Shelves = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trail", Trail(self.catalog))
        object.__setattr__(self, "listings", Listings(self.catalog, self.trail))
        object.__setattr__(self, "shelves", Shelves())

    def visible(self, namespace: str | None) -> bool:
        """The choke point of authorisation: whether the viewer may see what is in this namespace.

        Every list, node, subscription and action asks here. Everybody sees everything, so far.
        """
        return True


if TYPE_CHECKING:
    Info: TypeAlias = strawberry.Info[Context, None]
else:
    Info = strawberry.Info  # Strawberry finds the parameter by this class
