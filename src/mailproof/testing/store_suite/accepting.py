"""Cases of accepting: keys, newest wins, suppressions, closed lanes."""

from typing import Final, cast

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.accept import Answer, accept, stop_waiting, store_content
from mailproof.store.mails.claim import contents
from mailproof.store.mails.duties import sweep_seldom
from mailproof.store.records.suppressions import Cause, add
from mailproof.store.routes.lanes import LANES_MAX, OTHER_SENDERS
from mailproof.store.shapes import (
    Accepted,
    Conflict,
    Idempotency,
    LaneClosed,
    NewRecipient,
    Submission,
    Submitted,
)
from mailproof.testing.store_suite.outcomes import deferred, judged, sent, turned_away, unknown
from mailproof.testing.store_suite.world import DAY_MS, World, expect

__all__ = ["CASES"]

_KEY: Final = Idempotency("/emails", "order-7", b"h" * 32)


async def a_repeat_gets_the_same_mail_as_it_is_now(world: World) -> None:
    first = _accepted((await world.accept(world.mail(), key=_KEY))[0])
    (mail,) = await world.claim()
    await world.record(sent(mail, world.now))
    repeat = _accepted((await world.accept(world.mail(), key=_KEY))[0])
    expect(repeat.repeated, "a repeat was taken for a new request")
    expect(
        repeat.mails == (Submitted(first.mails[0].id, State.SENT),),
        f"a repeat got {repeat.mails} instead of the first mail as it is now",
    )
    expect(await world.claim() == [], "a repeat made another mail")


async def another_payload_under_a_used_key_is_a_conflict(world: World) -> None:
    await world.accept(world.mail(), key=_KEY)
    other = msgspec.structs.replace(_KEY, payload_hash=b"x" * 32)
    (answer,) = await world.accept(world.mail(), key=other)
    expect(isinstance(answer, Conflict), f"another payload got {answer!r}")
    expect(len(await world.claim()) == 1, "a conflict left a mail behind")


async def a_key_is_an_apps_and_an_endpoints_own(world: World) -> None:
    await world.accept(world.mail(), key=_KEY)
    await world.accept(world.mail(app="blog"), key=_KEY)
    batch = msgspec.structs.replace(_KEY, endpoint="/emails/batch")
    await world.accept(world.mail(), key=batch)
    expect(len(await world.claim()) == 3, "apps or endpoints share a key")


async def twins_in_one_flush_are_one_mail(world: World) -> None:
    first, twin = world.mail(), world.mail()
    other = msgspec.structs.replace(_KEY, payload_hash=b"x" * 32)
    submissions = [
        Submission("shop", (first,), _KEY),
        Submission("shop", (twin,), _KEY),
        Submission("shop", (world.mail(),), other),
    ]
    one, two, three = await world.database.write(accept, submissions, world.routing)
    expect(not _accepted(one).repeated and _accepted(two).repeated, "which one was the repeat?")
    expect(_accepted(two).mails == _accepted(one).mails, "twins got different mails")
    expect(isinstance(three, Conflict), "another payload under a twin's key was taken")
    expect([mail.id for mail in await world.claim()] == [first.id], "not exactly one mail is there")


async def a_key_is_forgotten_after_a_day(world: World) -> None:
    await world.accept(world.mail(), key=_KEY)
    world.advance(24 * 3600)
    (late,) = await world.accept(world.mail(), key=_KEY)
    expect(not _accepted(late).repeated, "a key lives longer than 24 hours")


async def a_failed_mail_frees_its_key(world: World) -> None:
    await world.accept(world.mail(), key=_KEY)
    (mail,) = await world.claim()
    await world.record(judged(mail, world.now))
    mended = msgspec.structs.replace(_KEY, payload_hash=b"m" * 32)
    (answer,) = await world.accept(world.mail(), key=mended)
    expect(isinstance(answer, Accepted), "a mended mail cannot be sent under the key of the first")


async def a_late_failure_frees_no_key_that_is_somebody_elses_by_now(world: World) -> None:
    await world.accept(world.mail(expires_at=world.now + 7 * DAY_MS), key=_KEY)
    world.advance(24 * 3600 + 1)
    second = _accepted((await world.accept(world.mail(), key=_KEY))[0])
    (mail,) = [mail for mail in await world.claim() if mail.id != second.mails[0].id]
    await world.record(judged(mail, world.now))
    (repeat,) = await world.accept(world.mail(), key=_KEY)
    expect(_accepted(repeat).mails[0].id == second.mails[0].id, "a repeat made a third mail")


