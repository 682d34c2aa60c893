"""Cases of recording: the fence, unknown outcomes, recipients, and the log of events."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import NewEvent, StoreError, Tx
from mailproof.store.mails.claim import contents
from mailproof.store.mails.duties import recover_leases, wake_due
from mailproof.store.mails.record import record
from mailproof.store.shapes import Claimed, NewRecipient, RecipientResult
from mailproof.testing.store_suite.outcomes import (
    deferred,
    given_up,
    judged,
    sent,
    turned_away,
    unknown,
)
from mailproof.testing.store_suite.world import ONE, World, expect

__all__ = ["CASES"]


async def who_lost_its_lease_records_nothing(world: World) -> None:
    stale = await world.sending()
    world.advance(31)
    await world.database.write(recover_leases, 100, world.routing)
    fresh = await _claimed_again(world)
    (late,) = await world.record(turned_away(stale, world.now))
    expect(late.fenced and late.state is State.SENDING, f"a stale answer gave {late!r}")
    expect(await world.route() is not None, "the provider has lost its route")
    expect((await world.lane()).state == "open", "a stale answer closed a lane")
    (done,) = await world.record(sent(fresh, world.now))
    expect(done.state is State.SENT and not done.fenced, f"the holder's answer gave {done!r}")
    (twice,) = await world.record(sent(fresh, world.now))
    expect(twice.fenced, "one lease was recorded twice")


async def a_stale_and_a_fresh_answer_in_one_flush_are_told_apart(world: World) -> None:
    stale = await world.sending()
    await world.database.write(recover_leases, 100, world.routing, dead=["n1"])
    fresh = await _claimed_again(world)
    late, done = await world.record(judged(stale, world.now), sent(fresh, world.now))
    expect(late.fenced, "the stale answer was written")
    expect(done.state is State.SENT and not done.fenced, f"the fresh one gave {done!r}")
    expect(await world.state(stale.id) is State.SENT, "the stale answer moved the mail")


async def two_nodes_cannot_both_record_one_lease(world: World) -> None:
    mail = await world.sending()
    other = await world.open_again()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(database.write(record, [sent(mail, world.now)], world.routing))
            for database in (world.database, other)
        ]
    fenced = sorted(each.fenced for task in tasks for each in task.result())
    expect(fenced == [False, True], f"of two answers under one lease, fenced were {fenced}")


async def an_answer_whose_commit_was_unknown_may_be_repeated(world: World) -> None:
    outcomes = [sent(await world.sending(), world.now), judged(await world.sending(), world.now)]
    await world.record(*outcomes)
    before = len(await world.events())
    again = await world.record(*outcomes, again=True)
    expect(
        [(each.state, each.fenced) for each in again]
        == [(State.SENT, False), (State.FAILED, False)],
        f"the second try gave {again!r}",
    )
    expect(len(await world.events()) == before, "the second try was told again")


async def a_definite_refusal_wants_another_key_and_an_unknown_outcome_the_same(
    world: World,
) -> None:
    mail = await world.sending()
    (perhaps,) = await world.record(unknown(mail, world.now))
    expect(perhaps.state is State.DEFERRED, f"it is {perhaps.state}")
    again = await _claimed_again(world)
    expect(again.epoch == mail.epoch, "after an unknown outcome the key must stay")
    expect(again.unknown_since == world.now - 10_000, f"unknown since {again.unknown_since}")
    await world.record(unknown(again, world.now))
    third = await _claimed_again(world)
    expect(third.unknown_since == again.unknown_since, "unknown since the first time, not the last")
    await world.record(deferred(third, world.now))
    fourth = await _claimed_again(world)
    expect((fourth.epoch, fourth.unknown_since) == (1, None), "a definite refusal sets it free")
    expect(fourth.tries == 1, "a try that counts was not counted")


async def an_unknown_outcome_binds_the_mail_to_its_provider(world: World) -> None:
    mail = await world.sending()
    await world.record(unknown(mail, world.now))
    await world.close("first")
    world.advance(10)
    await _wake(world)
    (met,) = await world.claim(provider="second")
    expect(met.state == State.HELD, "another provider got it: two copies")
    expect(await world.claim() == [], "its provider is closed, and it was sent")
    await world.open()
    (again,) = await world.claim()
    (recorded,) = await world.record(deferred(again, world.now, to=State.QUEUED, avoid="first"))
    expect(recorded.state is State.QUEUED, "after a definite answer it is free")
    (other,) = await world.claim(provider="second")
    expect(other.id == mail.id, "it is still bound")


async def nobody_knows_and_nothing_repeats_it(world: World) -> None:
    mail = await world.sending()
    await world.record(unknown(mail, world.now))
    again = await _claimed_again(world)
    (done,) = await world.record(given_up(again))
    expect(done.state is State.UNCONFIRMED, f"it is {done.state}")
    world.advance(3_600)
    await _wake(world)
    expect(await world.claim() == [], "an unconfirmed mail went again on its own")


async def who_was_refused_alone_does_not_get_it_again(world: World) -> None:
    people = (
        NewRecipient("ada@example.com", "to", b"a" * 16),
        NewRecipient("bob@example.com", "to", b"b" * 16),
    )
    mail = await world.sending(recipients=people)
    result = deferred(mail, world.now)
    part = RecipientResult("ada@example.com", State.FAILED.value, "mailbox_missing")
    await world.record(msgspec.structs.replace(result, recipients=(part,)))
    content = (await world.database.read(contents, [mail.id]))[mail.id]
    expect(content.settled == ("ada@example.com",), f"left out: {content.settled}")


async def each_state_has_its_event(world: World) -> None:
    """What the log says adds up to what the mails are."""
    await world.start({"first": "f1"}, ONE)
    ids = await world.take(*[world.mail(supersede_key=b"%016d" % (n // 2)) for n in range(12)])
    await world.take(world.mail(scheduled_at=world.now + 5_000))
    first, second, third, fourth, fifth, *_ = await world.claim()
    await world.record(
        sent(first, world.now),
        judged(second, world.now),
        deferred(third, world.now),
        unknown(fourth, world.now, to=State.UNCONFIRMED),
        turned_away(fifth, world.now),
    )
    await world.claim()
    latest: dict[str, str] = {}
    for event in await world.events():
        if event.email_id is not None and event.type != EventType.EMAIL_ACCEPTED:
            latest[event.email_id] = event.type
    states = dict(zip(ids, await world.states(ids), strict=True))
    told = {email_id: latest.get(email_id, OF_STATE[State.QUEUED]) for email_id in ids}
    expect(
        told == {email_id: OF_STATE[state] for email_id, state in states.items()},
        "the last event of a mail is not that of its state",
    )
    counts = {state: sum(each is state for each in states.values()) for state in State}
    expect(counts[State.SUPERSEDED] == 6, f"of twelve pairs, {counts} is left")


async def no_event_holds_an_address(world: World) -> None:
    await each_state_has_its_event(world)
    text = repr(await world.events()).lower()
    for part in ("ada", "hello@", "example.com", "@"):
        expect(part not in text, f"{part!r} stands in an event")


async def events_are_in_the_order_of_the_commits(world: World) -> None:
    other = await world.open_again()
    seen: list[int] = []

    async def watch() -> None:
        while len(seen) < 60:
            for event in await world.events():
                if event.type == EventType.ALERT_OPENED and event.id not in seen:
                    seen.append(event.id)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        for number in range(30):
            for database in (world.database, other):
                group.create_task(database.write(_tell, number))
        async with asyncio.timeout(30):
            await watching
    expect(seen == sorted(seen), f"a reader saw events in the order {seen}")


async def a_transaction_that_raises_leaves_nothing(world: World) -> None:
    before = len(await world.events())
    for kind in (ValueError, StoreError):
        try:
            await world.database.write(_tell_and_raise, kind)
        except kind as error:
            expect("on purpose" in str(error), f"another error came: {error}")
        else:
            raise AssertionError("what the transaction raised did not come out")
    expect(len(await world.events()) == before, "an event outlived its transaction")
    lanes = await world.database.read(_senders)
    expect("raises.test" not in lanes, "a row outlived its transaction")


async def listeners_hear_of_what_was_committed_and_of_nothing_else(world: World) -> None:
    heard: list[str] = []
    told = asyncio.Event()

    def listen(events: Sequence[NewEvent]) -> None:
        heard.extend(event.type.value for event in events)
        if heard[-1] == EventType.ALERT_OPENED:
            told.set()

    world.database.listen(listen)
    await world.take(world.mail())
    with contextlib.suppress(ValueError):
        await world.database.write(_tell_and_raise, ValueError)
    await world.database.write(_tell, 1)
    async with asyncio.timeout(10):
        await told.wait()
    expect(heard == ["email.accepted", "alert.opened"], f"a listener heard {heard}")


async def a_read_sees_one_moment(world: World) -> None:
    """Whatever is committed in between; and it never waits for a writer."""
    before = await world.database.read(_senders)

    async def twice(tx: Tx) -> tuple[int, int]:
        return len(await _senders(tx)), len(await _senders(tx))

    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(world.database.read(twice)) for _ in range(20)]
        for number in range(20):
            group.create_task(world.lane(f"s{number}.test"))
    counts = [task.result() for task in reads]
    expect(all(first == second for first, second in counts), f"reads saw {counts}")
    expect(len(await world.database.read(_senders)) == len(before) + 20, "a lane is missing")


async def _senders(tx: Tx) -> list[str]:
    return await tx.all("routes/known_senders", str)


async def _tell(tx: Tx, number: int) -> None:
    tx.tell(NewEvent(EventType.ALERT_OPENED, data={"number": number}))


async def _tell_and_raise(tx: Tx, kind: type[Exception]) -> None:
    tx.tell(NewEvent(EventType.ALERT_OPENED))
    await tx.run("routes/insert_lane", sender="raises.test", pin="", now=tx.now)
    raise kind("on purpose")


async def _wake(world: World) -> None:
    await world.database.write(wake_due, 100)


async def _claimed_again(world: World) -> Claimed:
    world.advance(10)
    await _wake(world)
    (mail,) = await world.going()
    return mail


CASES: Final = (
    who_lost_its_lease_records_nothing,
    a_stale_and_a_fresh_answer_in_one_flush_are_told_apart,
    two_nodes_cannot_both_record_one_lease,
    an_answer_whose_commit_was_unknown_may_be_repeated,
    a_definite_refusal_wants_another_key_and_an_unknown_outcome_the_same,
    an_unknown_outcome_binds_the_mail_to_its_provider,
    nobody_knows_and_nothing_repeats_it,
    who_was_refused_alone_does_not_get_it_again,
    each_state_has_its_event,
    no_event_holds_an_address,
    events_are_in_the_order_of_the_commits,
    a_transaction_that_raises_leaves_nothing,
    listeners_hear_of_what_was_committed_and_of_nothing_else,
    a_read_sees_one_moment,
)
