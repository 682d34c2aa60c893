"""Time, as an argument: real, or a test's own."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Protocol

__all__ = ["Clock", "SystemClock", "first_of"]


class Clock(Protocol):
    """What asks for time gets one of these. Limits, leases, schedules and deadlines hang on it."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        ...

    async def sleep_until(self, at: float) -> None:
        """Return when this clock shows `at` or later.

        Not "so many seconds": a clock that is moved between the asking and the sleeping would
        make them begin later than meant.
        """
        ...


class SystemClock:
    """Real time."""

    def now(self) -> float:
        return time.time()

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.time()))


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Return when one of `waits` has; the others are cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
