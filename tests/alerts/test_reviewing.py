"""What is reviewed once a minute, from the mails to the message: with a real database and clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from mailproof.alerts.channels import AppriseChannel
from mailproof.alerts.limits import Limits
from mailproof.alerts.watch import Watch
from mailproof.alerts.wording import text_of_test
from mailproof.mail.ids import Ids
from mailproof.store.base import Database
from mailproof.store.mails.desk import cancel
from mailproof.store.records import checks
from mailproof.store.records.alerts import list_alerts
from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from mailproof.store.records.totals import Added, add
from mailproof.testing import ManualClock
from tests.alerts.receiver import Receiver
from tests.alerts.world import Asked, channels, pass_time, quiet, start, until
from tests.store.mails import accepted, new_mail

LIMITS = Limits(order=("resend", "backup"))
HOUR_S = 3_600


@pytest.fixture(autouse=True)
async def apprise_is_loaded(receiver: Receiver) -> None:
    assert await AppriseChannel("first", receiver.url).deliver(text_of_test("en")) is None
    receiver.messages.clear()


@asynccontextmanager
async def watching(
    database: Database, clock: ManualClock, receiver: Receiver
) -> AsyncIterator[Watch]:
    watch = Watch(database, channels(receiver.url()), "en", clock, limits=LIMITS)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run())
        yield watch
        running.cancel()


async def come(database: Database, clock: ManualClock, count: int = 1, **given: Any) -> None:
    """Mail that goes at once: it leaves nothing that waits."""
    ids = Ids(lambda: datetime.fromtimestamp(clock.now(), UTC))
    values: dict[str, Any] = {"purpose": "otp", "critical": True, **given}
    mails = [new_mail(database.now(), id=str(ids.new()), **values) for _ in range(count)]
    await accepted(database, *mails)
    await database.write(cancel, [mail.id for mail in mails], actor="test")


async def counted(database: Database, name: str, count: int, **labels: str) -> None:
    await database.write(add, [Added(name, labels, count)])


async def taken(database: Database, provider: str, count: int) -> None:
    await counted(
        database, "mailproof_attempts_total", count, provider=provider, outcome="accepted"
    )


async def history(database: Database, clock: ManualClock) -> None:
    """Three days in which a mail comes each three hours."""
    for _ in range(24):
        await come(database, clock)
        clock.advance(3 * HOUR_S)


async def skip(clock: ManualClock, minutes: int) -> None:
    for _ in range(minutes):
        clock.advance(60)
        await quiet()


async def test_critical_mail_that_stops_coming_is_told_while_nothing_happens_at_all(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    await history(database, clock)
    async with watching(database, clock, receiver):
        await come(database, clock)
        await skip(clock, 62)  # after an hour nothing is asked any more
        calls = asked(database).calls
        await skip(clock, 9 * 60 - 65)
        assert asked(database).calls == calls
        assert not receiver.messages
        await until(clock, lambda: len(receiver.messages) == 1, within_s=600)
        silent = receiver.messages[0]
        assert silent["title"] == "No more critical mail comes from shop (otp)"
        assert "with pauses of 3 hours at most" in silent["message"]
        assert "docs/alerts/critical_silent.md" in silent["message"]
        await pass_time(clock, 600)
        assert len(receiver.messages) == 1
        await come(database, clock)
        await until(clock, lambda: len(receiver.messages) == 2, within_s=300)
    assert receiver.titles[1] == "Critical mail comes from shop again (otp)"


async def test_a_new_installation_is_told_nothing_of_silence(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver):
        await come(database, clock, count=50)
        await skip(clock, 12 * 60)
    assert not receiver.messages


async def test_mail_by_the_second_choice_is_told_once_and_resolved_when_the_first_takes_it(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver):
        await taken(database, "resend", 5)
        await come(database, clock)
        await pass_time(clock, 70)
        for _ in range(5):
            await taken(database, "backup", 3)
            await come(database, clock)
            await pass_time(clock, 120)
        assert receiver.titles == ["Mail goes out by the second choice: backup instead of resend"]
        assert "3 by backup within 24 hours" in receiver.messages[0]["message"]
        await pass_time(clock, 1_200)
        assert len(receiver.messages) == 1
        await taken(database, "resend", 1)
        await come(database, clock)
        await until(clock, lambda: len(receiver.messages) == 2, within_s=200)
    assert receiver.titles[1] == "resend takes mail again"
    assert "15 by backup" in receiver.messages[1]["message"]


async def test_many_failures_are_told_with_their_number(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver):
        await pass_time(clock, 5)
        await taken(database, "resend", 30)
        await counted(database, "mailproof_emails_total", 10, state="failed", purpose="otp")
        await come(database, clock)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=90)
    assert receiver.titles == ["Many mails fail: 25% within ten minutes"]
    assert "10 of 40 failed or expired" in receiver.messages[0]["message"]


async def test_a_quota_that_runs_out_is_told(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    facts = {"used_today": "85", "limit_today": "100"}
    check = checks.NewCheck(provider="resend", verdict="good", took_ms=3, facts=facts)
    await database.write(checks.insert, check)
    async with watching(database, clock, receiver):
        await until(clock, lambda: len(receiver.messages) == 1, within_s=90)
    assert receiver.titles == ["resend: today's quota is nearly used up"]
    assert "85 of 100" in receiver.messages[0]["message"]


async def test_an_app_with_a_good_key_and_no_sender_is_told_at_once_and_once(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    refusal = NewRefusal(
        at=database.now(),
        kind=RefusalKind.SENDER_INVALID,
        app="saas",
        key_fingerprint="1f2e3d4c",
        client="10.0.0.7",
        path="/emails",
        name="validation_error",
        status=422,
        message="`from`: '1' is not one email address.",
    )
    async with watching(database, clock, receiver):
        await database.write(note, [refusal] * 20)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
        await database.write(note, [refusal])
        await pass_time(clock, 30)
    (message,) = receiver.messages
    assert message["title"] == "An app gives no usable sender: saas"
    assert "`from`: '1' is not one email address." in message["message"]
    assert "RESEND_FROM" in message["message"]
    assert "20 requests refused" in message["message"]


async def test_a_look_between_two_reviews_keeps_what_the_last_one_found(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver) as watch:
        await pass_time(clock, 5)
        await counted(database, "mailproof_emails_total", 30, state="expired", purpose="otp")
        await come(database, clock)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=90)
        for _ in range(20):
            watch.poke()
            await pass_time(clock, 1)
        (alert,) = await database.read(list_alerts, 10)
    assert (alert.name, alert.resolved_at) == ("failure_rate", None)


async def test_reviews_come_once_a_minute_at_most(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver):
        await pass_time(clock, 5)
        before = asked(database).calls
        for _ in range(120):
            await come(database, clock)
            await pass_time(clock, 1)
        writes_of_ours = 2 * 120
        reviews = asked(database).calls - before - writes_of_ours
    # Of each: tally read twice and written, review, samples at most; and a look.
    assert reviews <= 3 * 6


async def test_a_review_that_the_database_refused_is_taken_once_it_works(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver):
        await pass_time(clock, 5)
        await taken(database, "backup", 1)
        await come(database, clock)
        await pass_time(clock, 50)
        asked(database).fails = 3
        await until(clock, lambda: asked(database).fails == 0, within_s=60)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=40)
    assert receiver.titles == ["Mail goes out by the second choice: backup instead of resend"]


def asked(database: Database) -> Asked:
    assert isinstance(database, Asked)
    return database
