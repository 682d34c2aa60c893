"""Finding what a mail server said, whatever carried it here, and whose word it was."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.classify import GENERAL
from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Evidence,
    Origin,
    Raised,
    SmtpReply,
)
from mailproof.diagnosis.reading.reply import innermost
from mailproof.diagnosis.reading.symptoms import read
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.diagnosis.stems import searcher, stems
from mailproof.providers.diagnose import diagnose
from mailproof.providers.rules import TABLES

TOO_BIG = "552 5.3.4 message too big"


@pytest.mark.parametrize(
    ("text", "code", "enhanced", "words"),
    [
        ("550 5.1.1 no such user", 550, ("5.1.1",), "550 5.1.1 no such user"),
        ("smtp; 550-5.1.1 no such\n550 5.1.1 user", 550, ("5.1.1",), "550 5.1.1 no such user"),
        ("552-5.2.2 The box 552-5.2.2 is 552 5.2.2 full", 552, ("5.2.2",), None),
        ("5.7.1 One\n5.7.1 sentence", 0, ("5.7.1",), "5.7.1 one sentence"),
        (f"X-Postfix; host mx.team.example[192.0.2.1] said: {TOO_BIG}", 552, ("5.3.4",), TOO_BIG),
        (f"550 5.0.350 Remote server returned an error -> {TOO_BIG}", 552, ("5.3.4",), TOO_BIG),
        ("554 4.4.7 Expired after 840 minutes.<421 4.4.2 lost>", 421, ("4.4.2",), None),
        ('451 4.4.0 target responded with: "421 4.4.2 dropped"', 421, ("4.4.2",), None),
        ("450 4.7.1 [{LED=452 4.2.2 full};{MSG=}]", 452, ("4.2.2",), None),
        ("(535, b'5.7.8 not you')", 535, ("5.7.8",), None),
        ("{'a@team.example': (550, b'5.1.1 unknown')}", 550, ("5.1.1",), None),
        ('got code "530", with message "530 5.7.0 log in"', 530, ("5.7.0",), None),
        ("550-SPF check failed: 550 team.example says no", 550, (), None),
        ("501 5.1.0 Emetteur invalide. OFR004_405 [405]", 501, ("5.1.0",), None),
        ("Exim 4.94.2 at 10.5.1.1 has 450 messages waiting", 0, (), None),
        ("User unknown", 0, (), "user unknown"),
        ("", 0, (), ""),
    ],
)
def test_the_innermost_reply_is_found(
    text: str, code: int, enhanced: tuple[str, ...], words: str | None
) -> None:
    reply = innermost(text)
    assert (reply.code, reply.enhanced) == (code, enhanced)
    assert words is None or reply.words == words


@pytest.mark.parametrize(
    "text",
    [
        "550 用户不存在",
        "550 用户不存在".encode("gb18030").decode("latin-1"),
        "550 用户不存在".encode().decode("latin-1"),
        "(550, b'" + "".join(f"\\x{byte:02x}" for byte in "用户不存在".encode("gb18030")) + "')",
    ],
)
def test_chinese_is_read_however_it_was_mangled(text: str) -> None:
    assert "用户不存在" in innermost(text).words


def test_a_single_accent_is_no_double_byte() -> None:
    assert innermost("550 Adresse rejetée").words == "550 adresse rejetée"


@pytest.mark.parametrize(
    ("diagnostic", "kind"),
    [("X-Unix; 67", "x-unix"), ("x-postfix; lost", "x-postfix"), ("smtp;550 no", "smtp")],
)
def test_the_type_of_a_diagnostic_code_is_kept_apart(diagnostic: str, kind: str) -> None:
    reply = innermost(diagnostic)
    assert reply.kind == kind
    assert kind not in reply.words


@pytest.mark.parametrize(
    ("raised", "stage"),
    [
        (Raised("smtplib.SMTPAuthenticationError", "(530, b'no')"), "auth"),
        (Raised("Error", "Invalid login: 550 no"), "auth"),
        (Raised("Error", "Mail command failed: 550 no"), "mail"),
        (Raised("Error", "Can't send mail - all recipients were rejected: 550 no"), "rcpt"),
        (Raised("Error", "Message failed: 550 no", code="EMESSAGE"), "end-of-data"),
        (Raised("Error", "550 no (in reply to end of DATA command)"), "end-of-data"),
        (Raised("Error", "535 no"), "auth"),
    ],
)
def test_a_client_that_hides_the_stage_gives_it_away(raised: Raised, stage: str) -> None:
    assert read(Evidence(raised, provider="smtp")).stage == stage


def test_a_status_of_http_is_no_reply_code() -> None:
    seen = read(Evidence(Raised("AxiosError", "Request failed with status code 422"), "resend"))
    assert (seen.code, seen.reply) == (0, "")


@pytest.mark.parametrize(
    ("evidence", "reason", "origin", "following"),
    [
        (
            Evidence(SmtpReply(554, "5.7.1 Relay access denied", "rcpt"), "smtp"),
            *(Reason.RELAY_DENIED, Origin.PROVIDER, Next.HOLD),
        ),
        (
            Evidence(
                SmtpReply(554, "5.7.1 Relay access denied", "rcpt"),
                provider="smtp",
                context=Context(role="recipient_mx"),
            ),
            *(Reason.RECIPIENT_REFUSED, Origin.RECEIVER, Next.END),
        ),
        (
            Evidence(
                SmtpReply(550, "host mx.team.example said: 554 5.7.1 Relay access denied", "rcpt"),
                provider="smtp",
            ),
            *(Reason.RECIPIENT_REFUSED, Origin.RECEIVER, Next.END),
        ),
        (
            Evidence(DeliveryStatus("failed", "5.7.0", "smtp; 530 STARTTLS required"), "smtp"),
            *(Reason.RECEIVER_UNAVAILABLE, Origin.RECEIVER, Next.RETRY),
        ),
        (
            Evidence(SmtpReply(421, "4.3.2 shutting down", "connect"), "smtp"),
            *(Reason.PROVIDER_UNAVAILABLE, Origin.PROVIDER, Next.RETRY),
        ),
    ],
)
def test_the_same_words_mean_something_else_at_the_receiver(
    evidence: Evidence, reason: Reason, origin: Origin, following: Next
) -> None:
    failure = diagnose(evidence)
    assert (failure.reason, failure.origin, failure.next) == (reason, origin, following)
    assert origin is Origin.PROVIDER or failure.closes is None


@given(
    text=st.text(max_size=300),
    code=st.integers(-1, 1_000),
    stage=st.sampled_from(["", "connect", "auth", "rcpt", "end-of-data", "?"]),
    role=st.sampled_from(["", "relay", "recipient_mx"]),
)
def test_no_reply_is_beyond_a_legal_failure(text: str, code: int, stage: str, role: str) -> None:
    context = Context(role=role)  # type: ignore[arg-type]
    for seen in (SmtpReply(code, text, stage), DeliveryStatus("failed", text[:9], text, text)):
        failure = diagnose(Evidence(seen, "smtp", context))
        assert failure.next is not Next.HOLD or (failure.closes and failure.closes.at_once)
        assert failure.origin is not Origin.RECEIVER or failure.closes is None


PATTERNS = sorted(
    {
        pattern
        for tables in (*TABLES.values(), GENERAL)
        for table in tables
        for rule in table.rules
        for pattern in (rule.text, rule.reply)
        if pattern
    }
)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("spam|virus", {"spam", "virus"}),
        (r"\bover ?-?quota", {"quota"}),
        (r"(?:user|mailbox) (?:unknown|not found)", {"unknown", "not found"}),
        ("a?b*c{0,2}", set()),
        (r"(?:full)?\d+", set()),
        (r"x[^\]]+ing\b", {"ing"}),
        ("(?!not )found", {"found"}),
        ("spam|.", set()),
        ("(?i)spam", set()),
    ],
)
def test_stems_are_the_words_that_a_match_cannot_lack(pattern: str, words: set[str]) -> None:
    assert stems(pattern) == words


@pytest.mark.parametrize("pattern", PATTERNS)
def test_asking_for_a_stem_first_hides_no_match(pattern: str) -> None:
    plain, quick = re.compile(pattern).search, searcher(pattern)
    for text in TEXTS:
        assert (plain(text) is None) == (quick(text) is None)


TEXTS = (
    "550 5.1.1 <a@team.example>: recipient address rejected: user unknown",
    "421 4.7.0 too many connections, slow down and try again in 5 minutes",
    "554 5.7.1 service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org",
    "the team.example domain is not verified. please, add and verify your domain",
    "552 boite du destinataire pleine. recipient overquota. ofr_417 [417]",
    "api key is invalid; daily quota reached; account suspended; virus in attachment",
    "550 收件人邮箱不存在 黑名单 垃圾邮件 频率 授权码",
)
