"""Cases of routes that a person closes: nothing but the same deed undone opens them."""

from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.console.pausing import NOTE_MAX, pause, resume
from mailproof.store.mails.claim import claim_probe
from mailproof.store.mails.duties import free_unknown, wake_due
from mailproof.store.nodes.nodes import Node, Tick, enter, tick
from mailproof.store.records.gauges import read_gauges
from mailproof.store.records.picture import take_picture
from mailproof.store.routes.board import RouteShown, board, reopen
from mailproof.store.routes.breakers import Route, take_fingerprint
from mailproof.store.routes.probes import due_probe, make_due, take_wanted, want_mail
from mailproof.store.shapes import EVERY_SENDER, PAUSED, LaneState
from mailproof.testing.store_suite.outcomes import sent, turned_away, unknown
from mailproof.testing.store_suite.world import ONE, SENDER, World, expect

__all__ = ["CASES"]


async def mail_of_a_paused_route_goes_by_the_other_provider(world: World) -> None:
    await world.take(world.mail())
    expect(await _pause(world), "it could not be paused")
    lane = await world.lane()
    expect((lane.state, lane.provider) == (LaneState.OPEN, "second"), f"the lane is {lane!r}")
    expect(not await world.going(), "a paused provider was given mail")
    expect(len(await world.going(provider="second")) == 1, "the other provider was not")


