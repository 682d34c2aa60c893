"""Mail over SMTP: who may send, what the server offers, and what the inbox shows of it."""

import base64
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.sandbox.smtp.letters import read_letter
from mailproof.testing import DomainStatus, GivenKey, ManualClock, Sandbox, Settings
from tests.sandbox.api import Api
from tests.sandbox.smtp_client import LETTER, SENDER, TO, connected, trust


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(rate_per_s=0), smtp_port=0, smtps_port=0, clock=ManualClock()) as made:
        yield made


def own(sandbox: Sandbox, path: str) -> Any:
    return Api(sandbox, "").ask("GET", path).json


def test_a_mail_is_taken_as_it_came_and_shown_in_its_parts(sandbox: Sandbox) -> None:
    with connected(sandbox) as client:
        assert client.sendmail(SENDER, [TO, "eve@kunde.test"], LETTER + b"..two dots\r\n") == {}
    (mail,) = sandbox.mails
    assert (mail.sender, mail.subject) == ("Acme <news@acme.test>", "Your sign-in link")
    assert (mail.to, mail.bcc) == (("Ada <ada@kunde.test>",), ("eve@kunde.test",))
    assert mail.text == "Hello\n..two dots\n"
    assert mail.handover is not None
    assert mail.handover.raw == LETTER + b"..two dots\r\n"
    assert mail.handover.recipients == (TO, "eve@kunde.test")
    assert mail.handover.encrypted


def test_html_attachments_and_other_heads_are_shown(sandbox: Sandbox) -> None:
    letter = EmailMessage()
    letter["From"] = "Ärger & Co <news@acme.test>"
    letter["To"] = TO
    letter["Reply-To"] = "help@acme.test"
    letter["Subject"] = "登录链接 🎉"
    letter["X-Ticket"] = "47"
    letter.set_content("plain ü")
    letter.add_alternative("<p>rich ü</p>", subtype="html")
    letter.add_attachment(b"\x00\x01", maintype="application", subtype="pdf", filename="r é.pdf")
    with connected(sandbox) as client:
        client.send_message(letter)
    (mail,) = sandbox.mails
    assert mail.sender == "Ärger & Co <news@acme.test>"
    assert (mail.subject, mail.reply_to) == ("登录链接 🎉", ("help@acme.test",))
    assert (mail.html.strip(), mail.text.strip()) == ("<p>rich ü</p>", "plain ü")
    assert mail.headers["X-Ticket"] == "47"
    (file,) = mail.attachments
    assert (file.filename, file.content_type, file.size_bytes) == ("r é.pdf", "application/pdf", 2)
    assert base64.b64decode(file.content) == b"\x00\x01"


def test_the_server_offers_what_a_relay_offers(sandbox: Sandbox) -> None:
    wanted = {"pipelining", "size", "8bitmime", "smtputf8", "enhancedstatuscodes", "auth"}
    with connected(sandbox, tls=False, login=False) as client:
        assert set(client.esmtp_features) - {"help"} == wanted | {"starttls"}
        assert client.esmtp_features["size"] == str(40 * 1024**2)
    with connected(sandbox, login=False) as client:
        assert set(client.esmtp_features) - {"help"} == wanted


def test_tls_may_begin_at_once(sandbox: Sandbox) -> None:
    where = urlsplit(sandbox.smtps_url)
    with smtplib.SMTP_SSL(where.hostname or "", where.port or 0, context=trust(sandbox)) as client:
        client.login("resend", sandbox.api_key)
        assert not client.has_extn("starttls")
        client.sendmail(SENDER, [TO], LETTER)
    assert sandbox.mails[0].handover is not None
    assert sandbox.mails[0].handover.encrypted


def test_commands_sent_ahead_are_all_answered_in_order(sandbox: Sandbox) -> None:
    with connected(sandbox) as client:
        client.send(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{TO}>\r\nDATA\r\n")
        assert [client.getreply()[0] for _ in range(3)] == [250, 250, 354]
        client.send(LETTER + b".\r\nNOOP\r\n")
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]
    assert len(sandbox.mails) == 1


def test_one_conversation_carries_many_mails(sandbox: Sandbox) -> None:
    with connected(sandbox) as client:
        for _ in range(3):
            client.sendmail(SENDER, [TO], LETTER)
    assert len(sandbox.mails) == 3


