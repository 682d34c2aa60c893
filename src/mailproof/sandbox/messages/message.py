"""What was asked to be sent, and what became of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mailproof.sandbox.faults.kinds import Mishap

__all__ = ["Attachment", "Attempt", "Handover", "Mail", "Message", "Moment"]


class Attachment(msgspec.Struct, frozen=True):
    """One file: `content` in Base64, or the `path` (URL) that Resend would fetch it from."""

    filename: str = ""
    content_type: str = ""
    content_id: str = ""
    path: str = ""
    content: str = ""
    size_bytes: int = 0


class Message(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """One email as it was asked for. Lists are empty and texts `""` where nothing was given."""

    sender: str
    to: tuple[str, ...]
    subject: str
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    html: str = ""
    text: str = ""
    headers: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}
    attachments: tuple[Attachment, ...] = ()
    scheduled_at: float | None = None
    topic_id: str | None = None

    @property
    def stored_bytes(self) -> int:
        """Roughly what it takes of the memory."""
        return len(self.html) + len(self.text) + sum(len(file.content) for file in self.attachments)

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.to + self.cc + self.bcc


class Moment(msgspec.Struct, frozen=True):
    """One step of a mail's way: its `last_event` from `at` on; webhooks tell `detail` too."""

    at: float
    event: str
    detail: Mapping[str, Any] = {}


class Attempt(msgspec.Struct, frozen=True):
    """One request that carried this mail. `status` 0: it got no answer."""

    at: float
    status: int
    replayed: bool
    fault: str = ""


class Handover(msgspec.Struct, frozen=True):
    """How a mail came over SMTP: its envelope, who was logged in, and every byte of it."""

    sender: str
    recipients: tuple[str, ...]
    login: str
    encrypted: bool
    raw: bytes


class Mail(msgspec.Struct):
    """One accepted mail.

    `moments` is its way as planned at acceptance; what lies in the future has not happened yet.
    `outcome` is how that way ends, `mishap` what goes wrong with its webhooks. `handover`: None
    for one that came over HTTP.
    """

    id: str
    message: Message
    accepted_at: float
    key_name: str
    idempotency_key: str | None
    moments: tuple[Moment, ...]
    outcome: str
    mishap: Mishap | None = None
    attempts: list[Attempt] = []
    batch_position: int | None = None
    handover: Handover | None = None

    @property
    def stored_bytes(self) -> int:
        """Roughly what it takes of the memory."""
        return self.message.stored_bytes + (len(self.handover.raw) if self.handover else 0)

    @property
    def message_id(self) -> str:
        return f"<{self.id}@email.sandbox.test>"

    def cancel(self, now: float) -> None:
        """Take its way from it: what has not happened yet never will."""
        passed = tuple(moment for moment in self.moments if moment.at <= now)
        self.moments = (*passed, Moment(now, "canceled"))

    def last_event(self, now: float) -> str:
        passed = [moment.event for moment in self.moments if moment.at <= now]
        return passed[-1] if passed else "queued"
