"""Quotas, reports of providers, followers of the log: from where on people are told."""

from typing import Any

import msgspec
import pytest

from mailproof.alerts.limits import Limits, Quota
from mailproof.alerts.reviewed import reviewed
from mailproof.alerts.surroundings import (
    cursors_stuck,
    feedback_failing,
    mail_unverified,
    quotas_running_out,
)
from mailproof.store.records.checks import Check
from mailproof.store.records.feedback import FeedbackHealth
from mailproof.store.records.picture import Picture
from mailproof.store.records.review import BehindCursor, Review

NOW = 1_800_000_000_000
PICTURE = Picture(now=NOW)
LIMITS = Limits()


def check(at: int = NOW, **facts: str) -> Check:
    return Check(
        at=at,
        provider="resend",
        verdict="good",
        reason=None,
        took_ms=5,
        failure=None,
        facts=facts,
    )


def quotas(one: Check, **configured: int) -> list[tuple[str, int]]:
    limits = Limits(quotas={"resend": Quota(**configured)})
    found = quotas_running_out(PICTURE, Review(now=NOW, checks=(one,)), limits)
    return [(each.about, each.count) for each in found]


@pytest.mark.parametrize(("used", "told"), [("79", []), ("80", [("resend/day", 80)])])
def test_a_quota_is_told_from_four_fifths_on(used: str, told: list[tuple[str, int]]) -> None:
    assert quotas(check(used_today=used, limit_today="100")) == told


def test_the_quota_that_the_operator_names_counts_before_the_provider_s_own() -> None:
    one = check(used_this_month="40000", limit_this_month="3000")
    assert quotas(one) == [("resend/month", 40_000)]
    assert quotas(one, per_month=50_000) == [("resend/month", 40_000)]
    assert quotas(one, per_month=50_001) == []


def test_day_and_month_are_told_apart() -> None:
    one = check(used_today="90", used_this_month="2900")
    assert quotas(one, per_day=100, per_month=3_000) == [
        ("resend/day", 90),
        ("resend/month", 2_900),
    ]


@pytest.mark.parametrize(
    "facts",
    [{}, {"used_today": "99"}, {"used_today": "many", "limit_today": "100"},
     {"used_today": "-5", "limit_today": "1"}],
)  # fmt: skip
def test_what_is_not_known_of_a_quota_is_not_told(facts: dict[str, str]) -> None:
    assert quotas(check(NOW, **facts)) == []


def test_a_check_of_yesterday_says_nothing_of_today() -> None:
    hour = 3_600_000
    full = {"used_today": "100", "limit_today": "100"}
    assert quotas(check(NOW - 25 * hour, **full)) == [("resend/day", 100)]
    assert quotas(check(NOW - 25 * hour - 1, **full)) == []


def health(**given: Any) -> FeedbackHealth:
    values: dict[str, Any] = {
        "provider": "resend",
        "sent": 40,
        "confirmed": 40,
        "refused_signatures": 0,
        "last_event_at": NOW - 10,
        "last_refused_at": None,
        "unverified": 0,
        "since": NOW - 86_400_000,
        "events": 40,
        "webhook": True,
        "overdue": 0,
    }
    return FeedbackHealth(**{**values, **given})


SILENT: dict[str, Any] = {"confirmed": 0, "events": 0, "last_event_at": None, "overdue": 40}
WRONG: dict[str, Any] = {**SILENT, "refused_signatures": 3, "last_refused_at": NOW}


@pytest.mark.parametrize(
    ("given", "kind", "count"), [(SILENT, "silent", 40), (WRONG, "wrong_secret", 3)]
)
def test_a_provider_whose_reports_do_not_come_through_is_told_with_the_kind(
    given: dict[str, Any], kind: str, count: int
) -> None:
    review = Review(now=NOW, feedback=(health(**given),))
    (found,) = feedback_failing(PICTURE, review, LIMITS)
    assert (found.about, found.severity, found.count) == ("resend", "ERROR", count)
    assert (found.facts["kind"], found.facts["reason"]) == (kind, kind)


def test_a_provider_that_reports_is_not_told() -> None:
    assert not list(feedback_failing(PICTURE, Review(now=NOW, feedback=(health(),)), LIMITS))


@pytest.mark.parametrize(("unverified", "told"), [(2, []), (3, [3])])
def test_mails_without_an_end_are_told_from_three_a_day_on(
    unverified: int, told: list[int]
) -> None:
    review = Review(now=NOW, feedback=(health(unverified=unverified),))
    assert [each.count for each in mail_unverified(PICTURE, review, LIMITS)] == told


def behind(next_at: int | None, *, began: int = 0, **given: Any) -> list[str]:
    cursor = BehindCursor("metrics", given.get("error"), given.get("failing_since"), next_at)
    review = Review(now=NOW, began=began, cursors=(cursor,))
    return [each.facts["kind"] for each in cursors_stuck(PICTURE, review, LIMITS)]


def test_a_follower_is_behind_when_it_leaves_an_event_for_more_than_a_minute() -> None:
    assert behind(NOW - 60_000) == []
    assert behind(NOW - 60_001) == ["behind"]


def test_what_happened_before_our_start_gets_a_minute_too() -> None:
    assert behind(NOW - 9_000_000, began=NOW - 60_000) == []
    assert behind(NOW - 9_000_000, began=NOW - 60_001) == ["behind"]


def test_a_follower_that_stands_still_is_told_at_once() -> None:
    assert behind(None, error="RuntimeError", failing_since=NOW) == ["failing"]


def test_all_rules_look_at_a_review_and_an_empty_one_says_nothing() -> None:
    assert reviewed(PICTURE, Review(now=NOW), LIMITS) == []
    bad = Review(
        now=NOW,
        checks=(check(used_today="100", limit_today="100"),),
        feedback=(health(**SILENT, unverified=5),),
        cursors=(BehindCursor("metrics", "RuntimeError", NOW - 1, None),),
    )
    assert [each.name for each in reviewed(PICTURE, bad, LIMITS)] == [
        "quota_running_out",
        "feedback_failing",
        "mail_unverified",
        "cursor_stuck",
    ]
    assert msgspec.json.encode([each.facts for each in reviewed(PICTURE, bad, LIMITS)])
