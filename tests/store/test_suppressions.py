"""Who gets no mail any more, and the rule that one soft fault locks nobody out."""

import pytest

from mailproof.store.base import Database
from mailproof.store.records import events
from mailproof.store.records.suppressions import (
    Cause,
    add,
    blocked,
    list_suppressions,
    remove,
)
from mailproof.testing import ManualClock
from tests.store.mails import new_id

ADA, BOB = b"a" * 16, b"b" * 16
DAY_S = 86_400


async def noted(
    database: Database, cause: Cause, lookup: bytes = ADA, *, email_id: str | None = None
) -> bool:
    return await database.write(
        add,
        address="ada@example.com",
        lookup=lookup,
        cause=cause,
        actor="cli:ada",
        email_id=email_id,
        note="asked by phone",
    )


async def bounced(database: Database) -> None:
    assert await noted(database, Cause.HARD_BOUNCE, email_id=new_id())


async def is_blocked(database: Database, *, critical: bool) -> bool:
    found = await database.read(blocked, [ADA, BOB], critical=critical, now=database.now())
    assert BOB not in found
    return ADA in found


async def test_nobody_is_blocked_without_a_fact_against_them(database: Database) -> None:
    assert not await is_blocked(database, critical=False)
    assert await database.read(blocked, [], critical=False, now=0) == frozenset()


async def test_one_hard_bounce_blocks_other_mail_but_not_critical_mail(
    database: Database,
) -> None:
    await bounced(database)
    assert await is_blocked(database, critical=False)
    assert not await is_blocked(database, critical=True)


async def test_two_hard_bounces_within_seven_days_block_critical_mail(
    database: Database, clock: ManualClock
) -> None:
    await bounced(database)
    clock.advance(7 * DAY_S - 1)
    await bounced(database)
    assert await is_blocked(database, critical=True)
    clock.advance(1)
    assert not await is_blocked(database, critical=True)
    assert await is_blocked(database, critical=False)


async def test_one_mail_that_bounced_twice_is_one_fact(database: Database) -> None:
    email_id = new_id()
    assert await noted(database, Cause.HARD_BOUNCE, email_id=email_id)
    assert not await noted(database, Cause.HARD_BOUNCE, email_id=email_id)
    assert not await is_blocked(database, critical=True)


async def test_bounces_of_mails_that_are_not_ours_count_each(database: Database) -> None:
    assert await noted(database, Cause.HARD_BOUNCE)
    assert await noted(database, Cause.HARD_BOUNCE)
    assert await is_blocked(database, critical=True)


@pytest.mark.parametrize("cause", [Cause.COMPLAINT, Cause.MANUAL])
async def test_a_complaint_or_a_decision_blocks_all_mail_at_once_and_for_good(
    database: Database, clock: ManualClock, cause: Cause
) -> None:
    await noted(database, cause)
    clock.advance(400 * DAY_S)
    assert await is_blocked(database, critical=True)
    assert await is_blocked(database, critical=False)


async def test_an_address_is_added_by_hand_once(database: Database) -> None:
    assert await noted(database, Cause.MANUAL)
    assert not await noted(database, Cause.MANUAL)
    (row,) = (await database.read(list_suppressions)).suppressions
    assert (row.address, row.cause, row.note) == ("ada@example.com", "manual", "asked by phone")


async def test_removing_an_address_forgets_every_fact_against_it(database: Database) -> None:
    await noted(database, Cause.MANUAL)
    await bounced(database)
    await noted(database, Cause.MANUAL, BOB)
    assert await database.write(remove, ADA, actor="cli:eve") == 2
    assert await database.write(remove, ADA, actor="cli:eve") == 0
    assert not await is_blocked_now(database)
    left = (await database.read(list_suppressions)).suppressions
    assert len(left) == 1


async def is_blocked_now(database: Database) -> bool:
    return ADA in await database.read(blocked, [ADA], critical=False, now=database.now())


async def test_what_was_added_and_removed_is_told_without_the_address(
    database: Database,
) -> None:
    await noted(database, Cause.MANUAL)
    await database.write(remove, ADA, actor="cli:eve")
    added, removed = await database.read(events.after, 0)
    assert (added.type, added.actor, added.data) == (
        "suppression.added",
        "cli:ada",
        {"cause": "manual"},
    )
    assert (removed.type, removed.actor, removed.data) == (
        "suppression.removed",
        "cli:eve",
        {"causes": ["manual"], "count": 1},
    )


async def test_suppressions_are_listed_newest_first_in_pages(database: Database) -> None:
    for _ in range(3):
        await bounced(database)
    await noted(database, Cause.MANUAL, BOB)
    first = await database.read(list_suppressions, limit=2)
    assert ([row.cause for row in first.suppressions], first.has_more) == (
        ["manual", "hard_bounce"],
        True,
    )
    last = await database.read(list_suppressions, limit=2, before_id=first.suppressions[-1].id)
    assert (len(last.suppressions), last.has_more) == (2, False)
    bobs = await database.read(list_suppressions, lookup=BOB)
    assert [row.cause for row in bobs.suppressions] == ["manual"]
