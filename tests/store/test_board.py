"""The routes as an operator sees them, and opening one by hand."""

import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.listing import show
from mailproof.store.records import events
from mailproof.store.routes.board import OtherProviders, board, reopen
from mailproof.store.shapes import Routing
from tests.store.mails import ONE, accepted, claimed, new_mail
from tests.store.seeding import NOT_VERIFIED, led_to, open_for_mail


async def closed(database: Database) -> str:
    """A held mail, whose sender's route it closed."""
    await open_for_mail(database)
    return await led_to(database, State.HELD, NOT_VERIFIED, closes=True)


async def test_the_board_shows_every_route_and_what_waits_for_the_closed_ones(
    database: Database,
) -> None:
    await closed(database)
    await accepted(database, new_mail(database.now()), routing=ONE)
    whole, sender = (await database.read(board)).routes
    assert (whole.provider, whole.sender, whole.state, whole.waiting) == ("resend", "*", "open", 0)
    assert (sender.sender, sender.state, sender.reason) == (
        "acme.test",
        "closed",
        "sender_unverified",
    )
    assert (sender.waiting, sender.since) == (2, database.now())
    assert sender.next_probe_at == database.now() + ONE.probe_interval_ms


async def test_mail_that_nobody_is_configured_for_is_on_the_board_too(database: Database) -> None:
    nobody = Routing(order=())
    await accepted(database, new_mail(database.now()), routing=nobody)
    found = await database.read(board)
    assert found.routes == ()
    (lane,) = found.stranded
    assert (lane.sender, lane.reason, lane.waiting) == ("acme.test", "credentials_missing", 1)


@pytest.mark.parametrize("name", ["resend", "resend/acme.test"])
async def test_a_route_opened_by_hand_lets_its_mail_go(database: Database, name: str) -> None:
    email_id = await closed(database)
    opened = await database.write(reopen, name, ONE, actor="cli:ada")
    assert opened
    assert [route.sender for route in opened] == ["acme.test"]
    told = [event for event in await database.read(events.after, 0) if event.actor]
    assert [(event.type, event.actor) for event in told] == [("route.opened", "cli:ada")]
    assert [mail.id for mail in await claimed(database)] == [email_id]


async def test_a_route_that_is_open_already_is_left_alone(database: Database) -> None:
    await open_for_mail(database)
    before = await database.read(events.newest)
    assert await database.write(reopen, "resend", ONE, actor="cli:ada") == ()
    assert await database.read(events.newest) == before


async def test_there_is_no_route_of_a_name_that_nobody_has(database: Database) -> None:
    await closed(database)
    for name in ("pigeon", "resend/other.test", ""):
        assert await database.write(reopen, name, ONE, actor="cli:ada") is None


async def test_a_configuration_without_the_stores_providers_opens_nothing(
    database: Database,
) -> None:
    """Under it, the lanes of a running server would be left with nobody to carry them."""
    email_id = await closed(database)
    with pytest.raises(OtherProviders, match="resend"):
        await database.write(reopen, "resend", Routing(order=("backup",)), actor="cli:ada")
    shown = await database.read(show, email_id)
    assert shown
    assert shown.mail.state is State.HELD
    assert (await database.read(board)).routes[1].state == "closed"
