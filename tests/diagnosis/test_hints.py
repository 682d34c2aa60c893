"""Hints: what the words and the From address tell beyond the reason."""

import tomllib
from pathlib import Path
from typing import Final

import pytest

from mailproof.diagnosis import guidance as package
from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Event,
    Evidence,
    HttpAnswer,
    Raised,
    Seen,
    SmtpReply,
)
from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.guidance.hints import HINTS, hint_for
from mailproof.diagnosis.guidance.sender_domain import sender_domain
from mailproof.diagnosis.reasons import Reason
from tests.diagnosis.failures import failure


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_hint_has_its_words_and_all_words_their_hint(language: str) -> None:
    file = Path(package.__file__).with_name(f"{language}.toml")
    assert set(tomllib.loads(file.read_text("utf-8"))["hint"]) == {hint.name for hint in HINTS}


HINTED: Final[dict[str, tuple[Reason, Seen, str]]] = {
    "public_mailbox": (Reason.SENDER_UNVERIFIED, HttpAnswer(403), "me@gmail.com"),
    "testing_sender": (Reason.SANDBOX_RESTRICTED, HttpAnswer(403), "onboarding@resend.dev"),
    "authorization_code": (
        Reason.CREDENTIALS_INVALID,
        SmtpReply(535, "Login Fail. Please enter your authorization code to login.", "auth"),
        "",
    ),
    "basic_auth_disabled": (
        Reason.CREDENTIALS_RESTRICTED,
        SmtpReply(535, "5.7.139 Authentication unsuccessful, basic authentication is disabled."),
        "",
    ),
    "app_password": (
        Reason.CREDENTIALS_RESTRICTED,
        SmtpReply(534, "5.7.9 Application-specific password required.", "auth"),
        "",
    ),
    "from_differs_from_login": (
        Reason.SENDER_UNVERIFIED,
        SmtpReply(553, "5.7.1 Sender address rejected: not owned by user a@acme.test", "mail"),
        "",
    ),
    "port_25_silent": (
        Reason.RECEIVER_UNAVAILABLE,
        DeliveryStatus(
            diagnostic="x-log; connect to mx.acme.test[192.0.2.1]:25: Connection timed out"
        ),
        "",
    ),
    "dmarc_failed": (
        Reason.SENDER_UNAUTHENTICATED,
        SmtpReply(550, "5.7.1 rejected by the DMARC policy of acme.test: SPF and DKIM failed"),
        "",
    ),
    "sender_domain_missing": (
        Reason.SENDER_UNAUTHENTICATED,
        SmtpReply(450, "4.1.8 Sender address rejected: Domain not found", "mail"),
        "",
    ),
    "dkim_failed": (
        Reason.SENDER_UNAUTHENTICATED,
        SmtpReply(550, "5.7.20 DKIM is not configured on your sending domain"),
        "",
    ),
    "spf_failed": (
        Reason.SENDER_UNAUTHENTICATED,
        DeliveryStatus(diagnostic="smtp; 550 5.7.23 SPF validation failed"),
        "",
    ),
    "reverse_dns": (
        Reason.SENDER_BLOCKED,
        SmtpReply(554, "Bad DNS PTR resource record.", "connect"),
        "",
    ),
    "helo_name": (
        Reason.SENDER_BLOCKED,
        SmtpReply(504, "5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"),
        "",
    ),
    "blocklist": (
        Reason.SENDER_BLOCKED,
        SmtpReply(554, "5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", "connect"),
        "",
    ),
    "certificate_expired": (
        Reason.TLS_FAILURE,
        Raised("CERT_HAS_EXPIRED", "certificate has expired"),
        "",
    ),
    "wrong_host_name": (
        Reason.TLS_FAILURE,
        Raised("ssl.SSLCertVerificationError", "Hostname mismatch, certificate is not valid for"),
        "",
    ),
    "untrusted_issuer": (
        Reason.TLS_FAILURE,
        Raised("ESOCKET", "self signed certificate in certificate chain"),
        "",
    ),
    "proxy_unreachable": (
        Reason.CONNECTION_FAILED,
        Raised("ClientProxyConnectionError", "Cannot connect to host proxy.acme.test:3128"),
        "",
    ),
    "nothing_listens_here": (
        Reason.CONNECTION_FAILED,
        Raised(
            "TypeError", "fetch failed", Raised("ECONNREFUSED", "connect ECONNREFUSED ::1:8025")
        ),
        "",
    ),
    "client_signature": (
        Reason.BLOCKED_BY_INTERMEDIARY,
        HttpAnswer(403, {"server": "cloudflare"}, "error code: 1010"),
        "",
    ),
    "mail_filter": (
        Reason.BLOCKED_BY_INTERMEDIARY,
        Raised("EPROTOCOL", "Invalid greeting. response=HTTP/1.1 400 Bad Request"),
        "",
    ),
}


