"""What an operator may do with mails by hand, and what the store answers instead of doing it."""

import pytest

from mailproof.mail.lifecycle import MOVES, State
from mailproof.store.base import Database, Tx
from mailproof.store.mails.desk import MOVED_MAX, Answer, Moved, cancel, reschedule, retry
from mailproof.store.mails.duties import sweep
from mailproof.store.mails.listing import Mail, seq_of, show
from mailproof.store.routes.breakers import open_route
from mailproof.store.routes.lanes import settle_lanes
from mailproof.testing import ManualClock
from tests.store.mails import ONE, accepted, claimed, new_mail
from tests.store.seeding import NO_SUCH_FIELD, NOT_VERIFIED, led_to, open_for_mail, recorded

NOBODY = "0198c0de-ffff-7000-8000-00000000dead"
ADA = "cli:ada"
HOUR_MS = 3_600_000


async def retried(database: Database, *ids: str, may_double: bool = False) -> list[Moved]:
    return await database.write(
        retry, ids, actor=ADA, lifetime_ms=lambda _: 2 * HOUR_MS, may_double=may_double
    )


async def canceled(database: Database, *ids: str, app: str | None = None) -> list[Moved]:
    return await database.write(cancel, ids, actor=ADA, app=app)


async def seen(database: Database, email_id: str) -> Mail:
    shown = await database.read(show, email_id)
    assert shown
    return shown.mail


async def last_event(database: Database, email_id: str) -> tuple[str, str, dict[str, object]]:
    shown = await database.read(show, email_id)
    assert shown
    event = shown.events[-1]
    return event.type, event.actor, event.data


async def led_by_hand(database: Database, state: State) -> str:
    """A mail in any state that a test can lead it to."""
    now = database.now()
    match state:
        case State.SCHEDULED:
            return (await accepted(database, new_mail(now, scheduled_at=now + 1), routing=ONE))[0]
        case State.QUEUED:
            return (await accepted(database, new_mail(now), routing=ONE))[0]
        case State.SENDING:
            (email_id,) = await accepted(database, new_mail(now), routing=ONE)
            await claimed(database)
            return email_id
        case State.HELD:
            return await led_to(database, state, NOT_VERIFIED, closes=True)
        case State.DEFERRED:
            return await led_to(database, state, NO_SUCH_FIELD, due_at=now + HOUR_MS)
        case State.UNCONFIRMED:
            return await led_to(database, state, unknown=True)
        case _:
            return await led_to(database, state)


async def test_a_failed_mail_is_sent_again_under_a_new_key(
    database: Database, clock: ManualClock
) -> None:
    await open_for_mail(database)
    email_id = await led_to(database, State.FAILED, NO_SUCH_FIELD)
    clock.advance(86_400)
    (moved,) = await retried(database, email_id)
    assert moved == Moved(email_id, Answer.DONE, State.FAILED, State.QUEUED)
    mail = await seen(database, email_id)
    assert (mail.state, mail.reason) == (State.QUEUED, None)
    assert mail.expires_at == database.now() + 2 * HOUR_MS
    assert [each.state for each in mail.recipients] == ["open"]
    (again,) = await claimed(database)
    assert (again.id, again.tries) == (email_id, 0)
    assert again.epoch == 2  # one for the refusal, one for this decision


async def test_the_event_says_who_did_it_and_where_the_mail_was(database: Database) -> None:
    await open_for_mail(database)
    email_id = await led_to(database, State.FAILED, NO_SUCH_FIELD)
    await retried(database, email_id)
    data = {"why": "by_hand", "was": "failed"}
    assert await last_event(database, email_id) == ("email.queued", ADA, data)


async def test_an_expiry_is_never_brought_forward(database: Database) -> None:
    await open_for_mail(database)
    late = database.now() + 30 * HOUR_MS
    email_id = await led_to(database, State.FAILED, NO_SUCH_FIELD, expires_at=late)
    await retried(database, email_id)
    assert (await seen(database, email_id)).expires_at == late


async def test_a_mail_that_may_be_out_keeps_its_key_when_it_is_sent_again(
    database: Database,
) -> None:
    await open_for_mail(database)
    email_id = await led_to(database, State.DEFERRED, unknown=True, due_at=database.now() + 1)
    (stopped,) = await canceled(database, email_id)
    assert (stopped.answer, stopped.maybe_sent) == (Answer.DONE, True)
    assert (await last_event(database, email_id))[2]["outcome"] == "unknown"
    (moved,) = await retried(database, email_id)
    assert (moved.answer, moved.maybe_sent) == (Answer.DONE, True)
    (again,) = await claimed(database)
    assert (again.epoch, again.unknown_since is None) == (0, False)


