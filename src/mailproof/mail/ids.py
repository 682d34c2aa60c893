"""Ids that sort by the time they were made: UUID version 7, RFC 9562 section 5.7."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from weakref import WeakSet

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
        _pools.add(self)

    def bits(self, count: int) -> int:
        size = (count + 7) // 8
        end = self._used + size
        if end > len(self._bytes):
            self._bytes, self._used, end = os.urandom(_POOL_BYTES), 0, size
        drawn = self._bytes[self._used : end]
        self._used = end
        return int.from_bytes(drawn, "big") >> (8 * size - count)

    def empty(self) -> None:
        self._bytes, self._used = b"", 0


_pools: Final[WeakSet[Pool]] = WeakSet()


def _empty_all() -> None:
    for pool in _pools:
        pool.empty()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_empty_all)


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
        return UUID(int=self._number())

    def text(self) -> str:
        """As `str(new())`, for a third of the cost."""
        digits = f"{self._number():032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _number(self) -> int:
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
            return _numbered(self._last_ms, self._last_random)


def _numbered(unix_ms: int, random: int) -> int:
    rand_a, rand_b = random >> 62, random & ((1 << 62) - 1)
    return unix_ms << 80 | _VERSION << 76 | rand_a << 64 | _VARIANT << 62 | rand_b
