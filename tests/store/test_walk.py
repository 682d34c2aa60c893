"""One mail through the whole store: accepted, claimed, recorded."""

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.claim import contents
from mailproof.store.mails.record import record
from mailproof.store.nodes.nodes import Node, enter, tick
from mailproof.store.routes.breakers import closed_routes, open_route, start_routes
from mailproof.store.routes.lanes import settle_lanes
from mailproof.testing import ManualClock
from tests.store.mails import ONE, accepted, claimed, new_mail, refused, sent


async def test_a_mail_is_accepted_claimed_and_recorded_as_sent(
    database: Database, clock: ManualClock
) -> None:
    now = database.now()
    await database.write(start_routes, {"resend": "f"}, ONE)
    (email_id,) = await accepted(database, new_mail(now), routing=ONE)
    (mail,) = await claimed(database)
    assert (mail.id, mail.state, mail.provider) == (email_id, State.SENDING, "resend")
    assert (await database.read(contents, [email_id]))[email_id].payload == b'{"subject":"Hello"}'
    (done,) = await database.write(record, [sent(mail, now)], ONE)
    assert done.state is State.SENT
    (late,) = await database.write(record, [sent(mail, now)], ONE)
    assert late.fenced


async def test_a_closed_route_holds_and_an_opened_one_releases(
    database: Database, clock: ManualClock
) -> None:
    now = database.now()
    await database.write(start_routes, {"resend": "f"}, ONE)
    await accepted(database, *(new_mail(now) for _ in range(5)), routing=ONE)
    (first,) = await claimed(database, 1)
    (done,) = await database.write(record, [refused(first, now)], ONE)
    assert done.state is State.HELD
    met = await claimed(database)
    assert [mail.state for mail in met] == ["held"] * 4
    (route,) = await database.read(closed_routes)
    assert route.reason == "credentials_invalid"
    await database.write(_open)
    assert len(await claimed(database)) == 1
    clock.advance(3)
    assert len(await claimed(database)) == 4
    assert not await claimed(database)


async def _open(tx) -> None:
    await open_route(tx, "resend", "*")
    await settle_lanes(tx, ONE)


async def test_a_tick_tells_what_is_due(database: Database) -> None:
    await database.write(
        enter, Node("n1", "all", engine=True, host="h", pid=1, version="0", started_at=0, seen_at=0)
    )
    assert (await database.write(tick, "n1", engine=True)).others == 0
