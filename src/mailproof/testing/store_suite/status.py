"""Cases of what a status token may find: the mail of one address, and how the service is."""

from typing import Any, Final

from mailproof.mail.lifecycle import State
from mailproof.store.mails.desk import cancel
from mailproof.store.mails.status import Asked, Moved, Standing, standing_for, what_moved
from mailproof.store.shapes import NewRecipient
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_ADA: Final = b"a" * 32
_GRACE: Final = b"g" * 32
_MINUTE_MS: Final = 60_000


async def the_newest_mail_for_an_address_is_found(world: World) -> None:
    await _mail(world, _ADA)
    world.advance(1)
    second = await _mail(world, _ADA)
    await _mail(world, _GRACE)
    found = await _ask(world, _ADA)
    expect((found.email_id, found.state) == (second, State.QUEUED), f"found {found}")
    expect(found.changed_at == world.now, f"since when is wrong: {found}")
    expect((await _ask(world, b"x" * 32)).state is None, "a mail was found for nobody")


async def a_mail_from_outside_the_time_of_the_token_is_not_found(world: World) -> None:
    await _mail(world, _ADA)
    world.advance(3_600)
    later = await _ask(world, _ADA, since_ms=world.now)
    expect(later.state is None, f"an older mail was found: {later}")
    until = world.now - 3_601_000
    expect((await _ask(world, _ADA, until_ms=until)).state is None, "a later mail was found")


async def a_mail_that_is_named_is_found_for_its_own_app_alone(world: World) -> None:
    email_id = await _mail(world, None)
    await world.database.write(cancel, [email_id], actor="cli:ada")
    found = await _ask(world, b"\0" * 32, mail=email_id)
    expect((found.email_id, found.state) == (email_id, State.CANCELED), f"found {found}")
    other = await _ask(world, b"\0" * 32, mail=email_id, app="blog")
    expect(other == Standing(stopped=other.stopped), f"another app sees {other}")


async def whom_it_is_for_and_how_long_it_is_of_use_are_found_with_it(world: World) -> None:
    first = await _mail(world, _ADA)
    for given in ({}, {"mail": first}):
        found = await _ask(world, _ADA, **given)
        expect(found.address == "ada@example.com", f"whom is it for: {found}")
        expect(found.purpose == "registration", f"what is it for: {found}")
        expect(found.accepted_at == world.now, f"since when is it there: {found}")
        expect((found.expires_at or 0) > world.now, f"until when is it of use: {found}")
    some = tuple(NewRecipient(f"{name}@example.com", "to", b"l" * 16, _GRACE) for name in "ab")
    (both,) = await world.take(world.mail(recipients=some))
    expect((await _ask(world, _ADA, mail=both)).address == "", "one of two is told of the other")


async def when_the_newest_mail_for_an_address_was_accepted_is_found_with_an_older_one(
    world: World,
) -> None:
    first = await _mail(world, _ADA)
    before = world.now
    expect((await _ask(world, _ADA, mail=first)).newest_at == before, "it is the newest itself")
    world.advance(30)
    await _mail(world, _GRACE)
    expect((await _ask(world, _ADA, mail=first)).newest_at == before, "somebody else's counts")
    await _mail(world, _ADA)
    expect((await _ask(world, _ADA, mail=first)).newest_at == world.now, "a newer one is not seen")
    expect((await _ask(world, _ADA)).newest_at == world.now, "it is the newest itself")
    unhashed = await _mail(world, None)
    expect((await _ask(world, _ADA, mail=unhashed)).newest_at == world.now, "nothing is found")


async def that_mail_is_stopped_is_the_same_for_whoever_asks(world: World) -> None:
    expect(not (await _ask(world, _ADA)).stopped, "something is stopped in an empty store")
    await _mail(world, _GRACE)
    await _closed(world, "closed.test")
    await _mail(world, None, lane_sender="closed.test", app="blog")
    for mac in (_GRACE, b"x" * 32):
        expect(not (await _ask(world, mac)).stopped, "the closed way is that of another app")
    await _mail(world, _ADA, lane_sender="closed.test")
    for mac in (_ADA, _GRACE, b"x" * 32):
        expect((await _ask(world, mac)).stopped, "mail of this app waits, and it is not seen")


async def without_mail_to_go_by_any_closed_lane_counts(world: World) -> None:
    await _closed(world, "closed.test")
    await _mail(world, _ADA, lane_sender="closed.test")
    for given in ({"app": "new"}, {"purpose": "otp"}):
        expect((await _ask(world, b"x" * 32, **given)).stopped, f"nothing is told of {given}")


async def whoever_follows_hears_of_lanes_of_the_mail_and_of_a_newer_one(world: World) -> None:
    email_id = await _mail(world, _ADA)
    before = await _moved(world, email_id)
    expect(before == await _moved(world, email_id), "something moved by itself")
    await world.database.write(cancel, [email_id], actor="cli:ada")
    canceled = await _moved(world, email_id)
    expect(canceled.mails != before.mails, "a move of the mail was not heard")
    expect(canceled.addresses == before.addresses, "a newer mail was heard of, and there is none")
    await _mail(world, _ADA)
    newer = await _moved(world, email_id)
    expect(newer.addresses != before.addresses, "a newer mail was not heard of")
    await _closed(world, "acme.test")
    expect((await _moved(world, email_id)).lanes != newer.lanes, "a closed lane was not heard of")
    expect(await world.database.read(what_moved, [], []) is not None, "nobody may follow")


CASES: Final = (
    the_newest_mail_for_an_address_is_found,
    a_mail_from_outside_the_time_of_the_token_is_not_found,
    a_mail_that_is_named_is_found_for_its_own_app_alone,
    whom_it_is_for_and_how_long_it_is_of_use_are_found_with_it,
    when_the_newest_mail_for_an_address_was_accepted_is_found_with_an_older_one,
    that_mail_is_stopped_is_the_same_for_whoever_asks,
    without_mail_to_go_by_any_closed_lane_counts,
    whoever_follows_hears_of_lanes_of_the_mail_and_of_a_newer_one,
)


async def _closed(world: World, sender: str) -> None:
    for provider in ("first", "second"):
        await world.close(provider, sender)


async def _mail(world: World, mac: bytes | None, **given: Any) -> str:
    recipient = NewRecipient("ada@example.com", "to", b"l" * 16, mac)
    (email_id,) = await world.take(world.mail(recipients=(recipient,), **given))
    return email_id


async def _ask(world: World, mac: bytes, **given: Any) -> Standing:
    values: dict[str, Any] = {
        "app": "shop",
        "purpose": "registration",
        "mail": "",
        "mac": mac,
        "since_ms": world.now - 2 * _MINUTE_MS,
        "until_ms": world.now + 60 * _MINUTE_MS,
        **given,
    }
    return await world.database.read(standing_for, Asked(**values))


async def _moved(world: World, email_id: str) -> Moved:
    return await world.database.read(what_moved, [email_id], [_ADA, _GRACE])
