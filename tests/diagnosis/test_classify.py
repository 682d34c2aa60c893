"""Whatever was seen, the diagnosis is total and legal: these hold for evidence nobody has seen."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Event,
    Evidence,
    HttpAnswer,
    Origin,
    Raised,
    SdkError,
    Seen,
    SmtpReply,
    decode_text,
)
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.providers.diagnose import diagnose
from mailproof.providers.rules import TABLES

# Words that rules look for, so that random evidence often comes close to one.
WORDS = st.sampled_from(
    'domain key quota timeout ECONNRESET 550 5.1.1 421 from to <html> {"name": [ \' not verified '
    "error code: 1010 Connection reset by peer [Errno 111] curl: (28) 退信 status code 403".split()
)
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(WORDS, max_size=12).map(" ".join),
    st.binary(max_size=200).map(decode_text),
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
RAISED: st.SearchStrategy[Raised] = st.recursive(
    st.builds(Raised, TEXT, TEXT, st.none(), st.none() | st.booleans(), st.none() | TEXT),
    lambda inner: st.builds(Raised, TEXT, TEXT, inner, st.none() | st.booleans()),
    max_leaves=14,
)
SEEN: st.SearchStrategy[Seen] = st.one_of(
    st.builds(
        HttpAnswer,
        st.integers(),
        st.dictionaries(TEXT, TEXT, max_size=4),
        VALUE | st.binary(max_size=200),
    ),
    st.builds(SmtpReply, st.integers(), TEXT, TEXT),
    RAISED,
    st.builds(SdkError, VALUE),
    st.builds(Event, VALUE),
    st.builds(DeliveryStatus, TEXT, TEXT, TEXT, TEXT),
)
EVIDENCE = st.builds(
    Evidence,
    SEEN,
    st.sampled_from((*TABLES, "unknown", "")),
    st.builds(Context, role=st.sampled_from(("", "relay", "recipient_mx"))),
)


@given(EVIDENCE)
def test_any_evidence_leads_to_a_legal_failure(evidence: Evidence) -> None:
    failure = diagnose(evidence)
    assert failure.reason in Reason
    if failure.next is Next.HOLD:
        assert failure.closes is not None
        assert failure.closes.at_once
    if failure.next is Next.END:
        assert failure.closes is None
        assert failure.retry_after_s is None
    if failure.retry_after_s is not None:
        assert 0 <= failure.retry_after_s <= 31 * 86_400
    if failure.origin is Origin.RECEIVER:
        assert failure.closes is None
        assert failure.next is not Next.HOLD
    assert not (failure.ambiguous and failure.failover_helps)


@given(EVIDENCE)
def test_the_same_evidence_leads_to_the_same_failure(evidence: Evidence) -> None:
    assert diagnose(evidence) == diagnose(evidence)


@given(st.builds(Evidence, st.one_of(st.builds(DeliveryStatus, TEXT, TEXT, TEXT, TEXT))))
def test_a_delivery_report_never_closes_anything(evidence: Evidence) -> None:
    assert diagnose(evidence).closes is None


@given(RAISED, st.sampled_from(tuple(TABLES)))
def test_an_exception_at_the_recipients_server_never_closes_anything(
    raised: Raised, provider: str
) -> None:
    evidence = Evidence(raised, provider, Context(role="recipient_mx"))
    assert diagnose(evidence).closes is None


def exception(kind: str, message: str = "", *, written: bool | None) -> Failure:
    return diagnose(Evidence(Raised(kind, message, request_written=written), "resend"))


@pytest.mark.parametrize(
    ("kind", "message"),
    [("ReadTimeout", ""), ("ConnectionResetError", ""), ("TypeError", "fetch failed")],
)
def test_a_broken_exchange_is_ambiguous_unless_nothing_was_written(kind: str, message: str) -> None:
    assert exception(kind, message, written=True).ambiguous
    assert exception(kind, message, written=None).ambiguous
    assert not exception(kind, message, written=False).ambiguous


@pytest.mark.parametrize(
    ("kind", "message"),
    [("ConnectTimeout", ""), ("Error", "connect ECONNREFUSED 192.0.2.7:443"), ("gaierror", "")],
)
def test_what_breaks_before_the_request_is_definite_even_when_nobody_says_so(
    kind: str, message: str
) -> None:
    failure = exception(kind, message, written=None)
    assert not failure.ambiguous
    assert failure.failover_helps


def test_an_observed_write_beats_what_the_words_suggest() -> None:
    assert exception("ConnectTimeout", written=True).ambiguous


@pytest.mark.parametrize(
    ("seen", "origin"),
    [
        (Raised("ConnectionRefusedError", "[Errno 111] Connection refused"), Origin.NETWORK),
        (SdkError({"code": "ECONNREFUSED", "syscall": "connect"}), Origin.NETWORK),
        (HttpAnswer(403, {}, "error code: 1010"), Origin.NETWORK),
        (HttpAnswer(407), Origin.NETWORK),
        (HttpAnswer(401, {}, {"name": "missing_api_key"}), Origin.PROVIDER),
        (Raised("HTTPError", "HTTP Error 401: Unauthorized"), Origin.PROVIDER),
        (Event({"type": "email.bounced"}), Origin.RECEIVER),
        (
            Event({"type": "email.failed", "data": {"failed": {"reason": "reached_daily_quota"}}}),
            Origin.PROVIDER,
        ),
    ],
)
def test_the_origin_is_who_spoke(seen: Seen, origin: Origin) -> None:
    assert diagnose(Evidence(seen, "resend")).origin is origin


def test_a_key_bound_to_one_domain_closes_that_sender_only() -> None:
    words = "This API key is not authorized to send emails from news.example.net"
    failure = diagnose(Evidence(HttpAnswer(403, {}, {"message": words}), "resend"))
    assert failure.reason is Reason.CREDENTIALS_RESTRICTED
    assert str(failure.closes) == "sender"


def test_a_body_in_a_chinese_encoding_is_read() -> None:
    body = '{"message": "余额不足"}'.encode("gb18030")
    assert diagnose(Evidence(HttpAnswer(400, {}, body), "unknown")).reason is Reason.QUOTA_EXCEEDED


def test_evidence_survives_a_round_trip_through_json() -> None:
    evidence = Evidence(SmtpReply(550, "5.1.1 没有这个用户", "rcpt"), "smtp")
    assert msgspec.json.decode(msgspec.json.encode(evidence), type=Evidence) == evidence
