"""Cases of deeds for many mails: what is said before is what happens then."""

from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.console.bulk import SOON_MS, STEP_MAX, Applied, Deed, Preview, apply, preview
from mailproof.store.console.search import Query
from mailproof.store.mails.desk import Answer, cancel
from mailproof.testing.store_suite.outcomes import deferred, given_up, judged, sent, turned_away
from mailproof.testing.store_suite.world import DAY_MS, ONE, SENDER, World, expect

__all__ = ["CASES"]

_NOBODY: Final = "ffffffff-ffff-7fff-8fff-ffffffffffff"


async def a_preview_says_what_the_deed_then_does(world: World) -> None:
    ids = await _one_of_each(world)
    wanted: dict[Deed, dict[Answer, int]] = {
        "retry": {
            Answer.LANE_CLOSED: 1,
            Answer.ENDED: 1,
            Answer.MAY_DOUBLE: 1,
            Answer.SCHEDULED: 1,
            Answer.NOT_FOUND: 2,
        },
        "release": {
            Answer.LANE_CLOSED: 1,
            Answer.ENDED: 3,
            Answer.MAY_DOUBLE: 1,
            Answer.SCHEDULED: 1,
            Answer.NOT_FOUND: 2,
        },
        "cancel": {Answer.ENDED: 2, Answer.ALREADY: 1, Answer.MAY_DOUBLE: 1, Answer.NOT_FOUND: 2},
    }
    moved = {"retry": 3, "release": 1, "cancel": 3}
    for deed, refused in wanted.items():
        shown = await _preview(world, deed, [*ids, _NOBODY, "no id"])
        expect(shown.refused == refused, f"{deed}: {shown.refused}")
        expect((shown.chosen, shown.will) == (9, moved[deed]), f"{deed}: {shown!r}")
    closed = (await _preview(world, "release", ids)).routes_closed
    expect(closed == (f"first/{SENDER}",), f"closed are {closed}")
    for deed in ("release", "cancel"):
        before = await _preview(world, deed, [*ids, _NOBODY, "no id"])
        done = await _apply(world, deed, [*ids, _NOBODY, "no id"])
        expect((done.done, done.refused) == (before.will, before.refused), f"{deed}: {done!r}")


async def what_two_copies_are_better_than_none_of_is_sent_again_too(world: World) -> None:
    ids = await _one_of_each(world)
    shown = await world.database.read(preview, "retry", ids, may_double=True)
    expect(shown.will == 4 and Answer.MAY_DOUBLE not in shown.refused, f"{shown!r}")


async def each_mail_that_is_moved_tells_by_whom(world: World) -> None:
    ids = await world.take(*[world.mail() for _ in range(3)])
    await _apply(world, "cancel", ids)
    told = [event for event in await world.events() if event.type == "email.canceled"]
    expect([event.actor for event in told] == ["ui:ada"] * 3, f"told are {told}")


async def many_go_in_steps_and_none_that_comes_later_is_touched(world: World) -> None:
    count = 2 * STEP_MAX + 7
    ids = await world.take(*[world.mail() for _ in range(count)])
    query = Query(states=(State.QUEUED,))
    shown = await world.database.read(preview, "cancel", query)
    expect((shown.will, shown.more) == (count, False), f"{shown!r}")
    (later,) = await world.take(world.mail())
    done, steps = 0, 0
    begin: int | None = shown.upto
    while begin is not None:
        step = await _apply(world, "cancel", query, begin)
        expect(step.done <= STEP_MAX, f"{step.done} in one transaction")
        done, steps, begin = done + step.done, steps + 1, step.go_on
    expect((done, steps) == (count, 3), f"{done} in {steps} steps")
    expect(await world.state(later) is State.QUEUED, "what came later was canceled too")
    chosen, done, begin = ids, 0, None
    while True:
        step = await _apply(world, "retry", chosen, begin)
        done, begin = done + step.done, step.go_on
        if begin is None:
            break
    expect(done == count, f"of those named one by one, {done}")


async def what_will_expire_before_it_can_go_is_said(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    await world.close()
    soon, late = world.now + SOON_MS, world.now + DAY_MS
    ids = await world.take(world.mail(expires_at=soon), world.mail(expires_at=late))
    shown = await _preview(world, "release", ids)
    expect((shown.will, shown.expire_soon) == (0, 1), f"{shown!r}")
    expect((await _preview(world, "cancel", ids)).expire_soon == 0, "canceled, none expires")


async def _one_of_each(world: World) -> list[str]:
    """Held in a closed lane, deferred, failed, canceled, sent, unconfirmed and scheduled."""
    await world.start({"first": "f1"}, ONE)
    other = {"lane_sender": "other.test"}
    out, bad, unsure, late = [await world.sending(**other) for _ in range(4)]
    await world.record(sent(out, world.now), judged(bad, world.now), given_up(unsure))
    await world.record(deferred(late, world.now, 600))
    (ended,) = await world.take(world.mail(**other))
    await world.database.write(cancel, [ended], actor="cli:bo")
    at = world.now + 3_600_000
    (scheduled,) = await world.take(world.mail(scheduled_at=at, **other))
    held = await world.sending()
    await world.record(turned_away(held, world.now, "sender_unverified", sender=SENDER))
    return [held.id, late.id, bad.id, ended, out.id, unsure.id, scheduled]


async def _preview(world: World, deed: Deed, ids: list[str]) -> Preview:
    return await world.database.read(preview, deed, ids)


async def _apply(
    world: World, deed: Deed, chosen: list[str] | Query, begin: int | None = None
) -> Applied:
    return await world.database.write(
        apply, deed, chosen, actor="ui:ada", lifetime_ms=lambda _: DAY_MS, begin=begin
    )


CASES: Final = (
    a_preview_says_what_the_deed_then_does,
    what_two_copies_are_better_than_none_of_is_sent_again_too,
    each_mail_that_is_moved_tells_by_whom,
    many_go_in_steps_and_none_that_comes_later_is_touched,
    what_will_expire_before_it_can_go_is_said,
)