async def test_whoever_allows_two_copies_gets_a_new_key_and_any_provider(
    database: Database,
) -> None:
    await open_for_mail(database)
    email_id = await led_to(database, State.DEFERRED, unknown=True, due_at=database.now() + 1)
    await canceled(database, email_id)
    await retried(database, email_id, may_double=True)
    (again,) = await claimed(database)
    assert (again.epoch, again.unknown_since, again.pin) == (1, None, "")


async def test_an_unconfirmed_mail_is_sent_again_only_by_who_allows_two_copies(
    database: Database,
) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, State.UNCONFIRMED)
    (refused,) = await retried(database, email_id)
    assert (refused.answer, refused.state) == (Answer.MAY_DOUBLE, State.UNCONFIRMED)
    assert (await seen(database, email_id)).state is State.UNCONFIRMED
    (moved,) = await retried(database, email_id, may_double=True)
    assert (moved.answer, moved.maybe_sent) == (Answer.DONE, True)
    (again,) = await claimed(database)
    assert (again.id, again.epoch, again.unknown_since) == (email_id, 1, None)


async def test_a_deferred_mail_is_due_now(database: Database) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, State.DEFERRED)
    (moved,) = await retried(database, email_id)
    assert moved.answer is Answer.DONE
    (again,) = await claimed(database)
    assert (again.id, again.tries) == (email_id, 1)  # what waits goes on, it does not start anew


async def test_a_mail_held_in_a_closed_lane_stays_and_the_answer_says_why(
    database: Database,
) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, State.HELD)
    (moved,) = await retried(database, email_id)
    assert (moved.answer, moved.reason) == (Answer.LANE_CLOSED, "sender_unverified")
    assert (await seen(database, email_id)).state is State.HELD


async def test_a_held_mail_whose_lane_is_releasing_need_not_wait_for_its_turn(
    database: Database,
) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, State.HELD)
    await database.write(_reopen)
    (moved,) = await retried(database, email_id)
    assert moved.answer is Answer.DONE
    assert [mail.id for mail in await claimed(database)] == [email_id]


async def _reopen(tx: Tx) -> None:
    await open_route(tx, "resend", "acme.test")
    await settle_lanes(tx, ONE)


async def test_a_mail_whose_content_is_erased_cannot_be_sent_again(
    database: Database,
) -> None:
    await open_for_mail(database)
    email_id = await led_to(database, State.FAILED, NO_SUCH_FIELD, content_stored=True)
    (moved,) = await retried(database, email_id)
    assert moved.answer is Answer.CONTENT_GONE
    assert (await seen(database, email_id)).state is State.FAILED


async def test_what_a_critical_mail_said_is_gone_once_it_has_expired(
    database: Database, clock: ManualClock
) -> None:
    await open_for_mail(database)
    until = database.now() + HOUR_MS
    email_id = await led_to(database, State.FAILED, NO_SUCH_FIELD, critical=True, expires_at=until)
    clock.advance(3_599)
    await database.write(sweep, 100, contents_ms=168 * HOUR_MS)
    (moved,) = await retried(database, email_id)
    assert moved.answer is Answer.DONE
    await canceled(database, email_id)
    clock.advance(2 * 3_600)  # what was sent again is of use for longer
    await database.write(sweep, 100, contents_ms=168 * HOUR_MS)
    (moved,) = await retried(database, email_id)
    assert moved.answer is Answer.CONTENT_GONE
    assert (await seen(database, email_id)).state is State.CANCELED


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        (State.QUEUED, Answer.ALREADY),
        (State.SENDING, Answer.SENDING),
        (State.SCHEDULED, Answer.SCHEDULED),
        (State.SENT, Answer.ENDED),
        (State.DELIVERED, Answer.ENDED),
        (State.BOUNCED, Answer.ENDED),
        (State.COMPLAINED, Answer.ENDED),
        (State.SUPPRESSED, Answer.ENDED),
        (State.SANDBOXED, Answer.ENDED),
    ],
)
async def test_what_cannot_be_sent_again_stays_where_it_is(
    database: Database, state: State, answer: Answer
) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, state)
    assert await retried(database, email_id, may_double=True) == [
        Moved(email_id, answer, state, state)
    ]
    assert (await seen(database, email_id)).state is state


