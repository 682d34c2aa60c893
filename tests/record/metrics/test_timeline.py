"""Minutes and paces are folded from the event log: each event counts once, in its own minute."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import State
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.following import Counting
from mailproof.record.metrics.timeline import COUNTS_AS, happened, took
from mailproof.store.base import Database, NewEvent, Tx
from mailproof.store.console.minutes import Happened, Minute, minutes
from mailproof.store.console.paces import Pace, Took, last_sends, pace_of, paces_since, upper_of
from mailproof.store.records.totals import Group
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock

KNOWN = Known(purposes=frozenset({"otp"}), providers=frozenset({"resend"}))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(clock: ManualClock, tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: int(clock.now() * 1000))
    yield opened
    await opened.close()


def follower(database: Database, clock: ManualClock) -> Counting:
    return Counting(database, KNOWN, clock, lambda: True)


def group(type_: str, count: int = 1, **given: Any) -> Group:
    empty = dict.fromkeys(
        ("purpose", "provider", "reason", "attempt_provider", "attempt_outcome", "attempt_reason"),
        "",
    )
    return Group(**{"type": type_, "count": count, "ages": "[]", "last_id": 1, **empty, **given})


async def tell(tx: Tx, *events: NewEvent) -> None:
    for event in events:
        tx.tell(event)


def test_every_state_that_a_mail_comes_to_rest_in_counts_as_something() -> None:
    counted = {state for state in State if OF_STATE[state].value in COUNTS_AS}
    passing = {State.SCHEDULED, State.QUEUED, State.SENDING}
    # A mail that is delivered was counted when it was sent.
    assert set(State) - counted == passing | {State.DELIVERED}
    assert set(COUNTS_AS.values()) == set(Minute.__struct_fields__[1:])


def test_an_event_counts_in_its_minute_for_the_purpose_of_its_mail() -> None:
    groups = [
        group("email.accepted", 3, purpose="otp", minute=7),
        group("email.held", 2, purpose="otp", minute=8),
        group("route.closed", minute=8),
    ]
    assert list(happened(groups)) == [
        Happened(7, "otp", "accepted", 3),
        Happened(8, "otp", "waiting", 2),
    ]


def test_what_its_app_had_scheduled_was_sent_and_has_no_pace() -> None:
    sent = group("email.sent", 3, attempt_provider="resend", ages="[90, 95]", minute=61, last_at=9)
    assert list(took([sent])) == [Took(1, "", "resend", 98, 2, 9), Took(1, "", "resend", 0, 1, 9)]


@given(st.integers(min_value=1, max_value=86_400_000))
def test_a_class_is_at_most_a_tenth_and_a_millisecond_too_much(age_ms: int) -> None:
    upper = upper_of(age_ms)
    assert age_ms <= upper <= age_ms * 1.1 + 1


def test_a_pace_is_that_of_the_mail_in_its_place() -> None:
    paces = [Pace("otp", "a", ms, count) for ms, count in ((0, 50), (100, 1), (200, 98), (900, 1))]
    assert [pace_of(paces, share) for share in (0.01, 0.5, 0.99, 1.0)] == [100, 200, 200, 900]
    assert pace_of(paces[:1], 0.5) is None


async def test_each_event_is_counted_in_the_minute_in_which_it_was_written(
    database: Database, clock: ManualClock
) -> None:
    counting = follower(database, clock)
    began = database.now()
    first = began // 60_000
    accepted = NewEvent(EventType.EMAIL_ACCEPTED, None, {"purpose": "otp"})
    sent = NewEvent(EventType.EMAIL_SENT, None, {"provider": "resend", "age_ms": 310})
    await database.write(tell, accepted, accepted, sent)
    clock.advance(60)
    await database.write(tell, accepted)
    assert await counting.catch_up() == 4
    assert await counting.catch_up() == 0
    found = await database.read(minutes, since_minute=first)
    assert [(each.minute - first, each.accepted, each.sent) for each in found] == [
        (0, 2, 1),
        (1, 1, 0),
    ]
    (pace,) = await database.read(paces_since, 0)
    assert (pace.provider, pace.upper_ms, pace.count) == ("resend", upper_of(310), 1)
    (last,) = await database.read(last_sends)
    assert last.at == began


async def test_two_followers_and_one_that_dies_on_its_way_count_each_event_once(
    database: Database, clock: ManualClock
) -> None:
    accepted = NewEvent(EventType.EMAIL_ACCEPTED, None, {"purpose": "otp"})
    for _ in range(3):
        await database.write(tell, *[accepted] * 1_000)
    async with asyncio.TaskGroup() as alone:
        dying = alone.create_task(follower(database, clock).catch_up())
        await asyncio.sleep(0)
        dying.cancel()
    async with asyncio.TaskGroup() as together:
        tasks = [together.create_task(follower(database, clock).catch_up()) for _ in range(2)]
    counted = Counter[str]()
    for each in await database.read(minutes, since_minute=0):
        counted["accepted"] += each.accepted
    assert counted["accepted"] == 3_000
    assert sum(task.result() for task in tasks) <= 3_000
