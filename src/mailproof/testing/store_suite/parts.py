"""Cases of mail that some of its recipients have while others do not yet."""

from typing import Final

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.mails.claim import contents
from mailproof.store.mails.duties import wake_due
from mailproof.store.mails.listing import show
from mailproof.store.shapes import Claimed, Idempotency, NewRecipient, Outcome, RecipientResult
from mailproof.testing.store_suite.outcomes import judged, sent, turned_away
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_ADA, _GRACE, _EDSGER = "ada@example.com", "grace@example.com", "edsger@example.com"
_THREE: Final = tuple(
    NewRecipient(address, "to", bytes([number]) * 16)
    for number, address in enumerate((_ADA, _GRACE, _EDSGER))
)


async def the_next_try_is_for_those_who_are_left(world: World) -> None:
    mail = await _part(world)
    expect(await world.state(mail.id) is State.DEFERRED, "somebody waits for it still")
    again = await _again(world)
    expect(again.epoch == mail.epoch + 1, "other bytes would go under the same key")
    found = await world.database.read(contents, [mail.id])
    expect(set(found[mail.id].settled) == {_ADA, _EDSGER}, f"left out: {found[mail.id].settled}")
    (done,) = await world.record(sent(again, world.now))
    expect(done.state is State.SENT, f"it ended as {done.state}")


async def a_refusal_of_those_who_are_left_is_theirs_alone(world: World) -> None:
    mail = await _part(world, on_hold="promise")
    (done,) = await world.record(judged(await _again(world), world.now, "mailbox_not_found"))
    expect(done.state is State.SENT, f"two of three have it, and it is {done.state}")
    states = await _states(world, mail)
    expect(states == {_ADA: "sent", _GRACE: "failed", _EDSGER: "failed"}, f"{states}")
    expect((await world.events(mail.id))[-1].type == "email.sent", "it is told otherwise")


async def what_somebody_has_is_not_refused_to_its_caller(world: World) -> None:
    key = Idempotency("/emails", "once", b"h" * 32)
    mail = await _part(world, key, on_hold="refuse", wait_until=world.now + 60_000)
    again = await _again(world)
    (held,) = await world.record(turned_away(again, world.now))
    await world.close("second")
    expect(held.state in {State.HELD, State.QUEUED}, f"its caller heard {held.state}")
    await world.claim()
    await world.claim(provider="second")
    expect(await world.state(mail.id) is State.HELD, "it was refused although two have it")


async def who_has_it_does_not_change_how_others_of_the_flush_end(world: World) -> None:
    part = await _part(world)
    again = await _again(world)
    alone = await world.sending()
    one, other = await world.record(judged(again, world.now), judged(alone, world.now))
    expect((one.id, one.state) == (part.id, State.SENT), f"the part gave {one!r}")
    expect(other.state is State.FAILED, f"one that nobody has ended as {other.state}")


async def _part(world: World, key: Idempotency | None = None, **given: object) -> Claimed:
    """Ada has it, Edsger never will, and Grace shall be asked later."""
    new = world.mail(recipients=_THREE, **given)
    await world.accept(new, key=key)
    (mail,) = [each for each in await world.claim() if each.id == new.id]
    await world.record(_taken_for_one(mail, world.now))
    return mail


def _taken_for_one(mail: Claimed, at: int) -> Outcome:
    return msgspec.structs.replace(
        sent(mail, at),
        to=State.DEFERRED,
        reason="greylisted",
        due_at=at + 10_000,
        new_epoch=True,
        recipients=(
            RecipientResult(_ADA, "sent", None),
            RecipientResult(_EDSGER, "failed", "mailbox_not_found"),
        ),
    )


async def _again(world: World) -> Claimed:
    world.advance(10)
    await world.database.write(wake_due, 100)
    (mail,) = await world.going()
    return mail


async def _states(world: World, mail: Claimed) -> dict[str, str]:
    shown = await world.database.read(show, mail.id)
    recipients = shown.mail.recipients if shown is not None else ()
    return {each.address: each.state for each in recipients}


CASES: Final = (
    the_next_try_is_for_those_who_are_left,
    a_refusal_of_those_who_are_left_is_theirs_alone,
    what_somebody_has_is_not_refused_to_its_caller,
    who_has_it_does_not_change_how_others_of_the_flush_end,
)
