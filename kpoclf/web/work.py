"""Work of the processor, done beside the loop that answers, a little at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BUSY", "Work"]

BUSY = "too many requests wait already; try again in a second"

_T = TypeVar("_T")
_THREADS = 2


class Work:
    """A few threads, and a queue before them that has an end.

    Parameters
    ----------
    max_waiting : int
        Calls that may wait for a thread.
    """

    def __init__(self, max_waiting: int) -> None:
        self._limiter = CapacityLimiter(_THREADS)
        self._max_waiting = max_waiting

    async def run(self, function: Callable[[], _T]) -> _T:
        """What the function returns.

        Raises
        ------
        starlette.exceptions.HTTPException
            If too many wait already.
        """
        if self._limiter.statistics().tasks_waiting >= self._max_waiting:
            raise HTTPException(503, BUSY, {"retry-after": "1"})
        return await anyio.to_thread.run_sync(function, limiter=self._limiter)
