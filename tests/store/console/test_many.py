"""Beside tens of thousands of mails a search reads its share, says how far it came, and goes on."""

from collections.abc import Sequence

import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database, Tx
from mailproof.store.console.bulk import CHOSEN_MAX, STEP_MAX, apply, preview
from mailproof.store.console.counts import COUNT_MAX, NAV_MAX, counts, nav, total, waits
from mailproof.store.console.search import COUNTED_MAX, Found, Query, count_newer, search
from mailproof.store.mails.desk import Answer
from mailproof.store.routes.lanes import ensure_lane
from tests.store.mails import ONE
from tests.store.seeding import open_for_mail

MAILS = 25_000
# Accepted one each second; the first then.
BEGAN = 1_700_000_000_000
# Numbers in the order of arrival, from 1 on.
# Among them the last of one step and the last of one call, after which a search goes on.
OF_ADA = (24_990, 15_000, 5_000, 9)
FAILED = (24_000, 9)
ENDED = (State.FAILED, State.EXPIRED, State.BOUNCED, State.COMPLAINED)


async def fill(tx: Tx, states: Sequence[str]) -> None:
    """Mails in these states in turn, but for `FAILED`."""
    lane = await ensure_lane(tx, "acme.test", "", ONE)
    mails, recipients = [], []
    for number in range(1, MAILS + 1):
        at = BEGAN + number * 1_000
        id_ = f"0198c0de-0000-7000-8000-{number:012x}"
        state = "failed" if number in FAILED else states[number % len(states)]
        mails.append(
            (id_, "shop", "", None, None, lane.id, "", state, "otp", True, None, at + 9, at, at, 1,
             None, "promise", None, None, "hello@acme.test", f"Order {number}")
        )  # fmt: skip
        address = f"{'ada' if number in OF_ADA else 'reader'}@mail.test"
        recipients.append((id_, 0, "to", address, b"l" * 16, "open", None))
    await tx.many("mails/insert_emails", mails)
    await tx.many("mails/insert_recipients", recipients)


@pytest.fixture
async def full(database: Database) -> Database:
    await open_for_mail(database)
    await database.write(fill, ["sent"])
    return database


def numbers(found: Found) -> list[int]:
    return [(mail.created_at - BEGAN) // 1_000 for mail in found.mails]


async def test_a_search_that_has_read_its_share_goes_on_where_it_stopped(full: Database) -> None:
    query = Query(text="ADA@")
    first = await full.read(search, query)
    assert numbers(first) == [24_990, 15_000]
    assert first.searched_to is not None
    assert BEGAN < first.searched_to < BEGAN + 10_000_000
    assert first.older is not None
    second = await full.read(search, query, before_seq=first.older)
    assert (numbers(second), second.older, second.searched_to) == ([5_000, 9], None, None)
    assert second.newer


async def test_a_page_is_full_before_the_share_is_read(full: Database) -> None:
    found = await full.read(search, Query(text="order"), limit=10)
    assert numbers(found) == list(range(MAILS, MAILS - 10, -1))
    assert found.searched_to is None


async def test_what_an_index_knows_is_found_at_once_however_old_it_is(full: Database) -> None:
    found = await full.read(search, Query(states=ENDED))
    assert (numbers(found), found.older, found.searched_to) == ([24_000, 9], None, None)
    back = await full.read(search, Query(states=ENDED), before_seq=found.mails[0].seq)
    assert numbers(back) == [9]
    assert back.newer


async def test_what_one_index_has_found_waits_for_what_another_has_not_yet(
    database: Database,
) -> None:
    await open_for_mail(database)
    await database.write(fill, ["canceled"])
    query = Query(text="ada@", states=(State.CANCELED, State.FAILED))
    pages = [await database.read(search, query)]
    while (older := pages[-1].older) is not None:
        pages.append(await database.read(search, query, before_seq=older))
    assert [numbers(page) for page in pages] == [[24_990, 15_000], [5_000], [9]]


async def test_a_span_of_time_bounds_what_is_read(full: Database) -> None:
    query = Query(text="ada", since=BEGAN + 14_000_000, until=BEGAN + 16_000_000)
    found = await full.read(search, query)
    assert (numbers(found), found.older) == ([15_000], None)


async def test_new_mails_are_counted_up_to_a_thousand(full: Database) -> None:
    assert await full.read(count_newer, Query(), 1) == COUNTED_MAX
    assert await full.read(count_newer, Query(states=ENDED), 1) == 2


async def test_what_is_too_much_to_count_is_about_right_and_says_so(database: Database) -> None:
    await open_for_mail(database)
    await database.write(fill, ["sent", "canceled", "queued", "canceled"])
    found = await database.read(counts, None)
    assert not found.exact
    assert found.all == MAILS == await database.read(total)
    assert found.other == pytest.approx(MAILS / 2, rel=0.1)
    assert found.waiting == pytest.approx(MAILS / 4, rel=0.1)
    assert found.all == found.waiting + found.sent + found.bad + found.other
    late = await database.read(counts, BEGAN + (MAILS - 400) * 1_000)
    assert late.all < 1_000
    assert late.other == pytest.approx(late.all / 2, abs=2)
    assert (await database.read(nav)).waiting == NAV_MAX
    (queued,) = await database.read(waits)
    assert (queued.count, queued.more) == (MAILS // 4, False)


async def test_a_preview_of_more_than_it_looks_at_says_that_there_is_more(
    database: Database,
) -> None:
    await open_for_mail(database)
    await database.write(fill, ["queued"])
    query = Query(states=(State.QUEUED,))
    shown = await database.read(preview, "cancel", query)
    assert (shown.chosen, shown.will, shown.more) == (CHOSEN_MAX, CHOSEN_MAX, True)
    assert shown.expire_soon == 0
    done = await database.write(
        apply, "release", query, actor="ui:ada", lifetime_ms=lambda _: 1, begin=shown.upto
    )
    assert (done.done, done.refused) == (0, {Answer.ALREADY: STEP_MAX})
    assert done.go_on is not None
    (waiting,) = await database.read(waits)
    assert (waiting.count, waiting.more) == (COUNT_MAX, True)
