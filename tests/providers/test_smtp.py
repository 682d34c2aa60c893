"""The SMTP adapter in conversation: what it says, and what it makes of the answers."""

from collections.abc import Callable

import pytest

from mailproof.diagnosis.evidence import SmtpReply
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.providers.base import Encoded, Verdict
from mailproof.providers.smtp import Smtp
from mailproof.testing.provider_suite import sample
from tests.providers.smtp_server import LOGIN, SmtpServer
from tests.providers.smtp_world import INSTALLATION, failed, sample_from, sent, talking

DEADLINE_S = 5.0


def only_for(address: str, reply: str) -> Callable[[str], str]:
    """Say this of one recipient."""
    return lambda line: reply if f"<{address}>" in line else ""


# ---- one mail ----


async def test_a_mail_arrives_as_it_was_encoded_dots_included() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        mail = sample(text=".\n..\nno dot\n.last")
        accepted = await sent(provider, mail)
        assert accepted.provider_message_id.startswith("<0192a0e0-")
        assert accepted.said == "2.0.0 Ok: queued as 4ABC"
        (received,) = server.mails
        assert received.body == provider.encode(mail).body
        assert received.sender == "hello@acme.test"
        assert received.recipients == ("ada@lovelace.test", "grace@hopper.test")


async def test_the_size_is_told_where_the_server_wants_to_know_it() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        await sent(provider)
        assert server.mails[0].options == f"SIZE={len(server.mails[0].body)}"
        server.answers["MAIL"] = "552 5.3.4 Message size exceeds fixed limit"
        assert (await failed(provider)).reason is Reason.MESSAGE_TOO_LARGE


async def test_it_calls_itself_by_a_name_or_an_address_never_by_nothing() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        await sent(provider)
    hello = next(line for line in server.heard if line.startswith("EHLO "))
    assert hello == "EHLO [127.0.0.1]" or "." in hello


@pytest.mark.parametrize(
    ("verb", "reply", "reason", "next_"),
    [
        ("CONNECT", "554 No SMTP service here", Reason.SENDER_BLOCKED, Next.RETRY),
        ("EHLO", "421 4.3.2 Try later", Reason.PROVIDER_UNAVAILABLE, Next.RETRY),
        ("MAIL", "530 5.7.0 Authentication required", Reason.CREDENTIALS_MISSING, Next.HOLD),
        ("MAIL", "553 5.7.1 Sender not owned by user", Reason.SENDER_UNVERIFIED, Next.HOLD),
        ("RCPT", "550 5.1.1 User unknown", Reason.MAILBOX_NOT_FOUND, Next.END),
        ("RCPT", "450 4.2.0 Greylisted", Reason.GREYLISTED, Next.RETRY),
        ("RCPT", "554 5.7.1 Relay access denied", Reason.RELAY_DENIED, Next.HOLD),
        ("DATA", "451 4.3.0 Queue file write error", Reason.PROVIDER_UNAVAILABLE, Next.RETRY),
        ("DATA.", "554 5.7.1 Spam message rejected", Reason.CONTENT_REJECTED, Next.END),
        ("DATA.", "452 4.3.1 Out of disk", Reason.PROVIDER_UNAVAILABLE, Next.RETRY),
    ],
)
async def test_a_refusal_at_any_verb_is_definite_and_named_by_its_reply(
    verb: str, reply: str, reason: Reason, next_: Next
) -> None:
    server = SmtpServer()
    server.answers[verb] = reply
    async with talking(server) as provider:
        failure = await failed(provider)
        assert (failure.reason, failure.next, failure.ambiguous) == (reason, next_, False)
        assert isinstance(failure.evidence.seen, SmtpReply)
        assert failure.evidence.seen.code == int(reply[:3])
        assert not server.mails


@pytest.mark.parametrize(("verb", "ambiguous"), [("DATA", False), ("DATA.", True)])
async def test_a_connection_that_ends_is_open_only_after_the_last_line(
    verb: str,
    ambiguous: bool,  # noqa: FBT001 - a column of the table
) -> None:
    server = SmtpServer()

    def hang_up(_: str) -> str:
        server.hang_up()
        return ""

    server.answers[verb] = hang_up
    async with talking(server) as provider:
        failure = await failed(provider)
        assert failure.ambiguous is ambiguous
        assert failure.reason in {Reason.CONNECTION_FAILED, Reason.CONNECTION_LOST}


async def test_what_does_not_speak_smtp_is_not_taken_for_a_server() -> None:
    for greeting, reason in (
        ("SSH-2.0-OpenSSH_9.2", Reason.CONFIGURATION_INVALID),
        ("HTTP/1.1 400 Bad Request", Reason.BLOCKED_BY_INTERMEDIARY),
    ):
        server = SmtpServer()
        server.greeting = greeting
        async with talking(server) as provider:
            failure = await failed(provider)
            assert (failure.reason, failure.ambiguous) == (reason, False)


