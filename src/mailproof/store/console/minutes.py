"""What happened to mail minute by minute, and how each purpose fares now.

Both are folded from the event log by the follower that counts: each event once, a second or so
after it was written.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from mailproof.mail.purposes import PURPOSES
from mailproof.store.base import Tx
from mailproof.store.console.paces import HOUR_MS, Pace, last_sends, pace_of, paces_since

__all__ = [
    "KEPT_MS",
    "Happened",
    "Minute",
    "PurposeNow",
    "add_minutes",
    "minutes",
    "purposes_now",
    "sweep_minutes",
]

# How long minutes are kept: a week, and a day to compare it with. Paces: the day that they tell of,
# and the one before.
KEPT_MS: Final = 8 * 24 * HOUR_MS
_PACES_KEPT_MS: Final = 2 * 24 * HOUR_MS

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * HOUR_MS
_HOUR: Final = 60
# Waiting mails are counted up to here, and so many of the oldest are looked at.
_COUNT_MAX: Final = 10_000
_LOOKED_AT: Final = 100


class Minute(msgspec.Struct, frozen=True):
    """What happened in one minute (since 1970), of one purpose or of all.

    `waiting`: how often mail came to wait (held, deferred, unconfirmed). `bad`: ended failed,
    expired, bounced or complained. `other`: suppressed, canceled, superseded or sandboxed.
    """

    minute: int
    accepted: int
    sent: int
    waiting: int
    bad: int
    other: int = 0


class PurposeNow(msgspec.Struct, frozen=True, kw_only=True):
    """How mail of one purpose (empty: none was given) fares. Times in UTC milliseconds.

    `today`: accepted since the day began. `last_hour`: 60 minutes, the last one not over yet.
    `typical_ms`, `slowest_ms`: from acceptance to the provider's yes, the median and the 99th
    percentile of the last 24 hours, at most a tenth too much; None: nothing was sent. `waiting`:
    also what is with a provider now, up to 10,000 in each state. `first_expires_at`: of those that
    wait. `last_sent_at`: when a provider took one last. `stopped_since`: mail of it waits in a
    lane that is closed since then; None: it does not, or the purpose is not critical.
    """

    purpose: str
    critical: bool
    today: int
    last_hour: tuple[Minute, ...]
    typical_ms: int | None
    slowest_ms: int | None
    waiting: int
    first_expires_at: int | None
    last_sent_at: int | None
    stopped_since: int | None


class Happened(msgspec.Struct, frozen=True):
    """Events of one minute and purpose that count as one thing, which is a field of `Minute`."""

    minute: int
    purpose: str
    what: str
    count: int


class _Waiting(msgspec.Struct, frozen=True):
    """In the order of the columns of `console/waiting_of_purposes`."""

    purpose: str
    state: str
    count: int
    first_expires_at: int | None
    closed_since: int | None


async def add_minutes(tx: Tx, happened: Iterable[Happened]) -> None:
    """Add to minutes, in the transaction that moves the follower's cursor."""
    counts: Counter[tuple[int, str, str]] = Counter()
    for each in happened:
        counts[each.minute, each.purpose, each.what] += each.count
    names = Minute.__struct_fields__[1:]
    # Sorted, so that two nodes never wait for each other in a circle.
    places = sorted({(minute, purpose) for minute, purpose, _ in counts})
    rows = [(*place, *(counts[*place, name] for name in names)) for place in places]
    await tx.many("console/add_minutes", rows)


async def minutes(tx: Tx, *, since_minute: int, purpose: str | None = None) -> list[Minute]:
    """Each minute in which something happened, from `since_minute` on, in order. They are kept for
    8 days, and run a second or so behind."""
    return await tx.all("console/minutes", Minute, since_minute=since_minute, purpose=purpose)


async def sweep_minutes(tx: Tx, most: int) -> int:
    """Take away what is old enough, at most `most` rows of each kind; the larger number of them."""
    paces_before = tx.now - _PACES_KEPT_MS
    return max(
        await tx.run("console/sweep_minutes", before=tx.now - KEPT_MS, most=most),
        await tx.run("console/sweep_paces", before=paces_before, most=most),
    )


