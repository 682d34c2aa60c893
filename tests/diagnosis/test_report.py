"""The FAILURE object: its fields, its order, and nothing in it that must not be shown."""

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.classify import classify
from mailproof.diagnosis.evidence import (
    Context,
    Evidence,
    HttpAnswer,
    Raised,
    SdkError,
    SmtpReply,
)
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.reasons import Next, Reader, Reason
from mailproof.diagnosis.report import Report, report

KEY: Final = "re_Canary99_abcdefghijklmnopqrstuvwx"
FIELDS: Final = [
    *("reason", "origin", "next", "closes", "retryable", "retry_after_s", "ambiguous"),
    *("failover_helps", "severity", "cause", "fix", "reader_action", "evidence"),
]
LANGUAGES: Final[tuple[OperatorLanguage, ...]] = ("en", "zh")


def as_json(each: Report) -> dict[str, object]:
    decoded: dict[str, object] = msgspec.json.decode(msgspec.json.encode(each))
    return decoded


def test_the_fields_and_their_order_are_the_contract() -> None:
    failure = classify(Evidence(HttpAnswer(503, {"retry-after": "60"}), "resend"))
    assert list(as_json(report(failure, "en"))) == FIELDS


def test_scripts_read_the_same_names_in_every_language() -> None:
    failure = classify(Evidence(HttpAnswer(503, {"retry-after": "60"}), "resend"))
    english, chinese = (as_json(report(failure, language)) for language in LANGUAGES)
    assert english["cause"] != chinese["cause"]
    assert english["fix"] != chinese["fix"]
    for name in set(FIELDS) - {"cause", "fix"}:
        assert english[name] == chinese[name]


def test_the_evidence_is_the_channel_its_fields_and_the_provider() -> None:
    failure = classify(Evidence(SmtpReply(550, "5.1.1 <ada@acme.test>: unknown", "rcpt"), "smtp"))
    assert report(failure, "en").evidence == {
        "channel": "smtp",
        "code": 550,
        "reply": "5.1.1 <a…@acme.test>: unknown",
        "stage": "rcpt",
        "provider": "smtp",
    }


def test_what_a_failure_closes_is_a_word_or_null() -> None:
    for reply in (SmtpReply(535, "no", "auth"), SmtpReply(550, "5.1.1 no such user", "rcpt")):
        failure = classify(Evidence(reply, "smtp"))
        expected = None if failure.closes is None else str(failure.closes)
        assert report(failure, "en").closes == expected


def test_the_reports_words_follow_from_the_failure() -> None:
    shown = report(classify(Evidence(Raised("Odd", "nobody knows this one"))), "en")
    assert shown.reason is Reason.UNKNOWN
    assert shown.retryable is (shown.next is not Next.END)
    assert shown.reader_action is Reader.CONTACT_SUPPORT


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    before=st.text(st.characters(exclude_categories=("L", "N", "Cs")), max_size=5),
    status=st.integers(100, 599),
    provider=st.sampled_from(["resend", "ses", "unknown", "nobody"]),
)
def test_a_key_in_the_evidence_is_nowhere_in_the_report(
    language: OperatorLanguage, before: str, status: int, provider: str
) -> None:
    leak = f"{before} domain {KEY}.test {KEY}"
    for seen in (
        HttpAnswer(status, {"x-echo": leak}, {"message": leak, "from": f"a@{KEY}.test"}),
        SdkError({"statusCode": status, "message": leak, leak: [leak]}),
        Raised(leak, leak, Raised(leak, leak)),
        SmtpReply(status, leak, leak),
    ):
        failure = classify(Evidence(seen, provider, Context(f"{leak}@{KEY}.test", (leak,))))
        assert b"Canary99" not in msgspec.json.encode(report(failure, language))


@given(body=st.binary(), stage=st.text(), code=st.integers(0, 999))
def test_any_bytes_lead_to_a_report(body: bytes, stage: str, code: int) -> None:
    text = body.decode("utf-8", "surrogateescape")
    for seen in (HttpAnswer(code, {"server": text}, text), SmtpReply(code, text, stage)):
        assert list(as_json(report(classify(Evidence(seen)), "zh"))) == FIELDS
