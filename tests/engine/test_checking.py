"""A person who has mended the key presses a button, and need not wait for the next probe."""

import pytest

from mailproof.app import check_now
from mailproof.mail.lifecycle import State
from mailproof.store.console.pausing import pause, resume
from mailproof.store.records.checks import history
from mailproof.testing.paper_provider import say
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)


async def pressed(house: House, number: int = 0) -> bool:
    """At one of the processes; what comes of it without any time passing."""
    running = house.running[number]
    asked = house.group.create_task(check_now(running.engine, running.database, "first"))
    await house.traffic.quiet()
    return asked.result()


async def a_long_closed_route(house: House) -> str:
    """Its next probe is a minute away."""
    house.revoke()
    (held,) = await house.accept()
    await house.wait(200)
    route = await house.route()
    assert route
    assert route.next_probe_at
    await house.until(lambda: house.clock.now() * 1000 >= (route.next_probe_at or 0))
    await house.wait(2)
    return held


@both_stores
async def test_a_good_check_lets_what_is_held_go_within_a_second(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        held = await a_long_closed_route(house)
        house.restore()
        assert await pressed(house)
        assert await house.until(lambda: bool(house.mails)) <= 1.5
        assert await house.state(held) is State.SENT
        assert not await house.is_closed()


async def test_a_good_check_with_nothing_held_opens_the_route_too(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.revoke()
        await house.wait(600)
        assert await house.is_closed()
        house.restore()
        assert await pressed(house)
        await house.wait(1.5)
        assert not await house.is_closed()


async def test_a_bad_check_is_kept_and_costs_one_call(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        held = await a_long_closed_route(house)
        before = len(house.account.arrivals())
        route = await house.route()
        assert await pressed(house)
        assert len(house.account.arrivals()) == before + 1
        newest, *_ = await house.database.read(history, "first")
        assert (newest.verdict, newest.at) == ("bad", house.database.now())
        assert await house.route() == route, "the probes begin anew, and ask more often"
        assert await house.state(held) is State.HELD


@both_stores
async def test_a_hundred_presses_are_one_call_each_three_seconds(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        await a_long_closed_route(house)
        await house.start(sends=False)
        before = len(house.account.arrivals())
        assert [await pressed(house, number % 2) for number in range(100)].count(True) == 1
        assert len(house.account.arrivals()) == before + 1
        house.clock.advance(3.1)
        assert await pressed(house, 1)


async def test_it_can_be_pressed_where_nothing_is_sent(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        held = await a_long_closed_route(house)
        await house.start(sends=False)
        house.restore()
        assert await pressed(house, 1)
        assert await house.until(lambda: bool(house.mails)) <= 2.5
        assert await house.state(held) is State.SENT


async def test_where_a_check_cannot_tell_a_live_mail_tries_it(store: OpenDatabase) -> None:
    async with furnished(store) as house:
        house.account.lists_domains = False
        house.account.always = say(403, "invalid_api_key", "API key is invalid")
        (held,) = await house.accept()
        await house.wait(200)
        house.account.always = None
        assert await pressed(house)
        await house.wait(1.5)
        assert await house.state(held) is State.SENT


@both_stores
async def test_a_pause_sends_mail_the_other_way_and_the_health_check_does_not_end_it(
    store: OpenDatabase,
) -> None:
    async with furnished(store, providers=("first", "second")) as house:
        routing = house.main.engine.routing
        assert await house.database.write(pause, "first", "*", routing, actor="ui:ada", note="")
        (other,) = await house.accept(email("other"))
        assert await house.state(other) is State.SENT
        assert [mail.stamp for mail in house.accounts["second"].mails] == [other]
        house.provider().secret = house.account.secret = "another"
        await house.wait(700)
        assert await pressed(house)
        await house.wait(5)
        await house.accept(email("still"))
        assert not house.mails
        assert await house.database.write(resume, "first", "*", routing, actor="ui:ada")
        await house.accept(email("again"))
        assert len(house.mails) == 1


async def test_what_waits_behind_the_only_way_goes_when_it_is_resumed(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        routing = house.main.engine.routing
        await house.database.write(pause, "first", "*", routing, actor="ui:ada", note="")
        held = await house.accept(*(email(f"m{number}") for number in range(5)))
        await house.wait(120)
        assert set(await house.states(held)) == {State.HELD}
        assert {await house.reason(each) for each in held} == {"paused"}
        await house.database.write(resume, "first", "*", routing, actor="ui:ada")
        await house.until(lambda: len(house.mails) == 5)
