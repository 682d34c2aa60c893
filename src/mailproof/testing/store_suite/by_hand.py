"""Cases of an operator and an app that both send a mail again: it goes out once."""

import asyncio
from typing import Final, cast

import msgspec

from mailproof.store.mails.accept import Answer as Accepting
from mailproof.store.mails.accept import accept
from mailproof.store.mails.desk import Answer, Moved, retry
from mailproof.store.shapes import Accepted, Conflict, Idempotency, Submission
from mailproof.testing.store_suite.outcomes import judged, sent
from mailproof.testing.store_suite.world import DAY_MS, World, expect

__all__ = ["CASES"]

_KEY: Final = Idempotency("/emails", "order-7", b"h" * 32)


async def a_mail_sent_again_by_hand_takes_its_key_back(world: World) -> None:
    email_id = await _failed(world)
    (moved,) = await _by_hand(world, email_id)
    expect(moved.answer is Answer.DONE, f"a failed mail was not sent again: {moved}")
    (repeat,) = await world.accept(world.mail(), key=_KEY)
    expect(_accepted(repeat).mails[0].id == email_id, "the app's repeat made a second mail")
    mended = msgspec.structs.replace(_KEY, payload_hash=b"m" * 32)
    (other,) = await world.accept(world.mail(), key=mended)
    expect(isinstance(other, Conflict), "another payload went out under a key that is in use")


async def a_mail_that_its_app_has_repeated_is_not_sent_again_by_hand(world: World) -> None:
    email_id = await _failed(world)
    (repeat,) = await world.accept(world.mail(), key=_KEY)
    second = _accepted(repeat).mails[0].id
    (moved,) = await _by_hand(world, email_id)
    expect(moved.answer is Answer.REPEATED, f"the reader would get it twice: {moved}")
    expect(moved.repeated_as == second, "the operator is not told which mail took its place")
    (forced,) = await _by_hand(world, email_id, may_double=True)
    expect(forced.answer is Answer.DONE, "two copies were wanted, and refused")
    (again,) = await world.accept(world.mail(), key=_KEY)
    expect(_accepted(again).mails[0].id == second, "the key changed its mail")


async def a_repeat_and_a_retry_at_the_same_moment_make_one_mail(world: World) -> None:
    other = await world.open_again()
    for number in range(20):
        key = Idempotency("/emails", f"both-{number}", b"h" * 32)
        email_id = await _failed(world, key)
        submission = Submission("shop", (world.mail(),), key)
        async with asyncio.TaskGroup() as group:
            desk = group.create_task(_by_hand(world, email_id))
            app = group.create_task(other.write(accept, [submission], world.routing))
        (moved,), (repeat,) = desk.result(), app.result()
        theirs = _accepted(repeat).mails[0].id
        if moved.answer is Answer.DONE:
            expect(theirs == email_id, "it was sent again, and its app got another mail")
        else:
            expect(moved.answer is Answer.REPEATED, f"neither first nor second: {moved}")
            expect(theirs == moved.repeated_as != email_id, "it is not said who took its place")
        going = await world.claim()
        expect(len(going) == 1, f"{len(going)} go, and the reader wants one")
        await world.record(sent(going[0], world.now))


async def a_key_that_ran_out_stands_for_another_request(world: World) -> None:
    email_id = await _failed(world, expires_at=world.now + 7 * DAY_MS)
    world.advance(24 * 3600 + 1)
    await world.accept(world.mail(), key=_KEY)
    (moved,) = await _by_hand(world, email_id)
    expect(moved.answer is Answer.DONE, f"yesterday's mail was taken for today's: {moved}")


async def _failed(world: World, key: Idempotency = _KEY, **given: int) -> str:
    """A mail that came with a key, and that its provider refused for what it is."""
    await world.accept(world.mail(**given), key=key)
    (mail,) = await world.claim()
    await world.record(judged(mail, world.now))
    return mail.id


async def _by_hand(world: World, email_id: str, *, may_double: bool = False) -> list[Moved]:
    return await world.database.write(
        retry, [email_id], actor="cli:ada", lifetime_ms=lambda _: DAY_MS, may_double=may_double
    )


def _accepted(answer: Accepting) -> Accepted:
    expect(isinstance(answer, Accepted), f"a request was not accepted: {answer!r}")
    return cast(Accepted, answer)


CASES: Final = (
    a_mail_sent_again_by_hand_takes_its_key_back,
    a_mail_that_its_app_has_repeated_is_not_sent_again_by_hand,
    a_repeat_and_a_retry_at_the_same_moment_make_one_mail,
    a_key_that_ran_out_stands_for_another_request,
)