@pytest.mark.parametrize("mechanism", ["plain", "login", "PLAIN", "LOGIN"])
def test_any_login_with_a_key_as_the_password_is_let_in(sandbox: Sandbox, mechanism: str) -> None:
    with connected(sandbox, login=False) as client:
        if mechanism.upper() == "PLAIN":
            secret = base64.b64encode(f"\0me\0{sandbox.api_key}".encode()).decode()
            code, _ = client.docmd("AUTH", f"{mechanism} {secret}")
        else:
            client.docmd("AUTH", mechanism)
            client.docmd(base64.b64encode(b"me").decode())
            code, _ = client.docmd(base64.b64encode(sandbox.api_key.encode()).decode())
        assert code == 235
        client.sendmail(SENDER, [TO], LETTER)


def refused_login(settings: Settings, login: str, password: str) -> tuple[int, bytes]:
    with Sandbox(settings, smtp_port=0) as sandbox, connected(sandbox, login=False) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
            client.login(login, password)
        assert password not in str(sandbox.requests)
        said = refusal.value.smtp_error
        return refusal.value.smtp_code, said if isinstance(said, bytes) else said.encode()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (GivenKey("re_other"), b"API key is invalid"),
        (GivenKey("re_mine_0123456789", state="suspended"), b"suspended"),
        (GivenKey("re_mine_0123456789", state="inactive"), b"not active"),
    ],
)
def test_a_key_that_may_not_send_is_refused_with_why(key: GivenKey, said: bytes) -> None:
    code, text = refused_login(Settings(keys=(key,)), "resend", "re_mine_0123456789")
    assert code == 535
    assert said in text


def test_a_login_of_ones_own_may_send_from_anywhere_and_its_password_counts() -> None:
    settings = Settings(rate_per_s=0, smtp_login=("me@shop.test", "correct-horse"))
    assert refused_login(settings, "me@shop.test", "wrong-horse")[0] == 535
    with Sandbox(settings, smtp_port=0) as sandbox, connected(sandbox, login=False) as client:
        client.login("me@shop.test", "correct-horse")
        client.sendmail("me@shop.test", [TO], b"From: me@shop.test\r\n\r\nHi\r\n")
        sandbox.wait_for(1)


def refusal_of_mail(sandbox: Sandbox, sender: str = SENDER, letter: bytes = LETTER) -> str:
    with connected(sandbox) as client, pytest.raises(smtplib.SMTPResponseException) as refusal:
        client.sendmail(sender, [TO], letter)
    text = refusal.value.smtp_error
    said = text.decode() if isinstance(text, bytes) else text
    return f"{refusal.value.smtp_code} {said}"


def test_a_wrong_first_word_does_not_end_the_conversation(sandbox: Sandbox) -> None:
    where = urlsplit(sandbox.smtp_url)
    with smtplib.SMTP(where.hostname or "", where.port or 0, timeout=5) as client:
        assert client.docmd("GET / HTTP/1.1")[0] == 500
        assert client.docmd("HELO")[0] == 501
        assert client.helo("test")[0] == 250


def test_without_a_login_nothing_is_taken(sandbox: Sandbox) -> None:
    with connected(sandbox, login=False) as client:
        assert client.docmd(f"MAIL FROM:<{SENDER}>") == (530, b"5.7.0 Authentication required")


def test_starttls_forgets_who_was_logged_in(sandbox: Sandbox) -> None:
    with connected(sandbox, tls=False) as client:
        client.starttls(context=trust(sandbox))
        client.ehlo("test")
        assert client.docmd(f"MAIL FROM:<{SENDER}>")[0] == 530


def test_a_domain_that_is_not_verified_may_not_send(sandbox: Sandbox) -> None:
    sandbox.set_domain("acme.test", DomainStatus.PENDING)
    assert refusal_of_mail(sandbox).startswith("550 5.7.1 The acme.test domain is not verified.")
    sandbox.verify_domain("acme.test")
    with connected(sandbox) as client:
        client.sendmail(SENDER, [TO], LETTER)


def test_quota_and_rate_count_for_smtp_as_for_http() -> None:
    settings = Settings(rate_per_s=2, daily_quota=1)
    with Sandbox(settings, smtp_port=0, clock=ManualClock()) as sandbox:
        with connected(sandbox) as client:
            client.sendmail(SENDER, [TO], LETTER)
        assert refusal_of_mail(sandbox).startswith("450 4.5.3 You have reached your daily")
        assert refusal_of_mail(sandbox).startswith("451 4.7.0 Too many requests")


