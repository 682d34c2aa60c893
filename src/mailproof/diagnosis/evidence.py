"""What was seen when a mail did not go, in the shape it was seen in.

The channels are those through which a failure can reach us: an HTTP answer, an SMTP reply, an
exception, the error object of an SDK, a provider's event, a delivery status notification.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec

__all__ = [
    "Context",
    "DeliveryStatus",
    "Event",
    "Evidence",
    "HttpAnswer",
    "Origin",
    "Raised",
    "SdkError",
    "Seen",
    "SmtpReply",
    "decode_text",
]


class Origin(StrEnum):
    """Who said it. What a `receiver` said concerns that recipient and never closes a route."""

    PROVIDER = "provider"
    RECEIVER = "receiver"
    NETWORK = "network"


class HttpAnswer(msgspec.Struct, frozen=True, tag_field="channel", tag="http"):
    """An HTTP answer. Header names in lower case; `body` as text, or decoded when it was JSON."""

    status: int
    headers: Mapping[str, str] = {}
    body: Any = ""


class SmtpReply(msgspec.Struct, frozen=True, tag_field="channel", tag="smtp"):
    """An SMTP reply: the text after the code, lines joined by `\\n`.

    `stage`: connect, ehlo, starttls, auth, mail, rcpt, data, end-of-data, or empty when unknown.
    """

    code: int
    reply: str = ""
    stage: str = ""


class Raised(msgspec.Struct, frozen=True, tag_field="channel", tag="exception"):
    """An exception: qualified class name, or an errno name such as `ECONNREFUSED`, and its cause.

    `request_written`: had the whole request gone out when it failed? None: not known.
    """

    type: str = ""
    message: str = ""
    cause: "Raised | None" = None
    request_written: bool | None = None
    code: str | int | None = None


class SdkError(msgspec.Struct, frozen=True, tag_field="channel", tag="sdk"):
    """The error object that an SDK returned or threw, as it was."""

    error: Any


class Event(msgspec.Struct, frozen=True, tag_field="channel", tag="webhook"):
    """A provider's event (webhook), as it was posted."""

    event: Any


class DeliveryStatus(msgspec.Struct, frozen=True, tag_field="channel", tag="dsn"):
    """The fields of one recipient in a delivery status notification (RFC 3464 section 2.3)."""

    action: str = ""
    status: str = ""
    diagnostic: str = ""
    remote_mta: str = ""


Seen = HttpAnswer | SmtpReply | Raised | SdkError | Event | DeliveryStatus


class Context(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """What else is known: From, recipients, and whose server an SMTP conversation was with."""

    sender: str = ""
    to: tuple[str, ...] = ()
    role: Literal["", "relay", "recipient_mx"] = ""


class Evidence(msgspec.Struct, frozen=True):
    """What was seen, at which provider (`unknown` when nobody could tell), in which context."""

    seen: Seen
    provider: str = "unknown"
    context: Context = Context()


def decode_text(raw: bytes) -> str:
    """Read bytes of unknown encoding: UTF-8, else GB 18030 (Chinese mail servers), else Latin-1."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
