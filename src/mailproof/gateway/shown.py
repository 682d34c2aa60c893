"""Mails as they are shown over HTTP: in Resend's shape, and in our own with all that happened."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.report import report
from mailproof.mail.lifecycle import LAST_EVENT, State
from mailproof.store.base import Event
from mailproof.store.mails.listing import AttemptShown, Mail, RecipientShown, Shown

__all__ = ["iso_time", "mail_in_full", "mail_in_resends_shape", "mail_summary"]

# A stamp of ours on a provider's call, which the app never sent and shall not see.
_STAMP: Final = "mailproof_id"


def mail_in_full(
    shown: Shown, language: OperatorLanguage, status_url: str | None
) -> dict[str, Any]:
    """`GET /v1/emails/{id}`, which `mailproof emails show --json` prints as well."""
    return {
        **mail_summary(shown.mail, language),
        "status_url": status_url,
        "recipients": [_recipient(each) for each in shown.mail.recipients],
        "attempts": [_attempt(each, language) for each in shown.attempts],
        "events": [_event(each) for each in shown.events],
    }


def mail_summary(mail: Mail, language: OperatorLanguage) -> dict[str, Any]:
    """The same without recipients, attempts and events, as it is listed."""
    return {
        "id": mail.id,
        "state": mail.state,
        "purpose": mail.purpose,
        "from": mail.sender,
        "to": mail.addresses("to"),
        "subject": mail.subject,
        "created_at": iso_time(mail.created_at),
        "expires_at": iso_time(mail.expires_at),
        "provider": mail.provider,
        "provider_message_id": mail.provider_message_id,
        "failure": _failure(mail.failure, language),
        "status_url": None,
    }


def mail_in_resends_shape(mail: Mail, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """`Email` of Resend's published API. Without `content`: as it stands in a list, where nothing
    is told of what only the content says.
    """
    tree: dict[str, Any] = {
        "id": mail.id,
        "from": mail.sender,
        "to": mail.addresses("to"),
        "cc": mail.addresses("cc"),
        "bcc": mail.addresses("bcc"),
        "reply_to": None,
        "subject": mail.subject,
        "created_at": _resends_time(mail.created_at),
        "scheduled_at": _resends_time(mail.due_at) if mail.state is State.SCHEDULED else None,
        "last_event": LAST_EVENT[mail.state],
    }
    if content is None:
        return tree
    return {
        "object": "email",
        **tree,
        "reply_to": content.get("reply_to", []),
        "html": content.get("html"),
        "text": content.get("text"),
        "tags": [tag for tag in content.get("tags", ()) if tag.get("name") != _STAMP],
    }


def iso_time(at: int) -> str:
    """UTC milliseconds as `2026-12-01T09:00:00.000Z`."""
    return _time(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _resends_time(at: int | None) -> str | None:
    """As Resend writes it: `2026-12-01 09:00:00.000000+00`."""
    return None if at is None else f"{_time(at):%Y-%m-%d %H:%M:%S.%f}+00"


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000, UTC)


def _failure(failure: Failure | None, language: OperatorLanguage) -> dict[str, Any] | None:
    if failure is None:
        return None
    shape: dict[str, Any] = msgspec.to_builtins(report(failure, language))
    return shape


def _recipient(each: RecipientShown) -> dict[str, Any]:
    return {
        "address": each.address,
        "role": each.role,
        "state": each.state,
        "reason": each.reason,
    }


def _attempt(each: AttemptShown, language: OperatorLanguage) -> dict[str, Any]:
    return {
        "provider": each.provider,
        "started_at": iso_time(each.started_at),
        "ended_at": iso_time(each.ended_at),
        "outcome": each.outcome,
        "reason": each.reason,
        "provider_message_id": each.provider_message_id,
        "failure": _failure(each.failure, language),
    }


def _event(event: Event) -> dict[str, Any]:
    """What happened, then the facts; none of them hides the time, the type or who did it."""
    told = {"at": iso_time(event.at), "type": event.type}
    if event.actor:
        told["actor"] = event.actor
    return told | {name: value for name, value in event.data.items() if name not in told}
