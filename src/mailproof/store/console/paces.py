"""How long mail takes from acceptance to the provider's yes: counts of classes, by the hour.

The classes are a tenth apart, so that a median costs a few rows and is at most a tenth too much.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from mailproof.store.base import Tx

__all__ = [
    "HOUR_MS",
    "LastSend",
    "Pace",
    "Took",
    "add_paces",
    "last_sends",
    "pace_of",
    "paces_since",
    "upper_of",
]

HOUR_MS: Final = 3_600_000

_STEP: Final = 1.1
_LONGEST_MS: Final = 24 * HOUR_MS


class Took(msgspec.Struct, frozen=True):
    """Mails of one hour (since 1970) that took equally long; `upper_ms` 0: their app had them wait.
    `last_at`: when the last of them was taken, UTC in milliseconds."""

    hour: int
    purpose: str
    provider: str
    upper_ms: int
    count: int
    last_at: int


class Pace(msgspec.Struct, frozen=True):
    """So many mails took at most `upper_ms`, and more than the class below. 0: nobody knows."""

    purpose: str
    provider: str
    upper_ms: int
    count: int


class LastSend(msgspec.Struct, frozen=True):
    """When a provider last took mail of a purpose, UTC in milliseconds."""

    purpose: str
    provider: str
    at: int


def upper_of(age_ms: int) -> int:
    """The upper end of the class that this age belongs to: the next power of 1.1, rounded up."""
    if age_ms <= 1:
        return 1
    if age_ms >= _LONGEST_MS:
        return _LONGEST_MS
    # What a logarithm of a power of 1.1 lacks in its last digit must not lift it into the next
    # class.
    return math.ceil(_STEP ** math.ceil(math.log(age_ms, _STEP) - 1e-9))


async def add_paces(tx: Tx, took: Iterable[Took]) -> None:
    """Add to paces, in the transaction that moves the follower's cursor."""
    counts: Counter[tuple[int, str, str, int]] = Counter()
    last: dict[tuple[str, str], int] = {}
    for each in took:
        counts[each.hour, each.purpose, each.provider, each.upper_ms] += each.count
        whose = each.purpose, each.provider
        last[whose] = max(last.get(whose, 0), each.last_at)
    # Sorted, so that two nodes never wait for each other in a circle.
    await tx.many("console/add_paces", [(*key, count) for key, count in sorted(counts.items())])
    await tx.many("console/add_last_sends", [(*whose, at) for whose, at in sorted(last.items())])


async def last_sends(tx: Tx) -> list[LastSend]:
    """Of each purpose and provider, since this was first counted."""
    return await tx.all("console/last_sends", LastSend)


async def paces_since(tx: Tx, since: int) -> list[Pace]:
    """Of the hours from `since` (UTC in milliseconds) on, by purpose, provider and class."""
    return await tx.all("console/paces", Pace, since_hour=since // HOUR_MS)


def pace_of(paces: Sequence[Pace], share: float) -> int | None:
    """How long, in milliseconds, at most so great a share of the mails took (0.5: the median);
    None: of none is it known."""
    counts: Counter[int] = Counter()
    for each in paces:
        if each.upper_ms:
            counts[each.upper_ms] += each.count
    rest = share * counts.total()
    for upper_ms, count in sorted(counts.items()):
        rest -= count
        if rest <= 0:
            return upper_ms
    return None
