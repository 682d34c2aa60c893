"""What is fuzzed: an area draws inputs and says of each whether it was taken as it should be."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random
from typing import Any

import msgspec

__all__ = ["Area", "Check", "Draw", "Wrong", "alone"]

Draw = Callable[[Random], Any]
Check = Callable[[Any], None]


class Wrong(AssertionError):
    """An input was not taken as it should be."""


class Area(msgspec.Struct, frozen=True):
    """`share`: of a hundred inputs, how many are for it. `open` gives what checks one input, and
    raises whatever goes wrong; what it opened is closed at its end. `batch`: it checks a list of so
    many at once; 0: one by one."""

    name: str
    share: int
    draw: Draw
    open: Callable[[], AbstractContextManager[Check]]
    batch: int = 0


def alone(check: Check) -> Callable[[], AbstractContextManager[Check]]:
    """For a check that needs nothing opened."""

    @contextmanager
    def opened() -> Iterator[Check]:
        yield check

    return opened