@pytest.mark.parametrize("state", [State.SCHEDULED, State.QUEUED, State.DEFERRED, State.HELD])
async def test_whatever_waits_can_be_canceled(database: Database, state: State) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, state)
    (moved,) = await canceled(database, email_id)
    assert moved == Moved(email_id, Answer.DONE, state, State.CANCELED)
    assert (await last_event(database, email_id))[:2] == ("email.canceled", ADA)
    assert await claimed(database) == []


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        (State.SENDING, Answer.SENDING),
        (State.UNCONFIRMED, Answer.MAY_DOUBLE),
        (State.SENT, Answer.ENDED),
        (State.FAILED, Answer.ENDED),
        (State.CANCELED, Answer.ALREADY),
    ],
)
async def test_what_cannot_be_canceled_stays_where_it_is(
    database: Database, state: State, answer: Answer
) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, state)
    (moved,) = await canceled(database, email_id)
    assert (moved.answer, moved.state) == (answer, state)
    assert (await seen(database, email_id)).state is state


async def test_a_mail_under_a_lease_goes_as_its_node_says_whoever_cancels(
    database: Database,
) -> None:
    """The claim was first: its node sends it, and what it records is what holds."""
    await open_for_mail(database)
    (email_id,) = await accepted(database, new_mail(database.now()), routing=ONE)
    (leased,) = await claimed(database)
    (moved,) = await canceled(database, email_id)
    assert moved.answer is Answer.SENDING
    await recorded(database, leased, State.SENT)
    assert (await seen(database, email_id)).state is State.SENT


async def test_each_mail_gets_its_own_answer_in_the_order_asked(database: Database) -> None:
    await open_for_mail(database)
    failed = await led_to(database, State.FAILED, NO_SUCH_FIELD)
    sent = await led_to(database, State.SENT)
    answers = await retried(database, NOBODY, sent, "no-id", failed.upper(), failed)
    assert [(each.id, each.answer) for each in answers] == [
        (NOBODY, Answer.NOT_FOUND),
        (sent, Answer.ENDED),
        ("no-id", Answer.NOT_FOUND),
        (failed, Answer.DONE),
    ]


async def test_another_apps_mail_is_not_found(database: Database) -> None:
    await open_for_mail(database)
    email_id = await led_by_hand(database, State.QUEUED)
    assert await canceled(database, email_id, app="blog") == [Moved(email_id, Answer.NOT_FOUND)]
    at = database.now()
    moved = await database.write(reschedule, email_id, at, actor=ADA, app="blog")
    assert moved.answer is Answer.NOT_FOUND
    (own,) = await canceled(database, email_id, app="shop")
    assert own.answer is Answer.DONE


async def test_a_scheduled_mail_gets_another_time_and_its_expiry_moves_along(
    database: Database,
) -> None:
    now = database.now()
    mail = new_mail(now, scheduled_at=now + HOUR_MS, expires_at=now + 3 * HOUR_MS)
    (email_id,) = await accepted(database, mail, routing=ONE)
    moved = await database.write(reschedule, email_id.upper(), now + 5 * HOUR_MS, actor="key:1f2e")
    assert moved == Moved(email_id, Answer.DONE, State.SCHEDULED, State.SCHEDULED)
    shown = await seen(database, email_id)
    assert (shown.due_at, shown.expires_at) == (now + 5 * HOUR_MS, now + 7 * HOUR_MS)
    data = {"was_due_at": now + HOUR_MS, "due_at": now + 5 * HOUR_MS}
    assert await last_event(database, email_id) == ("email.rescheduled", "key:1f2e", data)


async def test_a_mail_that_is_not_scheduled_cannot_be_rescheduled(database: Database) -> None:
    email_id = await led_by_hand(database, State.QUEUED)
    moved = await database.write(reschedule, email_id, 1, actor=ADA)
    assert moved.answer is Answer.NOT_SCHEDULED
    assert (await database.write(reschedule, NOBODY, 1, actor=ADA)).answer is Answer.NOT_FOUND


async def test_one_transaction_takes_so_many_mails_and_not_more(database: Database) -> None:
    with pytest.raises(ValueError, match="201 mails are more than the 200"):
        await retried(database, *([NOBODY] * (MOVED_MAX + 1)))


async def test_no_answer_ever_leads_against_the_table_of_moves(database: Database) -> None:
    await open_for_mail(database)
    for state in State:
        if state in {State.SUPERSEDED, State.CANCELED, State.EXPIRED}:
            continue
        for act, to in ((retried, State.QUEUED), (canceled, State.CANCELED)):
            email_id = await led_by_hand(database, state)
            (moved,) = await act(database, email_id)
            if moved.answer is Answer.DONE:
                assert to in MOVES[state]
            assert await database.read(seq_of, email_id)
            await database.write(_reopen)
            await claimed(database)
