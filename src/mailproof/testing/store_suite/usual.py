"""Cases of what is counted so that the unusual can be told: when mail comes, and rates."""

from datetime import UTC, datetime
from typing import Any, Final

from mailproof.mail.ids import Ids
from mailproof.store.records.events import failed
from mailproof.store.records.review import Counted, Review, keep_samples, take_review
from mailproof.store.records.tallies import keep_tally, next_tally
from mailproof.store.records.totals import Added, add
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


async def mail_is_counted_by_the_minute_once_and_a_little_after_it(world: World) -> None:
    await _mail(world, count=3)
    await _mail(world, app="blog", purpose="notification", critical=False)
    expect(await _tally(world) == 0, "a minute is counted before it has ended")
    world.advance(_MINUTE_S + 10)
    expect(await _tally(world) == 4, "not all mails of the minute were counted")
    expect(await _tally(world) == 0, "a minute was counted twice")
    (rhythm,) = (await _review(world)).rhythms
    expect((rhythm.app, rhythm.purpose, rhythm.accepted) == ("shop", "otp", 3), f"{rhythm}")


async def the_longest_pause_is_known_over_days(world: World) -> None:
    for pause_s in (0, 5 * _MINUTE_S, 9 * _HOUR_S, _DAY_S, 20 * _MINUTE_S):
        world.advance(pause_s)
        await _mail(world)
    world.advance(_HOUR_S)
    await _tally(world)
    (rhythm,) = (await _review(world)).rhythms
    expect(rhythm.longest_gap == _DAY_S // _MINUTE_S, f"the pause of a day is {rhythm}")
    expect(rhythm.accepted == 5, f"5 mails came in all: {rhythm}")
    expect(rhythm.last_minute == (world.now // 60_000) - 60, f"an hour ago: {rhythm}")


async def a_pause_is_known_however_often_it_is_looked_at(world: World) -> None:
    await _mail(world)
    for _ in range(50):
        world.advance(_MINUTE_S)
        await _tally(world)
    await _mail(world)
    world.advance(2 * _MINUTE_S)
    await _tally(world)
    (rhythm,) = (await _review(world)).rhythms
    expect(rhythm.longest_gap == 50, f"50 minutes were quiet: {rhythm}")


async def of_two_who_count_one_adds(world: World) -> None:
    await _mail(world, count=2)
    world.advance(2 * _MINUTE_S)
    other = await world.open_again()
    first = await world.database.read(next_tally)
    second = await other.read(next_tally)
    if first is None or second is None:
        raise AssertionError("there was nothing to count")
    kept = await world.database.write(keep_tally, first), await other.write(keep_tally, second)
    expect(kept == (True, False), f"both counted the same minute: {kept}")
    (rhythm,) = (await _review(world)).rhythms
    expect(rhythm.accepted == 2, f"2 mails came: {rhythm}")


async def an_hour_that_is_fuller_than_any_of_the_week_is_known(world: World) -> None:
    world.advance(_HOUR_S - (world.now // 1000) % _HOUR_S)
    await _mail(world, count=7)
    world.advance(_DAY_S)
    await _mail(world, count=120)
    world.advance(5 * _MINUTE_S)
    await _tally(world)
    (volume,) = (await _review(world)).volumes
    expect((volume.app, volume.recent, volume.usual) == ("shop", 120, 7), f"{volume}")
    expect(world.now // 3_600_000 - volume.first_hour == 24, f"known for a day: {volume}")
    world.advance(2 * _HOUR_S)
    expect(not (await _review(world)).volumes, "what was two hours ago is not recent")


async def what_is_too_old_to_be_usual_goes(world: World) -> None:
    await _mail(world)
    world.advance(_HOUR_S)
    await _tally(world)
    world.advance(11 * _DAY_S)
    await _mail(world)
    world.advance(_HOUR_S)
    await _tally(world)
    (rhythm,) = (await _review(world)).rhythms
    expect(rhythm.accepted == 1, f"the mail of 11 days ago counts: {rhythm}")


async def counters_are_compared_over_ten_minutes_and_a_day(world: World) -> None:
    await world.database.write(add, _sent("first", 50))
    expect((await _look(world)).day == Counted({"first": 0}), "what was before is no rise")
    world.advance(_HOUR_S)
    await world.database.write(add, [*_sent("first", 30), *_ended("failed", 2)])
    review = await _look(world)
    expect(review.lately == review.day == Counted({"first": 30}, unsent=2), f"{review}")
    world.advance(11 * _MINUTE_S)
    await world.database.write(add, [*_sent("second", 4), *_ended("bounced", 1)])
    review = await _look(world)
    lately = Counted({"first": 0, "second": 4}, bounced=1)
    expect(review.lately == lately, f"in ten minutes: {review.lately}")
    expect(review.day == Counted({"first": 30, "second": 4}, 2, 1), f"in a day: {review.day}")
    world.advance(_DAY_S + _MINUTE_S)
    nothing = Counted({"first": 0, "second": 0})
    expect((await _look(world)).day == nothing, "what was yesterday is over")


async def the_first_of_its_kind_counts_from_zero(world: World) -> None:
    await _look(world)
    world.advance(_MINUTE_S)
    await world.database.write(add, [*_ended("complained", 3), *_ended("expired", 5)])
    for _ in range(3):
        review = await _look(world)
        expect((review.day.complained, review.day.unsent) == (3, 5), f"{review.day}")
        world.advance(_MINUTE_S)


async def followers_that_stand_still_or_lag_are_seen(world: World) -> None:
    await world.take(world.mail())
    await world.database.write(failed, "shipping", "RuntimeError")
    (cursor,) = (await _review(world)).cursors
    expect((cursor.name, cursor.error) == ("shipping", "RuntimeError"), f"{cursor}")
    expect(cursor.failing_since == cursor.next_at == world.now, f"{cursor}")
    expect((await _review(world)).last_event_at == world.now, "the last event was just now")


async def _mail(world: World, count: int = 1, **given: Any) -> None:
    ids = Ids(lambda: datetime.fromtimestamp(world.clock.now(), UTC))
    values = {"purpose": "otp", "critical": True, **given}
    await world.take(*(world.mail(id=str(ids.new()), **values) for _ in range(count)))


async def _tally(world: World) -> int:
    count = 0
    while (tally := await world.database.read(next_tally)) is not None:
        await world.database.write(keep_tally, tally)
        count += sum(group.count for group in tally.groups)
        for group in tally.groups:
            expect(group.minute < tally.until, "a minute is counted that is not over")
    return count


async def _review(world: World) -> Review:
    return await world.database.read(take_review, 0)


async def _look(world: World) -> Review:
    review = await _review(world)
    await world.database.write(keep_samples, review)
    return review


def _sent(provider: str, count: int) -> list[Added]:
    labels = {"provider": provider, "outcome": "accepted", "reason": "none"}
    return [Added("mailproof_attempts_total", labels, count)]


def _ended(state: str, count: int) -> list[Added]:
    return [Added("mailproof_emails_total", {"state": state, "purpose": "otp"}, count)]


CASES: Final = (
    mail_is_counted_by_the_minute_once_and_a_little_after_it,
    the_longest_pause_is_known_over_days,
    a_pause_is_known_however_often_it_is_looked_at,
    of_two_who_count_one_adds,
    an_hour_that_is_fuller_than_any_of_the_week_is_known,
    what_is_too_old_to_be_usual_goes,
    counters_are_compared_over_ten_minutes_and_a_day,
    the_first_of_its_kind_counts_from_zero,
    followers_that_stand_still_or_lag_are_seen,
)
