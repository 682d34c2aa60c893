"""What is no failure is not told as one, neither to people nor to scripts."""

import msgspec
import pytest

from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.reasons import Next, Severity
from mailproof.explain.success import Verdict
from mailproof.explain.telling import laid_out, reported, tell
from tests.explain.pasting import Expected, expected_readings, pasted, reading_of

SENT = (
    "postfix/smtp[9]: 7C2: to=<a@b.test>, relay=mx.b.test[192.0.2.1]:25, dsn=2.0.0, status=sent"
    " (250 2.0.0 OK)"
)
NO_FAILURES = [
    ("HTTP/1.1 202 Accepted", Verdict.ACCEPTED),
    ("200 OK", Verdict.ACCEPTED),
    ("{ data: { id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794' }, error: null }", Verdict.ACCEPTED),
    ('{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}', Verdict.ACCEPTED),
    ('{"id":"<1@mg.acme.test>","message":"Queued. Thank you."}', Verdict.ACCEPTED),
    ('{"To":"a@b.test","MessageID":"b7bc","ErrorCode":0,"Message":"OK"}', Verdict.ACCEPTED),
    ("250 2.0.0 Ok: queued as 4XyZ", Verdict.ACCEPTED),
    ("EHLO app\n250 mx\nDATA\n354 go\n.\n250 2.0.0 Ok: queued as 4X\n", Verdict.ACCEPTED),
    (SENT, Verdict.ACCEPTED),
    ("Message sent: <b658f8ca@acme.test>", Verdict.ACCEPTED),
    ('{"type":"email.sent","data":{"to":["a@b.test"]}}', Verdict.ACCEPTED),
    ('{"type":"email.delivered","data":{"to":["a@b.test"]}}', Verdict.DELIVERED),
    ('{"event":"delivered","email":"a@b.test","sg_message_id":"x"}', Verdict.DELIVERED),
    ("send attempt 1 failed: read ECONNRESET\nsend attempt 2 ok id=49a3", Verdict.OVERCOME),
    ("550 5.1.1 no such user\nretry succeeded", Verdict.OVERCOME),
    ("Lunch on Thursday is noodles with tofu, 550 kcal. Room 403 is booked.", Verdict.NOTHING),
    ("GET /api/items/550 200 3ms\nGET /api/items/403 200 1ms", Verdict.NOTHING),
    ('{"ok":true}', Verdict.NOTHING),
]  # fmt: skip
FAILURES = [
    '{"id":"49a3","error":{"message":"boom"}}',
    "sends succeed on retry, but: 550 5.1.1 no such user",
    "attempt 2 ok\nattempt 3 failed: 535 5.7.8 authentication failed",
    '{"ErrorCode":406,"Message":"You tried to send to an inactive recipient","MessageID":"x"}',
    "my mail does not arrive",
]


@pytest.mark.parametrize(("text", "verdict"), NO_FAILURES)
def test_what_is_no_failure_is_seen_as_what_it_is(text: str, verdict: Verdict) -> None:
    assert reading_of(text).verdict is verdict


@pytest.mark.parametrize("text", FAILURES)
def test_a_failure_beside_a_success_stays_one(text: str) -> None:
    assert reading_of(text).verdict is Verdict.FAILURE


@pytest.mark.parametrize("row", expected_readings(), ids=lambda row: row.paste)
def test_no_named_failure_is_told_as_a_success(row: Expected) -> None:
    if row.reason != "unknown":
        assert reading_of(pasted(row.paste)).verdict is Verdict.FAILURE


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.FAILURE])
def test_it_is_told_without_cause_fix_or_command(verdict: str, language: OperatorLanguage) -> None:
    text = next(text for text, seen in NO_FAILURES if seen == verdict)
    told = tell(reading_of(text), language)
    assert len(told.parts) == 2
    assert told.command is None
    assert not told.notes
    assert told.headline in laid_out(told, width=400, strong=str)
    assert "unknown" not in told.parts[-1][1]


@pytest.mark.parametrize(("text", "verdict"), NO_FAILURES)
def test_scripts_are_asked_to_do_nothing(text: str, verdict: Verdict) -> None:
    reading = reading_of(text)
    shown = reported(reading, "en")
    assert (shown.reason, shown.next, shown.severity) == ("unknown", Next.END, Severity.INFO)
    assert not any((shown.closes, shown.retryable, shown.ambiguous, shown.failover_helps))
    assert shown.cause == tell(reading, "en").headline
    says = "no failure" if verdict is not Verdict.NOTHING else "Nothing in this text"
    assert says in shown.cause


def test_the_report_of_a_failure_is_not_touched() -> None:
    reading = reading_of("550 5.1.1 no such user")
    shown = reported(reading, "en")
    assert shown.reason == "mailbox_not_found"
    assert msgspec.json.encode(shown)
