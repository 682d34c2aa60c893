"""Cases of what the console shows beside the mail: whom alerts reached, who is refused, which keys
are in use, what has expired."""

from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.console.key_use import keys_used
from mailproof.store.console.messages import expired_since, messages, undelivered
from mailproof.store.console.refused import refused_apps, refused_minutes
from mailproof.store.mails.duties import expire
from mailproof.store.records.alerts import (
    Condition,
    delivered,
    due_messages,
    failed,
    list_alerts,
    settle,
)
from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_MINUTE_MS: Final = 60_000


async def what_an_alert_told_to_whom_is_listed(world: World) -> None:
    condition = Condition("route_closed", "first/*", "CRITICAL", 3, world.now)
    await world.database.write(settle, [condition], ["ops", "pager"])
    (alert,) = await world.database.read(list_alerts, 10)
    world.clock.advance(5)
    (due,), _ = await world.database.write(due_messages, "ops", 1_000)
    await world.database.write(delivered, due)
    told = {each.channel: each for each in await world.database.read(messages, [alert.id])}
    expect(told.keys() == {"ops", "pager"}, f"one channel is missing: {told.keys()}")
    expect(told["ops"].delivered_at == world.now, "when it was delivered is not known")
    expect(told["pager"].delivered_at is None, "what waits is said to be delivered")
    expect(await world.database.read(messages, []) == [], "of no alert there was a message")


async def a_channel_fails_from_its_first_failure_until_it_takes_a_message(world: World) -> None:
    condition = Condition("route_closed", "first/*", "CRITICAL", 3, world.now)
    await world.database.write(settle, [condition], ["ops"])
    began = world.now
    world.clock.advance(5)
    (due,), _ = await world.database.write(due_messages, "ops", 1_000)
    expect(await world.database.read(undelivered) == [], "one that has not been tried fails")
    await world.database.write(failed, due, "No answer within 20 s.")
    (found,) = await world.database.read(undelivered)
    expect((found.channel, found.count) == ("ops", 1), f"{found}")
    expect(found.error == "No answer within 20 s.", f"why is not said: {found}")
    expect(found.since == began, f"since when is wrong: {found}")
    await world.database.write(delivered, due)
    expect(await world.database.read(undelivered) == [], "it took the message and still fails")


async def mails_that_expired_are_counted_from_a_moment_on(world: World) -> None:
    await world.take(world.mail(expires_at=world.now + 1_000))
    world.clock.advance(2)
    await world.database.write(expire, 100, world.routing)
    first = world.now
    world.clock.advance(10)
    mail = world.mail(expires_at=world.now + 1_000)
    await world.take(mail)
    world.clock.advance(2)
    await world.database.write(expire, 100, world.routing)
    expect(await world.state(mail.id) is State.EXPIRED, "it has not expired")
    counted = [
        await world.database.read(expired_since, at) for at in (0, first, world.now, first + 1)
    ]
    expect(counted == [2, 2, 1, 1], f"counted was {counted}")


async def who_is_refused_is_put_together_by_application_and_error(world: World) -> None:
    await world.database.write(
        note,
        [
            _refusal(world.now, path="/emails", message="first"),
            _refusal(world.now, path="/emails/batch", message="first"),
            _refusal(world.now, app="", client="192.0.2.7", kind=RefusalKind.UNKNOWN_KEY),
        ],
    )
    began = world.now
    world.clock.advance(120)
    await world.database.write(note, [_refusal(world.now, message="last", recipient="a…@b.test")])
    shop, stranger = await world.database.read(refused_apps, 10)
    expect((shop.app, shop.requests) == ("shop", 3), f"counted was {shop}")
    expect((shop.first_at, shop.last_at) == (began, world.now), f"at another time: {shop}")
    expect((shop.message, shop.recipient) == ("last", "a…@b.test"), f"not of the last one: {shop}")
    expect(shop.is_known and not stranger.is_known, "a stranger is an application")
    expect(stranger.whose == ("unknown_key", "", "192.0.2.7", "validation_error"), f"{stranger}")
    one = await world.database.read(refused_apps, 1)
    expect(one == [shop], "who was refused last does not stand first")


async def how_often_an_application_is_refused_is_known_by_the_minute(world: World) -> None:
    early, late = world.now, world.now + 3 * _MINUTE_MS
    await world.database.write(note, [_refusal(early), _refusal(early, path="/other")])
    await world.database.write(note, [_refusal(late)])
    whose = ("sender_invalid", "shop", "", "validation_error")
    found = await world.database.read(refused_minutes, early // _MINUTE_MS)
    expect(found == {whose: {early // _MINUTE_MS: 2, late // _MINUTE_MS: 1}}, f"{found}")
    later = await world.database.read(refused_minutes, late // _MINUTE_MS)
    expect(later == {whose: {late // _MINUTE_MS: 1}}, f"older minutes are told too: {later}")


async def a_key_was_used_when_its_last_mail_came(world: World) -> None:
    await world.take(world.mail(key_id="old00000"), world.mail(key_id="new00000"))
    began = world.now
    world.clock.advance(10)
    await world.take(world.mail(key_id="new00000"), world.mail(app="other", key_id="x0000000"))
    found = await world.database.read(keys_used, ["shop"])
    expect(found == {"old00000": began, "new00000": world.now}, f"{found}")


def _refusal(at: int, **given: object) -> NewRefusal:
    values: dict[str, object] = {
        "at": at,
        "kind": RefusalKind.SENDER_INVALID,
        "app": "shop",
        "key_fingerprint": "f" * 16,
        "client": "192.0.2.1",
        "path": "/emails",
        "name": "validation_error",
        "status": 422,
        **given,
    }
    return NewRefusal(**values)  # type: ignore[arg-type]


CASES: Final = (
    what_an_alert_told_to_whom_is_listed,
    a_channel_fails_from_its_first_failure_until_it_takes_a_message,
    mails_that_expired_are_counted_from_a_moment_on,
    who_is_refused_is_put_together_by_application_and_error,
    how_often_an_application_is_refused_is_known_by_the_minute,
    a_key_was_used_when_its_last_mail_came,
)
