"""A mail as the bytes that go to an SMTP server, and whom it is for.

The same mail gives the same bytes in every release and at each try: its date is when it was
accepted, its Message-ID and boundaries come from its id. A change here is a new encoder version
beside the old one, which stays.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

import msgspec
from email_validator import EmailNotValidError, validate_email

from mailproof.mail.address import Address
from mailproof.providers import smtp_headers
from mailproof.providers.base import Encoded, Outgoing
from mailproof.providers.smtp_mime import File, body

__all__ = ["ENCODER", "SmtpMail", "encode"]

ENCODER: Final = 1

# The mail's own fields say these, or whoever carries it does: no header of an app says otherwise.
_OURS: Final = frozenset(
    """
    bcc cc content-description content-disposition content-id content-transfer-encoding content-type
    date from message-id mime-version received resent-bcc resent-cc resent-to return-path subject to
    """.split()
)


class _Payload(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str = ""
    html: str | None = None
    text: str | None = None
    headers: Mapping[str, str] = {}
    attachments: tuple[File, ...] = ()
    template: msgspec.Raw = msgspec.Raw(b"")


_payload_of: Final = msgspec.json.Decoder(_Payload).decode


class SmtpMail(Encoded, frozen=True, kw_only=True):
    """What one conversation needs. `envelope`: for each of `recipients`, how the server is told.

    `needs_utf8`: an address has letters beyond ASCII before its `@`, so the server must know
    SMTPUTF8 (RFC 6531). `unsendable`: why this mail can go through no SMTP server; then `body` is
    empty.
    """

    sender: str
    envelope: tuple[str, ...]
    message_id: str
    needs_utf8: bool = False
    unsendable: str = ""


def encode(mail: Outgoing, *, headers: Mapping[str, str]) -> SmtpMail:
    """The message and its envelope; `headers`: fields of ours to add.

    Raises `ValueError`: an encoder version that is not known, or nobody is left to send to.
    """
    make = _ENCODERS.get(mail.encoder)
    if make is None:
        known = ", ".join(map(str, _ENCODERS))
        raise ValueError(
            f"{mail.email_id}: encoder {mail.encoder} is not known here, only {known}. "
            "A newer release began to send this mail; let that one go on."
        )
    return make(mail, headers)


def _encode_1(mail: Outgoing, own: Mapping[str, str]) -> SmtpMail:
    payload = _payload_of(mail.payload)
    sender = Address.parse(payload.sender, where="from")
    everybody = {
        role: [Address.parse(text, where=role) for text in getattr(payload, role)]
        for role in ("to", "cc", "bcc", "reply_to")
    }
    recipients = _left(everybody, mail)
    message_id = f"<{mail.email_id}@{_wire(sender).rpartition('@')[2]}>"
    unsendable = _unsendable(payload)
    raw = b""
    if not unsendable:
        head = _head(mail, payload, sender, everybody, message_id, own)
        content = body(
            mail.email_id, html=payload.html, text=payload.text, files=payload.attachments
        )
        raw = b"".join([*head, *content])
    envelope = tuple(map(_wire, recipients))
    shown = (sender, *recipients, *everybody["to"], *everybody["cc"], *everybody["reply_to"])
    told = msgspec.json.encode([_wire(sender), envelope, unsendable])
    return SmtpMail(
        body=raw,
        hash=hashlib.sha256(told + b"\n" + raw).digest(),
        recipients=tuple(each.mailbox for each in recipients),
        sender=_wire(sender),
        envelope=envelope,
        message_id=message_id,
        needs_utf8=any(not _wire(each).isascii() for each in shown),
        unsendable=unsendable,
    )


def _left(everybody: Mapping[str, Sequence[Address]], mail: Outgoing) -> tuple[Address, ...]:
    """Each address once, without those who are settled. What the head shows stays as it was: who
    gets it later sees the same mail."""
    settled = {address.lower() for address in mail.settled}
    found: dict[str, Address] = {}
    for role in ("to", "cc", "bcc"):
        for each in everybody[role]:
            found.setdefault(each.mailbox.lower(), each)
    left = tuple(each for key, each in found.items() if key not in settled)
    if not left:
        raise ValueError(f"{mail.email_id}: all of its recipients are settled, nobody is left.")
    return left


def _unsendable(payload: _Payload) -> str:
    if payload.template:
        return "An SMTP server knows no provider template, and this mail has no other body."
    if any(file.content is None for file in payload.attachments):
        return "The attachment is at a URL, and SMTP carries only attachments with their content."
    return ""


def _head(  # noqa: PLR0913 - what a head is made of
    mail: Outgoing,
    payload: _Payload,
    sender: Address,
    everybody: Mapping[str, Sequence[Address]],
    message_id: str,
    own: Mapping[str, str],
) -> Iterator[bytes]:
    accepted = datetime.fromtimestamp(mail.created_at // 1000, UTC)
    yield f"Date: {format_datetime(accepted)}\r\nMessage-ID: {message_id}\r\n".encode()
    yield smtp_headers.addresses("From", [(sender, _wire(sender))])
    for name, role in (("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to")):
        if everybody[role]:
            pairs = [(address, _wire(address)) for address in everybody[role]]
            yield smtp_headers.addresses(name, pairs)
    yield smtp_headers.text("Subject", payload.subject)
    ours = _OURS | {name.lower() for name in own}
    if everybody["reply_to"]:
        ours |= {"reply-to"}
    for name, value in {**payload.headers, **own}.items():
        if name.lower() not in ours or name in own:
            yield smtp_headers.text(name, value)
    yield b"MIME-Version: 1.0\r\n"


def _wire(address: Address) -> str:
    """The mailbox as servers know it: its domain in A-labels (RFC 5890 section 2.3.2.1)."""
    if address.domain.isascii():
        return address.mailbox
    local = address.mailbox.rpartition("@")[0]
    try:
        found = validate_email(
            address.mailbox, check_deliverability=False, test_environment=True
        ).ascii_domain
    except EmailNotValidError as error:
        raise ValueError(f"The domain {address.domain} has no ASCII form.") from error
    return f"{local}@{found}"


_ENCODERS: Final[Mapping[int, Callable[[Outgoing, Mapping[str, str]], SmtpMail]]] = {1: _encode_1}
