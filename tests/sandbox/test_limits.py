"""Requests per second and mails per day and month."""

from collections.abc import Callable

from mailproof.testing import ManualClock, Switches
from tests.sandbox.api import Api

Start = Callable[..., Api]


def test_five_requests_a_second_and_no_more(start: Start, clock: ManualClock) -> None:
    api = start(rate_per_s=5)
    left = [api.send().headers["ratelimit-remaining"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]

    answer = api.send()
    assert (answer.status, answer.name) == (429, "rate_limit_exceeded")
    assert "You can only make 5 requests per second." in answer.message
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["ratelimit-limit"] == "5"
    assert answer.headers["ratelimit-policy"] == "5;w=1"
    assert answer.headers["ratelimit-reset"] == "1"

    clock.advance(1)
    api.sent()


def test_all_keys_and_all_endpoints_share_one_limit(start: Start) -> None:
    api = start(rate_per_s=2)
    token = api.ask("POST", "/api-keys", {"name": "second"}).json["token"]
    assert Api(api.sandbox, token).ask("GET", "/domains").status == 200
    assert api.send().status == 429


def test_a_request_that_is_refused_for_its_key_does_not_count(start: Start) -> None:
    api = start(rate_per_s=1)
    for _ in range(3):
        assert Api(api.sandbox, "re_unknown").send().status == 400
    api.sent()


def test_each_recipient_counts_against_the_quotas(start: Start) -> None:
    api = start(daily_quota=5, monthly_quota=100)
    answer = api.send(to=["delivered+1@resend.dev", "delivered+2@resend.dev"], cc="a@kunde.test")
    assert answer.headers["x-resend-daily-quota"] == "3"
    assert answer.headers["x-resend-monthly-quota"] == "3"


def test_the_daily_quota_ends_after_a_day(start: Start, clock: ManualClock) -> None:
    api = start(daily_quota=2)
    api.sent()
    api.sent()
    answer = api.send()
    assert (answer.status, answer.name) == (429, "daily_quota_exceeded")
    assert answer.message == "You have reached your daily email sending quota."
    assert answer.headers["x-resend-daily-quota"] == "2"
    assert "retry-after" not in answer.headers
    clock.advance(86_400)
    api.sent()


def test_the_monthly_quota_has_its_own_name(start: Start, clock: ManualClock) -> None:
    api = start(monthly_quota=1)
    api.sent()
    clock.advance(16 * 86_400)  # from the 15th to the last of January
    answer = api.send()
    assert (answer.status, answer.name) == (429, "monthly_quota_exceeded")
    assert answer.message == "You have reached your monthly email sending quota."
    clock.advance(86_400)  # the first of February, though no 30 days have passed
    api.sent()


def test_a_plan_without_a_daily_quota_sends_no_daily_header(start: Start) -> None:
    assert "x-resend-daily-quota" not in start().send().headers


def test_the_headers_can_leave_out_the_mail_they_answer(start: Start) -> None:
    api = start(daily_quota=5, switches=Switches(header_counts_itself=False))
    assert api.send().headers["x-resend-daily-quota"] == "0"
    assert api.send().headers["x-resend-daily-quota"] == "1"


def test_over_the_quota_a_mail_can_be_accepted_and_fail_later(
    start: Start, clock: ManualClock
) -> None:
    api = start(daily_quota=1, switches=Switches(over_quota="fail_later"))
    api.sent()
    late = api.sent()
    clock.advance(1)
    assert api.last_event(late) == "failed"