async def a_batch_is_accepted_together_and_keeps_its_key(world: World) -> None:
    key = msgspec.structs.replace(_KEY, endpoint="/emails/batch")
    batch = Submission("shop", (world.mail(), world.mail()), key)
    await world.database.write(accept, [batch], world.routing)
    for mail in await world.claim():
        await world.record(judged(mail, world.now))
    again = Submission("shop", (world.mail(), world.mail()), key)
    (repeat,) = await world.database.write(accept, [again], world.routing)
    expect(_accepted(repeat).repeated, "a batch lost its key when its mails failed")
    expect(
        [mail.id for mail in _accepted(repeat).mails] == [mail.id for mail in batch.mails],
        "a batch's mails are not in the order of the request",
    )


async def a_flush_may_be_repeated_when_its_answer_was_lost(world: World) -> None:
    key = Idempotency("/emails", "once", b"h" * 32)
    submissions = [
        Submission("shop", (world.mail(supersede_key=b"s" * 16),)),
        Submission("shop", (world.mail(),), key),
        Submission("shop", (world.mail(on_hold="refuse", wait_until=world.now + 5_000),)),
    ]
    first = await world.database.write(accept, submissions, world.routing)
    await world.close("first")
    await world.close("second")
    again = await world.database.write(accept, submissions, world.routing, again=True)
    expect(
        [_accepted(answer).mails[0].id for answer in again]
        == [_accepted(answer).mails[0].id for answer in first],
        "the second try of a flush gave other mails, or refused one that is there",
    )
    expect(not any(_accepted(answer).repeated for answer in again), "its callers sent it once")
    await world.open()
    world.advance(60)
    expect(len(await world.going()) == 3, "the second try of a flush doubled or lost mail")


async def only_waiting_mail_of_the_same_kind_gives_way(world: World) -> None:
    key = b"n" * 16
    sending = await world.sending(supersede_key=key)
    (held,) = await world.take(world.mail(supersede_key=key))
    (other,) = await world.take(world.mail(supersede_key=b"o" * 16))
    first, second = world.mail(supersede_key=key), world.mail(supersede_key=key)
    answers = await world.accept(first, second)
    expect(
        [_accepted(answer).mails[0].state for answer in answers]
        == [State.SUPERSEDED, State.QUEUED],
        "within one flush the last one must win",
    )
    expect(
        await world.states([sending.id, held, other, first.id, second.id])
        == [State.SENDING, State.SUPERSEDED, State.QUEUED, State.SUPERSEDED, State.QUEUED],
        "the wrong mails gave way",
    )
    events = [event.type for event in await world.events(held)]
    expect(events == ["email.accepted", "email.superseded"], f"it is told as {events}")


async def every_waiting_mail_gives_way(world: World) -> None:
    key = b"w" * 16
    deferring = await world.sending(supersede_key=key)
    await world.record(deferred(deferring, world.now))
    await world.close("first")
    await world.close("second")
    (held,) = await world.take(world.mail(supersede_key=key))
    expect(await world.state(deferring.id) is State.SUPERSEDED, "a deferred mail did not give way")
    later = world.mail(supersede_key=key, scheduled_at=world.now + 60_000)
    await world.take(later)
    expect(await world.state(held) is State.SUPERSEDED, "a held mail did not give way")
    await world.take(world.mail(supersede_key=key))
    expect(await world.state(later.id) is State.SUPERSEDED, "a scheduled one did not give way")


async def a_mail_that_a_provider_may_have_gives_way_and_says_so(world: World) -> None:
    key = b"u" * 16
    mail = await world.sending(supersede_key=key)
    await world.record(unknown(mail, world.now))
    await world.take(world.mail(supersede_key=key))
    last = (await world.events(mail.id))[-1]
    expect(last.type == "email.superseded", f"it ended as {last.type}")
    expect(last.data.get("outcome") == "unknown", f"it is told as {last!r}")


async def a_suppressed_newer_mail_lets_the_older_one_go(world: World) -> None:
    (older,) = await world.take(world.mail(supersede_key=b"k" * 16))
    blocked = world.mail(supersede_key=b"k" * 16)
    await _suppress(world, blocked.recipients[0].lookup, Cause.COMPLAINT)
    await world.take(blocked)
    expect(await world.state(older) is State.QUEUED, "a mail gave way to one that never goes")


