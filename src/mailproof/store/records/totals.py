"""Counters of the whole installation, folded from the event log: each event counts once.

A follower reads a page of events already counted by the database, and adds it in one transaction
with the move of its cursor: whatever crashes in between, count in is count out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from mailproof.store.base import Tx
from mailproof.store.records.events import position

__all__ = [
    "EVENTS_MAX",
    "Added",
    "Group",
    "Page",
    "Total",
    "add",
    "add_page",
    "next_page",
    "totals",
]

# Events of one page: some milliseconds of a reader, and a handful of rows to write.
EVENTS_MAX: Final = 2_000


class Group(msgspec.Struct, frozen=True):
    """Events of a page that say the same.

    `purpose`: of their mail, empty also where they are about none. `provider`, `reason`: as the
    events name them; `attempt_*`: of the attempts that they came of. `ages`: from acceptance to the
    provider's yes, as JSON, in milliseconds. `last_id`, `last_at` (UTC in ms): of the newest.
    `minute`: in which they happened, since 1970.
    """

    type: str
    purpose: str
    provider: str
    reason: str
    attempt_provider: str
    attempt_outcome: str
    attempt_reason: str
    count: int
    ages: str
    last_id: int
    minute: int = 0
    last_at: int = 0

    @property
    def ages_ms(self) -> list[int]:
        return msgspec.json.decode(self.ages, type=list[int])


class Page(msgspec.Struct, frozen=True):
    """The events after `position`, up to `until`. No groups: there are none (yet)."""

    position: int
    until: int
    groups: tuple[Group, ...]

    @property
    def events(self) -> int:
        return sum(group.count for group in self.groups)


class Added(msgspec.Struct, frozen=True):
    """So much is to be added to one counter."""

    name: str
    labels: Mapping[str, str]
    value: int = 1


class Total(msgspec.Struct, frozen=True):
    """One counter as it stands."""

    name: str
    labels: Mapping[str, str]
    value: int


async def next_page(tx: Tx, cursor: str, most: int = EVENTS_MAX) -> Page:
    """What that cursor has not dealt with, the oldest first. Changes nothing."""
    start = await position(tx, cursor)
    groups = await tx.all("records/count_events", Group, position=start, most=min(most, EVENTS_MAX))
    return Page(start, max((group.last_id for group in groups), default=start), tuple(groups))


async def add_page(tx: Tx, cursor: str, page: Page, added: Iterable[Added]) -> bool:
    """Add what a page comes to, and move the cursor behind it. False: somebody else has moved it
    since the page was read, and nothing was added."""
    moved = await tx.run(
        "records/move_cursor", name=cursor, position=page.position, until=page.until, now=tx.now
    )
    if not moved:
        return False
    await add(tx, added)
    return True


async def add(tx: Tx, added: Iterable[Added]) -> None:
    """Add to counters; those that are new begin at zero."""
    sums: Counter[tuple[str, str]] = Counter()
    for each in added:
        sums[each.name, _written(each.labels)] += each.value
    # Sorted, so that two nodes never wait for each other in a circle.
    await tx.many("records/add_totals", [(*key, value) for key, value in sorted(sums.items())])


async def totals(tx: Tx) -> list[Total]:
    """All counters."""
    return await tx.all("records/totals", _total)


def _written(labels: Mapping[str, str]) -> str:
    return msgspec.json.encode(labels, order="sorted").decode()


def _total(name: str, labels: str, value: int) -> Total:
    return Total(name, msgspec.json.decode(labels, type=dict[str, str]), value)
