"""The sandbox's time: real, or a test's own."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol

__all__ = ["Clock", "SystemClock", "first_of", "iso", "postgres_time"]


class Clock(Protocol):
    """What the sandbox asks for time. Limits, schedules and idempotency all hang on it."""

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


def iso(at: float) -> str:
    """`2026-02-22T23:41:12.126Z`: how webhooks write a time."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def postgres_time(at: float) -> str:
    """`2026-04-03 22:13:42.674981+00`: how Resend's API writes a time."""
    text = datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="microseconds")
    return text.replace("+00:00", "+00")
