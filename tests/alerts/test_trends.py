"""What is unusual, at its border: one mail, one minute less, and nobody is told."""

import msgspec
import pytest

from mailproof.alerts.limits import Limits, percent
from mailproof.alerts.trends import (
    critical_silent,
    degraded,
    next_silence_at,
    rates,
    volume_jumps,
)
from mailproof.store.records.picture import OpenAlert, Picture
from mailproof.store.records.review import Counted, Review, Rhythm, Volume

MINUTE_MS = 60_000
NOW_MINUTE = 30_000_000
NOW = NOW_MINUTE * MINUTE_MS
HOUR = NOW // 3_600_000
PICTURE = Picture(now=NOW)
LIMITS = Limits()
TWO_DAYS = 2 * 1_440


def rhythm(silent_for: int, *, longest_gap: int = 600, accepted: int = 20) -> Rhythm:
    last = NOW_MINUTE - silent_for
    return Rhythm("shop", "otp", accepted, last - TWO_DAYS, last, longest_gap)


def silent(one: Rhythm, *, began: int = 0, limits: Limits = LIMITS) -> bool:
    review = Review(now=NOW, began=began, rhythms=(one,))
    return bool(list(critical_silent(PICTURE, review, limits)))


def test_critical_mail_is_silent_after_more_than_three_times_its_longest_pause() -> None:
    assert not silent(rhythm(1_800))
    assert silent(rhythm(1_801))
    (found,) = critical_silent(PICTURE, Review(now=NOW, rhythms=(rhythm(1_801),)), LIMITS)
    assert (found.about, found.severity, found.count) == ("shop/otp", "ERROR", 20)
    assert found.since == NOW - 1_801 * MINUTE_MS
    assert found.facts["usual_s"] == 36_000


def test_how_many_pauses_make_a_silence_is_configured() -> None:
    assert silent(rhythm(1_201), limits=Limits(silence=2))
    assert not silent(rhythm(1_201))


def test_an_app_that_is_quiet_at_night_is_not_silent_in_the_morning() -> None:
    assert not silent(rhythm(11 * 60, longest_gap=11 * 60))


def test_mail_that_comes_each_minute_may_pause_for_a_deployment() -> None:
    assert not silent(rhythm(15, longest_gap=1))
    assert silent(rhythm(16, longest_gap=1))


def test_nineteen_mails_are_no_history() -> None:
    assert not silent(rhythm(5_000, accepted=19))
    assert silent(rhythm(5_000, accepted=20))


def test_less_than_two_days_are_no_history() -> None:
    young = msgspec.structs.replace(
        rhythm(100, longest_gap=1), first_minute=NOW_MINUTE - 100 - TWO_DAYS + 1
    )
    assert not silent(young)
    assert silent(rhythm(100, longest_gap=1))


def test_after_our_own_start_apps_get_a_quarter_of_an_hour() -> None:
    assert not silent(rhythm(5_000), began=NOW - 15 * MINUTE_MS)
    assert silent(rhythm(5_000), began=NOW - 16 * MINUTE_MS)


def test_the_next_silence_is_known_before_it_comes_so_nobody_need_ask() -> None:
    review = Review(now=NOW, rhythms=(rhythm(1_700), rhythm(100), rhythm(5_000)))
    at = next_silence_at(review, LIMITS)
    assert at == NOW + 101 * MINUTE_MS
    then = msgspec.structs.replace(review, now=at)
    assert len(list(critical_silent(PICTURE, then, LIMITS))) == 2
    assert next_silence_at(Review(now=NOW), LIMITS) is None


