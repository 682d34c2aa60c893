"""Any mail that was taken in becomes bytes that another program reads as the same mail."""

import base64
import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from random import Random
from typing import Any, Final

from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.message import Email
from mailproof.providers.base import Outgoing
from mailproof.providers.smtp_mail import SmtpMail, encode
from tests.gateway.world import mail_id
from tests.hard.fuzzing.areas import Area, Wrong, alone
from tests.hard.fuzzing.mails import FIELDS, mail
from tests.hard.fuzzing.mutating import TROUBLE, some, spoiled_text, spoiled_tree

__all__ = ["AREAS"]

_OURS: Final = {
    "date", "message-id", "from", "to", "cc", "reply-to", "subject", "mime-version",
    "content-type", "content-transfer-encoding", "mailproof-installation",
}  # fmt: skip
_LINE_MAX: Final = 998
_CLOCK: Final = datetime(2026, 12, 1, 9, tzinfo=UTC)


def draw(lots: Random) -> Any:
    """Half of them right and strange, half of them spoiled."""
    if lots.random() < 0.5:
        return spoiled_tree(lots, mail(lots), FIELDS)
    person = "ada@example.com"
    return {
        "from": f"{_name(lots)} <hello@acme.test>",
        "to": [f"{_name(lots)} <{lots.choice((person, 'ü@例え.jp', 'a.b+c@müller.test'))}>"]
        * lots.choice((1, 1, 2, 5)),
        "subject": _line(lots),
        "html": some(lots, lambda: None, lambda: _words(lots)),
        "text": _words(lots) or "x",
        "headers": {lots.choice(("X-A", "List-Unsubscribe", "Subject", "Bcc", "x")): _line(lots)},
        "attachments": [
            {
                "filename": _line(lots),
                "content": base64.b64encode(lots.randbytes(lots.choice((0, 1, 57, 300)))).decode(),
                "content_type": lots.choice(
                    ("", "image/png", "message/rfc822", "a/b; c=d", "a/b;")
                ),
                "content_id": lots.choice(("", "logo", "a@b", "ü")),
            }
        ],
    }


def _name(lots: Random) -> str:
    text = _line(lots).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if lots.random() < 0.7 else _line(lots)


def _line(lots: Random) -> str:
    return spoiled_text(lots, lots.choice(("Hello", "Grüße aus 東京", "a" * 90, "a b " * 80)))[:300]


def _words(lots: Random) -> str:
    pieces = [lots.choice((*TROUBLE, "Hello, you.\r\n", "x" * 999, "=3D", "\n")) for _ in range(9)]
    return "".join(pieces[: lots.randrange(10)])


def check(tree: Any) -> None:
    try:
        made = Email.from_json(tree, clock=lambda: _CLOCK)
    except InvalidInput:
        return
    payload = made.encode()
    out = Outgoing(
        email_id=mail_id(1), payload=payload, stamp="", encoder=1, created_at=1_790_000_000_000
    )
    sent = encode(out, headers={"Mailproof-Installation": "i-1"})
    if sent.unsendable:
        return
    _check_bytes(sent)
    message = email.message_from_bytes(sent.body, policy=SMTP)
    if sent.needs_utf8:  # of bytes, Python reads no address in UTF-8
        message = email.message_from_string(sent.body.decode(), policy=SMTPUTF8)
    assert isinstance(message, EmailMessage)
    _check_people(made, sent, message)
    _check_head(made, message)
    _check_content(made, message)


def _check_bytes(sent: SmtpMail) -> None:
    for line in sent.body.split(b"\r\n"):
        if len(line) > _LINE_MAX:
            raise Wrong(f"a line of {len(line)} bytes: {line[:80]!r}")
        if b"\n" in line or b"\r" in line or b"\0" in line:
            raise Wrong(f"a bare line break or zero: {line[:200]!r}")
    if not sent.needs_utf8 and not sent.body.isascii():
        raise Wrong("not in ASCII, and no server is asked whether it takes that")


def _wires(addresses: tuple[Address, ...]) -> list[str]:
    return [each.wire for each in addresses]


def _check_people(made: Email, sent: SmtpMail, message: EmailMessage) -> None:
    if sent.sender != made.sender.wire:
        raise Wrong(f"the envelope is from {sent.sender!r}")
    wanted = {each.wire.lower() for each in made.recipients}
    if {each.lower() for each in sent.envelope} != wanted:
        raise Wrong(f"the envelope is to {sent.envelope!r}")
    for name, people in (("to", made.to), ("cc", made.cc), ("from", (made.sender,))):
        field = message[name]
        shown = [each.addr_spec for each in field.addresses] if field is not None else []
        if shown != _wires(people):
            raise Wrong(f"{name}: {shown!r} for {_wires(people)!r}")
        if field is not None:
            names = [each.display_name for each in field.addresses]
            told = [each.name for each in people]
            if [_squeezed(each) for each in names] != [_squeezed(each) for each in told]:
                raise Wrong(f"{name}: the names {names!r} for {told!r}")


def _check_head(made: Email, message: EmailMessage) -> None:
    own = {name.lower() for name in made.headers}
    strange = {name.lower() for name in message} - _OURS - own
    if strange:
        raise Wrong(f"there are fields that nobody wrote: {strange}")
    if "bcc" in {name.lower() for name in message}:
        raise Wrong("the head tells who is in bcc")
    for name in _OURS & {name.lower() for name in message}:
        if len(message.get_all(name) or ()) != 1:
            raise Wrong(f"{name} stands there more than once")
    if _squeezed(str(message["subject"])) != _squeezed(made.subject):
        raise Wrong(f"the subject {str(message['subject'])!r} for {made.subject!r}")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _check_content(made: Email, message: EmailMessage) -> None:
    for kind, words in (("plain", made.text), ("html", made.html)):
        part = message.get_body(preferencelist=(kind,))
        if words and part is None:
            raise Wrong(f"the {kind} part is not there")
        if words and part is not None:
            shown = part.get_content()
            if _lines(shown) != _lines(words):
                raise Wrong(f"the {kind} part {shown[:200]!r} for {words[:200]!r}")
    shown_files = [
        part.get_payload(decode=True)
        for part in message.walk()
        if part.get_content_disposition() in {"attachment", "inline"}
    ]
    files = [each.content for each in made.attachments]
    if sorted(map(_bytes, shown_files)) != sorted(map(_bytes, files)):
        raise Wrong(f"{len(shown_files)} files for {len(files)}, or others")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def _bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else b""


AREAS: Final = (Area("mime", 4, draw, alone(check)),)
