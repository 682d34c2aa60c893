"""Cases of claiming: the order, leases, closed lanes met on the way, and the pace of a release."""

import asyncio
from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.mails.accept import standing
from mailproof.store.mails.claim import claim, claim_probe, claim_queued_probe, contents
from mailproof.store.mails.duties import wake_due
from mailproof.store.mails.record import hand_back
from mailproof.store.records.picture import routes_closed
from mailproof.store.shapes import Claimed, LaneState
from mailproof.testing.store_suite.outcomes import deferred, sent, turned_away
from mailproof.testing.store_suite.world import ONE, World, expect

__all__ = ["CASES"]


async def critical_mail_goes_first_then_what_expires_first_then_by_arrival(world: World) -> None:
    soon, late = world.now + 60_000, world.now + 90_000
    given = [(False, soon), (True, late), (False, late), (True, soon), (True, late)]
    ids = await world.take(
        *[world.mail(critical=critical, expires_at=expires) for critical, expires in given]
    )
    order = [mail.id for mail in await world.claim(2)] + [mail.id for mail in await world.claim()]
    expect(order == [ids[place] for place in (3, 1, 4, 0, 2)], "mail is claimed in another order")


async def no_more_is_claimed_than_was_asked_for(world: World) -> None:
    await world.take(*[world.mail() for _ in range(7)])
    sizes = [len(await world.claim(most)) for most in (0, 3, 3, 3, 3)]
    expect(sizes == [0, 3, 3, 1, 0], f"claims of 0, 3, 3, 3, 3 gave {sizes}")


async def two_nodes_never_claim_the_same_mail(world: World) -> None:
    await world.take(*[world.mail() for _ in range(120)])
    other = await world.open_again()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                database.write(claim, provider="first", most=7, node=node, lease_ms=30_000)
            )
            for _ in range(12)
            for database, node in ((world.database, "n1"), (other, "n2"))
        ]
    ids = [mail.id for task in tasks for mail in task.result()]
    ids += [mail.id for mail in await world.claim(200)]
    expect(len(ids) == len(set(ids)) == 120, f"{len(ids)} claims of {len(set(ids))} mails")


async def a_lane_goes_to_its_first_open_provider(world: World) -> None:
    await world.take(world.mail(), world.mail(pin="second"))
    (plain,) = await world.claim()
    (pinned,) = await world.claim(provider="second")
    expect((plain.provider, plain.second) == ("first", "second"), f"it is {plain!r}")
    expect((pinned.provider, pinned.pin) == ("second", "second"), f"it is {pinned!r}")
    await world.close("first")
    await world.take(world.mail())
    expect(await world.claim() == [], "a closed provider got mail")
    (other,) = await world.claim(provider="second")
    expect((other.provider, other.second) == ("second", None), "failover went wrong")


async def what_one_has_just_refused_goes_to_the_other(world: World) -> None:
    mail = await world.sending()
    elsewhere = deferred(mail, world.now, to=State.QUEUED, avoid="first")
    (recorded,) = await world.record(elsewhere)
    expect(recorded.state is State.QUEUED, "it may go at once")
    expect(await world.claim() == [], "the provider that refused it got it again")
    (again,) = await world.claim(provider="second")
    expect((again.epoch, again.tries) == (1, 1), "a definite refusal wants another key")
    elsewhere = deferred(again, world.now, to=State.QUEUED, avoid="second")
    await world.record(elsewhere)
    expect(await world.claim(provider="second") == [], "now the second must not get it")
    expect(len(await world.claim()) == 1, "and the first one may")


