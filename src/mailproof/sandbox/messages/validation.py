"""Reading a message as Resend does: its order of checks, its names, its sentences.

The order (`to`, then the body, then `subject`, then `from`) and the sentences were seen in answers
of the real API; where only a name is documented, the sentence is ours and docs/sandbox.md says so.
"""

import base64
import binascii
import re
from typing import Any, Final

from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.messages.addresses import Mailbox, read_mailbox
from mailproof.sandbox.messages.message import Attachment, Message
from mailproof.sandbox.messages.schedule import AHEAD_MAX_S, read_schedule

__all__ = ["RECIPIENTS_MAX", "SIZE_MAX_BYTES", "read_message"]

RECIPIENTS_MAX: Final = 50
SIZE_MAX_BYTES: Final = 40 * 1024 * 1024
# Refused with 422: resend.com/docs/knowledge-base/what-email-addresses-to-use-for-testing.
_EXAMPLE_DOMAINS: Final = frozenset({"example.com", "test.com"})
_TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LINE_BREAK: Final = re.compile(r"[\r\n\0]")
# Without `<` inside, or a text of nothing but `<` would take time by the square of its length.
_MARKUP: Final = re.compile(r"<[^<>]*>")


def read_message(
    body: Any, now: float, *, refuse_example_domains: bool = True, in_batch: bool = False
) -> Message:
    """Read one email object. Raises `Refusal`, as Resend would answer."""
    if not isinstance(body, dict):
        raise Refusal("validation_error", "The email must be a JSON object.", status=422)
    to = _recipients(body, "to", refuse_example_domains=refuse_example_domains)
    if not to:
        raise _missing("to")
    if body.get("template") is not None:
        _refuse_template(body["template"], body)
    html, text = _text(body, "html"), _text(body, "text")
    if not html and not text:
        raise Refusal("validation_error", "Missing `html` or `text` field.", status=422)
    subject = _text(body, "subject")
    if not subject:
        raise _missing("subject")
    if _LINE_BREAK.search(subject):
        raise _invalid("subject", "It must be one line.")
    sender = _text(body, "from")
    if not sender:
        raise _missing("from")
    if read_mailbox(sender) is None:
        raise _bad_address("from")
    cc = _recipients(body, "cc", refuse_example_domains=refuse_example_domains)
    bcc = _recipients(body, "bcc", refuse_example_domains=refuse_example_domains)
    if len(to) + len(cc) + len(bcc) > RECIPIENTS_MAX:
        raise _invalid("to", f"The number of recipients must not exceed {RECIPIENTS_MAX}.")
    attachments = _attachments(body, in_batch=in_batch)
    size = sum(file.size_bytes for file in attachments) + len(html.encode()) + len(text.encode())
    if size > SIZE_MAX_BYTES:
        raise Refusal(
            "validation_error",
            "The email exceeds the maximum size of 40MB, attachments included.",
            status=422,
        )
    return Message(
        sender=sender,
        to=to,
        subject=subject,
        cc=cc,
        bcc=bcc,
        reply_to=_recipients(body, "reply_to", refuse_example_domains=False),
        html=html,
        text=text or _MARKUP.sub(" ", html).strip(),
        headers=_headers(body),
        tags=_tags(body),
        attachments=attachments,
        scheduled_at=_schedule(body, now, in_batch=in_batch),
        topic_id=_text(body, "topic_id") or None,
    )


def _missing(field: str) -> Refusal:
    return Refusal("missing_required_field", f"Missing `{field}` field.")


def _invalid(field: str, why: str) -> Refusal:
    return Refusal("validation_error", f"Invalid `{field}` field. {why}", status=422)


def _bad_address(field: str) -> Refusal:
    return _invalid(
        field,
        "The email address needs to follow the `email@example.com` or "
        "`Name <email@example.com>` format.",
    )


