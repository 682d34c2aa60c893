"""Cases of what the console reads: what is found, counted and told, minute by minute."""

from collections.abc import Sequence
from typing import Any, Final

from mailproof.mail.lifecycle import State
from mailproof.store.console.counts import Counts, Nav, counts, nav, total, waits
from mailproof.store.console.history import route_facts, route_history
from mailproof.store.console.minutes import (
    KEPT_MS,
    Happened,
    Minute,
    add_minutes,
    minutes,
    purposes_now,
)
from mailproof.store.console.paces import Took, add_paces
from mailproof.store.console.pausing import pause, resume
from mailproof.store.console.search import Found, Query, count_newer, search
from mailproof.store.mails.desk import cancel
from mailproof.store.mails.duties import sweep_seldom
from mailproof.store.records.checks import NewCheck, insert
from mailproof.store.shapes import EVERY_SENDER, NewRecipient
from mailproof.testing.store_suite.outcomes import deferred, judged, sent, turned_away
from mailproof.testing.store_suite.world import ONE, SENDER, World, expect

__all__ = ["CASES"]

_MINUTE_MS: Final = 60_000


async def a_mail_is_found_by_what_a_person_types_of_it(world: World) -> None:
    (ada,) = await world.take(_to(world, "Ada.Lovelace@Example.com", subject="Grüße, 50% off"))
    (bo,) = await world.take(_to(world, "bo@mail.test", subject="验证您的邮箱 a_b"))
    typed = {
        ada: ("ada.LOVE", "example.com", "GRÜßE", "grÜ", "50% OFF", f" {ada} ", ada.upper()),
        bo: ("BO@", "您的邮箱", "a_b", bo.replace("-", ""), "验证"),
    }
    for wanted, texts in typed.items():
        for text in texts:
            found = await _ids(world, text=text)
            expect(found == [wanted], f"{text!r} finds {found}")
    expect(await _ids(world, text=ada[:8]) == [bo, ada], "ids that begin alike are not both found")
    for text in ("nobody", "5_% off", "aXb", "0" * 8, "ffffffff-ffff"):
        expect(not await _ids(world, text=text), f"{text!r} finds {await _ids(world, text=text)}")


async def what_looks_like_an_id_and_is_none_is_looked_for_as_words(world: World) -> None:
    (email_id,) = await world.take(world.mail(subject="Your order 12345678"))
    expect(await _ids(world, text="12345678") == [email_id], "an order's number is not found")


async def mails_are_found_by_what_they_have_in_common(world: World) -> None:
    made = await _some_of_each(world)
    now = world.now
    for given, wanted in (
        ({"states": (State.SENT,)}, ["sent"]),
        ({"states": (State.FAILED, State.CANCELED)}, ["canceled", "failed"]),
        ({"states": (State.HELD, State.SCHEDULED)}, ["held", "scheduled"]),
        ({"states": (State.SENDING, State.SENT)}, ["sending", "sent"]),
        ({"reason": "message_invalid"}, ["failed"]),
        ({"reason": "sender_unverified"}, ["held"]),
        ({"reason": "sender_unverified", "states": (State.HELD,)}, ["held"]),
        ({"purpose": "receipt"}, ["scheduled"]),
        ({"app": "blog"}, ["canceled"]),
        ({"app": "blog", "states": (State.CANCELED,)}, ["canceled"]),
        ({"app": "shop", "states": (State.CANCELED,)}, []),
        ({"since": now - 500}, ["held"]),
        ({"until": now - 600_000}, ["sent"]),
        (
            {"since": now - 200_000, "until": now - 119_500, "text": "ada"},
            ["scheduled", "canceled"],
        ),
    ):
        found = await _ids(world, **given)
        expect(found == [made[name] for name in wanted], f"{given} finds {found} of {made}")


async def pages_lead_to_each_other_and_miss_nothing(world: World) -> None:
    ids = await world.take(*[world.mail() for _ in range(7)])
    await world.database.write(cancel, ids[::2], actor="cli:ada")
    for query in (
        Query(),
        Query(text="hello"),
        Query(states=(State.CANCELED, State.QUEUED)),
        Query(states=(State.QUEUED,)),
        Query(states=(State.CANCELED, State.SUPERSEDED)),
        Query(app="shop"),
    ):
        whole = (await _search(world, query)).mails
        pages = [await _search(world, query, limit=2)]
        expect(not pages[0].newer, f"{query}: something is newer than the newest")
        while (older := pages[-1].older) is not None:
            pages.append(await _search(world, query, limit=2, before_seq=older))
            expect(pages[-1].newer, f"{query}: nothing is newer than what is older")
            expect(pages[-1].searched_to is None, f"{query}: so few were not looked through")
        expect([mail for page in pages for mail in page.mails] == [*whole], f"{query}: {pages}")
        back = await _search(world, query, limit=2, after_seq=pages[-1].mails[0].seq)
        expect(back.mails == pages[-2].mails, f"{query}: back from the last page: {back.mails}")
        expect(back.newer == (len(pages) > 2), f"{query}: is there more that is newer?")
        few = await _search(world, query, limit=3, after_seq=whole[1].seq)
        expect(few.mails == whole[:3], f"{query}: one is newer, and the newest page is {few.mails}")
        count = await world.database.read(count_newer, query, whole[-1].seq)
        expect(count == len(whole) - 1, f"{query}: {count} came after the first")


