"""Cases of routes: what closes them, what opens them, probes, and lanes that follow."""

from collections.abc import Callable
from typing import Final

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.mails.claim import claim_probe
from mailproof.store.mails.duties import wake_due
from mailproof.store.routes.breakers import Route
from mailproof.store.routes.probes import due_probe, make_due
from mailproof.store.shapes import Claimed, LaneState, Outcome, Routing
from mailproof.testing.store_suite.outcomes import deferred, judged, sent, turned_away, unknown
from mailproof.testing.store_suite.world import DAY_MS, ONE, SENDER, TWO, World, expect

__all__ = ["CASES"]


async def a_fault_of_the_gate_closes_at_once_and_holds_the_mail(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    mail = await world.sending()
    (held,) = await world.record(turned_away(mail, world.now))
    expect(held.state is State.HELD, f"the mail is {held.state}")
    expect(held.reason == "credentials_invalid", f"its reason is {held.reason}")
    route = await _closed(world)
    expect(
        (route.reason, route.severity, route.met) == ("credentials_invalid", "CRITICAL", 1),
        f"the route is {route!r}",
    )
    lane = await world.lane()
    expect((lane.state, lane.provider) == (LaneState.CLOSED, None), f"the lane is {lane!r}")
    types = [event.type for event in await world.events() if event.type.startswith("route.")]
    expect(types == ["route.closed"], f"it is told as {types}")


async def what_fails_on_a_closed_route_is_counted_and_told_once(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.take(*[world.mail() for _ in range(4)])
    mails = await world.claim()
    await world.record(*[turned_away(mail, world.now) for mail in mails[:3]])
    await world.record(turned_away(mails[3], world.now))
    route = await _closed(world)
    expect(route.met == 4, f"{route.met} mails met it instead of 4")
    closings = [event for event in await world.events() if event.type == "route.closed"]
    expect(len(closings) == 1, f"it was told {len(closings)} times")


async def another_reason_on_a_closed_route_is_told(world: World) -> None:
    await world.close(reason="quota_exceeded")
    since = (await _closed(world)).since
    world.advance(5)
    await world.close(reason="account_suspended")
    route = await _closed(world)
    expect((route.reason, route.since) == ("account_suspended", since), f"it is {route!r}")
    told = [event.data for event in await world.events() if event.type == "route.closed"]
    expect(told[1].get("was") == "quota_exceeded", f"what it was before: {told[1]}")


async def a_senders_fault_closes_that_sender_alone(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    mail = await world.sending()
    other = await world.sending(lane_sender="other.test")
    (held,) = await world.record(turned_away(mail, world.now, "sender_unverified", sender=SENDER))
    expect(held.state is State.HELD, "a mail of an unverified sender goes on")
    expect((await world.lane("other.test")).state == LaneState.OPEN, "another sender is closed too")
    (done,) = await world.record(sent(other, world.now))
    expect(done.state is State.SENT, f"another sender's mail is {done.state}")
    expect((await world.lane()).state == LaneState.CLOSED, "and its success opened this one")


async def a_lane_goes_on_with_the_second_provider(world: World) -> None:
    mail = await world.sending()
    (queued,) = await world.record(turned_away(mail, world.now))
    expect(queued.state is State.QUEUED, f"another could carry it, and it is {queued.state}")
    lane = await world.lane()
    expect((lane.state, lane.provider, lane.second) == (LaneState.OPEN, "second", None), repr(lane))
    (again,) = await world.claim(provider="second")
    (held,) = await world.record(turned_away(again, world.now))
    expect(held.state is State.HELD, "with both closed it must wait")
    await world.open("second")
    expect((await world.lane()).state == LaneState.RELEASING, "one open provider opens the lane")


async def only_who_set_out_after_the_closing_opens(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    early = await world.sending()
    set_out = world.now
    world.advance(1)
    await world.close()
    world.advance(1)
    await world.record(sent(early, set_out))
    expect((await _closed(world)).is_closed, "a mail from before opened the route")
    (late,) = await world.take(world.mail())
    probe = await _probe(world)
    expect(probe.id == late, "the probe is another mail")
    await world.record(judged(probe, world.now))
    route = await world.route()
    expect(route is not None and not route.is_closed, "judged for what it is: the gate is open")
    opened = [event.data for event in await world.events() if event.type == "route.opened"]
    expect(opened[0]["reason"] == "unavailable", f"what it was closed for: {opened}")


async def three_different_mails_in_a_row_are_nobodys_own_fault(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    mails = [await world.sending() for _ in range(5)]
    await world.record(judged(mails[0], world.now), judged(mails[1], world.now))
    expect((await world.lane()).state == LaneState.OPEN, "two may be a coincidence")
    await world.record(judged(mails[2], world.now))
    route = await _closed(world, SENDER)
    expect(route.systemic, "the third one closes, and only an accepted mail shall open")
    world.advance(1)
    waiting = await world.take(world.mail(), world.mail())
    probe = await _probe(world, SENDER)
    await world.record(judged(probe, world.now))
    expect((await _closed(world, SENDER)).systemic, "a refused mail opened it")
    probe = await _probe(world, SENDER)
    expect(probe.id in waiting, "the next probe is another mail")
    await world.record(sent(probe, world.now))
    expect((await world.lane()).state == LaneState.RELEASING, "an accepted mail opens it")


async def an_accepted_mail_between_breaks_the_row(world: World) -> None:
    await _judge(world, judged, judged)
    await _judge(world, sent)
    await _judge(world, judged, judged)
    expect((await world.lane()).provider == "first", "the row was broken by an accepted mail")
    await _judge(world, judged)
    expect((await _closed(world, SENDER)).systemic, "three in a row, in two flushes")


async def in_one_flush_the_accepted_count_where_they_stand(world: World) -> None:
    await _judge(world, judged, sent, judged, sent, judged, sent)
    expect((await world.lane()).provider == "first", "three in a flush are not three in a row")
    await _judge(world, sent, judged, judged, judged)
    expect((await _closed(world, SENDER)).systemic, "three in a row were not noticed in a flush")


async def the_same_mail_twice_is_one_mail(world: World) -> None:
    mail, other = await world.sending(), await world.sending()
    again = msgspec.structs.replace(judged(mail, world.now), to=State.DEFERRED, due_at=world.now)
    for _ in range(2):
        await world.record(again)
        world.advance(1)
        again = msgspec.structs.replace(again, mail=await _woken(world, mail.id))
    await world.record(again, judged(other, world.now))
    expect((await world.lane()).provider == "first", "one mail refused thrice counts thrice")


async def a_mails_own_fault_says_nothing_of_a_route_closed_for_another(world: World) -> None:
    early = await world.sending()
    world.advance(1)
    await world.close(sender=SENDER, reason="sender_unverified")
    await world.record(judged(early, world.now - 1_000))
    route = await _closed(world, SENDER)
    expect(
        (route.reason, route.systemic) == ("sender_unverified", False),
        f"one refused mail made it {route.reason}, systemic {route.systemic}",
    )


async def a_provider_closes_after_so_many_different_mails_within_a_minute(world: World) -> None:
    async def fail(since: int = 0) -> Outcome:
        mail = await world.sending()
        failing = turned_away(mail, world.now, "provider_unavailable", after=3, since=since)
        return msgspec.structs.replace(failing, to=State.DEFERRED)

    await world.record(await fail(), await fail())
    expect((await world.lane()).provider == "first", "two failures are not three")
    world.advance(61)
    await world.record(await fail(), await fail())
    expect((await world.lane()).provider == "first", "failures older than a minute count")
    await world.record(sent(await world.sending(), world.now))
    world.advance(1)
    await world.record(await fail(since=world.now))
    expect((await world.lane()).provider == "first", "failures before a success count")
    await world.record(await fail(since=world.now), await fail(since=world.now))
    expect((await world.lane()).provider == "second", "three failures did not close it")


async def one_mail_that_fails_thrice_closes_nothing(world: World) -> None:
    mail = await world.sending()
    for _ in range(4):
        failing = turned_away(mail, world.now, "provider_unavailable", after=3)
        await world.record(
            msgspec.structs.replace(failing, to=State.DEFERRED, due_at=world.now, avoid=None)
        )
        mail = await _woken(world, mail.id)
    expect((await world.lane()).provider == "first", "one mail's failures count as three mails'")


async def probes_come_ever_later_and_all_nodes_share_them(world: World) -> None:
    await world.close(sender=SENDER)
    await world.close()
    other = await world.open_again()
    began, at = world.now, []
    while world.now < began + 200_000:
        for database in (world.database, other):
            route = await database.write(
                due_probe, provider="first", interval_ms=10_000, most_ms=60_000
            )
            if route is not None:
                at.append(((world.now - began) // 1_000, route.sender))
        world.advance(1)
    whole = [second for second, sender in at if sender == "*"]
    expect(whole == [10, 20, 40, 80, 140], f"the whole provider is probed at {whole}")
    own = [second for second, sender in at if sender == SENDER]
    expect(len(own) == 5, f"a sender's route is probed at {own}")
    seconds = [second for second, _ in at]
    expect(len(at) <= 2 * len(whole), f"probes at {seconds}")
    expect(at[0][1] == "*", "the whole provider comes first")


async def behind_a_closed_provider_nothing_else_can_be_seen(world: World) -> None:
    await world.close(sender=SENDER)
    world.advance(1)
    await world.close()
    world.advance(20)
    found = await world.database.write(
        due_probe, provider="first", interval_ms=10_000, most_ms=60_000
    )
    expect(found is not None and found.sender == "*", f"the first probe is {found!r}")


async def an_operator_may_ask_for_a_probe_at_once(world: World) -> None:
    expect(not await world.database.write(make_due, "first", "*"), "an open route needs none")
    await world.close()
    expect(await world.database.write(make_due, "first", "*"), "a closed route could have one")
    found = await world.database.write(
        due_probe, provider="first", interval_ms=10_000, most_ms=60_000
    )
    expect(found is not None, "it is not due")


async def another_key_is_worth_a_probe_at_once_and_the_same_is_not(world: World) -> None:
    await world.close()
    await world.close(sender=SENDER)

    async def due() -> int:
        found = 0
        while await world.database.write(
            due_probe, provider="first", interval_ms=10_000, most_ms=60_000
        ):
            found += 1
        return found

    await world.start({"first": "f1", "second": "f2"}, TWO)
    expect(await due() == 0, "a restart with the same key probes at once")
    await world.start({"first": "another", "second": "f2"}, TWO)
    expect(await due() == 2, "a new key is not tried at once, for the sender as for the provider")


async def a_restart_forgets_no_closed_route(world: World) -> None:
    await world.close(reason="account_suspended")
    await world.start({"first": "f1", "second": "f2"}, TWO)
    expect((await _closed(world)).reason == "account_suspended", "a restart opened a route")
    expect((await world.lane()).provider == "second", "a restart sends through a closed route")


async def a_provider_that_is_gone_takes_its_routes_along(world: World) -> None:
    await world.close("second", SENDER)
    await world.take(world.mail())
    await world.start({"first": "f1"}, ONE)
    expect(await world.route("second", SENDER) is None, "its route is still there")
    lane = await world.lane()
    expect((lane.provider, lane.second) == ("first", None), f"the lane is {lane!r}")
    third = Routing(order=("third", "first"), key_ttl_ms={"third": DAY_MS, "first": DAY_MS})
    await world.start({"third": "f3", "first": "f1"}, third)
    expect((await world.lane()).provider == "third", "a new provider that comes first is not used")


async def without_any_provider_mail_is_held(world: World) -> None:
    await world.start({}, Routing(order=()))
    (email_id,) = await world.take(world.mail())
    expect(await world.state(email_id) is State.HELD, "there is nobody to send it")
    expect((await world.lane()).reason == "credentials_missing", "and the lane does not say so")


async def what_is_closed_while_mail_is_under_way_holds_it_when_it_comes_back(
    world: World,
) -> None:
    await world.start({"first": "f1"}, ONE)
    waits, perhaps = await world.sending(), await world.sending()
    await world.close(reason="quota_exceeded")
    results = await world.record(deferred(waits, world.now), unknown(perhaps, world.now))
    expect([each.state for each in results] == [State.HELD] * 2, f"they are {results!r}")
    expect(results[0].reason == "quota_exceeded", "held for what closed the lane")


async def _judge(world: World, *verdicts: Callable[[Claimed, int], Outcome]) -> None:
    """A new mail for each, all recorded in one flush."""
    mails = [await world.sending() for _ in verdicts]
    await world.record(
        *[verdict(mail, world.now) for mail, verdict in zip(mails, verdicts, strict=True)]
    )


async def _closed(world: World, sender: str = "*") -> Route:
    route = await world.route("first", sender)
    if route is None or not route.is_closed:
        raise AssertionError(f"the route of {sender} is not closed: {route!r}")
    return route


async def _probe(world: World, sender: str = "*") -> Claimed:
    found = await world.database.write(
        claim_probe, provider="first", sender=sender, node="n1", lease_ms=30_000
    )
    if found is None:
        raise AssertionError(f"nothing tries the route of {sender}")
    return found


async def _woken(world: World, email_id: str) -> Claimed:
    await world.database.write(wake_due, 100)
    return next(mail for mail in await world.going() if mail.id == email_id)


CASES: Final = (
    a_fault_of_the_gate_closes_at_once_and_holds_the_mail,
    what_fails_on_a_closed_route_is_counted_and_told_once,
    another_reason_on_a_closed_route_is_told,
    a_senders_fault_closes_that_sender_alone,
    a_lane_goes_on_with_the_second_provider,
    only_who_set_out_after_the_closing_opens,
    three_different_mails_in_a_row_are_nobodys_own_fault,
    an_accepted_mail_between_breaks_the_row,
    in_one_flush_the_accepted_count_where_they_stand,
    the_same_mail_twice_is_one_mail,
    a_mails_own_fault_says_nothing_of_a_route_closed_for_another,
    a_provider_closes_after_so_many_different_mails_within_a_minute,
    one_mail_that_fails_thrice_closes_nothing,
    probes_come_ever_later_and_all_nodes_share_them,
    behind_a_closed_provider_nothing_else_can_be_seen,
    an_operator_may_ask_for_a_probe_at_once,
    another_key_is_worth_a_probe_at_once_and_the_same_is_not,
    a_restart_forgets_no_closed_route,
    a_provider_that_is_gone_takes_its_routes_along,
    without_any_provider_mail_is_held,
    what_is_closed_while_mail_is_under_way_holds_it_when_it_comes_back,
)
