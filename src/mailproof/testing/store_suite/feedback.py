"""Cases of what providers tell: in whatever order it comes, and whoever is quicker."""

import asyncio
from typing import Any, Final

import msgspec

from mailproof.mail.fate import Fate
from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.duties import recover_leases, wake_due
from mailproof.store.mails.feedback import Taken, receive, settle_what_waits
from mailproof.store.mails.record import hand_back
from mailproof.store.mails.telling import Answer
from mailproof.store.mails.unsure import Look, look_later, unsure
from mailproof.store.records.feedback import (
    Counted,
    FeedbackHealth,
    Trouble,
    count_feedback,
    feedback_health,
)
from mailproof.store.records.inbox import Told
from mailproof.store.records.suppressions import blocked
from mailproof.store.shapes import Claimed, NewRecipient, Outcome
from mailproof.testing.store_suite.outcomes import sent, unknown
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_ADA, _BOB = b"a" * 16, b"b" * 16
_PEOPLE: Final = (
    NewRecipient("ada@example.com", "to", _ADA),
    NewRecipient("bob@example.com", "to", _BOB),
)
_MESSAGE: Final = "0a0a0a0a-0000-4000-8000-000000000001"


def _told(fate: Fate, email_id: str = "", **given: Any) -> Told:
    values: dict[str, Any] = {
        "provider": "first",
        "event_id": f"{email_id}:{fate}",
        "fate": fate,
        "at": 1_000,
        "email_id": email_id,
        "provider_message_id": _MESSAGE,
        **given,
    }
    return Told(**values)


async def _receive(world: World, *told: Told) -> list[Answer]:
    return [each.answer for each in await world.database.write(receive, told)]


async def _sent(world: World, **given: Any) -> Claimed:
    mail = await world.sending(**given)
    await world.record(_accepted(mail, world.now))
    return mail


def _accepted(mail: Claimed, now: int, message_id: str = _MESSAGE) -> Outcome:
    outcome = sent(mail, now)
    if outcome.attempt is None:
        raise TypeError("a mail was sent without an attempt")
    attempt = msgspec.structs.replace(outcome.attempt, provider_message_id=message_id)
    return msgspec.structs.replace(outcome, attempt=attempt, look_at=now + 60_000, webhook=True)


async def what_is_told_after_the_answer_moves_the_mail(world: World) -> None:
    mail = await _sent(world)
    answers = await _receive(world, _told(Fate.SENT, mail.id), _told(Fate.DELIVERED, mail.id))
    expect(answers == [Answer.NOTED, Answer.MOVED], f"the answers were {answers}")
    expect(await world.state(mail.id) is State.DELIVERED, "it is not delivered")
    last = (await world.events(mail.id))[-1]
    expect(last.type == "email.delivered" and last.data["via"] == "webhook", f"told was {last}")


async def what_is_told_before_the_answer_follows_it_and_is_not_pushed_back(world: World) -> None:
    mail = await world.sending()
    expect(await _receive(world, _told(Fate.DELIVERED, mail.id)) == [Answer.PARKED], "not parked")
    expect(await world.state(mail.id) is State.SENDING, "it moved under a lease")
    (recorded,) = await world.record(_accepted(mail, world.now))
    expect(recorded.state is State.DELIVERED and not recorded.fenced, f"recorded was {recorded}")
    expect(await world.state(mail.id) is State.DELIVERED, "the record pushed it back")
    types = [event.type for event in await world.events(mail.id)]
    expect(types[-2:] == ["email.sent", "email.delivered"], f"the timeline ends with {types}")


async def an_event_without_a_stamp_finds_its_mail_by_the_providers_id(world: World) -> None:
    early = _told(Fate.DELIVERED, event_id="early")
    expect(await _receive(world, early) == [Answer.PARKED], "a stranger's event was not kept")
    mail = await _sent(world)
    expect(await world.state(mail.id) is State.DELIVERED, "it was not applied when it was known")
    late = _told(Fate.COMPLAINED, event_id="late")
    expect(await _receive(world, late) == [Answer.MOVED], "it was not found")
    other = _told(Fate.BOUNCED, event_id="other", provider="second")
    expect(await _receive(world, other) == [Answer.PARKED], "another provider's id was believed")


