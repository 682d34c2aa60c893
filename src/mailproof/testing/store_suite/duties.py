"""Cases of what time alone does to mail: due, expired, forgotten by a node that died."""

from typing import Final

from mailproof.mail.lifecycle import WAITING, State
from mailproof.store.mails.claim import contents
from mailproof.store.mails.duties import (
    Removed,
    RemovedSeldom,
    end_pinned_to_removed,
    expire,
    free_unknown,
    recover_leases,
    resend_unconfirmed,
    sweep,
    sweep_seldom,
    wake_due,
)
from mailproof.store.mails.listing import show
from mailproof.store.records import checks
from mailproof.store.records.alerts import Condition, list_alerts, settle
from mailproof.store.shapes import Accepted, Claimed, Idempotency
from mailproof.testing.store_suite.outcomes import deferred, sent, unknown
from mailproof.testing.store_suite.world import DAY_MS, ONE, World, expect

__all__ = ["CASES"]


async def what_is_due_is_queued_and_not_before(world: World) -> None:
    mail = await world.sending()
    await world.record(deferred(mail, world.now, 10))
    (scheduled,) = await world.take(world.mail(scheduled_at=world.now + 10_000))
    world.advance(9.999)
    expect(await world.database.write(wake_due, 100) == 0, "it was woken too early")
    world.advance(0.001)
    expect(await world.database.write(wake_due, 1) == 1, "at most one was asked for")
    expect(await world.database.write(wake_due, 100) == 1, "the other one is due too")
    expect(await world.states([mail.id, scheduled]) == [State.QUEUED] * 2, "they are not queued")
    told = [event.type for event in await world.events(scheduled)]
    expect(told[-1] == "email.queued", f"a scheduled mail begins, and it is told as {told}")
    expect({each.id for each in await world.claim()} == {mail.id, scheduled}, "not all may go")