async def mails_are_counted_by_where_they_stand(world: World) -> None:
    expect(await world.database.read(counts, None) == Counts(0, 0, 0, 0, 0, True), "of none")  # noqa: FBT003
    await _some_of_each(world)
    found = await world.database.read(counts, None)
    expect(found == Counts(6, 3, 1, 1, 1, True), f"they are {found}")  # noqa: FBT003
    late = await world.database.read(counts, world.now - 150_000)
    expect((late.all, late.sent, late.waiting) == (4, 0, 3), f"of the last minutes: {late}")
    expect(await world.database.read(total) == 6, "in all")
    await world.close("second")
    shown = await world.database.read(nav)
    expect(shown == Nav(waiting=3, routes_closed=2, refusals_apps=0, alerts=0), f"{shown}")


async def what_waits_is_told_by_why_it_does(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    began = world.now
    await world.take(world.mail(lane_sender="other.test"), world.mail(lane_sender="third.test"))
    late = await world.sending(expires_at=world.now + 3_600_000)
    world.advance(5)
    await world.take(world.mail(critical=False, expires_at=world.now + 60_000))
    for sender in (SENDER, "other.test"):
        await world.close(sender=sender, reason="sender_unverified")
    await world.claim()
    await world.record(deferred(late, world.now, 100, to=State.DEFERRED))
    found = {(each.state, each.reason): each for each in await world.database.read(waits)}
    held = found[State.HELD, "sender_unverified"]
    expect(held.count == 2, f"held are {held.count}")
    expect(held.oldest_at == began, f"the first was accepted at {held.oldest_at}")
    sending = found[State.SENDING, None]
    expect((sending.count, sending.oldest_at) == (2, began), f"with a provider: {sending!r}")
    expect(held.first_expires_at == began + 65_000, f"the first expires at {held!r}")
    expect(held.provider is None, f"it is bound to {held.provider}")
    order = [each.count for each in await world.database.read(waits)]
    expect(order == sorted(order, reverse=True), f"the most do not come first: {order}")


async def what_happened_is_added_to_its_minute(world: World) -> None:
    now = world.now // _MINUTE_MS
    told = [
        Happened(now, "otp", "accepted", 3),
        Happened(now, "otp", "sent", 2),
        Happened(now, "bulk", "waiting", 4),
        Happened(now - 1, "otp", "bad", 1),
        Happened(now - 1, "otp", "other", 5),
    ]
    await world.database.write(add_minutes, told)
    await world.database.write(add_minutes, told[:2])
    found = await world.database.read(minutes, since_minute=now - 1)
    expect(found == [Minute(now - 1, 0, 0, 0, 1, 5), Minute(now, 6, 4, 4, 0)], f"{found}")
    mine = await world.database.read(minutes, since_minute=now, purpose="bulk")
    expect(mine == [Minute(now, 0, 0, 4, 0)], f"of one purpose: {mine}")
    world.advance(KEPT_MS / 1000 + 60)
    swept = await world.database.write(sweep_seldom, 100, mails_ms=KEPT_MS)
    expect(swept.minutes == 3, f"of three old minutes {swept.minutes} were swept")
    expect(
        not await world.database.read(minutes, since_minute=0), "the old minutes are still there"
    )


async def a_purpose_is_told_with_its_pace_and_what_stops_it(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    now = world.now
    hour = now // 3_600_000
    await world.database.write(add_minutes, [Happened(now // _MINUTE_MS, "otp", "accepted", 9)])
    took = [(100, 49), (200, 49), (9_000, 2)]
    await world.database.write(
        add_paces, [Took(hour, "otp", "first", ms, count, now - 5) for ms, count in took]
    )
    await world.take(world.mail(purpose="otp", expires_at=now + 600_000), world.mail(purpose=""))
    world.advance(1)
    await world.close()
    found = {
        each.purpose: each
        for each in await world.database.read(purposes_now, day_began_at=now - 3_600_000)
    }
    otp = found["otp"]
    expect((otp.critical, otp.today, otp.waiting) == (True, 9, 1), f"it is {otp!r}")
    expect((otp.typical_ms, otp.slowest_ms) == (200, 9_000), f"its pace is {otp!r}")
    expect(otp.first_expires_at == now + 600_000 and otp.last_sent_at == now - 5, f"{otp!r}")
    expect(otp.stopped_since == now + 1_000, f"it has stopped since {otp.stopped_since}")
    expect(found[""].stopped_since is None and not found[""].critical, f"{found['']!r}")
    expect(len(otp.last_hour) == 60, f"its hour has {len(otp.last_hour)} minutes")
    expect(sum(minute.accepted for minute in otp.last_hour) == 9, "of its hour, mails are missing")


async def a_route_is_told_by_the_worst_of_each_part(world: World) -> None:
    await world.lane()
    world.advance(3_600)
    since = world.now
    await _check(world, "good")
    world.advance(300)
    await world.close()
    world.advance(600)
    await world.open()
    world.advance(600)
    await _check(world, "bad")
    world.advance(600)
    await world.database.write(pause, "first", SENDER, world.routing, actor="ui:ada", note="")
    world.advance(600)
    await world.database.write(resume, "first", SENDER, world.routing, actor="ui:ada")
    world.advance(900)
    for sender, fifth in ((SENDER, "paused"), (EVERY_SENDER, "open")):
        marks = await world.database.read(
            route_history, "first", sender, since=since - 600_000, marks=7
        )
        tones = [mark.tone for mark in marks]
        wanted = ["unknown", "closed", "closed", "slowed", fifth, fifth, "open"]
        expect(tones == wanted, f"{sender}: it was {tones}")
        expect(marks[1].at - marks[0].at == 600_000, f"a mark is {marks[1].at - marks[0].at} ms")


async def of_each_route_the_last_mail_and_the_last_check_are_known(world: World) -> None:
    await world.lane()
    await world.record(sent(await world.sending(), world.now))
    await _check(world, "good")
    await world.database.write(
        add_paces, [Took(world.now // 3_600_000, "otp", "first", 300, 1, world.now - 9)]
    )
    await world.database.write(pause, "first", SENDER, world.routing, actor="", note="")
    found = {(each.provider, each.sender): each for each in await world.database.read(route_facts)}
    for place in (("first", EVERY_SENDER), ("first", SENDER)):
        facts = found[place]
        expect(facts.last_sent_at == world.now and facts.typical_ms == 300, f"{facts!r}")
        expect(facts.last_check is not None and facts.last_check.verdict == "good", f"{facts!r}")
    idle = found["second", EVERY_SENDER]
    expect((idle.last_sent_at, idle.typical_ms, idle.last_check) == (None, None, None), f"{idle!r}")


def _to(world: World, address: str, **given: Any) -> Any:
    recipient = NewRecipient(address, "to", address.encode().ljust(16)[:16])
    return world.mail(recipients=(recipient,), **given)


async def _some_of_each(world: World) -> dict[str, str]:
    """One mail in each of six states, two minutes or more apart but for the last."""
    await world.start({"first": "f1"}, ONE)
    first = await world.sending()
    await world.record(sent(first, world.now))
    world.advance(600)
    failed = await world.sending(subject="Nobody reads this")
    await world.record(judged(failed, world.now))
    world.advance(120)
    (canceled,) = await world.take(world.mail(app="blog"))
    await world.database.write(cancel, [canceled], actor="cli:ada")
    at = world.now + 3_600_000
    (scheduled,) = await world.take(world.mail(purpose="receipt", scheduled_at=at))
    world.advance(1)
    sending = await world.sending(lane_sender="other.test", subject="Nobody reads this")
    world.advance(119)
    turned = await world.sending()
    told = turned_away(turned, world.now, "sender_unverified", sender=SENDER)
    await world.record(told)
    return {
        "sent": first.id,
        "failed": failed.id,
        "canceled": canceled,
        "scheduled": scheduled,
        "sending": sending.id,
        "held": turned.id,
    }


async def _search(world: World, query: Query, **given: Any) -> Found:
    return await world.database.read(search, query, **given)


async def _ids(world: World, **given: Any) -> Sequence[str]:
    return [mail.id for mail in (await _search(world, Query(**given))).mails]


async def _check(world: World, verdict: str) -> None:
    await world.database.write(insert, NewCheck(provider="first", verdict=verdict, took_ms=1))


CASES: Final = (
    a_mail_is_found_by_what_a_person_types_of_it,
    what_looks_like_an_id_and_is_none_is_looked_for_as_words,
    mails_are_found_by_what_they_have_in_common,
    pages_lead_to_each_other_and_miss_nothing,
    mails_are_counted_by_where_they_stand,
    what_waits_is_told_by_why_it_does,
    what_happened_is_added_to_its_minute,
    a_purpose_is_told_with_its_pace_and_what_stops_it,
    a_route_is_told_by_the_worst_of_each_part,
    of_each_route_the_last_mail_and_the_last_check_are_known,
)
