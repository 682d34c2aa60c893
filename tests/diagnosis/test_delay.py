"""When to come back: what counts as a named time, and what does not."""

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer, SmtpReply
from mailproof.diagnosis.reading import delay
from mailproof.diagnosis.reading.symptoms import Symptoms, read

NOW = "Mon, 25 Aug 2025 10:00:00 GMT"


def answer(headers: dict[str, str], body: object = "", status: int = 429) -> Symptoms:
    return read(Evidence(HttpAnswer(status, headers, body), provider="resend"))


def reply(text: str) -> Symptoms:
    return read(Evidence(SmtpReply(451, text, "rcpt"), provider="smtp"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "Mon, 25 Aug 2025 10:02:30 GMT", "date": NOW}, 150),
        ({"retry-after": "Mon, 25 Aug 2025 09:00:00 GMT", "date": NOW}, 0),
        ({"retry-after": "99999999"}, 31 * 86_400),
        ({"retry-after-ms": "250"}, 0.25),
        ({"ratelimit-reset": "3"}, 3),
        ({"x-ratelimit-reset": "1756116030", "date": NOW}, 30),
        ({"x-ratelimit-reset": "1756116030000", "date": NOW}, 30),
        ({"ratelimit": '"default";r=0;t=12'}, 12),
        ({"retry-after": "2", "ratelimit-reset": "40"}, 2),
    ],
)
def test_headers_name_a_wait(headers: dict[str, str], seconds: float) -> None:
    assert delay.named(answer(headers)) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "Mon, 25 Aug 2025 10:02:30 GMT"},
        {"retry-after": "soon", "date": NOW},
        {"retry-after": "Fri, 99 Foo 2025", "date": NOW},
        {"x-ratelimit-reset": "1756116030"},
        {"ratelimit-reset": ""},
    ],
)
def test_a_date_without_the_answers_own_clock_names_nothing(headers: dict[str, str]) -> None:
    assert delay.named(answer(headers)) is None


def test_a_reset_of_the_rate_says_nothing_about_a_quota_or_an_answer_that_was_no_limit() -> None:
    assert delay.named(answer({"ratelimit-reset": "1"}), of_a_rate=False) is None
    assert delay.named(answer({"ratelimit-reset": "1"}, status=422)) is None


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"retry-after": 30}}, 30),
        ({"retryAfterMs": 1500}, 1.5),
        ({"delivery-status": {"retry-seconds": 600}}, 600),
        ({"message": "try again after Mon, 25 Aug 2025 10:05:00 GMT"}, 300),
        ({"message": "Your limit is used up until 2025-08-25T11:00:00Z"}, 3_600),
    ],
)
def test_fields_and_dates_of_an_answer_name_a_wait(body: object, seconds: float) -> None:
    assert delay.named(answer({"date": NOW}, body)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4.7.1 Greylisted for 5 minutes", 300),
        ("Greylisting in action, please come back in 00:04:30", 270),
        ("relay quota will reset in 21.5 hours", 77_400),
        ("Please wait 90 seconds before the next attempt", 90),
        ("Too many messages, try again in an hour", 3_600),
        ("come back in ten minutes", 600),
        ("Please try again 15 minutes later", 900),
        ("temporarily blocked for 2h", 7_200),
        ("Veuillez réessayer dans 5 minutes", 300),
        ("Bitte versuchen Sie es in 10 Minuten erneut", 600),
        ("Intente de nuevo dentro de 30 segundos", 30),
        ("Повторите попытку через 15 минут", 900),
        ("发送过于频繁，请 5 分钟后重试", 300),
        ("3분 후 다시 시도해 주십시오", 180),
        ("10分後に再送してください", 600),
    ],
)
def test_prose_names_a_wait_in_many_languages(text: str, seconds: float) -> None:
    assert delay.named(reply(text)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "could not be delivered for 4 hours",
        "Message expired: unable to deliver in 840 minutes.",
        "exceeded its 24-hour sending limit, 250 of 250",
        "try again after Mon, 25 Aug 2025 10:05:00 GMT",
        "Try again later",
        "",
    ],
)
def test_a_time_that_has_passed_or_has_no_clock_names_nothing(text: str) -> None:
    assert delay.named(reply(text)) is None
