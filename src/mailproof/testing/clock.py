"""A clock that stands still until a test moves it."""

import asyncio
import threading

__all__ = ["ManualClock"]


class ManualClock:
    """Time for tests: `advance` moves it and wakes whose time has come, from any thread."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sleepers: list[tuple[float, asyncio.AbstractEventLoop, asyncio.Event]] = []

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, which may be a fraction, never back."""
        if seconds < 0:
            raise ValueError(f"advance({seconds}): time does not run backwards.")
        with self._lock:
            self._now += seconds
            woken = [sleeper for sleeper in self._sleepers if sleeper[0] <= self._now]
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._now]
        for _, loop, event in woken:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def sleep_until(self, at: float) -> None:
        event = asyncio.Event()
        with self._lock:
            if at > self._now:
                self._sleepers.append((at, asyncio.get_running_loop(), event))
            else:
                event.set()
        await event.wait()