async def where_only_one_can_carry_it_a_refused_mail_waits(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    mail = await world.sending()
    (recorded,) = await world.record(deferred(mail, world.now, to=State.QUEUED, avoid="first"))
    expect(recorded.state is State.DEFERRED, f"it is {recorded.state}, and would spin")


async def queued_mail_of_a_closed_lane_is_put_aside_once(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    ids = await world.take(*[world.mail() for _ in range(3)])
    await world.close(reason="quota_exceeded")
    expect(await world.states(ids) == [State.QUEUED] * 3, "closing rewrites nothing in bulk")
    met = await world.claim()
    expect([mail.state for mail in met] == ["held"] * 3, f"they are {[m.state for m in met]}")
    expect(await world.claim() == [], "held mail was met twice")
    (event,) = [event for event in await world.events(ids[0]) if event.type == "email.held"]
    expect(event.data["reason"] == "quota_exceeded", f"why it is held: {event.data}")


async def a_closed_route_names_who_carries_its_mail_meanwhile(world: World) -> None:
    async def carrier() -> str | None:
        (route, *_) = await world.database.read(routes_closed)
        return route.carrier

    await world.close("first")
    expect(await carrier() is None, "no mail goes any way yet")
    await world.take(world.mail())
    expect(await carrier() == "second", "the second carries all of it")
    await world.take(world.mail(pin="first"))
    expect(await carrier() == "second", "what is bound to it is counted, not carried")
    await world.close("second")
    expect(await carrier() is None, "now nobody carries it")


async def expired_mail_ends_when_it_is_met(world: World) -> None:
    (email_id,) = await world.take(world.mail(expires_at=world.now + 1_000))
    world.advance(1)
    (met,) = await world.claim()
    expect(met.state == State.EXPIRED, "expired mail was leased")
    expect(await world.state(email_id) is State.EXPIRED, "it did not end")
    expect("email.expired" in [e.type for e in await world.events(email_id)], "no event says so")


async def held_mail_is_released_in_order_and_ever_faster(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    ids = await world.take(*[world.mail(critical=number == 9) for number in range(10)])
    await world.open()
    expect((await world.lane()).state == LaneState.RELEASING, "it does not release")
    released = [await _ids(world)]
    for _ in range(4):
        world.advance(1)
        released.append(await _ids(world))
    expect([len(part) for part in released] == [1, 1, 2, 4, 2], f"the pace is {released}")
    order = [email_id for part in released for email_id in part]
    expect(order == [ids[9], *ids[:9]], "it is released in another order")
    await world.claim()
    expect((await world.lane()).state == LaneState.OPEN, "with nothing held, it is open")
    types = [event.type for event in await world.events() if event.type.startswith("lane.")]
    expect(types == ["lane.closed", "lane.releasing", "lane.opened"], f"it is told as {types}")


async def a_failure_begins_the_release_anew(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    await world.take(*[world.mail() for _ in range(20)])
    await world.open()
    world.advance(3)
    eight = await world.going()
    expect(len(eight) == 8, f"after three seconds {len(eight)} may go, not 8")
    await world.record(turned_away(eight[0], world.now, "provider_unavailable", after=5))
    expect((await world.lane()).state == LaneState.RELEASING, "one failure is not enough to close")
    # The one that failed is queued again, and not part of the ramp.
    pace = []
    for _ in range(3):
        pace.append(len([mail for mail in await world.going() if mail.lease_no == 1]))
        world.advance(1)
    expect(pace == [1, 1, 2], f"after a failure the pace is {pace}, not 1, 1, 2")


async def new_mail_does_not_wait_behind_a_release(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    await world.take(*[world.mail() for _ in range(5)])
    await world.open()
    (fresh,) = await world.take(world.mail())
    expect(fresh in await _ids(world), "new mail of a releasing lane waits")


async def a_probe_takes_the_most_urgent_held_mail_behind_its_route(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    await world.close(sender="shut.test")
    mails = [
        world.mail(critical=True, lane_sender="shut.test"),
        world.mail(critical=False),
        world.mail(critical=True),
        world.mail(critical=True),
    ]
    ids = await world.take(*mails)
    found = await _probe(world)
    expect(found is not None and found.id == ids[2], "not the most urgent one was taken")
    expect(found is not None and found.probe, "it is not marked as a probe")
    own = await _probe(world, "shut.test")
    expect(own is not None and own.id == ids[0], "a sender's own route has its own probe")
    expect(await world.claim() == [], "a closed lane gave more than its probes")
    world.advance(90_000)
    expect(await _probe(world) is None, "expired mail is no probe")


async def a_mail_that_is_turned_away_again_does_not_probe_for_ever(world: World) -> None:
    """Its own fault may look like the route's: then the others must not wait for its end."""
    await world.start({"first": "f1"}, ONE)
    await world.close()
    urgent, other = await world.take(world.mail(critical=True), world.mail(critical=False))
    first = await _probe(world)
    if first is None or first.id != urgent:
        raise AssertionError(f"the first probe is {first!r}")
    await world.record(turned_away(first, world.now))
    expect(await world.state(urgent) is State.HELD, "it is not held again")
    second = await _probe(world)
    expect(second is not None and second.id == other, "the same mail probes again and again")


async def a_mail_that_was_turned_away_does_not_stand_first_in_the_release(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    soon, late = world.now + 60_000, world.now + 90_000
    turned, other = await world.take(world.mail(expires_at=soon), world.mail(expires_at=late))
    probe = await _probe(world)
    if probe is None or probe.id != turned:
        raise AssertionError(f"the probe is {probe!r}")
    await world.record(turned_away(probe, world.now))
    await world.open()
    expect(await _ids(world) == [other], "it closes the route again before others can go")


async def a_critical_mail_that_is_turned_away_twice_lets_the_others_go_first(world: World) -> None:
    """Its own fault may close the route each time: once may befall any mail, twice not."""
    await world.start({"first": "f1"}, ONE)
    await world.close()
    (poison,) = await world.take(world.mail(critical=True))
    others = await world.take(*[world.mail(critical=False) for _ in range(3)])
    for expected in (poison, others[0], others[1], others[2], poison):
        probe = await _probe(world)
        expect(probe is not None and probe.id == expected, f"{probe!r} is the probe")
        if probe is not None:
            await world.record(turned_away(probe, world.now))
    fresh = await world.take(*[world.mail(critical=False) for _ in range(2)])
    await world.open()
    went = await _ids(world)
    world.advance(5)
    went += await _ids(world)
    expect(sorted(went) == sorted(fresh + others), f"{went} went, {poison} closes the route again")
    world.advance(1)
    expect(await _ids(world) == [poison], "and in the end it is its turn")


async def one_refusal_does_not_put_a_critical_mail_behind_others(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    urgent, other = await world.take(world.mail(critical=True), world.mail(critical=False))
    probe = await _probe(world)
    if probe is None or probe.id != urgent:
        raise AssertionError(f"the probe is {probe!r}")
    await world.record(turned_away(probe, world.now))
    await world.open()
    expect(await _ids(world) == [urgent], f"{other} overtook critical mail")


async def what_a_provider_has_just_refused_is_the_last_to_try_it(world: World) -> None:
    await world.close("first")
    urgent, other = await world.take(world.mail(critical=True), world.mail(critical=False))
    for expected in (urgent, other):
        found = await _queued_probe(world)
        expect(found is not None and found.id == expected, f"{found!r} is the probe")
        if found is not None:
            await world.record(turned_away(found, world.now))
            expect(await world.state(found.id) is State.QUEUED, "the second carries it")


async def critical_mail_alone_may_be_asked_for(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    held = await world.take(world.mail(critical=True), world.mail(critical=False))
    await world.open()
    world.advance(3)
    queued = await world.take(world.mail(critical=False), world.mail(critical=True))
    only = await world.database.write(
        claim, provider="first", most=10, node="n1", lease_ms=30_000, critical_only=True
    )
    expect({mail.id for mail in only} == {held[0], queued[1]}, f"{only!r} was claimed")
    expect((await world.lane()).state == LaneState.RELEASING, "other held mail was forgotten")
    expect(set(await _ids(world)) == {held[1], queued[0]}, "the rest is not there any more")


async def what_is_handed_back_from_a_release_is_not_held_for_its_old_reason(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close(reason="credentials_invalid")
    (fresh,) = await world.take(world.mail())
    await world.open()
    (mail,) = await world.going()
    await world.database.write(hand_back, [(mail.id, mail.lease_no)])
    expect(await _reason(world, fresh) is None, "why its lane was closed is over")
    (mail,) = await world.going()
    await world.record(deferred(mail, world.now, wait_s=0))
    await world.database.write(wake_due, 10)
    (mail,) = await world.going()
    await world.database.write(hand_back, [(mail.id, mail.lease_no)])
    expect(await _reason(world, fresh) == "rate_limited", "what its last attempt saw is true yet")


async def a_probe_may_take_queued_mail_where_another_provider_carries_it(world: World) -> None:
    await world.close("first")
    (email_id,) = await world.take(world.mail())
    expect(await _probe(world) is None, "nothing is held")
    found = await _queued_probe(world)
    expect(found is not None, "queued mail can be a probe")
    expect(found is not None and (found.id, found.probe) == (email_id, True), f"it is {found!r}")
    expect(found is not None and found.second == "second", "if it fails, who is next?")


async def what_was_handed_back_goes_again_and_its_old_lease_is_void(world: World) -> None:
    mail = await world.sending()
    stale = await world.database.write(hand_back, [(mail.id, mail.lease_no - 1)])
    expect(stale == 0, "a lease that is not held was handed back")
    count = await world.database.write(hand_back, [(mail.id, mail.lease_no)])
    expect(count == 1, f"{count} mails were handed back")
    (again,) = await world.claim()
    expect(again.lease_no > mail.lease_no, "two leases have one number")
    expect((again.tries, again.epoch) == (0, 0), "handing back burnt a try or a key")
    (late,) = await world.record(sent(mail, world.now))
    expect(late.fenced, "an answer under the old lease was written")
    expect(await world.state(mail.id) is State.SENDING, "and it moved the mail")


async def contents_are_those_that_were_accepted(world: World) -> None:
    payloads = [b"", b'{"html":"\xe4\xb8\xad"}', bytes(range(256)) * 2_000]
    ids = await world.take(*[world.mail(payload=payload) for payload in payloads])
    found = await world.database.read(contents, ids)
    expect([found[email_id].payload for email_id in ids] == payloads, "contents have changed")


async def many_at_once_are_as_good_as_one(world: World) -> None:
    """More than a store takes in one statement."""
    ids = await world.take(*[world.mail() for _ in range(700)])
    claimed = await world.claim(1_000)
    expect([mail.id for mail in claimed] == ids, "not all of 700 were claimed in order")
    done = await world.record(*[sent(mail, world.now) for mail in claimed])
    expect([each.id for each in done] == ids, "answers are in another order")
    expect(set(await world.states(ids)) == {State.SENT}, "not all of 700 were sent")
    told = [event.email_id for event in await world.events() if event.type == "email.sent"]
    expect(told == ids, f"of 700 mails {len(told)} are told as sent")


async def _ids(world: World) -> list[str]:
    return [mail.id for mail in await world.going()]


async def _probe(world: World, sender: str = "*") -> Claimed | None:
    return await world.database.write(
        claim_probe, provider="first", sender=sender, node="n1", lease_ms=30_000
    )


async def _queued_probe(world: World) -> Claimed | None:
    return await world.database.write(
        claim_queued_probe, provider="first", sender="*", node="n1", lease_ms=30_000
    )


async def _reason(world: World, email_id: str) -> str | None:
    return (await world.database.read(standing, [email_id]))[email_id].reason


CASES: Final = (
    critical_mail_goes_first_then_what_expires_first_then_by_arrival,
    no_more_is_claimed_than_was_asked_for,
    two_nodes_never_claim_the_same_mail,
    a_lane_goes_to_its_first_open_provider,
    what_one_has_just_refused_goes_to_the_other,
    where_only_one_can_carry_it_a_refused_mail_waits,
    queued_mail_of_a_closed_lane_is_put_aside_once,
    a_closed_route_names_who_carries_its_mail_meanwhile,
    expired_mail_ends_when_it_is_met,
    held_mail_is_released_in_order_and_ever_faster,
    a_failure_begins_the_release_anew,
    new_mail_does_not_wait_behind_a_release,
    a_probe_takes_the_most_urgent_held_mail_behind_its_route,
    a_mail_that_is_turned_away_again_does_not_probe_for_ever,
    a_mail_that_was_turned_away_does_not_stand_first_in_the_release,
    a_critical_mail_that_is_turned_away_twice_lets_the_others_go_first,
    one_refusal_does_not_put_a_critical_mail_behind_others,
    what_a_provider_has_just_refused_is_the_last_to_try_it,
    critical_mail_alone_may_be_asked_for,
    what_is_handed_back_from_a_release_is_not_held_for_its_old_reason,
    a_probe_may_take_queued_mail_where_another_provider_carries_it,
    what_was_handed_back_goes_again_and_its_old_lease_is_void,
    contents_are_those_that_were_accepted,
    many_at_once_are_as_good_as_one,
)
