"""The database's clock, which rules leases and due times: known here without asking each time."""

from collections.abc import Callable
from typing import Final

from mailproof.store.postgres.pool import Connection

__all__ = ["DatabaseClock"]

# Clocks of computers part by less than 0.1 ms in a second, so after a minute by 6 ms at most.
_AGE_MAX_S: Final = 60.0
_QUESTION: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8"


class DatabaseClock:
    """This process's steady clock, and by how much the database's is ahead of it.

    `fixed`: UTC in milliseconds from somewhere else; then nobody is asked.
    """

    def __init__(self, monotonic: Callable[[], float], fixed: Callable[[], int] | None) -> None:
        self._monotonic = monotonic
        self._fixed = fixed
        self._ahead_ms = 0.0
        self._asked_at = float("-inf")

    def now(self) -> int:
        """UTC in milliseconds; off by half a round trip at most."""
        if self._fixed is not None:
            return self._fixed()
        return int(self._monotonic() * 1000 + self._ahead_ms)

    async def follow(self, connection: Connection) -> None:
        """Ask the database for its time, when that was last done a minute ago."""
        before = self._monotonic()
        if self._fixed is not None or before - self._asked_at < _AGE_MAX_S:
            return
        told_ms: float = await connection.fetchval(_QUESTION)
        after = self._monotonic()
        self._ahead_ms = told_ms - (before + after) * 500
        self._asked_at = after
