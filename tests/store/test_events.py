"""The event log: read in order, followed by cursors that never go back."""

from mailproof.mail.events import EventType
from mailproof.store.base import Database, NewEvent, Tx
from mailproof.store.records import events
from mailproof.testing import ManualClock
from tests.store.mails import ONE, accepted, new_mail


async def told(database: Database, *types: EventType) -> None:
    async def tell(tx: Tx) -> None:
        for number, each in enumerate(types):
            tx.tell(NewEvent(each, data={"number": number, "text": "中文"}, actor="cli:ada"))

    await database.write(tell)


async def test_events_are_read_in_the_order_in_which_they_were_told(database: Database) -> None:
    await told(database, EventType.ROUTE_CLOSED, EventType.ROUTE_OPENED)
    first, second = await database.read(events.after, 0)
    assert (first.type, second.type) == ("route.closed", "route.opened")
    assert (second.data, second.actor) == ({"number": 1, "text": "中文"}, "cli:ada")
    assert second.at == database.now()
    assert await database.read(events.newest) == second.id > first.id


async def test_a_follower_reads_on_from_where_it_is(database: Database) -> None:
    await told(database, *[EventType.ROUTE_PROBED] * 5)
    page = await database.read(events.after, 0, 3)
    rest = await database.read(events.after, page[-1].id, 3)
    assert (len(page), len(rest)) == (3, 2)
    assert await database.read(events.after, rest[-1].id) == []


async def test_a_follower_can_begin_a_few_events_back(database: Database) -> None:
    assert await database.read(events.position_before, 5) == 0
    await told(database, *[EventType.ROUTE_PROBED] * 5)
    for count, left in ((0, 0), (2, 2), (5, 5), (9, 5)):
        position = await database.read(events.position_before, count)
        assert len(await database.read(events.after, position)) == left


async def test_an_empty_log_has_no_newest_event(database: Database) -> None:
    assert await database.read(events.newest) == 0


async def test_a_mails_events_are_its_own(database: Database) -> None:
    now = database.now()
    one, other = await accepted(database, new_mail(now), new_mail(now), routing=ONE)
    (event,) = await database.read(events.of_email, one)
    assert (event.type, event.email_id) == ("email.accepted", one)
    assert [each.email_id for each in await database.read(events.of_email, other)] == [other]


async def test_a_cursor_begins_at_zero_and_never_goes_back(database: Database) -> None:
    assert await database.read(events.position, "audit") == 0
    assert await database.write(events.advance, "audit", 7)
    assert not await database.write(events.advance, "audit", 5)
    assert await database.read(events.position, "audit") == 7
    assert await database.read(events.position, "metrics") == 0


async def test_a_cursor_that_fails_says_why_and_since_when_until_it_moves_on(
    database: Database, clock: ManualClock
) -> None:
    since = database.now()
    await database.write(events.failed, "ship", "the log server refused the connection")
    clock.advance(60)
    await database.write(events.failed, "ship", "the log server is silent")
    failing = await database.read(events.cursor, "ship")
    assert failing
    assert (failing.error, failing.failing_since) == ("the log server is silent", since)
    assert failing.position == 0
    await database.write(events.advance, "ship", 3)
    well = await database.read(events.cursor, "ship")
    assert well
    assert (well.position, well.error, well.failing_since) == (3, None, None)
    assert well.moved_at == database.now()
