"""An email as an application writes it: plain texts, checked as soon as it is made."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mailproof.app import clock_with_zone
from mailproof.clock import Clock, SystemClock
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.message import Email as Message

__all__ = ["Email"]

# Stands for the sender while a mail that leaves it to the environment is checked.
_SOMEBODY: Final = "hello@example.com"
_SENDER_FIX: Final = (
    "Set MAILPROOF_FROM, or write `sender=` in the email: `Your Name <hello@your-domain.com>`."
)


class Email(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. Raises `InvalidInput` with where, what and the fix, as the gateway would.

    Addresses are written `ada@example.com` or `Ada <ada@example.com>`. `sender` empty: the one of
    the environment (`MAILPROOF_FROM`). `scheduled_at`: a time with its zone, or a text such as
    `in 5 minutes`. `attachments` are objects as Resend's API has them; `content` may be bytes.
    `idempotency_key`: the same key never makes a second mail within 24 hours.
    """

    to: str | Sequence[str]
    subject: str = ""
    html: str | None = None
    text: str | None = None
    sender: str = ""
    cc: str | Sequence[str] = ()
    bcc: str | Sequence[str] = ()
    reply_to: str | Sequence[str] = ()
    headers: Mapping[str, str] = {}
    attachments: Sequence[Mapping[str, Any]] = ()
    tags: Mapping[str, str] = {}
    scheduled_at: datetime | str | None = None
    purpose: str = ""
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        self.message(self.sender or _SOMEBODY)

    def message(self, sender: str = "", clock: Clock | None = None) -> Message:
        """The mail in parsed parts; `sender` where it names none of its own.

        Raises `InvalidInput`: there is no sender at all.
        """
        own = self.sender or sender
        if not own.strip():
            raise InvalidInput(
                "sender", "the sender is missing", _SENDER_FIX, name="missing_required_field"
            )
        return Message.from_json(
            self._tree(own),
            clock=clock_with_zone(clock or SystemClock()),
            purpose=self.purpose,
            idempotency_key=self.idempotency_key,
        )

    def __repr__(self) -> str:  # a stray log line must not tell whom we write to
        return f"<Email {self.purpose or 'without a purpose'}>"

    def _tree(self, sender: str) -> dict[str, Any]:
        tree: dict[str, Any] = {"from": sender, "subject": self.subject}
        for name in ("to", "cc", "bcc", "reply_to"):
            given = getattr(self, name)
            tree[name] = given if isinstance(given, str) else list(given)
        for name in ("html", "text"):
            if (body := getattr(self, name)) is not None:
                tree[name] = body
        if self.headers:
            tree["headers"] = dict(self.headers)
        if self.attachments:
            tree["attachments"] = [_attachment(each) for each in self.attachments]
        if self.tags:
            tree["tags"] = [{"name": name, "value": value} for name, value in self.tags.items()]
        if self.scheduled_at is not None:
            tree["scheduled_at"] = _schedule(self.scheduled_at)
        return tree


def _attachment(given: Mapping[str, Any]) -> dict[str, Any]:
    tree = dict(given)
    if isinstance(content := tree.get("content"), bytes | bytearray):
        tree["content"] = base64.b64encode(content).decode("ascii")
    return tree


def _schedule(given: datetime | str) -> str:
    if isinstance(given, str):
        return given
    if given.tzinfo is None:
        fix = "Write `datetime(…, tzinfo=UTC)`, or a text such as `in 5 minutes`."
        raise InvalidInput("scheduled_at", "the time has no zone", fix)
    return given.astimezone(UTC).isoformat()
