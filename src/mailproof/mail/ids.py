"""Ids that sort by the time they were made: UUID version 7, RFC 9562 section 5.7."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

__all__ = ["Ids", "Pool"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(milliseconds=1)
_RANDOM_BITS: Final = 74  # rand_a and rand_b together
_STEP_BITS: Final = 32
_POOL_BYTES: Final = 1_024
_VERSION, _VARIANT = 0x7, 0b10


class Pool:
    """The system's randomness, asked for many ids at once: each question costs as much as an id.

    For one thread at a time. A forked child does not use what its parent was given.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._used = 0
        self._owner = 0

    def bits(self, count: int) -> int:
        size = (count + 7) // 8
        if self._used + size > len(self._bytes) or self._owner != os.getpid():
            self._bytes, self._used, self._owner = os.urandom(_POOL_BYTES), 0, os.getpid()
        drawn = self._bytes[self._used : self._used + size]
        self._used += size
        return int.from_bytes(drawn, "big") >> (8 * size - count)


class Ids:
    """Makes ids that rise strictly within a process, also when the clock stands or goes back.

    Within a millisecond the random part is counted up by a random step (RFC 9562 section 6.2,
    method 2), so an id says nothing about how many were made. Safe to share between threads.
    `clock` tells the time with its zone; `random_bits(n)` an n-bit number.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        random_bits: Callable[[int], int] | None = None,
    ) -> None:
        self._clock = clock
        self._random_bits = random_bits or Pool().bits
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
