"""In whatever order a provider's answer and its events come, a mail ends where they all lead."""

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailproof.mail.fate import FINAL, Fate, of_recipients
from mailproof.mail.lifecycle import State, is_legal
from mailproof.store.mails.duties import recover_leases, wake_due
from mailproof.store.mails.feedback import receive
from mailproof.store.mails.telling import Answer, Person, ToldMail, weigh
from mailproof.store.records.inbox import Told
from mailproof.store.shapes import Claimed
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing.store_suite import World, fresh_world
from mailproof.testing.store_suite.outcomes import sent, unknown

ANSWER, LOST, UNKNOWN = "answered", "lease lost", "no answer"
# What may end a lease, and what a provider may tell of one mail; no two of the bad ones.
ENDS: Final = st.sampled_from([ANSWER, LOST, UNKNOWN])
GOOD: Final = st.lists(st.sampled_from([Fate.SENT, Fate.DELAYED, Fate.DELIVERED]), unique=True)
BAD: Final = st.sampled_from([None, Fate.BOUNCED, Fate.COMPLAINED])


@st.composite
def stories(draw: st.DrawFn) -> list[str]:
    """The end of the lease and all events, some of them twice, in any order."""
    bad = draw(BAD)
    events: list[str] = [*draw(GOOD), *([] if bad is None else [bad])]
    again = draw(st.lists(st.sampled_from(events))) if events else []
    return draw(st.permutations([draw(ENDS), *events, *again]))


def where_it_leads(story: list[str]) -> set[State]:
    for fate, state in ((Fate.BOUNCED, State.BOUNCED), (Fate.COMPLAINED, State.COMPLAINED),
                        (Fate.DELIVERED, State.DELIVERED)):  # fmt: skip
        if fate in story:
            return {state}
    if ANSWER in story or Fate.SENT in story or Fate.DELAYED in story:
        return {State.SENT}
    return {State.DEFERRED}


async def _told(world: World, mail: Claimed, fate: Fate) -> None:
    told = Told(
        provider="first",
        event_id=f"{mail.id}:{fate}",
        fate=fate,
        at=world.now,
        email_id=mail.id,
        provider_message_id=f"message-{mail.id}",
    )
    await world.database.write(receive, [told])


async def _end(world: World, mail: Claimed, how: str) -> None:
    if how == LOST:
        await world.database.write(recover_leases, 10, world.routing, dead=["n1"])
        return
    outcome = sent(mail, world.now) if how == ANSWER else unknown(mail, world.now)
    attempt = outcome.attempt
    assert attempt is not None
    if how == ANSWER:
        attempt = msgspec.structs.replace(attempt, provider_message_id=f"message-{mail.id}")
    (recorded,) = await world.record(msgspec.structs.replace(outcome, attempt=attempt))
    assert not recorded.fenced


async def _live(folder: Path, story: list[str]) -> tuple[State, list[str], int]:
    async with fresh_world(lambda now: open_sqlite(folder / "m.db", now_ms=now)) as world:
        mail = await world.sending()
        for step in story:
            if step in {ANSWER, LOST, UNKNOWN}:
                await _end(world, mail, step)
            else:
                await _told(world, mail, Fate(step))
        state = await world.state(mail.id)
        types = [event.type for event in await world.events(mail.id)]
        world.advance(3_600)
        await world.database.write(wake_due, 10)
        return state, types, len(await world.claim())


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=stories())
def test_the_order_of_answer_and_events_does_not_matter(
    story: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    state, types, goes_again = asyncio.run(_live(tmp_path_factory.mktemp("order"), story))
    assert {state} == where_it_leads(story)
    assert goes_again == (state is State.DEFERRED), "it was sent although it is there"
    moves = [kind for kind in types if kind in {f"email.{fate}" for fate in FINAL}]
    assert len(moves) == len(set(moves)), "an end was told twice"


@given(
    start=st.sampled_from(State),
    fates=st.lists(st.sampled_from(Fate), max_size=6),
    unknown_since=st.none() | st.just(1),
    people=st.integers(1, 3),
    named=st.lists(st.integers(0, 3), max_size=4),
    sure=st.booleans(),
)
def test_no_event_makes_a_move_that_the_table_does_not_have(
    *,
    start: State,
    fates: list[Fate],
    unknown_since: int | None,
    people: int,
    named: list[int],
    sure: bool,
) -> None:
    rows = [Person("m", n, "to", f"p{n}@x.test", bytes([n]) * 16, "open") for n in range(people)]
    mail = ToldMail(*("m", start, "otp", True), "first", None, unknown_since, rows)
    for fate in fates:
        before, settles = mail.state, mail.is_unknown
        lookups = tuple(bytes([n]) * 16 for n in named)
        told = Told(provider="first", event_id="e", fate=fate, at=1, people=lookups, sure=sure)
        answer, events = weigh(mail, told)
        came_from = State.SENDING if settles else before
        assert mail.state is before or is_legal(came_from, mail.state)
        assert (answer is Answer.MOVED) == (mail.state is not before)
        assert (answer is Answer.PARKED) == (before is State.SENDING)
        if answer is Answer.MOVED:
            assert events[0].type == f"email.{mail.state}"


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["delivered", "delivered"], State.DELIVERED),
        (["delivered", "open"], State.SENT),
        (["open", "sent"], State.SENT),
        (["delivered", "failed"], State.DELIVERED),
        (["failed", "failed"], State.FAILED),
        (["delivered", "suppressed"], State.SUPPRESSED),
        (["bounced", "suppressed"], State.BOUNCED),
        (["bounced", "complained"], State.COMPLAINED),
        ([], State.SENT),
    ],
)
def test_a_mails_state_follows_from_its_recipients(states: list[str], state: State) -> None:
    assert of_recipients(states) is state
