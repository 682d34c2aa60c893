"""Ids that sort by the time they were made: UUID version 7, RFC 9562 section 5.7."""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

__all__ = ["Ids"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(milliseconds=1)
_RANDOM_BITS: Final = 74  # rand_a and rand_b together
_STEP_BITS: Final = 32
_VERSION, _VARIANT = 0x7, 0b10


class Ids:
    """Makes ids that rise strictly within a process, also when the clock stands or goes back.

    Within a millisecond the random part is counted up by a random step (RFC 9562 section 6.2,
    method 2), so an id says nothing about how many were made. Safe to share between threads.
    `clock` tells the time with its zone; `random_bits(n)` an n-bit number.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._last_ms = -1
        self._last_random = 0
        self._lock = threading.Lock()

    def new(self) -> UUID:
        """The next id, greater than every one before it."""
        with self._lock:
            now_ms = (self._clock() - _EPOCH) // _TICK
            if now_ms > self._last_ms:
                self._last_ms, self._last_random = now_ms, self._random_bits(_RANDOM_BITS)
            else:
                self._last_random += 1 + self._random_bits(_STEP_BITS)
                if (
                    self._last_random >> _RANDOM_BITS
                ):  # this millisecond is used up: borrow the next
                    self._last_ms += 1
                    self._last_random = self._random_bits(_RANDOM_BITS)
            return _uuid(self._last_ms, self._last_random)


def _uuid(unix_ms: int, random: int) -> UUID:
    rand_a, rand_b = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=unix_ms << 80 | _VERSION << 76 | rand_a << 64 | _VARIANT << 62 | rand_b)