async def critical_mail_is_stopped_by_a_complaint_or_two_hard_bounces(world: World) -> None:
    lookup = b"c" * 16
    person = (NewRecipient("ada@example.com", "to", lookup),)
    await _suppress(world, lookup, Cause.HARD_BOUNCE, "0198c0de-0000-7000-8000-00000000aaaa")
    plain, critical = (
        await world.take(world.mail(recipients=person, critical=False)),
        await world.take(world.mail(recipients=person)),
    )
    expect(await world.state(plain[0]) is State.SUPPRESSED, "a hard bounce stops plain mail")
    expect(await world.state(critical[0]) is State.QUEUED, "one bounce locked a person out")
    await _suppress(world, lookup, Cause.HARD_BOUNCE, "0198c0de-0000-7000-8000-00000000bbbb")
    (second,) = await world.take(world.mail(recipients=person))
    expect(await world.state(second) is State.SUPPRESSED, "two hard bounces stop critical mail")
    world.advance(8 * 86_400)
    (later,) = await world.take(world.mail(recipients=person))
    expect(await world.state(later) is State.QUEUED, "bounces count for seven days")
    await _suppress(world, lookup, Cause.COMPLAINT)
    (never,) = await world.take(world.mail(recipients=person))
    expect(await world.state(never) is State.SUPPRESSED, "a complaint stops all mail")


async def who_is_suppressed_is_left_out_and_the_rest_get_it(world: World) -> None:
    ada, bob = b"a" * 16, bytes(range(128, 144))
    await _suppress(world, bob, Cause.MANUAL)
    people = (
        NewRecipient("ada@example.com", "to", ada),
        NewRecipient("bob@example.com", "cc", bob),
    )
    mail = await world.sending(recipients=people)
    content = (await world.database.read(contents, [mail.id]))[mail.id]
    expect(content.settled == ("bob@example.com",), f"left out: {content.settled}")


async def a_scheduled_mail_waits_for_its_time(world: World) -> None:
    (email_id,) = await world.take(world.mail(scheduled_at=world.now + 60_000))
    expect(await world.state(email_id) is State.SCHEDULED, "it did not wait")
    expect(await world.claim() == [], "a scheduled mail was claimed")
    (past,) = await world.take(world.mail(scheduled_at=world.now - 1))
    expect(await world.state(past) is State.QUEUED, "a time that has passed is now")


async def a_closed_lane_holds_what_it_accepts(world: World) -> None:
    await world.close("first")
    await world.close("second")
    (email_id,) = await world.take(world.mail())
    expect(await world.state(email_id) is State.HELD, "it was not held at once")
    events = [event.type for event in await world.events(email_id)]
    expect(events == ["email.accepted", "email.held"], f"it is told as {events}")


async def a_closed_lane_refuses_who_would_rather_hear_it(world: World) -> None:
    await world.take(world.mail())
    await world.close("first")
    await world.close("second")
    strict = {"on_hold": "refuse", "wait_until": world.now + 5_000}
    for given in (strict, {**strict, "scheduled_at": world.now - 1}):
        (answer,) = await world.accept(world.mail(**given))
        expect(isinstance(answer, LaneClosed), f"a closed lane gave {answer!r}")
    later, other = (
        world.mail(**strict, scheduled_at=world.now + 1_000),
        world.mail(**strict, lane_sender="other.test"),
    )
    (scheduled,) = await world.accept(later)
    expect(isinstance(scheduled, Accepted), "a scheduled mail waits all the same")
    (shut,) = await world.accept(other)
    expect(isinstance(shut, LaneClosed), "a whole provider is closed for every sender")


async def a_repeat_is_answered_even_where_the_lane_is_closed_now(world: World) -> None:
    await world.accept(world.mail(on_hold="refuse", wait_until=world.now + 5_000), key=_KEY)
    await world.close("first")
    await world.close("second")
    (repeat,) = await world.accept(world.mail(on_hold="refuse"), key=_KEY)
    expect(isinstance(repeat, Accepted), f"a repeat got {repeat!r}: the first mail is here")


async def a_hold_is_refused_only_while_its_caller_waits(world: World) -> None:
    strict = {"on_hold": "refuse", "wait_until": world.now + 5_000}
    await world.accept(world.mail(**strict), key=_KEY)
    await world.take(world.mail(**strict), world.mail(**strict))
    waits, left, late = await world.claim()
    await world.database.write(stop_waiting, left.id)
    both = await world.record(turned_away(waits, world.now), turned_away(left, world.now))
    await world.close("second")
    expect(both[0].state is State.QUEUED, "another provider could carry it")
    met = {mail.id: mail.state for mail in await world.claim()}
    expect(met[waits.id] == State.CANCELED, "its caller waits, and it was not refused")
    expect(met[left.id] == State.HELD, "queued mail of a closed lane was not put aside")
    (canceled,) = await world.record(turned_away(late, world.now))
    expect(canceled.state is State.CANCELED, "its caller waits, and it was not refused")
    (fresh,) = await world.accept(world.mail(), key=_KEY)
    expect(not _accepted(fresh).repeated, "a refused request cannot be repeated")


