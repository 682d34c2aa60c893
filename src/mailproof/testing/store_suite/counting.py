"""Cases of counting: each event of the log once, whoever wrote it and whoever crashed meanwhile."""

import asyncio
from collections import Counter
from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database, StoreError, Tx
from mailproof.store.mails.desk import cancel
from mailproof.store.mails.duties import recover_leases, wake_due
from mailproof.store.nodes.nodes import Node, enter
from mailproof.store.records.events import advance, newest
from mailproof.store.records.feedback import Counted, count_feedback
from mailproof.store.records.gauges import (
    FEEDBACK_MS,
    OTHER_SENDERS,
    SENDERS_MAX,
    Gauges,
    read_gauges,
)
from mailproof.store.records.refusals import TOTAL, NewRefusal, RefusalKind, note
from mailproof.store.records.totals import Added, Page, add, add_page, next_page, totals
from mailproof.store.shapes import EVERY_SENDER
from mailproof.testing.store_suite.outcomes import deferred, judged, sent, turned_away, unknown
from mailproof.testing.store_suite.world import SENDER, World, expect

__all__ = ["CASES"]

_NAME: Final = "counts"


async def each_event_counts_once_however_many_a_page_takes(world: World) -> None:
    for _ in range(3):
        await world.record(sent(await world.sending(), world.now))
    told = Counter(event.type for event in await world.events())
    while (page := await world.database.read(next_page, _NAME, 4)).groups:
        expect(page.events <= 4, f"a page of 4 has {page.events}")
        expect(
            await world.database.write(add_page, _NAME, page, _by_type(page)), "it was not added"
        )
    expect(await _sums(world) == dict(told), "what was counted is not what was told")
    expect(not (await world.database.read(next_page, _NAME)).groups, "something is left")


async def of_two_who_read_the_same_page_one_counts_it(world: World) -> None:
    await world.record(sent(await world.sending(), world.now))
    other = await world.open_again()
    pages = [await database.read(next_page, _NAME) for database in (world.database, other)]
    expect(pages[0] == pages[1], "the two have read different pages")
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(database.write(add_page, _NAME, page, _by_type(page)))
            for database, page in zip((world.database, other), pages, strict=True)
        ]
    added = sorted(task.result() for task in tasks)
    expect(added == [False, True], f"of two, added were {added}")
    expect(sum((await _sums(world)).values()) == len(await world.events()), "counted twice")


async def a_page_that_was_not_added_is_read_again(world: World) -> None:
    await world.take(world.mail())
    page = await world.database.read(next_page, _NAME)
    try:
        await world.database.write(_add_and_raise, page)
    except StoreError as error:
        expect(str(error) == "on purpose", f"it raised {error}")
    else:
        raise AssertionError("it did not raise")
    expect(await _sums(world) == {}, "a transaction that failed was counted")
    expect(await world.database.read(next_page, _NAME) == page, "the page is another one now")


async def an_attempt_counts_once_by_how_it_came_out(world: World) -> None:
    await world.record(sent(await world.sending(), world.now))
    await world.record(judged(await world.sending(purpose="receipt"), world.now))
    late = await world.sending()
    await world.record(deferred(late, world.now, 10))
    world.advance(10)
    await world.database.write(wake_due, 100)
    (again,) = await world.going()
    await world.record(unknown(again, world.now))
    await world.sending()
    await world.database.write(recover_leases, 100, world.routing, dead=["n1"])
    await world.record(turned_away(await world.sending(), world.now))
    counted = Counter[tuple[str, str, str]]()
    for group in (await world.database.read(next_page, _NAME)).groups:
        if group.attempt_outcome:
            key = group.attempt_provider, group.attempt_outcome, group.attempt_reason
            counted[key] += group.count
    kept = {
        ("first", "accepted", ""): 1,
        ("first", "refused", "message_invalid"): 1,
        ("first", "refused", "rate_limited"): 1,
        ("first", "refused", "credentials_invalid"): 1,
        ("first", "unknown", "timed_out"): 1,
    }
    lost = {key: count for key, count in counted.items() if key not in kept}
    expect(kept.items() <= counted.items(), f"attempts were counted as {counted}")
    expect(
        [(key[1], count) for key, count in lost.items()] == [("unknown", 1)],
        f"the attempt of the node that died was counted as {lost}",
    )


