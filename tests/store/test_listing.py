"""What can be seen of mails: pages of them, one with its story, and where some of them are."""

import pytest

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.listing import content, listing, seq_of, show, states
from mailproof.testing import ManualClock
from tests.store.mails import ONE, accepted, claimed, new_mail
from tests.store.seeding import NO_SUCH_FIELD, NOT_VERIFIED, led_to, open_for_mail, recorded

NOBODY = "0198c0de-ffff-7000-8000-00000000dead"


async def ids(database: Database, **wanted: object) -> list[str]:
    page = await database.read(listing, **wanted)  # type: ignore[arg-type]
    return [mail.id for mail in page.mails]


async def three(database: Database) -> list[str]:
    """Mails of two apps, oldest first."""
    now = database.now()
    mails = [new_mail(now, app=app) for app in ("shop", "blog", "shop")]
    return await accepted(database, *mails, routing=ONE)


async def test_mails_are_listed_newest_first(database: Database) -> None:
    mails = await three(database)
    assert await ids(database) == mails[::-1]


async def test_a_page_says_whether_there_is_more(database: Database) -> None:
    mails = await three(database)
    first = await database.read(listing, limit=2)
    assert ([mail.id for mail in first.mails], first.has_more) == (mails[:0:-1], True)
    older = await database.read(listing, limit=2, before_seq=first.mails[-1].seq)
    assert ([mail.id for mail in older.mails], older.has_more) == (mails[:1], False)


async def test_the_next_newer_page_is_the_one_right_after_the_cursor(database: Database) -> None:
    mails = await three(database)
    seq = await database.read(seq_of, mails[0])
    newer = await database.read(listing, after_seq=seq, limit=1)
    assert ([mail.id for mail in newer.mails], newer.has_more) == ([mails[1]], True)


async def test_an_app_sees_its_own_mails_only(database: Database) -> None:
    mails = await three(database)
    assert await ids(database, app="shop") == [mails[2], mails[0]]
    assert await ids(database, app="nobody") == []
    seq = await database.read(seq_of, mails[0])
    assert await ids(database, app="shop", after_seq=seq) == [mails[2]]
    assert await database.read(seq_of, mails[1], "shop") is None
    assert await database.read(show, mails[1], "shop") is None
    assert await database.read(content, mails[1], "shop") is None


@pytest.mark.parametrize(
    ("state", "failure"),
    [
        (State.FAILED, NO_SUCH_FIELD),
        (State.DEFERRED, NO_SUCH_FIELD),
        (State.SENT, None),
        (State.UNCONFIRMED, None),
    ],
)
async def test_mails_are_found_by_their_state(
    database: Database, state: State, failure: Failure | None
) -> None:
    await open_for_mail(database)
    due = database.now() + 60_000 if state is State.DEFERRED else None
    mail = await led_to(
        database,
        state,
        failure,
        due_at=due,
        unknown=state is State.UNCONFIRMED,
    )
    (waiting,) = await accepted(database, new_mail(database.now()), routing=ONE)
    assert await ids(database, state=state) == [mail]
    assert await ids(database, state=state, app="shop") == [mail]
    assert await ids(database, state=state, app="blog") == []
    assert await ids(database, state=State.QUEUED) == [waiting]
    assert await ids(database, state=State.CANCELED) == []


async def test_what_waits_is_found_however_many_mails_came_after_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailproof.store.mails.finding._WINDOW", 2)
    await open_for_mail(database)
    held = await led_to(database, State.HELD, NOT_VERIFIED, closes=True)
    now = database.now()
    await accepted(
        database, *(new_mail(now, lane_sender="other.test") for _ in range(5)), routing=ONE
    )
    (leased, *_) = await claimed(database, 1)
    assert await ids(database, state="held") == [held]
    assert await ids(database, state="sending") == [leased.id]
    assert len(await ids(database, state="queued")) == 4
    assert len(await ids(database, state="queued", limit=2)) == 2


async def test_mails_are_found_by_purpose_reason_and_time(
    database: Database, clock: ManualClock
) -> None:
    await open_for_mail(database)
    old = await led_to(database, State.FAILED, NO_SUCH_FIELD, purpose="receipt", critical=False)
    clock.advance(3_600)
    since = database.now()
    new = await led_to(database, State.FAILED, NO_SUCH_FIELD)
    assert await ids(database, purpose="receipt") == [old]
    assert await ids(database, state="failed", reason="message_invalid") == [new, old]
    assert await ids(database, state="failed", reason="mailbox_full") == []
    assert await ids(database, since=since) == [new]
    assert await ids(database, since=since + 1) == []
    assert await ids(database, since=0) == [new, old]


async def test_a_mail_is_shown_with_all_that_happened_to_it(
    database: Database, clock: ManualClock
) -> None:
    await open_for_mail(database)
    due = database.now() + 1_000
    mail = await led_to(database, State.DEFERRED, NO_SUCH_FIELD, due_at=due)
    shown = await database.read(show, mail)
    assert shown
    assert (shown.mail.state, shown.mail.due_at, shown.mail.addresses("to")) == (
        State.DEFERRED,
        due,
        ["ada@example.com"],
    )
    assert [event.type for event in shown.events] == [
        "email.accepted",
        "email.sending",
        "email.deferred",
    ]
    (attempt,) = shown.attempts
    assert (attempt.provider, attempt.outcome) == ("resend", "refused")
    assert attempt.failure
    assert attempt.failure.reason is Reason.MESSAGE_INVALID
    assert shown.mail.failure == attempt.failure


async def test_an_id_is_known_in_capital_letters_too(database: Database) -> None:
    mails = await three(database)
    shown = await database.read(show, mails[0].upper())
    assert shown
    assert shown.mail.id == mails[0]
    assert shown.events


@pytest.mark.parametrize("email_id", [NOBODY, "no-id", "", "'; DROP TABLE emails"])
async def test_what_does_not_exist_is_none_whatever_was_typed(
    database: Database, email_id: str
) -> None:
    assert await database.read(show, email_id) is None
    assert await database.read(seq_of, email_id) is None
    assert await database.read(content, email_id) is None
    assert await database.read(states, [email_id]) == {}


async def test_once_a_mail_is_sent_its_earlier_failure_is_history(
    database: Database, clock: ManualClock
) -> None:
    await open_for_mail(database)
    mail = await led_to(database, State.QUEUED, NO_SUCH_FIELD)
    (again,) = await claimed(database)
    await recorded(database, again, State.SENT)
    shown = await database.read(show, mail)
    assert shown
    assert shown.mail.failure is None
    assert [each.failure is None for each in shown.attempts] == [False, True]


async def test_a_mail_that_was_held_untried_is_explained_by_what_closed_its_route(
    database: Database,
) -> None:
    await open_for_mail(database)
    tried = await led_to(database, State.HELD, NOT_VERIFIED, closes=True)
    (untried,) = await accepted(database, new_mail(database.now()), routing=ONE)
    (other,) = await accepted(
        database, new_mail(database.now(), lane_sender="other.test"), routing=ONE
    )
    standing = await database.read(states, [tried, untried, other, NOBODY])
    assert set(standing) == {tried, untried, other}
    for email_id in (tried, untried):
        assert standing[email_id].state is State.HELD
        failure = standing[email_id].failure
        assert failure
        assert failure.reason is Reason.SENDER_UNVERIFIED
    assert standing[other].failure is None
    assert (await database.read(listing, state="held")).mails[0].failure


async def test_the_content_is_what_the_app_sent(database: Database) -> None:
    mails = await three(database)
    assert await database.read(content, mails[0]) == {"subject": "Hello"}