async def without_another_provider_it_waits_until_the_route_is_resumed(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    (early,) = await world.take(world.mail())
    await _pause(world)
    (late,) = await world.take(world.mail())
    expect(not await world.going(), "mail went by a paused route")
    expect(await world.states([early, late]) == [State.HELD] * 2, "it is not held")
    reasons = {
        event.data.get("reason") for event in await world.events() if event.type == "email.held"
    }
    expect(reasons == {PAUSED}, f"it is held for {reasons}")
    expect(await world.database.write(resume, "first", "*", ONE, actor="ui:bo"), "not resumed")
    expect((await world.lane()).state == LaneState.RELEASING, "what waits is not released")
    world.advance(5)
    expect(len(await world.going()) > 0, "what waited does not go")


async def pausing_and_resuming_tell_who_did_it_and_why(world: World) -> None:
    await _pause(world, note=f"  moving to {'x' * NOTE_MAX}")
    world.advance(90)
    await world.database.write(resume, "first", "*", world.routing, actor="ui:bo")
    paused, resumed = (
        event for event in await world.events() if event.type in {"route.paused", "route.resumed"}
    )
    expect((paused.actor, resumed.actor) == ("ui:ada", "ui:bo"), "told of somebody else")
    expect(paused.data["note"].startswith("moving to x"), f"the note is {paused.data['note']!r}")
    expect(len(paused.data["note"]) == NOTE_MAX, "a long note is kept whole")
    expect(resumed.data["paused_s"] == 90, f"it was paused for {resumed.data['paused_s']} s")


async def what_is_paused_cannot_be_paused_again_nor_what_is_not_resumed(world: World) -> None:
    expect(not await world.database.write(resume, "first", "*", ONE, actor=""), "it was resumed")
    expect(await _pause(world, note="mine"), "it could not be paused")
    expect(not await _pause(world, note="another's"), "it was paused twice")
    expect((await _shown(world)).paused_note == "mine", "the second note is kept")
    expect(not await _pause(world, "pigeon"), "a provider that nobody has was paused")
    expect(not await _pause(world, "first", "typo.test"), "a sender that nobody is was paused")
    await world.lane()
    expect(await _pause(world, "first", SENDER), "a sender could not be paused alone")
    other = await world.lane("other.test", "first")
    expect(other.is_closed, "what is paused for all senders is open for one of them")


async def nothing_else_opens_a_paused_route(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    under_way = await world.sending()
    world.advance(1)
    await _pause(world)
    await world.close()
    world.advance(1)
    await world.record(sent(under_way, world.now))
    await world.open()
    await world.database.write(take_fingerprint, "first", "another")
    await world.start({"first": "third"}, ONE)
    (shown,) = await world.database.write(reopen, "first", ONE, actor="cli:bo") or ()
    expect(shown.paused_at is not None, "who reopens it is not told that it is paused")
    lane = await world.lane()
    expect((lane.state, lane.reason) == (LaneState.CLOSED, PAUSED), f"the lane is {lane!r}")


async def a_paused_route_is_not_probed(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.take(world.mail(on_hold="refuse"), world.mail())
    await world.close()
    await world.close(sender=SENDER)
    await _pause(world)
    await world.database.write(make_due, "first", EVERY_SENDER)
    await world.database.write(want_mail, "first", SENDER)
    world.advance(3_600)
    expect(await _due(world) is None, "it, or a sender's route behind it, is due for a probe")
    wanted = await world.database.write(take_wanted, SENDER, "", 10_000)
    expect(not wanted, "a mail was let through to try it")
    found = await _tick(world)
    expect(
        found.next_probe_at is not None and found.next_probe_at > world.now,
        f"an engine looks for a probe again and again: {found.next_probe_at}",
    )


async def a_sender_paused_alone_is_not_probed_either(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.take(world.mail())
    await world.close(sender=SENDER)
    await _pause(world, "first", SENDER)
    await world.database.write(want_mail, "first", SENDER)
    world.advance(3_600)
    wanted = await world.database.write(take_wanted, SENDER, "", 10_000)
    expect(not wanted, "a mail was let through to try it")
    found = await _tick(world)
    expect((found.next_probe_at or 0) > world.now, "an engine looks for a probe again and again")
    expect(await _due(world) is None, "it is due for a probe")


async def a_probe_of_the_provider_takes_no_mail_of_a_paused_sender(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.take(world.mail())
    await world.close()
    await world.claim()
    await _pause(world, "first", SENDER)
    taken = await world.database.write(
        claim_probe, provider="first", sender=EVERY_SENDER, node="n1", lease_ms=30_000
    )
    expect(taken is None, f"a paused sender's mail was sent as a probe: {taken!r}")


async def a_failure_beneath_is_kept_and_probed_when_the_route_is_resumed(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    mail = await world.sending()
    await world.record(turned_away(mail, world.now))
    await _pause(world)
    shown = await _shown(world)
    expect((shown.reason, shown.beneath) == (PAUSED, "credentials_invalid"), f"it is {shown!r}")
    expect(shown.next_probe_at is None and shown.waiting == 1, f"it is {shown!r}")
    world.advance(1)
    await world.database.write(resume, "first", EVERY_SENDER, ONE, actor="ui:bo")
    lane = await world.lane()
    expect((lane.state, lane.reason) == ("closed", "credentials_invalid"), f"it is {lane!r}")
    expect(await _due(world) is not None, "it is not probed at once")


async def a_pause_is_no_alert_and_yet_explains_what_waits(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.take(world.mail())
    await _pause(world)
    await world.claim()
    picture = await world.database.read(take_picture, 60_000)
    (route,) = picture.routes
    expect((route.reason, route.severity) == (PAUSED, "WARNING"), f"it is pictured as {route!r}")
    expect(route.waiting == 1, f"{route.waiting} mails wait for it")
    expect(not picture.lanes, "its lane is taken for one that nobody could carry")
    expect(all(each.explained for each in picture.critical), "what waits is not explained")
    (gauge,) = (await world.database.read(read_gauges)).routes
    expect((gauge.is_open, gauge.reason) == (False, PAUSED), f"it is measured as {gauge!r}")


async def what_two_copies_do_no_harm_to_leaves_a_paused_provider(world: World) -> None:
    mail = await world.sending()
    await world.record(unknown(mail, world.now))
    await _pause(world)
    world.advance(10)
    await world.database.write(wake_due, 100)
    await world.claim()
    expect(await world.state(mail.id) is State.HELD, "it may be out, and was not bound to its way")
    found = await _tick(world)
    expect(found.next_probe_at is not None, "the engine is not told that something is closed")
    freed = await world.database.write(free_unknown, ["registration"], 100, world.routing)
    expect(freed == 1, f"{freed} were freed")


async def _pause(
    world: World, provider: str = "first", sender: str = EVERY_SENDER, *, note: str = ""
) -> bool:
    return await world.database.write(
        pause, provider, sender, world.routing, actor="ui:ada", note=note
    )


async def _shown(world: World) -> RouteShown:
    return next(
        route
        for route in (await world.database.read(board)).routes
        if (route.provider, route.sender) == ("first", EVERY_SENDER)
    )


async def _due(world: World) -> Route | None:
    return await world.database.write(
        due_probe, provider="first", interval_ms=10_000, most_ms=60_000
    )


async def _tick(world: World) -> Tick:
    node = Node("n9", "all", True, "mail-1", 1, "1.0", world.now, world.now)  # noqa: FBT003
    await world.database.write(enter, node)
    found = await world.database.write(tick, "n9", engine=True)
    if found is None:
        raise AssertionError("the node that entered does not tick")
    return found


CASES: Final = (
    mail_of_a_paused_route_goes_by_the_other_provider,
    without_another_provider_it_waits_until_the_route_is_resumed,
    pausing_and_resuming_tell_who_did_it_and_why,
    what_is_paused_cannot_be_paused_again_nor_what_is_not_resumed,
    nothing_else_opens_a_paused_route,
    a_paused_route_is_not_probed,
    a_sender_paused_alone_is_not_probed_either,
    a_probe_of_the_provider_takes_no_mail_of_a_paused_sender,
    a_failure_beneath_is_kept_and_probed_when_the_route_is_resumed,
    a_pause_is_no_alert_and_yet_explains_what_waits,
    what_two_copies_do_no_harm_to_leaves_a_paused_provider,
)