def _text(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _invalid(field, "It must be a string.")
    return value


def _recipients(
    body: dict[str, Any], field: str, *, refuse_example_domains: bool
) -> tuple[str, ...]:
    value = body.get(field)
    if value is None or value == "":
        return ()
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        mailbox = read_mailbox(entry) if isinstance(entry, str) else None
        if mailbox is None:
            raise _bad_address(field)
        if refuse_example_domains:
            _refuse_example_domain(mailbox, field)
    return tuple(entries)


def _refuse_example_domain(mailbox: Mailbox, field: str) -> None:
    if mailbox.domain in _EXAMPLE_DOMAINS:
        raise _invalid(
            field,
            f"Please use our testing email address instead of domains like `{mailbox.domain}`.",
        )


def _refuse_template(template: Any, body: dict[str, Any]) -> None:
    """Refuse it in any case: this account has no templates."""
    if not isinstance(template, dict) or not isinstance(template.get("id"), str):
        raise _invalid("template", "It must be an object with an `id`.")
    if body.get("html") or body.get("text"):
        raise _invalid("template", "It cannot be combined with `html` or `text`.")
    raise Refusal("not_found", "Template not found")


def _headers(body: dict[str, Any]) -> dict[str, str]:
    value = body.get("headers")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid("headers", "It must be an object.")
    for name, text in value.items():
        if not name or not isinstance(text, str) or _LINE_BREAK.search(name + text):
            raise _invalid("headers", "Names and values must be strings of one line.")
    return dict(value)


def _tags(body: dict[str, Any]) -> dict[str, str]:
    value = body.get("tags")
    if value is None:
        return {}
    if not isinstance(value, list):
        raise _invalid("tags", "It must be an array.")
    tags: dict[str, str] = {}
    for tag in value:
        if not isinstance(tag, dict):
            raise _bad_tag()
        tags[_tag(tag.get("name"))] = _tag(tag["value"]) if tag.get("value") else ""
    return tags


def _tag(text: Any) -> str:
    if not isinstance(text, str) or _TAG.fullmatch(text) is None:
        raise _bad_tag()
    return text


def _bad_tag() -> Refusal:
    return Refusal(
        "validation_error",
        "Tags should only contain ASCII letters, numbers, underscores, or dashes.",
        status=422,
    )


def _attachments(body: dict[str, Any], *, in_batch: bool) -> tuple[Attachment, ...]:
    value = body.get("attachments")
    if value is None or value == []:
        return ()
    if in_batch:
        raise _invalid("attachments", "It is not supported in batch sending.")
    if not isinstance(value, list):
        raise _invalid("attachments", "It must be an array.")
    return tuple(_attachment(file) for file in value)


def _attachment(file: Any) -> Attachment:
    if not isinstance(file, dict) or not (file.get("content") or file.get("path")):
        raise Refusal("invalid_attachment")
    content = _content(file["content"]) if file.get("content") else b""
    return Attachment(
        filename=_text(file, "filename"),
        content_type=_text(file, "content_type"),
        content_id=_text(file, "content_id"),
        path=_text(file, "path"),
        content=base64.b64encode(content).decode(),
        size_bytes=len(content),
    )


def _content(value: Any) -> bytes:
    """Base64, a list of bytes (the Python SDK), or a Node `Buffer` as JSON has it."""
    if isinstance(value, dict):
        value = value.get("data")
    try:
        if isinstance(value, list):
            return bytes(value)
        if isinstance(value, str):
            return base64.b64decode(value)
    except (ValueError, TypeError, binascii.Error) as error:
        raise Refusal("invalid_attachment", "Attachment `content` must be Base64.") from error
    raise Refusal("invalid_attachment", "Attachment `content` must be Base64.")


def _schedule(body: dict[str, Any], now: float, *, in_batch: bool) -> float | None:
    text = _text(body, "scheduled_at")
    if not text:
        return None
    if in_batch:
        raise _invalid("scheduled_at", "It is not supported in batch sending.")
    at = read_schedule(text, now)
    if at is None:
        raise _invalid("scheduled_at", "The date must be in ISO 8601 format, or like `in 1 min`.")
    if at > now + AHEAD_MAX_S:
        raise _invalid("scheduled_at", "The date must be within the next 30 days.")
    return at
