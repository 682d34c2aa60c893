"""A mail as bytes for an SMTP server: what a mail program reads is what the app wrote."""

import base64
import email
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.address import Address
from mailproof.providers import smtp_headers
from mailproof.providers.base import Outgoing
from mailproof.providers.smtp_mail import SmtpMail, encode
from mailproof.testing.provider_suite import sample

PNG = base64.b64encode(bytes(range(256))).decode()


def made(**fields: Any) -> SmtpMail:
    return encode(sample(**fields), headers={"Mailproof-Installation": "i-1"})


def parsed(mail: SmtpMail) -> EmailMessage:
    message = email.message_from_bytes(mail.body, policy=SMTPUTF8 if mail.needs_utf8 else SMTP)
    assert not [part.defects for part in message.walk() if part.defects]
    assert isinstance(message, EmailMessage)
    return message


def lines(mail: SmtpMail) -> list[bytes]:
    return mail.body.split(b"\r\n")


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    return cast("str", part.get_content()).replace("\r\n", "\n").rstrip("\n")


def test_the_same_mail_has_the_same_bytes_date_and_message_id_at_each_try() -> None:
    first, again = made(html="<p>Hi</p>", text=None), made(html="<p>Hi</p>", text=None)
    assert first == again
    message = parsed(first)
    assert message["message-id"] == "<0192a0e0-0000-7000-8000-000000000001@acme.test>"
    assert first.message_id == message["message-id"]
    assert message["date"] == "Wed, 01 Jul 2026 12:00:00 +0000"


def test_a_later_try_for_those_who_are_left_is_the_same_mail_to_look_at() -> None:
    whole = made()
    part = encode(
        msgspec.structs.replace(sample(), settled=("Ada@Lovelace.test",)),
        headers={"Mailproof-Installation": "i-1"},
    )
    assert part.body == whole.body
    assert part.envelope == ("grace@hopper.test",)
    assert part.hash != whole.hash


def test_blind_copies_are_in_the_envelope_and_nowhere_else() -> None:
    mail = made(cc=["cc@acme.test"], bcc=["secret@acme.test", "Ada@lovelace.test"])
    assert mail.envelope == (
        "ada@lovelace.test",
        "grace@hopper.test",
        "cc@acme.test",
        "secret@acme.test",
    )
    assert b"secret" not in mail.body
    assert parsed(mail)["bcc"] is None


def test_text_and_html_are_alternatives_and_images_stand_beside_the_html() -> None:
    mail = made(
        html='<img src="cid:logo">',
        attachments=[
            {"filename": "logo.png", "content": PNG, "content_id": "logo"},
            {"filename": "发票 2026.pdf", "content": PNG},
        ],
    )
    message = parsed(mail)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    image, invoice = [part for part in message.walk() if part.get_filename()]
    assert image["content-id"] == "<logo>"
    assert image.get_content_disposition() == "inline"
    assert invoice.get_filename() == "发票 2026.pdf"
    assert invoice.get_payload(decode=True) == bytes(range(256))


def test_an_image_without_html_to_show_it_is_an_attachment() -> None:
    mail = made(attachments=[{"filename": "a.png", "content": PNG, "content_id": "a"}])
    (image,) = [part for part in parsed(mail).walk() if part.get_filename()]
    assert image.get_content_disposition() == "attachment"


def test_a_long_unsubscribe_link_stays_whole() -> None:
    link = f"<https://acme.test/{'u' * 300}>, <mailto:off@acme.test>"
    mail = made(headers={"List-Unsubscribe": link})
    assert f"List-Unsubscribe: <https://acme.test/{'u' * 300}>,".encode() in lines(mail)
    assert parsed(mail)["list-unsubscribe"] == link


@pytest.mark.parametrize("name", ["Bcc", "From", "Message-ID", "content-type", "DATE", "Subject"])
def test_a_header_of_the_app_does_not_stand_beside_ours(name: str) -> None:
    mail = made(headers={name: "evil@evil.test"})
    assert b"evil" not in mail.body


def test_the_apps_other_headers_go_along() -> None:
    mail = made(headers={"X-Ref": "订单 42", "References": "<a@b.test>", "Reply-To": "x@acme.test"})
    message = parsed(mail)
    assert (message["x-ref"], message["references"]) == ("订单 42", "<a@b.test>")
    assert message["reply-to"] == "x@acme.test"
    assert message["mailproof-installation"] == "i-1"
    replies = parsed(made(headers={"Reply-To": "x@acme.test"}, reply_to=["help@acme.test"]))
    assert replies["reply-to"] == "help@acme.test"