async def the_same_event_twice_counts_once(world: World) -> None:
    mail = await _sent(world)
    event = _told(Fate.DELIVERED, mail.id)
    expect(await _receive(world, event, event) == [Answer.MOVED] * 2, "one request, one answer")
    count = len(await world.events(mail.id))
    expect(await _receive(world, event) == [Answer.REPEATED], "it was dealt with twice")
    expect(len(await world.events(mail.id)) == count, "it was told twice")


async def what_comes_too_late_is_ignored_and_noted(world: World) -> None:
    mail = await _sent(world)
    await _receive(world, _told(Fate.BOUNCED, mail.id))
    answers = await _receive(world, _told(Fate.DELIVERED, mail.id), _told(Fate.SENT, mail.id))
    expect(answers == [Answer.IGNORED] * 2, f"the answers were {answers}")
    expect(await world.state(mail.id) is State.BOUNCED, "an illegal move was made")
    last = (await world.events(mail.id))[-1]
    expect(last.type == "event.ignored" and last.data["state"] == "bounced", f"told was {last}")


async def a_providers_word_settles_an_unknown_outcome(world: World) -> None:
    for to in (State.DEFERRED, State.UNCONFIRMED):
        for fate, state in ((Fate.SENT, State.SENT), (Fate.BOUNCED, State.BOUNCED)):
            mail = await world.sending()
            await world.record(unknown(mail, world.now, to=to))
            expect(await _receive(world, _told(fate, mail.id)) == [Answer.MOVED], f"{to}, {fate}")
            expect(await world.state(mail.id) is state, f"{to} did not become {state}")
            world.advance(10)
            await world.database.write(wake_due, 100)
            expect(await world.claim() == [], "it would be sent again")


async def what_waits_settles_a_lost_lease_before_it_is_repeated(world: World) -> None:
    mail = await world.sending()
    await _receive(world, _told(Fate.DELIVERED, mail.id))
    await world.database.write(recover_leases, 100, world.routing, dead=["n1"])
    expect(await world.state(mail.id) is State.DELIVERED, "it goes out a second time")


async def what_waits_settles_a_mail_that_is_handed_back(world: World) -> None:
    mail = await world.sending()
    await world.record(unknown(mail, world.now))
    world.advance(10)
    await world.database.write(wake_due, 100)
    (again,) = await world.claim()
    await _receive(world, _told(Fate.DELIVERED, mail.id))
    await world.database.write(hand_back, [(again.id, again.lease_no)])
    expect(await world.state(mail.id) is State.DELIVERED, "it goes out a second time")
    expect(await world.database.write(settle_what_waits, 100) == 0, "something still waits")


async def a_mail_that_surely_never_went_is_not_moved(world: World) -> None:
    (email_id,) = await world.take(world.mail())
    expect(await _receive(world, _told(Fate.DELIVERED, email_id)) == [Answer.IGNORED], "it moved")
    expect(await world.state(email_id) is State.QUEUED, "it moved")


async def bad_news_of_an_earlier_copy_is_not_this_ones_fate(world: World) -> None:
    mail = await _sent(world)
    other = _told(Fate.BOUNCED, mail.id, provider_message_id="another", event_id="other")
    expect(await _receive(world, other) == [Answer.IGNORED], "another copy's bounce counted")
    good = _told(Fate.DELIVERED, mail.id, provider_message_id="another", event_id="good")
    expect(await _receive(world, good) == [Answer.MOVED], "it is delivered, whichever copy was")


async def a_delay_is_told_and_moves_nothing(world: World) -> None:
    mail = await _sent(world)
    delayed = _told(Fate.DELAYED, mail.id, reason="receiver_unavailable")
    expect(await _receive(world, delayed) == [Answer.NOTED], "it moved")
    last = (await world.events(mail.id))[-1]
    expect(last.type == "email.delayed" and "reason" in last.data, f"told was {last}")