async def test_words_in_chinese_bytes_are_read() -> None:
    server = SmtpServer()
    server.answers["MAIL"] = "553 发件人与登录账号不一致"
    async with talking(server) as provider:
        failure = await failed(provider)
        assert failure.reason is Reason.SENDER_UNVERIFIED


# ---- recipients ----


async def test_who_is_refused_alone_is_named_and_the_others_get_it() -> None:
    server = SmtpServer()
    server.answers["RCPT"] = only_for("grace@hopper.test", "550 5.1.1 User unknown")
    async with talking(server) as provider:
        result = await sent(provider)
        assert result.taken == ("ada@lovelace.test",)
        (part,) = result.refused
        assert part.address == "grace@hopper.test"
        assert part.failure.reason is Reason.MAILBOX_NOT_FOUND
        assert server.mails[0].recipients == ("ada@lovelace.test",)


async def test_of_all_that_are_refused_the_one_who_may_come_later_decides() -> None:
    server = SmtpServer()
    temporary = only_for("grace@hopper.test", "450 4.2.0 Greylisted")
    server.answers["RCPT"] = lambda line: temporary(line) or "550 5.1.1 User unknown"
    async with talking(server) as provider:
        failure = await failed(provider)
        assert (failure.reason, failure.next) == (Reason.GREYLISTED, Next.RETRY)


async def test_an_address_that_the_server_cannot_carry_fails_before_anything_is_said() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        failure = await failed(provider, sample(to=["张三@acme.test"]))
        assert (failure.reason, failure.next) == (Reason.RECIPIENT_INVALID, Next.END)
        assert not [line for line in server.heard if line.startswith("MAIL")]
        failure = await failed(provider, sample_from("张三@acme.test"))
        assert failure.reason is Reason.SENDER_INVALID


async def test_an_address_in_any_letters_goes_where_the_server_knows_them() -> None:
    server = SmtpServer(offers=("AUTH PLAIN", "SMTPUTF8", "8BITMIME"))
    async with talking(server) as provider:
        await sent(provider, sample(to=["张三@acme.test"]))
        (received,) = server.mails
        assert received.recipients == ("张三@acme.test",)
        assert received.options == "SMTPUTF8 BODY=8BITMIME"


async def test_a_mail_that_is_a_provider_template_is_not_tried() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        failure = await failed(provider, sample(text=None, template={"id": "welcome"}))
        assert (failure.reason, failure.next) == (Reason.TEMPLATE_INVALID, Next.END)
        assert not server.heard


# ---- what cannot work ----


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", Reason.CREDENTIALS_MISSING),
        ("smtp://user@mail.acme.test", Reason.CREDENTIALS_MISSING),
        ("mail.acme.test:587", Reason.CONFIGURATION_INVALID),
        ("smtp://a:p@ss/word@mail.acme.test", Reason.CONFIGURATION_INVALID),
    ],
)
async def test_a_url_that_names_no_server_and_login_holds_the_mail(
    url: str, reason: Reason
) -> None:
    provider = Smtp("backup", url=lambda: url, installation=INSTALLATION)
    failure = await failed(provider)
    assert (failure.reason, failure.next, failure.ambiguous) == (reason, Next.HOLD, False)
    assert (await provider.check(deadline_s=DEADLINE_S)).verdict is Verdict.BAD


async def test_a_check_says_what_kind_of_server_it_is() -> None:
    server = SmtpServer(offers=("AUTH PLAIN LOGIN", "SIZE 35882577", "8BITMIME", "DSN"))
    async with talking(server) as provider:
        health = await provider.check(deadline_s=DEADLINE_S)
        assert health.verdict is Verdict.GOOD
        assert health.facts["greeting"] == "mx.acme.test ESMTP"
        assert health.facts["size_bytes"] == "35882577"
        assert health.facts["login"] == "plain login"
        assert health.facts["tls"] == "none"
        assert not server.mails


async def test_the_words_of_a_service_with_rules_of_its_own_are_read_by_them() -> None:
    server = SmtpServer()
    server.answers["MAIL"] = "454 Throttling failure: Daily message quota exceeded."
    async with talking(server) as provider:
        assert (await failed(provider)).reason is Reason.QUOTA_EXCEEDED
    assert provider.sender_of(LOGIN) == "acme.test"


async def test_the_bytes_of_another_provider_are_not_sent() -> None:
    provider = Smtp("backup", url=lambda: "smtp://127.0.0.1:1", installation=INSTALLATION)
    encoded = provider.encode(sample())
    with pytest.raises(TypeError):
        await provider.send(Encoded(encoded.body, encoded.hash), key="k", deadline_s=1.0)
