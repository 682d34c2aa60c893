"""Says the same thing seldom: a store that is away is one fact, not one for each mail."""

from typing import Final

from mailproof.clock import Clock

__all__ = ["Seldom"]

_SAY_AGAIN_S: Final = 60.0


class Seldom:
    """`may_say` is true at first, and then once a minute, until `over`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said_at: float | None = None

    def may_say(self) -> bool:
        now = self._clock.now()
        if self._said_at is not None and 0 <= now - self._said_at < _SAY_AGAIN_S:
            return False
        self._said_at = now
        return True

    def over(self) -> None:
        """All is well again: the next time is news."""
        self._said_at = None