async def of_several_recipients_each_has_a_fate_and_the_worst_decides(world: World) -> None:
    mail = await _sent(world, recipients=_PEOPLE)
    ada = _told(Fate.DELIVERED, mail.id, people=(_ADA,), event_id="1")
    expect(await _receive(world, ada) == [Answer.NOTED], "one of two decided for both")
    expect(await world.state(mail.id) is State.SENT, "it is not delivered to all")
    told = [event.type for event in await world.events(mail.id)]
    expect(told[-1] == "recipient.changed", f"told was {told}")
    bob = _told(Fate.BOUNCED, mail.id, people=(_BOB,), event_id="2", hard=True)
    expect(await _receive(world, bob) == [Answer.MOVED], "the worst does not decide")
    expect(await world.state(mail.id) is State.BOUNCED, "the worst does not decide")
    states = await world.database.read(_states, mail.id)
    expect(states == ["delivered", "bounced"], f"the recipients are {states}")
    expect(await _blocked(world, _ADA) == frozenset(), "who got it is blamed")
    expect(await _blocked(world, _BOB) == {_BOB}, "who bounced is not blamed")


async def of_several_recipients_all_delivered_is_delivered(world: World) -> None:
    mail = await _sent(world, recipients=_PEOPLE)
    for number, person in enumerate((_ADA, _BOB)):
        await _receive(
            world, _told(Fate.DELIVERED, mail.id, people=(person,), event_id=f"{number}")
        )
    expect(await world.state(mail.id) is State.DELIVERED, "it is delivered to all")


async def whom_nobody_can_tell_apart_nobody_is_blamed(world: World) -> None:
    mail = await _sent(world, recipients=_PEOPLE)
    some = _told(Fate.BOUNCED, mail.id, people=(_ADA, _BOB), sure=False, hard=True)
    expect(await _receive(world, some) == [Answer.MOVED], "it bounced for some")
    expect(await _blocked(world, _ADA, _BOB) == frozenset(), "somebody is blamed at random")
    states = await world.database.read(_states, mail.id)
    expect(states == ["open", "open"], f"the recipients are {states}")


async def a_hard_bounce_blocks_the_rest_and_critical_mail_only_after_a_second(
    world: World,
) -> None:
    for count in (1, 2):
        mail = await _sent(world, recipients=_PEOPLE[:1])
        await _receive(world, _told(Fate.BOUNCED, mail.id, people=(_ADA,), hard=True))
        expect(await _blocked(world, _ADA) == {_ADA}, "mail of no hurry still goes there")
        is_blocked = await _blocked(world, _ADA, critical=True)
        expect(is_blocked == ({_ADA} if count == 2 else frozenset()), f"after {count}")


async def a_soft_bounce_blocks_nobody_and_a_complaint_does_at_once(world: World) -> None:
    soft, angry = [await _sent(world, recipients=_PEOPLE[:1]) for _ in range(2)]
    await _receive(world, _told(Fate.BOUNCED, soft.id, people=(_ADA,)))
    expect(await _blocked(world, _ADA) == frozenset(), "a full mailbox locks somebody out")
    await _receive(world, _told(Fate.COMPLAINED, angry.id, people=(_ADA,)))
    expect(await _blocked(world, _ADA, critical=True) == {_ADA}, "who complained gets mail")


async def the_record_and_the_webhook_may_come_at_once(world: World) -> None:
    """On two nodes, in either order: it ends delivered."""
    other = await world.open_again()
    for number in range(8):
        mail = await world.sending()
        message = f"message-{number}"
        async with asyncio.TaskGroup() as group:
            group.create_task(world.record(_accepted(mail, world.now, message)))
            told = [_told(Fate.DELIVERED, mail.id, provider_message_id=message)]
            group.create_task(other.write(receive, told))
        expect(await world.state(mail.id) is State.DELIVERED, "one has undone the other")


async def how_well_a_provider_tells_is_counted(world: World) -> None:
    mails = [await _sent(world) for _ in range(6)]
    expect((await _health(world)).trouble is None, "it was judged too early")
    world.advance(600)
    silent = await _health(world)
    expect((silent.sent, silent.overdue, silent.events) == (6, 6, 0), f"counted was {silent}")
    expect(silent.trouble is Trouble.SILENT, "six mails and no event, and all is well")
    await world.database.write(count_feedback, [Counted(provider="first", refused=3)])
    wrong = await _health(world)
    expect(wrong.trouble is Trouble.WRONG_SECRET, f"wrong signatures give {wrong}")
    expect((wrong.refused_signatures, wrong.last_refused_at) == (3, world.now), f"{wrong}")
    await _receive(world, _told(Fate.SENT, mails[0].id), _told(Fate.DELIVERED, mails[0].id))
    well = await _health(world)
    expect((well.events, well.confirmed) == (2, 1), f"counted was {well}")
    expect(well.trouble is None and well.last_event_at == world.now, "events come, and it is ill")
    late = msgspec.structs.replace(_told(Fate.SENT, mails[1].id), at=world.now - 9_000)
    await _receive(world, late)
    # The first two tell of what happened at 1,000 ms, see `_told`.
    lag_ms = (2 * (world.now - 1_000) + 9_000) // 3
    expect((await _health(world)).lag_ms == lag_ms, "how late they came was not counted")