@pytest.mark.parametrize(
    ("recent", "usual", "known_hours", "told"),
    [(501, 100, 24, True), (500, 100, 24, False), (501, 100, 23, False), (100, None, 30, True)],
)
def test_a_flood_is_more_than_five_times_the_busiest_hour_of_an_app_that_is_known(
    recent: int,
    usual: int | None,
    known_hours: int,
    told: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    volume = Volume("shop", recent, usual, HOUR - known_hours)
    found = list(volume_jumps(PICTURE, Review(now=NOW, volumes=(volume,)), LIMITS))
    assert [each.about for each in found] == (["shop"] if told else [])


def told_rates(**spans: Counted) -> dict[str, int]:
    found = rates(PICTURE, Review(now=NOW, **spans), LIMITS)  # type: ignore[arg-type]
    return {each.name: each.count for each in found}


@pytest.mark.parametrize(
    ("sent", "unsent", "told"),
    [(16, 4, False), (15, 5, True), (14, 5, False), (0, 20, True), (0, 19, False)],
)
def test_failures_are_told_above_a_fifth_of_at_least_twenty(
    sent: int,
    unsent: int,
    told: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    found = told_rates(lately=Counted({"resend": sent}, unsent=unsent))
    assert found == ({"failure_rate": unsent} if told else {})


@pytest.mark.parametrize(
    ("sent", "bounced", "told"), [(100, 5, False), (100, 6, True), (99, 50, False)]
)
def test_bounces_are_told_above_five_percent_of_at_least_a_hundred(
    sent: int,
    bounced: int,
    told: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    found = told_rates(day=Counted({"resend": sent - 1, "backup": 1}, bounced=bounced))
    assert found == ({"bounce_rate": bounced} if told else {})


@pytest.mark.parametrize(
    ("sent", "complained", "told"),
    [
        (1_000, 1, False),
        (1_000, 2, True),
        (10_000, 10, False),
        (999, 2, False),
        (999, 3, True),
        (0, 3, True),
    ],
)
def test_complaints_are_told_above_one_in_a_thousand_and_of_fewer_mails_from_three_on(
    sent: int,
    complained: int,
    told: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    found = told_rates(day=Counted({"resend": sent}, complained=complained))
    assert found == ({"complaint_rate": complained} if told else {})


def test_a_rate_says_how_many_of_how_many_and_the_limit() -> None:
    (found,) = rates(PICTURE, Review(now=NOW, lately=Counted({"resend": 30}, unsent=10)), LIMITS)
    assert found.facts == {"bad": 10, "of": 40, "rate": "25%", "limit": "20%"}


@pytest.mark.parametrize(
    ("part", "said"), [(0.001, "0.1%"), (0.2, "20%"), (1 / 3, "33.33%"), (1, "100%")]
)
def test_a_percentage_is_written_as_people_write_it(part: float, said: str) -> None:
    assert percent(part) == said


TWO = Limits(order=("resend", "backup"))
OPEN = Picture(
    now=NOW, alerts=(OpenAlert(1, "degraded", "backup", "WARNING", NOW, NOW, 1, "{}", 0),)
)


def second_choice(picture: Picture, lately: dict[str, int], day: dict[str, int]) -> list[int]:
    review = Review(now=NOW, lately=Counted(lately), day=Counted(day))
    return [each.count for each in degraded(picture, review, TWO)]


def test_one_mail_by_the_second_choice_is_told_with_the_number_of_the_day() -> None:
    assert second_choice(PICTURE, {"resend": 9, "backup": 1}, {"resend": 9, "backup": 7}) == [7]
    assert second_choice(PICTURE, {"resend": 9}, {"resend": 9, "backup": 7}) == []


def test_that_no_mail_came_does_not_say_that_the_first_choice_works_again() -> None:
    assert second_choice(OPEN, {}, {"backup": 7}) == [7]
    assert second_choice(OPEN, {"resend": 1}, {"resend": 1, "backup": 7}) == []
    assert second_choice(OPEN, {}, {}) == []


def test_with_one_provider_there_is_no_second_choice() -> None:
    review = Review(now=NOW, lately=Counted({"other": 5}), day=Counted({"other": 5}))
    assert not list(degraded(PICTURE, review, Limits(order=("resend",))))
    assert not list(degraded(PICTURE, review, Limits()))