async def an_event_without_a_purpose_counts_for_that_of_its_mail(world: World) -> None:
    (email_id,) = await world.take(world.mail(purpose="invite", scheduled_at=world.now + 60_000))
    await world.database.write(cancel, [email_id], actor="cli:ada")
    groups = (await world.database.read(next_page, _NAME)).groups
    told = {group.type: group.purpose for group in groups if group.type.startswith("email.")}
    expect(
        told == dict.fromkeys(("email.accepted", "email.scheduled", "email.canceled"), "invite"),
        f"it was counted for {told}",
    )


async def the_age_of_what_was_sent_is_kept_unless_its_app_had_scheduled_it(world: World) -> None:
    for scheduled_s, age_ms in ((0, 40), (30, 30_500), (600, 600_500)):
        at = world.now + scheduled_s * 1000
        (email_id,) = await world.take(world.mail(scheduled_at=at if scheduled_s else None))
        world.advance(scheduled_s)
        await world.database.write(wake_due, 100)
        (mail,) = [each for each in await world.claim() if each.id == email_id]
        await world.record(sent(mail, world.now, age_ms=age_ms))
    ages = [
        age
        for group in (await world.database.read(next_page, _NAME)).groups
        for age in group.ages_ms
    ]
    expect(sorted(ages) == [40, 30_500], f"the ages are {ages}")


async def counters_begin_at_zero_and_keep_their_labels_apart(world: World) -> None:
    one, other = {"kind": "a"}, {"kind": "b"}
    await world.database.write(add, [Added("n", one, 2), Added("n", other), Added("n", one)])
    await world.database.write(add, [Added("n", one, 4)])
    found = {each.labels["kind"]: each.value for each in await world.database.read(totals)}
    expect(found == {"a": 7, "b": 1}, f"they stand at {found}")


async def refusals_are_counted_for_good_by_whose_key_it_was(world: World) -> None:
    refusals = [_refusal(world.now, kind, n) for kind in RefusalKind for n in range(2)]
    await world.database.write(note, refusals)
    await world.database.write(note, refusals[:1])
    found = {
        each.labels["kind"]: each.value
        for each in await world.database.read(totals)
        if each.name == TOTAL
    }
    wanted = {kind.value: 2 for kind in RefusalKind}
    wanted[refusals[0].kind.value] += 1
    expect(found == wanted, f"they stand at {found}")


async def what_waits_is_measured_by_state_and_purpose(world: World) -> None:
    await world.take(world.mail(purpose="otp"), world.mail(purpose="otp"))
    await world.take(world.mail(purpose="bulk", scheduled_at=world.now + 60_000))
    world.advance(5)
    await world.take(world.mail(purpose="otp"), world.mail(purpose=""))
    tried = await world.sending(purpose="invite")
    world.advance(5)
    await world.record(deferred(tried, world.now, 100))
    gauges = await _gauges(world.database)
    found = {(each.state, each.purpose): each for each in gauges.waiting}
    counts = {key: each.count for key, each in found.items()}
    expect(
        counts
        == {
            ("sending", "otp"): 3,
            ("sending", ""): 1,
            ("scheduled", "bulk"): 1,
            ("deferred", "invite"): 1,
        },
        f"waiting: {counts}",
    )
    since = found["deferred", "invite"].since or 0
    expect(gauges.now - since == 5_000, "a deferred mail has waited since it was accepted")


async def mail_that_was_scheduled_waits_since_it_was_due(world: World) -> None:
    await world.take(world.mail(purpose="otp", scheduled_at=world.now + 60_000))
    world.advance(60)
    await world.database.write(wake_due, 100)
    world.advance(2)
    gauges = await _gauges(world.database)
    ages = [gauges.now - (each.since or 0) for each in gauges.waiting if each.state == State.QUEUED]
    expect(ages == [2_000], f"it has waited for {ages}")