def test_a_domain_in_another_script_goes_over_the_wire_in_ascii() -> None:
    mail = made(to=["张三 <zhang@例子.测试>"])
    assert mail.envelope == ("zhang@xn--fsqu00a.xn--0zwm56d",)
    assert mail.recipients == ("zhang@例子.测试",)
    assert not mail.needs_utf8
    assert parsed(mail)["to"].addresses[0].display_name == "张三"


def test_letters_before_the_at_need_a_server_that_knows_them() -> None:
    mail = made(to=["张三@例子.测试"])
    assert mail.needs_utf8
    assert mail.envelope == ("张三@xn--fsqu00a.xn--0zwm56d",)
    assert "To: 张三@xn--fsqu00a.xn--0zwm56d".encode() in lines(mail)


@pytest.mark.parametrize(
    "fields",
    [
        {"template": {"id": "welcome"}, "text": None},
        {"attachments": [{"filename": "a.pdf", "path": "https://acme.test/a.pdf"}]},
    ],
)
def test_what_no_smtp_server_can_carry_says_so(fields: dict[str, Any]) -> None:
    mail = made(**fields)
    assert mail.unsendable
    assert not mail.body


def test_a_newer_encoder_is_left_to_the_release_that_knows_it() -> None:
    mail = msgspec.structs.replace(sample(), encoder=2)
    with pytest.raises(ValueError, match="encoder 2 is not known"):
        encode(mail, headers={})


def test_a_mail_with_nobody_left_is_not_made() -> None:
    mail = msgspec.structs.replace(sample(), settled=("ada@lovelace.test", "grace@hopper.test"))
    with pytest.raises(ValueError, match="nobody is left"):
        encode(mail, headers={})


WRITABLE = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
LINES = st.text(WRITABLE, max_size=300)


@given(subject=LINES)
def test_any_subject_is_read_as_it_was_written(subject: str) -> None:
    field = smtp_headers.text("Subject", subject)
    assert all(len(line) <= 998 and line.isascii() for line in field.split(b"\r\n"))
    read = email.message_from_bytes(field + b"\r\n", policy=SMTP)["subject"]
    assert read == subject.strip(" \t")


@given(name=st.text(WRITABLE, min_size=1, max_size=120))
def test_any_display_name_is_read_as_it_was_written(name: str) -> None:
    address = Address("ada@acme.test", name.strip())
    field = smtp_headers.addresses("To", [(address, address.mailbox)] * 3)
    assert field.isascii()
    assert all(len(line) <= 998 for line in field.split(b"\r\n"))
    read = email.message_from_bytes(field + b"\r\n", policy=SMTP)["to"]
    found = cast("AddressHeader", read).addresses
    assert [each.addr_spec for each in found] == ["ada@acme.test"] * 3


@given(filename=st.text(WRITABLE, min_size=1, max_size=255))
def test_any_file_name_is_read_as_it_was_written(filename: str) -> None:
    field = b"Content-Disposition: attachment" + smtp_headers.parameter("filename", filename)
    assert all(len(line) <= 998 and line.isascii() for line in field.split(b"\r\n"))
    message = email.message_from_bytes(field + b"\r\n\r\n")
    # Python's reader takes spaces around it away.
    assert email.utils.collapse_rfc2231_value(message.get_filename() or "") == filename.strip()


ANYTHING = st.characters(exclude_categories=["Cs"])
BODIES = st.text(ANYTHING, min_size=1, max_size=2_000)


@given(text=BODIES, html=st.none() | BODIES)
def test_any_body_is_read_as_it_was_written(text: str, html: str | None) -> None:
    mail = encode(_outgoing(text, html), headers={})
    assert mail.body.isascii()
    assert all(len(line) <= 998 for line in lines(mail))
    assert b"\n" not in mail.body.replace(b"\r\n", b"")
    message = parsed(mail)
    assert body_of(message, "plain") == _as_lines(text)
    if html:
        assert body_of(message, "html") == _as_lines(html)


def _as_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def _outgoing(text: str, html: str | None) -> Outgoing:
    return sample(text=text, html=html)