async def what_a_provider_may_have_is_not_refused(world: World) -> None:
    await world.start({"first": "f1"}, msgspec.structs.replace(world.routing, order=("first",)))
    mail = await world.sending(on_hold="refuse", wait_until=world.now + 5_000)
    (held,) = await world.record(unknown(mail, world.now, after=1))
    expect(held.state is State.HELD, f"it is {held.state}: it may arrive, so nobody may be told no")


async def a_canceled_refusal_frees_its_key(world: World) -> None:
    await world.start({"first": "f1"}, msgspec.structs.replace(world.routing, order=("first",)))
    await world.accept(world.mail(on_hold="refuse", wait_until=world.now + 5_000), key=_KEY)
    (mail,) = await world.claim()
    (canceled,) = await world.record(turned_away(mail, world.now))
    expect(canceled.state is State.CANCELED, "its caller waits, and it was not refused")
    (fresh,) = await world.accept(world.mail(), key=_KEY)
    expect(not _accepted(fresh).repeated, "a refused request cannot be repeated")


async def a_large_content_comes_before_its_mail_or_is_swept(world: World) -> None:
    large, orphan = world.mail(payload=b"", content_stored=True), world.mail()
    await world.database.write(store_content, large.id, b"large")
    await world.database.write(store_content, orphan.id, b"left behind")
    await world.take(large)
    world.advance(3_601)
    swept = await world.database.write(sweep_seldom, 100, mails_ms=90 * DAY_MS)
    found = await world.database.read(contents, [large.id, orphan.id])
    expect(swept.orphans == 1, f"{swept.orphans} contents were swept instead of the orphan")
    expect([found[key].payload for key in found] == [b"large"], "the wrong content is left")
    again = await world.database.write(sweep_seldom, 100, mails_ms=90 * DAY_MS)
    expect(again.orphans == 0, "a content that has its mail is taken for an orphan")


async def beyond_ten_thousand_senders_the_rest_share_a_lane(world: World) -> None:
    await world.database.write(_many_lanes, LANES_MAX)
    mail = await world.sending(lane_sender="one.more.test")
    expect(mail.lane_sender == OTHER_SENDERS, f"it got the lane {mail.lane_sender}")


async def _many_lanes(tx: Tx, count: int) -> None:
    for number in range(count):
        await tx.run("routes/insert_lane", sender=f"s{number}.test", pin="", now=tx.now)


async def _suppress(world: World, lookup: bytes, cause: Cause, email_id: str | None = None) -> None:
    await world.database.write(
        add, address="ada@example.com", lookup=lookup, cause=cause, actor="", email_id=email_id
    )


def _accepted(answer: Answer) -> Accepted:
    expect(isinstance(answer, Accepted), f"a request was not accepted: {answer!r}")
    return cast(Accepted, answer)


CASES: Final = (
    a_repeat_gets_the_same_mail_as_it_is_now,
    another_payload_under_a_used_key_is_a_conflict,
    a_key_is_an_apps_and_an_endpoints_own,
    twins_in_one_flush_are_one_mail,
    a_key_is_forgotten_after_a_day,
    a_failed_mail_frees_its_key,
    a_late_failure_frees_no_key_that_is_somebody_elses_by_now,
    a_batch_is_accepted_together_and_keeps_its_key,
    a_flush_may_be_repeated_when_its_answer_was_lost,
    only_waiting_mail_of_the_same_kind_gives_way,
    every_waiting_mail_gives_way,
    a_mail_that_a_provider_may_have_gives_way_and_says_so,
    a_suppressed_newer_mail_lets_the_older_one_go,
    critical_mail_is_stopped_by_a_complaint_or_two_hard_bounces,
    who_is_suppressed_is_left_out_and_the_rest_get_it,
    a_scheduled_mail_waits_for_its_time,
    a_closed_lane_holds_what_it_accepts,
    a_closed_lane_refuses_who_would_rather_hear_it,
    a_repeat_is_answered_even_where_the_lane_is_closed_now,
    a_hold_is_refused_only_while_its_caller_waits,
    what_a_provider_may_have_is_not_refused,
    a_canceled_refusal_frees_its_key,
    a_large_content_comes_before_its_mail_or_is_swept,
    beyond_ten_thousand_senders_the_rest_share_a_lane,
)
