"""Reads a mail as it came over SMTP into the fields that the inbox shows.

What is broken in it stays as it is: a sandbox shows what was sent. It shares no code with what
writes mails in this package.
"""

import base64
from collections.abc import Iterator, Sequence
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as MimePart
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Final, cast

from mailproof.sandbox.messages.message import Attachment, Message

__all__ = ["read_letter"]

# These have fields of their own; all others are shown as they are.
_FIELDS: Final = frozenset({"from", "to", "cc", "reply-to", "subject"})


def read_letter(raw: bytes, sender: str, recipients: Sequence[str]) -> Message:
    """The mail of this envelope.

    `to` and `cc` are those of its head whom the envelope names too, `bcc` whom only that names.
    """
    letter = BytesParser(policy=policy.compat32).parsebytes(raw)
    heads = [(name, _as_sent(value)) for name, value in letter.raw_items()]
    left = {recipient.lower(): recipient for recipient in recipients}
    to, cc = (tuple(_named(heads, field, left)) for field in ("to", "cc"))
    html, text, attachments = _contents(letter)
    return Message(
        sender=next(_addresses(heads, "from"), (sender, sender))[1],
        to=to,
        cc=cc,
        bcc=tuple(left.values()),
        reply_to=tuple(shown for _, shown in _addresses(heads, "reply-to")),
        subject=next((_decoded(value) for name, value in heads if name.lower() == "subject"), ""),
        html=html,
        text=text,
        headers={name: _decoded(value) for name, value in heads if name.lower() not in _FIELDS},
        attachments=attachments,
    )


def _named(heads: Sequence[tuple[str, str]], field: str, left: dict[str, str]) -> Iterator[str]:
    """Who is told of in this field, each once; takes them out of those who are `left`."""
    for address, shown in _addresses(heads, field):
        if left.pop(address.lower(), None) is not None:
            yield shown


def _addresses(heads: Sequence[tuple[str, str]], field: str) -> Iterator[tuple[str, str]]:
    """Each address, bare and as it is shown."""
    values = [value for name, value in heads if name.lower() == field]
    for name, address in getaddresses(values):
        if address:
            name = _decoded(name)
            yield address, f"{name} <{address}>" if name else address


def _contents(letter: MimePart) -> tuple[str, str, tuple[Attachment, ...]]:
    """HTML, plain text, and all other parts."""
    html = text = ""
    attachments: list[Attachment] = []
    for part in letter.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        is_body = part.get_content_disposition() != "attachment" and not part.get_filename()
        if is_body and kind == "text/html" and not html:
            html = _text_of(part)
        elif is_body and kind == "text/plain" and not text:
            text = _text_of(part)
        else:
            attachments.append(_attachment(part, kind))
    return html, text, tuple(attachments)


def _bytes_of(part: MimePart) -> bytes:
    # The standard library gives bytes for every part that is not made of others.
    return cast("bytes", part.get_payload(decode=True))


def _text_of(part: MimePart) -> str:
    raw = _bytes_of(part)
    try:
        text = raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # of no charset that there is, or a name that can be none
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _attachment(part: MimePart, kind: str) -> Attachment:
    content = _bytes_of(part)
    return Attachment(
        filename=_decoded(part.get_filename() or ""),
        content_type=kind,
        content_id=_as_sent(str(part.get("content-id", ""))).strip("<> "),
        content=base64.b64encode(content).decode("ascii"),
        size_bytes=len(content),
    )


def _as_sent(value: str) -> str:
    """Bytes beyond ASCII come as surrogates; with SMTPUTF8 they are UTF-8 (RFC 6532)."""
    return " ".join(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())


def _decoded(value: str) -> str:
    """Without encoded words (RFC 2047), where they can be read."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value
