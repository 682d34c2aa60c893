"""How much mail comes, and when: counted by app, so that what is not usual can be told.

Counted from the mails themselves, whose ids rise with the time: a part of one index, in which a
quiet stretch costs nothing. Whole minutes, a little after they have ended; each counts once.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

import msgspec

from mailproof.store.base import Tx

__all__ = ["DAY_MINUTES", "USUAL_DAYS", "Tally", "TallyGroup", "keep_tally", "next_tally"]

# What is usual is what these last days were like; counts are kept a little longer.
USUAL_DAYS: Final = 7
DAY_MINUTES: Final = 1_440
_KEPT_DAYS: Final = 9
_MINUTE_MS: Final = 60_000
# An id is made before its mail is on disk: a minute is counted when all of it surely is.
_SETTLED_MS: Final = 10_000
# Minutes that one read takes: after a standstill there may be days to count.
_MINUTES_MAX: Final = 10


class TallyGroup(msgspec.Struct, frozen=True):
    """Mails of one app and purpose that came in one minute since 1970."""

    app: str
    purpose: str
    minute: int
    critical: bool
    count: int


class Tally(msgspec.Struct, frozen=True):
    """Mails up to before minute `until`. `counted_to`: where the count stood, None: nowhere yet."""

    counted_to: int | None
    until: int
    groups: tuple[TallyGroup, ...]


async def next_tally(tx: Tx) -> Tally | None:
    """The next minutes with mail that is not counted yet; None: there is none. Changes nothing."""
    counted_to = await tx.one("records/tallied", int)
    now_minute = (tx.now - _SETTLED_MS) // _MINUTE_MS
    start = now_minute - USUAL_DAYS * DAY_MINUTES if counted_to is None else counted_to
    first = await tx.one("records/next_mail_from", str, first=_id_from(start))
    if first is None:
        return None
    start = max(start, (UUID(first).int >> 80) // _MINUTE_MS)
    until = min(start + _MINUTES_MAX, now_minute)
    if until <= start:
        return None
    groups = await tx.all(
        "records/tally_mails", _group, first=_id_from(start), until=_id_from(until)
    )
    return Tally(counted_to, until, tuple(groups))


async def keep_tally(tx: Tx, tally: Tally) -> bool:
    """Add it. False: another process has counted these minutes since they were read."""
    start = -1 if tally.counted_to is None else tally.counted_to
    if not await tx.run("records/move_tallied", start=start, until=tally.until):
        return False
    rhythms: list[tuple[str, str, int, bool, int, int, int, int]] = []
    for (app, purpose), groups in groupby(tally.groups, lambda each: (each.app, each.purpose)):
        last = await tx.one("records/last_mail_of", _or_none, app=app, purpose=purpose)
        rhythms += _rhythms(list(groups), last)
    await tx.many("records/add_rhythms", rhythms)
    volumes: dict[tuple[str, int], int] = {}
    for group in tally.groups:
        hour = (group.app, group.minute // 60)
        volumes[hour] = volumes.get(hour, 0) + group.count
    await tx.many("records/add_volumes", [(*hour, count) for hour, count in volumes.items()])
    day = tally.until // DAY_MINUTES
    if tally.counted_to is None or tally.counted_to // DAY_MINUTES < day:
        await tx.run("records/sweep_rhythms", before=day - _KEPT_DAYS)
        await tx.run("records/sweep_volumes", before=(day - _KEPT_DAYS) * 24)
    return True


def _rhythms(
    groups: Sequence[TallyGroup], last: int | None
) -> list[tuple[str, str, int, bool, int, int, int, int]]:
    """The rows of one app and purpose, one for each day; `last`: the minute of the mail before."""
    rows = []
    for day, of_day in groupby(groups, lambda each: each.minute // DAY_MINUTES):
        minutes = list(of_day)
        longest = 0
        for each in minutes:
            longest = max(longest, 0 if last is None else each.minute - last)
            last = each.minute
        rows.append(
            (
                minutes[0].app,
                minutes[0].purpose,
                day,
                any(each.critical for each in minutes),
                sum(each.count for each in minutes),
                minutes[0].minute,
                minutes[-1].minute,
                longest,
            )
        )
    return rows


def _id_from(minute: int) -> str:
    """The lowest id of a mail of that minute (RFC 9562 section 5.7: milliseconds come first)."""
    return str(UUID(int=(minute * _MINUTE_MS) << 80))


def _group(app: str, purpose: str, minute: int, critical: int, count: int) -> TallyGroup:
    return TallyGroup(app, purpose, minute, bool(critical), count)


def _or_none(value: int | None) -> int | None:
    return value
