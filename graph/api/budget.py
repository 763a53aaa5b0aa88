"""What one execution may take, counted while it runs: the price of a document is an estimate, and lists that are no
pages may be longer than is usual.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from graphql import AbortSignal, Executor, GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.api.errors import Code, refused
from graph.config import Limits

OFTEN = 64
"""Fields between two looks at the clock."""


class Spent(BaseException):  # as an Exception it would be an error of one field, and the next one would be tried
    """Ends an execution. ``error``: why, for the client."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


class Budget(AbortSignal):
    """Of one query, one mutation or one item of a subscription: time, and fields, as many as it may cost."""

    def __init__(self, limits: Limits) -> None:
        self.reason = refused(Code.TIMED_OUT, f"this took longer than {limits.seconds:g} s")
        self._most = self._left = limits.cost
        self._end = time.monotonic() + limits.seconds

    @property
    def aborted(self) -> bool:  # type: ignore[override] # read, never set
        """Whether the time is over."""
        return time.monotonic() >= self._end

    async def wait(self) -> Any:
        """Until it is."""
        await asyncio.sleep(self._end - time.monotonic())
        self._end = 0.0  # the clock of the loop may be ahead of ours
        return self.reason

    def spend(self) -> None:
        """One field is executed now. Raises Spent."""
        self._left -= 1
        if self._left < 0:
            raise Spent(refused(Code.TOO_COSTLY, f"this came to more than {self._most} fields; ask for less of it"))
        if not self._left % OFTEN and self.aborted:
            raise Spent(self.reason)


class Bounded(StrawberryGraphQLCoreExecutionContext):
    """Executes within a ``Budget``. ``limits``: of each item of a subscription."""

    limits: Limits

    def execute_field(self, *args: Any) -> Any:
        if isinstance(self.abort_signal, Budget):
            self.abort_signal.spend()
        return super().execute_field(*args)

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Forgets each event: graphql-core 3.3 shares one memo of sub-fields among all of them, under keys that are new
        for each, so that it would grow by kilobytes with every event until the subscription ends.
        """
        executor: Executor[Any] = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        executor.abort_signal = Budget(self.limits)
        return executor


def bounded(limits: Limits) -> type[Bounded]:
    """The executor for these limits."""
    return type("Executor", (Bounded,), {"limits": limits})
