"""Alerts from end to end: a real database, a real web hook, a scripted clock."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from mailproof.alerts.channels import AppriseChannel
from mailproof.alerts.wording import text_of_test
from mailproof.record.telling import teller
from mailproof.store.base import Database
from mailproof.store.records.alerts import list_alerts
from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from mailproof.store.shapes import Routing
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock
from tests.alerts.receiver import Receiver
from tests.alerts.world import (
    Asked,
    close,
    hold_queued,
    pass_time,
    reopen,
    send_mails,
    start,
    until,
    watching,
)
from tests.store.mails import accepted, new_mail


@pytest.fixture(autouse=True)
async def apprise_is_loaded(receiver: Receiver) -> None:
    """Loading it takes a second on a busy machine, which is no time of the scripted clock."""
    assert await AppriseChannel("first", receiver.url).deliver(text_of_test("en")) is None
    receiver.messages.clear()
    receiver.tries = 0


@pytest.fixture
def said() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_500_failures_make_one_message_and_the_repair_one_more(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver.url()):
        await send_mails(database, 500)
        await close(database, times=500)
        await hold_queued(database)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
        await pass_time(clock, 200)
        assert len(receiver.messages) == 1
        await reopen(database)
        await until(clock, lambda: len(receiver.messages) == 2, within_s=10)
        await pass_time(clock, 30)
    opened, resolved = receiver.messages
    assert (
        opened["title"] == "Mail stopped: resend takes nothing from acme.test (sender_unverified)"
    )
    assert opened["type"] == "failure"
    assert "How many: 500 mails wait" in opened["message"]
    assert "Since: 2027-01-15" in opened["message"]
    assert "(UTC" in opened["message"]
    assert "Cause: " in opened["message"]
    assert "resend.com/domains" in opened["message"].partition("Fix: ")[2]
    assert resolved["title"] == "Mail flows again: resend takes mail from acme.test"
    assert resolved["type"] == "success"
    assert "up to 500 mails had to wait" in resolved["message"]


async def test_the_message_is_in_the_configured_language(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver.url(), language="zh"):
        await close(database)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
    (message,) = receiver.messages
    assert message["title"] == "邮件停发：resend 不接收 acme.test 的邮件（sender_unverified）"
    assert "原因：" in message["message"]
    assert "修复：" in message["message"]


async def test_two_processes_that_watch_the_same_database_send_one_message(
    database: Database, path: Path, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    opened = await open_sqlite(path, now_ms=lambda: int(clock.now() * 1_000))
    other: Any = Asked(opened)
    try:
        async with (
            watching(database, clock, receiver.url()),
            watching(other, clock, receiver.url()) as second,
        ):
            await close(database)
            second.poke()
            await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
            await pass_time(clock, 20)
            await reopen(other)
            await until(clock, lambda: len(receiver.messages) == 2, within_s=10)
            await pass_time(clock, 20)
    finally:
        await other.close()
    assert len(receiver.messages) == 2


async def test_a_channel_that_fails_is_loud_and_gets_the_message_once_it_works(
    database: Database, clock: ManualClock, receiver: Receiver, said: list[Any]
) -> None:
    database.listen(teller("en"))
    await start(database)
    receiver.status = 500
    async with watching(database, clock, receiver.url("/hook/SECRETtoken12345")):
        await close(database)
        await until(clock, lambda: receiver.tries == 2, within_s=20)
        receiver.status = 200
        await until(clock, lambda: len(receiver.messages) == 1, within_s=20)
        await pass_time(clock, 5)
    loud = [line for line in said if line["event"] == "alert.undelivered"]
    assert [line["log_level"] for line in loud] == ["error", "error"]
    assert loud[0]["channel"] == "chat0"
    assert "500" in loud[0]["error"]
    assert "alerts test" in loud[0]["fix"]
    assert "retry_at" in loud[0]
    assert "SECRETtoken" not in repr(said)
    assert [line["kind"] for line in said if line["event"] == "alert.delivered"] == ["opened"]


async def test_a_channel_that_hangs_keeps_no_message_from_another(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with Receiver() as hanging:
        hanging.hang()
        async with watching(database, clock, hanging.url(), receiver.url()):
            await close(database)
            await until(clock, lambda: len(receiver.messages) == 1, within_s=10, but="alert-chat0")
            await reopen(database)
            await until(clock, lambda: len(receiver.messages) == 2, within_s=10, but="alert-chat0")
        assert not hanging.messages


async def test_a_channel_that_was_down_all_the_while_hears_the_whole_story_once(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    receiver.status = 503
    async with watching(database, clock, receiver.url()):
        await close(database)
        await until(clock, lambda: receiver.tries == 1, within_s=10)
        await reopen(database)
        await pass_time(clock, 8)
        receiver.status = 200
        await until(clock, lambda: len(receiver.messages) == 1, within_s=120)
        await pass_time(clock, 60)
    (message,) = receiver.messages
    assert message["title"].startswith("Mail flows again")
    assert "Since: " in message["message"]
    assert "Until: " in message["message"]
    assert "Cause: " in message["message"]


async def test_a_route_that_flaps_makes_few_messages(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver.url()):
        for _ in range(12):
            await close(database)
            await pass_time(clock, 10)
            await reopen(database)
            await pass_time(clock, 10)
    assert 1 <= len(receiver.messages) <= 3


async def test_a_way_that_closes_for_another_reason_before_it_is_over_is_told_again(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver.url()):
        await close(database)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
        await close(database, reason="quota_exceeded")
        await until(clock, lambda: len(receiver.messages) == 2, within_s=10)
        await pass_time(clock, 30)
    first, second = (message["title"] for message in receiver.messages)
    assert "(sender_unverified)" in first
    assert "(quota_exceeded)" in second


async def test_a_new_channel_hears_of_what_is_open(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock):
        await close(database)
        await pass_time(clock, 1)
    assert [alert.name for alert in await database.read(list_alerts, 10)] == ["route_closed"]
    async with watching(database, clock, receiver.url()):
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)


async def test_a_channel_that_is_no_longer_configured_is_given_up_aloud(
    database: Database, clock: ManualClock, receiver: Receiver, said: list[Any]
) -> None:
    database.listen(teller("en"))
    await start(database)
    receiver.status = 500
    async with watching(database, clock, receiver.url()):
        await close(database)
        await until(clock, lambda: receiver.tries == 1, within_s=10)
        await pass_time(clock, 1)
    async with watching(database, clock):
        await until(clock, lambda: any(line.get("given_up") for line in said), within_s=5)


async def test_critical_mail_that_nobody_sends_is_told_after_two_minutes(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    await start(database)
    async with watching(database, clock, receiver.url()):
        await send_mails(database, 3)
        await pass_time(clock, 110)
        assert not receiver.messages
        await until(clock, lambda: len(receiver.messages) == 1, within_s=20)
    (message,) = receiver.messages
    assert message["title"] == "Critical mail is late"
    assert "3 mails wait" in message["message"]


async def test_mail_that_no_provider_can_carry_is_told_at_once(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    async with watching(database, clock, receiver.url()):
        await accepted(database, new_mail(database.now()), routing=Routing(order=()))
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
    (message,) = receiver.messages
    assert message["title"] == "Mail stopped: no provider can carry mail from acme.test"
    assert "RESEND_API_KEY" in message["message"]


async def test_an_app_with_a_placeholder_for_a_key_is_told_at_once_and_once(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    async with watching(database, clock, receiver.url()):
        for _ in range(50):
            await database.write(note, [refusal(clock, RefusalKind.PLACEHOLDER)])
        await until(clock, lambda: len(receiver.messages) == 1, within_s=10)
        await database.write(note, [refusal(clock, RefusalKind.PLACEHOLDER)])
        await pass_time(clock, 10)
    (message,) = receiver.messages
    assert message["title"] == "An app sends with a placeholder instead of a key: 10.0.0.7"
    assert "50 requests refused" in message["message"]


async def test_requests_without_a_key_alarm_nobody(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    async with watching(database, clock, receiver.url()) as watch:
        await database.write(note, [refusal(clock, RefusalKind.NO_KEY)] * 100)
        watch.poke()
        await pass_time(clock, 10)
    assert not receiver.tries


async def test_a_crowd_of_unknown_keys_makes_five_messages_and_one_for_the_rest(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    async with watching(database, clock, receiver.url()):
        for number in range(40):
            unknown = refusal(
                clock, RefusalKind.UNKNOWN_KEY, client=f"10.0.0.{number}", key=f"{number:08x}"
            )
            await database.write(note, [unknown])
        await pass_time(clock, 60)
    titles = receiver.titles
    assert len([title for title in titles if title.startswith("Requests with an unknown")]) == 5
    assert [title for title in titles if title.startswith("Wrong keys or senders")]
    assert len(titles) == 6


async def test_a_test_message_goes_to_one_channel(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    async with Receiver() as other, watching(database, clock, receiver.url(), other.url()) as watch:
        assert await watch.send_test("chat0") is None
        assert receiver.titles == ["Mailproof: a test"]
        assert not other.messages


async def test_an_idle_watch_asks_the_database_nothing(
    database: Database, clock: ManualClock, receiver: Receiver
) -> None:
    async with watching(database, clock, receiver.url()):
        await pass_time(clock, 2)
        before = asked(database).calls
        await pass_time(clock, 3_600)
        assert asked(database).calls == before
        assert before > 0


async def test_a_database_that_fails_is_told_and_the_watch_goes_on(
    database: Database, clock: ManualClock, receiver: Receiver, said: list[Any]
) -> None:
    await start(database)
    asked(database).fails = 2
    async with watching(database, clock, receiver.url()):
        await until(
            clock, lambda: any(line["event"] == "alerts.stalled" for line in said), within_s=5
        )
        await close(database)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=20)


def asked(database: Database) -> Asked:
    assert isinstance(database, Asked)
    return database


def refusal(
    clock: ManualClock, kind: RefusalKind, *, client: str = "10.0.0.7", key: str = "1f2e3d4c"
) -> NewRefusal:
    return NewRefusal(
        at=int(clock.now() * 1_000),
        kind=kind,
        app="",
        key_fingerprint="" if kind is RefusalKind.NO_KEY else key,
        client=client,
        path="/emails",
        name="missing_api_key" if kind is RefusalKind.NO_KEY else "invalid_api_key",
        status=401,
        recipient="a…@example.com",
        purpose="registration",
        message="API key is invalid",
    )