def test_a_mail_beyond_the_size_is_refused_before_and_after_it_came() -> None:
    settings = Settings(rate_per_s=0, smtp_mail_max_bytes=2000)
    with Sandbox(settings, smtp_port=0) as sandbox, connected(sandbox) as client:
        assert client.docmd(f"MAIL FROM:<{SENDER}> SIZE=2001")[0] == 552
        client.docmd(f"MAIL FROM:<{SENDER}>")
        client.docmd(f"RCPT TO:<{TO}>")
        assert client.data(LETTER + b"x" * 100 + b"\r\n" + b"y" * 990 + b"\r\n" * 900)[0] == 552
        assert not sandbox.mails


def test_how_a_mail_ends_is_chosen_by_its_recipient(sandbox: Sandbox) -> None:
    clock = sandbox._account.clock
    assert isinstance(clock, ManualClock)
    with connected(sandbox) as client:
        client.sendmail(SENDER, ["bounced@resend.dev"], LETTER)
    clock.advance(2)
    assert sandbox.mails[0].last_event == "bounced"


def test_the_admin_api_and_the_pages_show_how_a_mail_came(sandbox: Sandbox) -> None:
    with connected(sandbox) as client:
        client.sendmail(SENDER, [TO], LETTER)
    Api(sandbox).sent()
    by_smtp, by_http = own(sandbox, "/_sandbox/mails")["data"]
    assert (by_smtp["via"], by_http["via"]) == ("smtp", "http")
    assert by_smtp["handover"] == {
        "from": SENDER,
        "to": [TO],
        "login": "resend",
        "encrypted": True,
        "size_bytes": len(LETTER),
    }
    assert by_http["handover"] is None
    assert [(one["status"], one["fault"]) for one in by_smtp["attempts"]] == [(250, "")]
    page = Api(sandbox, "").ask("GET", f"/inbox/{by_smtp['id']}").raw.decode()
    assert "SMTP envelope" in page
    assert f"/inbox/{by_smtp['id']}/source" in page
    source = Api(sandbox, "").ask("GET", f"/inbox/{by_smtp['id']}/source")
    assert source.raw == LETTER
    assert source.headers["content-type"].startswith("text/plain")
    assert Api(sandbox, "").ask("GET", f"/inbox/{by_http['id']}/source").status == 404


def test_a_mail_that_came_over_smtp_is_an_email_of_the_api(sandbox: Sandbox) -> None:
    with connected(sandbox) as client:
        client.sendmail(SENDER, [TO], LETTER)
    (mail,) = sandbox.mails
    assert Api(sandbox).ask("GET", f"/emails/{mail.id}", kind="email").json["to"] == [mail.to[0]]


def test_a_step_that_was_refused_counts_among_what_the_inbox_warns_of(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-rcpt-550")
    with connected(sandbox) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail(SENDER, [TO], LETTER)
    assert "refused or got no answer: 1." in Api(sandbox, "").ask("GET", "/inbox").raw.decode()


def test_the_environment_of_an_app_names_the_server(sandbox: Sandbox) -> None:
    assert sandbox.env["SMTP_URL"] == sandbox.smtp_url
    assert sandbox.smtp_url.startswith(f"smtp://resend:{sandbox.api_key}@127.0.0.1:")


def test_a_sandbox_without_smtp_says_how_to_get_it() -> None:
    with Sandbox() as sandbox, pytest.raises(LookupError, match="smtp_port=0"):
        assert sandbox.smtp_url


def test_the_fixture_takes_mail_over_smtp(mailproof_sandbox: Sandbox) -> None:
    with connected(mailproof_sandbox) as client:
        client.sendmail(SENDER, [TO], LETTER)
    assert len(mailproof_sandbox.mails) == 1


@given(st.binary(max_size=400), st.binary(max_size=200))
def test_no_bytes_keep_a_mail_from_being_shown(head: bytes, body: bytes) -> None:
    for raw in (head + b"\r\n\r\n" + body, b"From: " + head + b"\r\nTo: " + head, body):
        message = read_letter(raw, SENDER, [TO])
        assert message.recipients


@given(st.text(max_size=60), st.sampled_from(["utf-8", "x-none", "us-ascii"]))
def test_text_in_a_charset_that_nobody_knows_is_shown_all_the_same(text: str, name: str) -> None:
    raw = f"Content-Type: text/plain; charset={name}\r\n\r\n{text}".encode("utf-8", "replace")
    assert isinstance(read_letter(raw, SENDER, [TO]).text, str)