async def each_waiting_state_expires(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    soon = world.now + 5_000
    mail = await world.sending(expires_at=soon)
    await world.record(deferred(mail, world.now, 60))
    ids = [
        mail.id,
        *await world.take(
            world.mail(expires_at=soon, scheduled_at=world.now + 60_000),
            world.mail(expires_at=soon),
        ),
    ]
    await world.close()
    ids += await world.take(world.mail(expires_at=soon))
    expect(set(await world.states(ids)) == WAITING, "not every waiting state is there")
    going = (await world.take(world.mail(lane_sender="x.test", expires_at=soon + 1)))[0]
    world.advance(5)
    expect(
        await world.database.write(expire, 3, world.routing) == 3, "at most three were asked for"
    )
    expect(await world.database.write(expire, 100, world.routing) == 1, "the fourth is due too")
    expect(set(await world.states(ids)) == {State.EXPIRED}, "they have not expired")
    expect(await world.state(going) is State.HELD, "it expires later")
    for email_id in ids:
        last = (await world.events(email_id))[-1]
        expect(last.type == "email.expired" and last.data["critical"] is True, f"told: {last!r}")


async def what_is_being_sent_ends_by_its_outcome(world: World) -> None:
    mail = await world.sending(expires_at=world.now + 5_000)
    world.advance(6)
    expect(await world.database.write(expire, 100, world.routing) == 0, "it expired under a lease")
    (done,) = await world.record(sent(mail, world.now))
    expect(done.state is State.SENT, f"it is {done.state}")


async def unconfirmed_mail_expires_only_when_no_provider_remembers_it(world: World) -> None:
    mail = await world.sending(expires_at=world.now + 60_000)
    await world.record(unknown(mail, world.now, to=State.UNCONFIRMED))
    world.advance(3_600)
    expect(await world.database.write(expire, 100, world.routing) == 0, "its key still lives")
    world.advance(DAY_MS / 1000)
    expect(await world.database.write(expire, 100, world.routing) == 1, "nobody can confirm it")
    last = (await world.events(mail.id))[-1]
    expect(last.data.get("outcome") == "unknown", f"it is told as {last!r}")


async def a_lease_that_ran_out_is_an_unknown_outcome_at_its_provider(world: World) -> None:
    mail = await world.sending()
    expect(await _recover(world) == 0, "its lease still runs")
    world.advance(30)
    expect(await _recover(world) == 1, "its lease ran out")
    await _is_bound(world, mail)
    types = [event.type for event in await world.events(mail.id)]
    expect(types[-3:-1] == ["email.lease_lost", "email.deferred"], f"it is told as {types}")


async def what_a_dead_node_held_goes_on_at_once(world: World) -> None:
    mine = await world.sending()
    (other_id,) = await world.take(world.mail())
    await world.claim(node="n2")
    expect(await _recover(world, ["n1"]) == 1, "n1 held one mail")
    expect(await world.state(other_id) is State.SENDING, "n2 lives, and lost its mail")
    await _is_bound(world, mine)
    expect(await _recover(world, []) == 2, "no names means everybody who leased")


async def unconfirmed_mail_is_sent_again_where_two_copies_are_harmless(world: World) -> None:
    ids = []
    for purpose in ("registration", "receipt"):
        mail = await world.sending(purpose=purpose)
        await world.record(unknown(mail, world.now, to=State.UNCONFIRMED))
        ids.append(mail.id)
    count = await world.database.write(resend_unconfirmed, ["registration"], 100, world.routing)
    expect(count == 1, f"{count} were sent again")
    expect(await world.states(ids) == [State.QUEUED, State.UNCONFIRMED], "the wrong one goes again")
    (again,) = await world.claim()
    expect((again.epoch, again.unknown_since) == (1, None), "it goes under a key of its own")
    (told,) = [e.data for e in await world.events(ids[0]) if e.type == "email.queued"]
    expect(told["may_double"] is True, f"it is told as {told}")


async def who_is_bound_to_a_closed_provider_goes_the_other_way_if_harmless(world: World) -> None:
    # First in line, and nobody is open for it: it must not stand in the others' way.
    stuck = await world.sending(lane_sender="stuck.test")
    await world.record(unknown(stuck, world.now))
    ids = []
    for purpose in ("registration", "receipt"):
        mail = await world.sending(purpose=purpose)
        await world.record(unknown(mail, world.now))
        ids.append(mail.id)
    await world.close("first")
    await world.close("second", "stuck.test")
    world.advance(1)
    await world.database.write(wake_due, 100)
    await world.claim()
    count = await world.database.write(free_unknown, ["registration"], 1, world.routing)
    expect(count == 1, f"{count} were set free")
    expect(await world.states(ids) == [State.QUEUED, State.HELD], "the wrong one goes")
    expect(await world.state(stuck.id) is State.HELD, "nobody is open for that sender")
    (other,) = await world.claim(provider="second")
    expect((other.id, other.epoch) == (ids[0], 1), f"the second provider got {other!r}")


async def mail_bound_to_a_provider_that_is_gone_fails(world: World) -> None:
    key = Idempotency("/emails", "pinned", b"h" * 32)
    pinned = world.mail(pin="second")
    await world.accept(pinned, key=key)
    (free,) = await world.take(world.mail())
    await world.start({"first": "f1"}, ONE)
    expect(await world.database.write(end_pinned_to_removed, 100, ONE) == 1, "one can never go")
    expect(await world.states([pinned.id, free]) == [State.FAILED, State.QUEUED], "the wrong one")
    last = (await world.events(pinned.id))[-1]
    expect(last.data["reason"] == "configuration_invalid", f"it is told as {last!r}")
    (repeat,) = await world.accept(world.mail(), key=key)
    expect(isinstance(repeat, Accepted) and not repeat.repeated, "its key was not freed")


async def what_has_served_its_time_is_swept(world: World) -> None:
    key = Idempotency("/emails", "old", b"h" * 32)
    await world.accept(world.mail(), key=key)
    (mail,) = await world.claim()
    await world.record(sent(mail, world.now))
    (waiting,) = await world.take(world.mail(scheduled_at=world.now + 30 * DAY_MS))
    world.advance(8 * 86_400)
    swept = await _swept(world)
    expect((swept.contents, swept.keys) == (1, 1), f"swept were {swept!r}")
    expect(await world.state(waiting) is State.SCHEDULED, "a waiting mail was touched")
    again = await _swept(world)
    expect((again.contents, again.keys) == (0, 0), f"swept twice: {again!r}")


async def old_mails_go_with_all_that_is_theirs_and_waiting_ones_stay(world: World) -> None:
    old, waiting = world.mail(), world.mail(scheduled_at=world.now + 300 * DAY_MS)
    await world.take(old, waiting)
    (mail,) = await world.claim()
    await world.record(sent(mail, world.now))
    world.advance(89 * 86_400)
    expect((await _seldom_swept(world)).mails == 0, "a mail went before its time")
    world.advance(2 * 86_400)
    expect((await _seldom_swept(world)).mails == 1, "an old mail is kept for ever")
    expect(await world.database.read(show, old.id) is None, "an old mail can still be seen")
    expect(await world.state(waiting.id) is State.SCHEDULED, "a waiting mail was erased")
    expect(await world.database.read(contents, [old.id]) == {}, "what it said is left")
    expect((await world.events(old.id))[-1].type == "email.sent", "its story was erased too")


async def a_mail_that_waits_for_long_keeps_no_ended_one_behind_it(world: World) -> None:
    await world.take(*(world.mail(scheduled_at=world.now + 300 * DAY_MS) for _ in range(3)))
    mail = await world.sending()
    await world.record(sent(mail, world.now))
    world.advance(91 * 86_400)
    (newer,) = await world.take(world.mail())
    swept = await _seldom_swept(world, 1)
    expect(swept.mails == 1, "mails that wait stand in the way of those that ended")
    expect(await world.database.read(show, mail.id) is None, "the wrong mail was erased")
    expect((await _seldom_swept(world, 1)).mails == 0, "what had not ended was erased")
    expect(await world.state(newer) is State.QUEUED, "a new mail was erased")


async def old_looks_and_alerts_are_swept_and_open_alerts_never(world: World) -> None:
    look = checks.NewCheck(provider="first", verdict="good", took_ms=1)
    await world.database.write(checks.insert, look)
    await world.database.write(settle, [_wrong("first"), _wrong("second")], ("chat",))
    for _ in range(2):  # it is over once it has been gone for a while
        await world.database.write(settle, [_wrong("second")], ("chat",))
        world.advance(600)
    world.advance(91 * 86_400)
    swept = await _seldom_swept(world)
    expect((swept.checks, swept.alerts) == (1, 1), f"swept were {swept!r}")
    (left,) = await world.database.read(list_alerts, 10)
    expect(left.about == "second", f"the open alert was swept, and {left} stayed")


def _wrong(about: str) -> Condition:
    return Condition("route_closed", about, "ERROR", 1, 0)


async def _swept(world: World) -> Removed:
    return await world.database.write(sweep, 100, contents_ms=7 * DAY_MS)


async def _seldom_swept(world: World, most: int = 100) -> RemovedSeldom:
    return await world.database.write(sweep_seldom, most, mails_ms=90 * DAY_MS)


async def _recover(world: World, dead: list[str] | None = None) -> int:
    return await world.database.write(recover_leases, 100, world.routing, dead=dead)


async def _is_bound(world: World, mail: Claimed) -> None:
    """It goes again at the same provider, and only there, under the same key."""
    await world.database.write(wake_due, 100)
    expect(await world.going(provider="second") == [], "another provider got it: two copies")
    again = next(each for each in await world.claim() if each.id == mail.id)
    expect(again.epoch == mail.epoch, "it goes under another key")
    expect(again.lease_no > mail.lease_no + 1, "the dead node's number would still fit")
    expect(again.unknown_since is not None, "nobody knows that it may be out")
    expect(again.tries == mail.tries, "a lost lease burnt a try")


CASES: Final = (
    what_is_due_is_queued_and_not_before,
    each_waiting_state_expires,
    what_is_being_sent_ends_by_its_outcome,
    unconfirmed_mail_expires_only_when_no_provider_remembers_it,
    a_lease_that_ran_out_is_an_unknown_outcome_at_its_provider,
    what_a_dead_node_held_goes_on_at_once,
    unconfirmed_mail_is_sent_again_where_two_copies_are_harmless,
    who_is_bound_to_a_closed_provider_goes_the_other_way_if_harmless,
    mail_bound_to_a_provider_that_is_gone_fails,
    what_has_served_its_time_is_swept,
    old_mails_go_with_all_that_is_theirs_and_waiting_ones_stay,
    a_mail_that_waits_for_long_keeps_no_ended_one_behind_it,
    old_looks_and_alerts_are_swept_and_open_alerts_never,
)
