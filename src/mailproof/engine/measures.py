"""How this process fares: plain numbers, raised where the work is done and read when asked for."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.store.flush import Coalescer

__all__ = ["DISK_S", "FlushMeasure", "Measures", "Spread", "measured"]

# Upper ends of buckets, in seconds: what a group commit may take, on a fast disk and on a slow one.
DISK_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Spread:
    """How durations are spread over buckets with these upper `ends`, in seconds."""

    def __init__(self, ends: Sequence[float] = DISK_S) -> None:
        self.ends = tuple(ends)
        self.counts = [0] * (len(self.ends) + 1)  # the last: longer than all of them
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.ends, seconds)] += 1
        self.sum_s += seconds


class FlushMeasure(msgspec.Struct, frozen=True):
    """Group commits so far: how many, what they wrote, how long they took in all."""

    flushes: int
    items: int
    seconds: float


class Measures(msgspec.Struct, frozen=True):
    """`flushes`: by name. `accepting`: from a checked request to the disk. `in_flight`: mails that
    are claimed and not recorded, by provider; `in_flight_bytes`: taken and not written."""

    flushes: Mapping[str, FlushMeasure]
    accepting: Spread
    in_flight: Mapping[str, int]
    in_flight_bytes: int


def measured(flush: Coalescer[Any, Any]) -> FlushMeasure:
    return FlushMeasure(flush.flushes, flush.items, flush.seconds)
