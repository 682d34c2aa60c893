"""`EMAIL_BACKEND`: whatever Django and its packages send, goes through Mailproof.

With `MAILPROOF_OUTBOX = True` it is written into the outbox on Django's own transaction, and
`mailproof outbox drain` hands it over; else it is accepted at once. A mail names its purpose by the
header `Mailproof-Purpose`.
"""

import functools
from collections.abc import Mapping, Sequence
from email.message import Message as MIMEMessage  # above `MIMEBase`, and Django 6's `MIMEPart`
from typing import Any, Final

import structlog
from django.conf import settings  # type: ignore[import-untyped]
from django.core.mail.backends.base import BaseEmailBackend  # type: ignore[import-untyped]
from django.db import connection  # type: ignore[import-untyped]

from mailproof.client.email import Email
from mailproof.client.errors import MailproofError
from mailproof.client.mailproof import BlockingMailproof, Mailproof
from mailproof.mail.invalid import InvalidInput

__all__ = ["EmailBackend"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.django")

_HTML: Final = "text/html"


class EmailBackend(BaseEmailBackend):  # type: ignore[misc]
    """Raises `InvalidInput` and what `Mailproof.send` raises; with `fail_silently` the log has it.

    A mail that is held counts as sent: it is accepted, and goes by itself.
    """

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """How many were accepted."""
        accepted = 0
        for message in email_messages:
            if not message.recipients():
                continue
            try:
                self._send(email_of(message))
            except (InvalidInput, MailproofError) as error:
                if not self.fail_silently:
                    raise
                _log.warning("email.not_accepted", error=type(error).__name__, at=error.where)
            else:
                accepted += 1
        return accepted

    def _send(self, email: Email) -> None:
        if getattr(settings, "MAILPROOF_OUTBOX", False):
            _mail().enqueue(email, connection=connection)
        else:
            _mail().send(email, wait=0)


def email_of(message: Any) -> Email:
    """A Django `EmailMessage` as an email of ours; its texts may be lazy translations. Raises
    `InvalidInput`."""
    html = next(
        (str(each[0]) for each in getattr(message, "alternatives", ()) if each[1] == _HTML), None
    )
    if message.content_subtype == "html":
        html, text = str(message.body), None
    else:
        text = str(message.body) or None
    return Email(
        to=list(message.to),
        cc=list(message.cc),
        bcc=list(message.bcc),
        reply_to=list(message.reply_to),
        sender=str(message.from_email or ""),
        subject=str(message.subject),
        html=html,
        text=text,
        headers={name: str(value) for name, value in message.extra_headers.items()},
        attachments=[_attachment(each) for each in message.attachments],
    )


def _attachment(given: Any) -> Mapping[str, Any]:
    if isinstance(given, MIMEMessage):
        content: Any = given.get_payload(decode=True)
        found = {"filename": given.get_filename() or "attachment", "content": content}
        if given["content-id"]:
            found["content_id"] = given["content-id"].strip("<>")
        return {**found, "content_type": given.get_content_type()}
    filename, content, kind = given
    raw = content.encode() if isinstance(content, str) else content
    return {"filename": filename or "attachment", "content": raw, "content_type": kind or ""}


@functools.cache
def _mail() -> BlockingMailproof:
    """One for the process; it opens with the first mail, in a worker after its fork."""
    return Mailproof.sync()