@pytest.mark.parametrize("name", [hint.name for hint in HINTS])
def test_words_that_suggest_more_than_the_reason_are_heeded(name: str) -> None:
    reason, seen, sender = HINTED[name]
    each = failure(reason, Evidence(seen, "smtp", Context(sender)))
    assert hint_for(each) == name
    assert guidance("en").cause(each) != guidance("en").cause(failure(reason))


@pytest.mark.parametrize(
    "reply",
    [
        "553 Mail from must equal authorized user",
        "5.7.60 SMTP; Client does not have permissions to send as this sender",
        "501 Mail from address must be same as authorization user.",
        "553 5.7.1 <a@b.test>: Sender address rejected: not owned by user c@b.test",
        "553 From address must match the login",
        "553 发件人与登录账号不一致",
    ],
)
def test_a_login_that_may_not_send_as_somebody_else_is_not_sent_to_its_dns(reply: str) -> None:
    each = failure(Reason.SENDER_UNVERIFIED, Evidence(Raised("SmtpException", reply), "smtp"))
    assert hint_for(each) == "from_differs_from_login"
    assert "DNS" not in guidance("en").fix(each)


def test_a_code_mailbox_that_says_no_more_than_no_is_told_about_its_code() -> None:
    seen = SmtpReply(535, "Error: authentication failed", "auth")
    for provider, hint in (("smtp", "authorization_code"), ("resend", None)):
        each = failure(Reason.CREDENTIALS_INVALID, Evidence(seen, provider, Context("me@163.com")))
        assert hint_for(each) == hint
    fix = guidance("zh").fix(
        failure(Reason.CREDENTIALS_INVALID, Evidence(seen, "smtp", Context("me@qq.com")))
    )
    assert "授权码" in fix


def test_a_silent_port_25_is_not_called_the_recipients_fault_alone() -> None:
    seen = DeliveryStatus(diagnostic="x-log; connect to mx.b.test[192.0.2.1]:25: No route to host")
    fix = guidance("en").fix(failure(Reason.RECEIVER_UNAVAILABLE, Evidence(seen, "smtp")))
    assert "blocks port 25" in fix


def test_no_hint_is_taken_from_words_that_suggest_nothing() -> None:
    for reason in Reason:
        assert hint_for(failure(reason, Evidence(SmtpReply(550, "5.0.0 no")))) is None


def http(message: str) -> Seen:
    return HttpAnswer(403, body={"message": message})


@pytest.mark.parametrize(
    ("seen", "domain"),
    [
        (http("The Acme.test domain is not verified. Please, add your domain"), "acme.test"),
        (http("Not authorized to send emails from acme.test"), "acme.test"),
        (http("Domain mail.acme.test is not allowed to send: activate it"), "mail.acme.test"),
        (http("Domain not found: acme.test"), "acme.test"),
        (
            http(
                "Email address is not verified. The following identities failed the check in "
                "region EU-WEST-1: root@acme.test"
            ),
            "acme.test",
        ),
        (SmtpReply(550, "5.7.509 Access denied, sending domain [ACME.TEST] does not"), "acme.test"),
        (SmtpReply(550, "Message from acme.test failed sender's DMARC policy"), "acme.test"),
        (SmtpReply(550, "5.7.26 SPF [acme.test] with ip: [192.0.2.1] = did not pass"), "acme.test"),
        (Event({"data": {"to": ["a@b.test"], "from": "Acme <news@acme.test>"}}), "acme.test"),
        (Raised(cause=Raised(message="domain 例え.test is not verified")), "例え.test"),
        (DeliveryStatus(diagnostic="550 5.1.1 <ada@b.test>: Recipient rejected"), None),
        (http("The from.email domain must be verified in your account to send emails."), None),
        (http("Domain reply_to.0.email is invalid"), None),
        (http("domain e_codes.non_validating_in_payload is not verified"), None),
        (http("Visit https://resend.com/domains"), None),
        (http("domain re_abcdefgh12345678.sg is not verified"), "re_[redacted].sg"),
    ],
)
def test_the_senders_domain_is_found_in_the_words(seen: Seen, domain: str | None) -> None:
    assert sender_domain(Evidence(seen)) == domain


def test_the_from_address_that_is_known_beats_the_words() -> None:
    evidence = Evidence(http("The other.test domain is not verified"), context=Context("a@b.test"))
    assert sender_domain(evidence) == "b.test"