async def closed_routes_are_shown_first_and_the_rest_as_one(world: World) -> None:
    for number in range(SENDERS_MAX + 5):
        await world.lane(f"s{number}.test")
        await world.close(sender=f"s{number}.test", reason="sender_unverified")
        await world.open(sender=f"s{number}.test")
    await world.close(sender=SENDER, reason="sender_unverified")
    world.advance(7)
    gauges = await _gauges(world.database)
    mine = {each.sender: each for each in gauges.routes if each.provider == "first"}
    expect(mine[EVERY_SENDER].is_open and mine[OTHER_SENDERS].is_open, "a route is not open")
    shut = mine[SENDER]
    expect(not shut.is_open and shut.reason == "sender_unverified", f"it is shown as {shut!r}")
    expect(gauges.now - (shut.since or 0) == 7_000, "it has been closed for another time")
    expect(len(mine) == SENDERS_MAX + 2, f"{len(mine)} routes are shown")


async def nodes_and_followers_say_how_far_they_are(world: World) -> None:
    node = Node(
        "n9",
        "worker",
        engine=True,
        host="mail-1",
        pid=1,
        version="1.0",
        started_at=world.now,
        seen_at=world.now,
    )
    await world.database.write(enter, node)
    await world.take(world.mail())
    world.advance(3)
    await world.database.write(_stand_before_the_last)
    gauges = await _gauges(world.database)
    (seen,) = [each for each in gauges.nodes if each.host == "mail-1"]
    expect(seen.sends and seen.role == "worker", f"the node is shown as {seen!r}")
    expect(gauges.now - seen.seen_at == 3_000, "it was seen at another time")
    (cursor,) = [each for each in gauges.cursors if each.name == _NAME]
    expect(cursor.behind == 1 and cursor.error == "", f"the follower is shown as {cursor!r}")
    expect(gauges.now - (cursor.next_at or 0) == 3_000, "its next event happened at another time")


async def what_providers_told_is_measured_for_a_day(world: World) -> None:
    old = Counted(provider="first", webhook=True, sent=9)
    await world.database.write(count_feedback, [old])
    world.advance(FEEDBACK_MS / 1000 + 60)
    told = Counted(provider="first", webhook=True, sent=2, confirmed=1, events=1)
    await world.database.write(count_feedback, [told])
    world.advance(5)
    (found,) = (await _gauges(world.database)).feedback
    expect((found.sent, found.confirmed, found.events) == (2, 1, 1), f"it is shown as {found!r}")


async def _gauges(database: Database) -> Gauges:
    return await database.read(read_gauges)


async def _sums(world: World) -> dict[str, int]:
    found = await world.database.read(totals)
    return {each.labels["type"]: each.value for each in found if each.name == _NAME}


def _by_type(page: Page) -> list[Added]:
    return [Added(_NAME, {"type": group.type}, group.count) for group in page.groups]


async def _add_and_raise(tx: Tx, page: Page) -> None:
    await add_page(tx, _NAME, page, _by_type(page))
    raise StoreError("on purpose")


async def _stand_before_the_last(tx: Tx) -> None:
    await advance(tx, _NAME, await newest(tx) - 1)


def _refusal(at: int, kind: RefusalKind, number: int) -> NewRefusal:
    return NewRefusal(
        at=at,
        kind=kind,
        app="shop",
        key_fingerprint=f"{number}",
        client="192.0.2.1",
        path="/emails",
        name="validation_error",
        status=422,
    )


CASES: Final = (
    each_event_counts_once_however_many_a_page_takes,
    of_two_who_read_the_same_page_one_counts_it,
    a_page_that_was_not_added_is_read_again,
    an_attempt_counts_once_by_how_it_came_out,
    an_event_without_a_purpose_counts_for_that_of_its_mail,
    the_age_of_what_was_sent_is_kept_unless_its_app_had_scheduled_it,
    counters_begin_at_zero_and_keep_their_labels_apart,
    refusals_are_counted_for_good_by_whose_key_it_was,
    what_waits_is_measured_by_state_and_purpose,
    mail_that_was_scheduled_waits_since_it_was_due,
    closed_routes_are_shown_first_and_the_rest_as_one,
    nodes_and_followers_say_how_far_they_are,
    what_providers_told_is_measured_for_a_day,
)
