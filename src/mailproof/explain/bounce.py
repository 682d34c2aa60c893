"""Bounce mails with the fields of RFC 3464, and the reports of complaints (RFC 5965)."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mailproof.diagnosis.evidence import Context, DeliveryStatus, Event
from mailproof.explain.found import Found

__all__ = ["bounce_mails", "status_fields"]

_HEADERS: Final = re.compile(
    r"^(?:Return-Path|Received|From|To|Subject|Date|Message-ID|MIME-Version|Delivered-To|Auto-Submitted|X-Failed-Recipients)"
    r":[^\n]*(?:\n[ \t][^\n]*)*\n(?:[A-Za-z-]+:[^\n]*(?:\n[ \t][^\n]*)*\n){2,}",
    re.MULTILINE | re.IGNORECASE,
)
_FIELD: Final = re.compile(
    r"^[ \t>]*(Final-Recipient|Original-Recipient|Action|Status|Diagnostic-Code|Remote-MTA"
    r"|Reporting-MTA|X-Postfix-Sender)"
    r"[ \t]*:[ \t]*([^\n]*(?:\n[ \t]+[^\n]+)*)",
    re.MULTILINE | re.IGNORECASE,
)
_COMPLAINT: Final = {"event": "complained", "reason": "feedback-report"}
_MAIL_MAX: Final = 400_000


def bounce_mails(text: str) -> Iterator[Found]:
    """A whole mail with its headers: the notification in it, its parts decoded."""
    head = _HEADERS.search(text)
    if head is None or "multipart/report" not in text[head.start() :].lower():
        return
    # Only here: the email package costs 40 ms, and few pastes are mails.
    from email import message_from_string, policy

    mail = message_from_string(
        text[head.start() : head.start() + _MAIL_MAX], policy=policy.compat32
    )
    sender = ""
    notices: list[Mapping[str, str]] = []
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            yield Found(head.start(), len(text), Event(_COMPLAINT), "event")
            return
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            blocks = part.get_payload()
            if isinstance(blocks, list):
                notices.extend(
                    {key.lower(): str(value) for key, value in block.items()}
                    for block in blocks
                    if hasattr(block, "items")
                )
        elif (
            kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
            and not sender
        ):
            inner = part.get_payload()
            original = inner[0] if isinstance(inner, list) and inner else inner
            sender = _sender(
                original.as_string() if hasattr(original, "as_string") else str(original)
            )
    for notice in notices:
        if "action" in notice or "status" in notice:
            yield _found(notice, head.start(), len(text), sender)


def status_fields(text: str) -> Iterator[Found]:
    """The fields of a notification without the mail around them; one group per recipient."""
    group: dict[str, str] = {}
    begin = end = 0
    for field in _FIELD.finditer(text):
        name = field[1].lower()
        if name in group and name not in ("original-recipient", "reporting-mta"):
            if _tells(group):
                yield _found(group, begin, end, "")
            group = {}
        begin = begin if group else field.start()
        group[name] = field[2]
        end = field.end()
    if _tells(group):
        yield _found(group, begin, end, "")


def _tells(group: Mapping[str, str]) -> bool:
    return ("status" in group and ("action" in group or "diagnostic-code" in group)) or (
        "diagnostic-code" in group
    )


def _found(fields: Mapping[str, str], start: int, end: int, sender: str) -> Found:
    def value(name: str) -> str:
        return re.sub(r"\s*\n[ \t]+", " ", fields.get(name, "")).strip()

    recipient = value("final-recipient").rpartition(";")[2].strip()
    status = re.match(r"[245]\.\d{1,3}\.\d{1,3}", value("status"))
    seen = DeliveryStatus(
        action=value("action").lower() or "failed",
        status=status[0] if status else "",
        diagnostic=value("diagnostic-code"),
        remote_mta=value("remote-mta"),
    )
    context = Context(sender=sender, to=(recipient,) if "@" in recipient else ())
    return Found(start, end, seen, "bounce", context)


def _sender(original: str) -> str:
    hit = re.search(r"^From:[^\n]*?([^\s<>\"]+@[^\s<>\"]+)", original, re.MULTILINE | re.IGNORECASE)
    return hit[1] if hit else ""
