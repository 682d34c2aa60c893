"""Alerts in the database: opened once, resolved after a while, messages until they got through."""

from collections.abc import Sequence

import msgspec

from mailproof.store.base import Database
from mailproof.store.records import alerts
from mailproof.store.records.alerts import TRIES_MAX, Condition, DueMessage
from mailproof.store.records.events import after
from mailproof.store.records.picture import open_alerts, take_picture
from mailproof.testing import ManualClock
from tests.alerts.world import close, hold_queued, send_mails, start

CHAT = ("chat",)


def condition(count: int = 1, about: str = "resend/acme.test") -> Condition:
    return Condition("route_closed", about, "CRITICAL", count, 1_800_000_000_000, {"reason": "x"})


async def settle(database: Database, *holding: Condition, channels: Sequence[str] = CHAT) -> None:
    await database.write(alerts.settle, holding, channels)


async def due(database: Database, channel: str = "chat") -> list[DueMessage]:
    found, _ = await database.write(alerts.due_messages, channel, 60_000)
    return found


async def resolve(database: Database, clock: ManualClock, gone_for_s: float) -> bool:
    """Let the condition be gone for so long; is the alert resolved then?"""
    await settle(database)
    clock.advance(gone_for_s)
    await settle(database)
    return not await database.read(open_alerts)


async def test_a_condition_opens_one_alert_and_later_ones_only_count(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, condition(1))
    await settle(database, condition(500))
    (alert,) = await database.read(open_alerts)
    assert alert.count == 500
    clock.advance(3)
    (message,) = await due(database)
    assert (message.kind, message.count, message.most) == ("opened", 500, 500)


async def test_an_alert_whose_reason_is_another_now_is_told_again_each_reason_once(
    database: Database, clock: ManualClock
) -> None:
    told = []
    for reason in ("provider_unavailable", "credentials_invalid", "provider_unavailable"):
        now = msgspec.structs.replace(condition(), facts={"reason": reason})
        for _ in range(2):
            await settle(database, now)
        clock.advance(3)
        for message in await due(database):
            told.append((message.kind, message.facts["reason"]))
            await database.write(alerts.delivered, message)
    assert told == [("opened", "provider_unavailable"), ("opened", "credentials_invalid")]
    assert len(await database.read(open_alerts)) == 1


async def test_opening_and_resolving_are_events(database: Database, clock: ManualClock) -> None:
    await settle(database, condition(7))
    await resolve(database, clock, 5)
    heard = await database.read(after, 0)
    assert [event.type for event in heard] == ["alert.opened", "alert.resolved"]
    assert heard[1].data["count"] == 7


async def test_what_is_gone_for_a_moment_is_not_resolved(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, condition())
    assert not await resolve(database, clock, 4.9)
    await settle(database, condition())
    clock.advance(10)
    await settle(database, condition())
    assert len(await database.read(open_alerts)) == 1


async def test_each_time_it_comes_back_within_the_hour_it_must_be_gone_for_longer(
    database: Database, clock: ManualClock
) -> None:
    for gone_for_s in alerts.GONE_FOR_S:
        await settle(database, condition())
        assert not await resolve(database, clock, gone_for_s - 0.1)
        await settle(database, condition())
        assert await resolve(database, clock, gone_for_s)
    clock.advance(3_700)
    await settle(database, condition())
    assert await resolve(database, clock, alerts.GONE_FOR_S[0])


async def test_nothing_need_be_settled_when_nothing_changed(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, condition(3))
    opened = await database.read(open_alerts)
    assert alerts.is_settled(opened, [condition(3)], database.now())
    assert not alerts.is_settled(opened, [condition(4)], database.now())
    assert not alerts.is_settled(opened, [], database.now())
    assert not alerts.is_settled(opened, [condition(3), condition(1, "other")], database.now())
    assert not alerts.is_settled([], [condition(3)], database.now())
    await settle(database)
    gone = await database.read(open_alerts)
    assert alerts.is_settled(gone, [], database.now())
    assert not alerts.is_settled(gone, [], database.now() + 5_000)


async def test_a_message_under_way_is_nobody_elses_until_its_lease_ends(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, condition())
    clock.advance(3)
    assert len(await due(database)) == 1
    clock.advance(59)
    assert not await due(database)
    clock.advance(1)
    assert len(await due(database)) == 1


async def test_a_message_that_fails_is_tried_again_ever_later_and_given_up_after_a_day(
    database: Database, clock: ManualClock
) -> None:
    began = clock.now()
    await settle(database, condition())
    clock.advance(3)
    pauses = []
    for tries in range(TRIES_MAX):
        (message,) = await due(database)
        assert message.tries == tries
        await database.write(alerts.failed, message, "no route to host")
        _, next_at = await database.write(alerts.due_messages, "chat", 60_000)
        if next_at is not None:
            pauses.append(round(next_at / 1_000 - clock.now()))
            clock.advance(next_at / 1_000 - clock.now())
    assert pauses[:6] == [5, 15, 60, 120, 300, 300]
    assert not await due(database)
    assert 23.5 < (clock.now() - began) / 3_600 < 25


async def test_an_alert_resolved_before_it_was_told_is_told_in_one_message(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, condition(), channels=("chat", "mail"))
    clock.advance(3)
    (message,) = await due(database, "chat")
    await database.write(alerts.delivered, message)
    assert await resolve(database, clock, 5)
    assert [each.kind for each in await due(database, "chat")] == ["resolved"]
    assert [each.kind for each in await due(database, "mail")] == ["resolved"]


async def test_a_channel_that_never_heard_of_it_hears_no_good_news(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, condition(), channels=())
    await database.write(alerts.settle, (), CHAT)
    clock.advance(5)
    await database.write(alerts.settle, (), CHAT)
    assert not await due(database)


async def test_the_picture_counts_what_waits_behind_a_closed_route(
    database: Database, clock: ManualClock
) -> None:
    await start(database)
    await send_mails(database, 3)
    await close(database, times=4)
    await send_mails(database, 2)
    await hold_queued(database)
    clock.advance(121)
    picture = await database.read(take_picture, 120_000)
    (route,) = picture.routes
    assert (route.sender, route.waiting, route.met) == ("acme.test", 5, 4)
    (critical,) = picture.critical
    assert (critical.lane_state, bool(critical.explained)) == ("closed", True)
    assert (critical.count, critical.late) == (5, 5)
    assert not picture.lanes
