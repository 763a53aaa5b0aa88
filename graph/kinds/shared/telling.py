"""The last line of a rule: a verdict that always cites something."""

from __future__ import annotations

from graph.kinds.shared.causes import cause, chain_of, verdict
from graph.model.kind import Child
from graph.model.ref import ObjectRef
from graph.model.status import Cause, Evidence, State, Verdict


def tell(
    ref: ObjectRef,
    state: State,
    reason: str,
    message: str,
    *,
    row: str,
    hint: str | None = None,
    because: tuple[Cause, ...] = (),
    child: Child | None = None,
    began: float | None = None,
) -> Verdict:
    """Cites ``because``, else the object's own status; then the child that decided, with that child's chain."""
    if not because and state is not State.HEALTHY:
        because = (cause(ref, reason=reason, message=message, evidence=Evidence.STATUS, at=began),)
    if child is not None:
        because = (*because, *chain_of(child))
    return verdict(state, reason, message, row=row, hint=hint, because=because, began=began)