async def a_mail_nobody_can_tell_of_is_said_to_be_unverified_once(world: World) -> None:
    mail = await _sent(world)
    expect(await world.database.read(unsure, 10) == [], "it is not time to look")
    world.advance(61)
    for _ in range(2):
        (found,) = await world.database.read(unsure, 10)
        look = Look(found, world.now + 1_000, unverified=True)
        await world.database.write(look_later, [look])
        expect(await world.database.read(unsure, 10) == [], "it is looked at all the time")
        world.advance(1)
    told = [event.type for event in await world.events(mail.id)]
    expect(told.count("email.unverified") == 1, f"told was {told}")
    expect((await _health(world)).unverified == 1, "it was not counted")
    await _receive(world, _told(Fate.DELIVERED, mail.id))
    await world.database.write(look_later, [Look(found, world.now, unverified=True)])
    expect(await world.database.read(unsure, 10) == [], "what is known is looked for")


async def what_was_told_of_a_failure_explains_the_mail(world: World) -> None:
    mail = await _sent(world)
    failure = {"reason": "mailbox_not_found"}
    told = _told(Fate.BOUNCED, mail.id, reason="mailbox_not_found", failure=failure)
    (taken,) = await world.database.write(receive, [told])
    expect(taken == Taken(told.event_id, Answer.MOVED, mail.id, State.BOUNCED,
                          "mailbox_not_found"), f"taken was {taken}")  # fmt: skip
    kept = await world.database.read(_failure, mail.id)
    expect(msgspec.json.decode(kept) == failure, f"kept was {kept}")


async def _failure(tx: Tx, email_id: str) -> str:
    found = await tx.one("mails/standing", lambda *row: row[5], ids=[email_id])
    return str(found)


async def _states(tx: Tx, email_id: str) -> list[str]:
    return await tx.all("mails/recipients_told_of", lambda *row: str(row[5]), ids=[email_id])


async def _blocked(world: World, *lookups: bytes, critical: bool = False) -> frozenset[bytes]:
    found = await world.database.read(blocked, lookups, critical=critical, now=world.now)
    return frozenset(bytes(each) for each in found)


async def _health(world: World) -> FeedbackHealth:
    (found,) = await world.database.read(feedback_health, world.now - 3_600_000)
    return found


CASES: Final = (
    what_is_told_after_the_answer_moves_the_mail,
    what_is_told_before_the_answer_follows_it_and_is_not_pushed_back,
    an_event_without_a_stamp_finds_its_mail_by_the_providers_id,
    the_same_event_twice_counts_once,
    what_comes_too_late_is_ignored_and_noted,
    a_providers_word_settles_an_unknown_outcome,
    what_waits_settles_a_lost_lease_before_it_is_repeated,
    what_waits_settles_a_mail_that_is_handed_back,
    a_mail_that_surely_never_went_is_not_moved,
    bad_news_of_an_earlier_copy_is_not_this_ones_fate,
    a_delay_is_told_and_moves_nothing,
    of_several_recipients_each_has_a_fate_and_the_worst_decides,
    of_several_recipients_all_delivered_is_delivered,
    whom_nobody_can_tell_apart_nobody_is_blamed,
    a_hard_bounce_blocks_the_rest_and_critical_mail_only_after_a_second,
    a_soft_bounce_blocks_nobody_and_a_complaint_does_at_once,
    the_record_and_the_webhook_may_come_at_once,
    how_well_a_provider_tells_is_counted,
    a_mail_nobody_can_tell_of_is_said_to_be_unverified_once,
    what_was_told_of_a_failure_explains_the_mail,
)
