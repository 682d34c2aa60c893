"""What health checks found: the last of each provider, and those before it."""

from mailproof.store.base import Database
from mailproof.store.records.checks import NewCheck, history, insert, latest
from mailproof.testing import ManualClock
from tests.store.seeding import NOT_VERIFIED


async def test_the_last_check_of_each_provider_is_known(
    database: Database, clock: ManualClock
) -> None:
    assert await database.read(latest) == []
    for provider, verdict in (("ses", "good"), ("resend", "bad"), ("resend", "good")):
        await database.write(insert, NewCheck(provider=provider, verdict=verdict, took_ms=12))
        clock.advance(60)
    found = await database.read(latest)
    assert [(check.provider, check.verdict) for check in found] == [
        ("resend", "good"),
        ("ses", "good"),
    ]


async def test_two_checks_in_one_moment_are_told_apart_by_their_order(database: Database) -> None:
    for verdict in ("bad", "good"):
        await database.write(insert, NewCheck(provider="resend", verdict=verdict, took_ms=1))
    (last,) = await database.read(latest)
    assert last.verdict == "good"


async def test_a_check_keeps_its_failure_and_its_facts(database: Database) -> None:
    facts = {"permission": "full_access", "acme.test": "not_started"}
    await database.write(
        insert,
        NewCheck(provider="resend", verdict="bad", took_ms=80, failure=NOT_VERIFIED, facts=facts),
    )
    (check,) = await database.read(history, "resend")
    assert (check.at, check.took_ms, check.facts) == (database.now(), 80, facts)
    assert check.reason == "sender_unverified"
    assert check.failure
    assert check.failure.reason == NOT_VERIFIED.reason


async def test_the_history_of_a_provider_is_newest_first_and_its_own(
    database: Database, clock: ManualClock
) -> None:
    for number in range(4):
        await database.write(insert, NewCheck(provider="resend", verdict="good", took_ms=number))
        clock.advance(1)
    await database.write(insert, NewCheck(provider="ses", verdict="good", took_ms=99))
    assert [check.took_ms for check in await database.read(history, "resend", 3)] == [3, 2, 1]