async def purposes_now(tx: Tx, *, day_began_at: int) -> list[PurposeNow]:
    """Each purpose of which mail came today, was ever sent, or waits: critical ones first, then by
    name.

    `day_began_at`: UTC in milliseconds, by the reader's clock on the wall.
    """
    day_minute = math.ceil(day_began_at / _MINUTE_MS)
    today = dict(await tx.all("console/today_of_purposes", _pair, day_minute=day_minute))
    sent: dict[str, int] = {}
    for each in await last_sends(tx):
        sent[each.purpose] = max(sent.get(each.purpose, 0), each.at)
    waiting = await _waiting(tx, sorted({*today, *sent, *PURPOSES, ""}))
    hour = await _last_hour(tx)
    paces = await paces_since(tx, tx.now - _DAY_MS)
    critical = await _critical(tx)
    shown = sorted({*today, *sent, *waiting}, key=lambda name: (name not in critical, name))
    return [
        _now(
            name,
            name in critical,
            (today.get(name, 0), sent.get(name)),
            hour[name] or _silent(tx.now),
            [each for each in paces if each.purpose == name],
            waiting.get(name, ()),
        )
        for name in shown
    ]


def _now(  # noqa: PLR0913 - what each question has answered
    purpose: str,
    critical: bool,  # noqa: FBT001
    day: tuple[int, int | None],
    last_hour: tuple[Minute, ...],
    paces: Sequence[Pace],
    waiting: Sequence[_Waiting],
) -> PurposeNow:
    closed = [each.closed_since for each in waiting if each.closed_since is not None]
    expiries = [each.first_expires_at for each in waiting if each.first_expires_at is not None]
    return PurposeNow(
        purpose=purpose,
        critical=critical,
        today=day[0],
        last_hour=last_hour,
        typical_ms=pace_of(paces, 0.5),
        slowest_ms=pace_of(paces, 0.99),
        waiting=sum(each.count for each in waiting),
        first_expires_at=min(expiries, default=None),
        last_sent_at=day[1],
        stopped_since=min(closed, default=None) if critical else None,
    )


async def _waiting(tx: Tx, purposes: Sequence[str]) -> dict[str, tuple[_Waiting, ...]]:
    """What waits, by purpose; only those of which something does."""
    rows = await tx.all(
        "console/waiting_of_purposes",
        _Waiting,
        purposes=purposes,
        most=_COUNT_MAX,
        looked=_LOOKED_AT,
    )
    found: dict[str, tuple[_Waiting, ...]] = {}
    for row in rows:
        if row.count:
            found[row.purpose] = (*found.get(row.purpose, ()), row)
    return found


async def _last_hour(tx: Tx) -> Mapping[str, tuple[Minute, ...]]:
    """Sixty minutes of each purpose; those in which nothing happened too."""
    first = tx.now // _MINUTE_MS - _HOUR + 1
    found: defaultdict[str, tuple[Minute, ...]] = defaultdict(tuple)

    def take(purpose: str, minute: int, *counts: int) -> None:
        if minute - first < _HOUR:
            hour = list(found[purpose] or _silent(tx.now))
            hour[minute - first] = Minute(minute, *counts)
            found[purpose] = tuple(hour)

    await tx.all("console/hour_of_purposes", take, since_minute=first)
    return found


def _silent(now: int) -> tuple[Minute, ...]:
    last = now // _MINUTE_MS
    return tuple(Minute(minute, 0, 0, 0, 0) for minute in range(last - _HOUR + 1, last + 1))


async def _critical(tx: Tx) -> frozenset[str]:
    """The purposes whose mail is critical: as its mails of the last days say, else as is usual."""
    since_day = (tx.now - KEPT_MS) // _DAY_MS
    said = dict(await tx.all("console/usually_critical", _pair, since_day=since_day))
    usual = {name: purpose.critical for name, purpose in PURPOSES.items()}
    return frozenset(name for name, critical in (usual | said).items() if critical)


def _pair(purpose: str, number: int) -> tuple[str, int]:
    return purpose, number
