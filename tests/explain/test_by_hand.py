"""The line to check by hand can be run: the server that was spoken to, its port, its TLS."""

import msgspec
import pytest

from mailproof.diagnosis.evidence import Context, Evidence, SdkError, SmtpReply
from mailproof.diagnosis.reasons import Reason
from mailproof.explain.by_hand import by_hand
from mailproof.explain.telling import tell
from mailproof.providers.catalog import PROVIDERS
from mailproof.providers.diagnose import diagnose
from tests.explain.pasting import pasted, reading_of

LOGIN = "--quit-after AUTH --auth-user $SMTP_USER --auth-password $SMTP_PASSWORD"


@pytest.mark.parametrize("provider", [*PROVIDERS, "unknown"])
def test_every_reason_has_a_line_to_check_by_hand(provider: str) -> None:
    failure = diagnose(Evidence(SdkError({"message": "x"}), provider))
    for reason in Reason:
        line = by_hand(msgspec.structs.replace(failure, reason=reason), "")
        assert line
        assert "{" not in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "smtp.exmail.qq.com said: 535 5.7.8 authentication failed",
            f"swaks --server smtp.exmail.qq.com:587 --tls {LOGIN}",
        ),
        (
            "curl --url smtps://smtp.gmail.com --user a:b\n< 535 5.7.8 Username not accepted",
            f"swaks --server smtp.gmail.com:465 --tls-on-connect {LOGIN}",
        ),
        (
            '{"level":"error","msg":"smtp","error":"EOF","host":"smtp.gmail.com:465"}',
            "openssl s_client -connect smtp.gmail.com:465 -crlf -quiet",
        ),
        (
            "com.sun.mail.util.MailConnectException: Couldn't connect to host, port:"
            " smtp.exmail.qq.com, 25; timeout -1\njava.net.ConnectException: Connection timed out",
            "nc -vz -w 10 smtp.exmail.qq.com 25",
        ),
        ("Error: connect ECONNREFUSED 127.0.0.1:1025 nodemailer", "nc -vz -w 10 127.0.0.1 1025"),
        (
            "[mailer] connecting mail.acme.test:465\nError: Greeting never received\n"
            "    at SMTPConnection._formatError (/app/node_modules/nodemailer/lib/a.js:1:2) {\n"
            "  code: 'ETIMEDOUT',\n  command: 'CONN'\n}",
            "nc -vz -w 10 mail.acme.test 465",
        ),
        (
            "host mx3.qq.com[192.0.2.57] said: 450 4.7.1 Ip frequency limited",
            "openssl s_client -connect mx3.qq.com:25 -starttls smtp -crlf -quiet",
        ),
        (  # a class name is no host, and neither is a help page
            "MailKit.Net.Smtp.SmtpCommandException: 5.7.60 SMTP; Client does not have permissions"
            " to send as this sender, see http://mail.live.com/help",
            "openssl s_client -connect $SMTP_HOST:587 -starttls smtp -crlf -quiet",
        ),
        (
            "554 DT:SPM 163 smtp10,x please see http://mail.163.com/help/help_spam_16.htm?ip=1",
            "openssl s_client -connect $SMTP_HOST:587 -starttls smtp -crlf -quiet",
        ),
        ('{"error":{"code":"E1","message":"no idea"}}', "mailproof doctor"),
    ],
)
def test_the_line_names_the_server_that_was_spoken_to(text: str, line: str) -> None:
    assert by_hand(reading_of(text).failure, text) == line


@pytest.mark.parametrize("name", ["java-nested-without-frames", "go-gomail", "rust-lettre"])
def test_a_failure_of_smtp_is_not_checked_with_curl(name: str) -> None:
    told = tell(reading_of(pasted(name)), "en")
    assert told.command is not None
    assert told.command[1].startswith(("nc ", "openssl s_client", "swaks "))
    assert "HTTPS_PROXY" not in str(told.parts)


def test_the_line_names_the_recipients_domain() -> None:
    context = Context(to=("ada@example.org",))
    failure = diagnose(Evidence(SmtpReply(550, "5.1.1 no such user"), "smtp", context))
    assert by_hand(failure, "") == "dig +short MX example.org"


def test_a_401_that_is_no_fault_is_announced() -> None:
    told = tell(reading_of(pasted("node-resend-domain-not-verified")), "en")
    assert "restricted_api_key" in told.notes[0]


def test_an_sdk_that_threw_before_any_request_is_not_said_to_have_reached_anybody() -> None:
    told = tell(reading_of(pasted("node-resend-without-a-key")), "en")
    assert "asked nobody" in told.parts[0][1]
