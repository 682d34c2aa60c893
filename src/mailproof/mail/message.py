"""An email as an app asks to send it: immutable, validated at the border, trusted from then on."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self

import msgspec

from mailproof.mail.address import Address
from mailproof.mail.attachment import Attachment
from mailproof.mail.fields import kind, line, optional_text, read_list, read_object, rest, writable
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.schedule import read_schedule

__all__ = ["PURPOSE_HEADER", "RECIPIENTS_MAX", "SIZE_MAX", "Email", "Tag", "check_idempotency_key"]

# resend.com/docs/api-reference/emails/send-email: `to` holds at most 50 addresses. `cc` and `bcc`
# stand there without a limit; a list that long is no courtesy copy, so the same one is used.
RECIPIENTS_MAX: Final = 50
# The same page: 40 MB per email, after base64 encoding of the attachments. Bytes.
SIZE_MAX: Final = 40 * 1024 * 1024
# The same page, for names and for values.
_TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HEADER_NAME: Final = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 section 2.2: printable, no colon
_KEY_MAX: Final = 256

# How an app that speaks Resend's JSON says what a mail is for. Taken out before sending.
PURPOSE_HEADER: Final = "mailproof-purpose"

_KNOWN: Final = frozenset(
    "from to cc bcc reply_to subject html text headers attachments tags scheduled_at template"
    .split()
)  # fmt: skip

_MAIL: Final = (
    'Send a JSON object: `{"from": "Acme <hello@acme.com>", "to": "ada@example.com", '
    '"subject": "Hello", "html": "<p>Hi</p>"}`.'
)
_BODY_FIX: Final = "Add `html` or `text`, or name a `template`."
_SENDER_FIX: Final = "Write `hello@your-domain.com` or `Your Name <hello@your-domain.com>`."
_TAG_FIX: Final = (
    "Use ASCII letters, numbers, underscores and dashes, 1 to 256 of them, for name and value."
)
_ADDRESSES: Final = "Write one address as a text, or several as a list of texts."
_MISSING: Final = "missing_required_field"


class Tag(msgspec.Struct, frozen=True):
    """A label that travels with the mail and comes back in events."""

    name: str
    value: str
    extra: Mapping[str, Any] = {}


class Email(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asks to send.

    Made by `from_json` or `decode` from Resend's JSON, or directly from parsed parts; either way
    what exists is valid. `scheduled_at` is in UTC. `purpose` is empty when none was given;
    `expires_s` counts seconds from acceptance, None: as long as the purpose says.
    `template` and `extra` (fields that we do not know) bind the mail to providers of Resend's kind.
    """

    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    html: str | None = None
    text: str | None = None
    headers: Mapping[str, str] = {}
    attachments: tuple[Attachment, ...] = ()
    tags: tuple[Tag, ...] = ()
    scheduled_at: datetime | None = None
    template: Mapping[str, Any] | None = None
    purpose: str = ""
    expires_s: float | None = None
    idempotency_key: str | None = None
    extra: Mapping[str, Any] = {}

    def __post_init__(self) -> None:
        """Raises `InvalidInput` for what no part of the mail can see alone."""
        _check_recipients(self)
        _check_body(self)
        _check_headers(self)
        _check_tags(self.tags)
        _check_handling(self)
        if (size := self.size) > SIZE_MAX:
            problem = f"{size / 2**20:.1f} MB in base64 is more than the 40 MB that a mail may have"
            raise InvalidInput("attachments", problem, "Send large files as links.")

    @classmethod
    def decode(cls, body: bytes, *, clock: Callable[[], datetime], **given: Any) -> Self:
        """Read the JSON body of a request; the rest as `from_json`."""
        try:
            tree = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InvalidInput("body", f"it is not JSON: {error}", _MAIL) from error
        except UnicodeDecodeError as error:
            problem = f"it is not UTF-8 at byte {error.start}"
            raise InvalidInput("body", problem, "Send JSON in UTF-8.") from error
        return cls.from_json(tree, clock=clock, **given)

    @classmethod
    def from_json(
        cls,
        value: Any,
        *,
        clock: Callable[[], datetime],
        purpose: str = "",
        expires_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> Self:
        """Read a mail in Resend's JSON, already decoded.

        `purpose` wins over a `Mailproof-Purpose` among the mail's own headers. `clock` tells the
        time with its zone, for `in 5 minutes`. Raises `InvalidInput` with the path of the value.
        """
        tree = read_object(value, "body", _MAIL)
        headers = _read_headers(tree.get("headers"))
        own = {name: text for name, text in headers.items() if name.lower() == PURPOSE_HEADER}
        template = tree.get("template")
        return cls(
            sender=_read_sender(tree),
            to=_read_addresses(tree, "to"),
            cc=_read_addresses(tree, "cc"),
            bcc=_read_addresses(tree, "bcc"),
            reply_to=_read_addresses(tree, "reply_to"),
            subject=_read_subject(tree),
            html=optional_text(tree, "html", "html", "Send the HTML as a text."),
            text=optional_text(tree, "text", "text", "Send the plain text as a text."),
            headers={name: text for name, text in headers.items() if name not in own},
            attachments=_read_attachments(tree),
            tags=_read_tags(tree),
            scheduled_at=_read_scheduled_at(tree, clock),
            template=None if template is None else _read_template(template),
            purpose=purpose or next(iter(own.values()), "").strip(),
            expires_s=expires_s,
            idempotency_key=idempotency_key,
            extra=rest(tree, _KNOWN),
        )

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everybody who shall get it."""
        return self.to + self.cc + self.bcc

    @property
    def size(self) -> int:
        """Bytes as limits count them: the bodies, and the attachments in base64."""
        bodies = sum(len(body.encode()) for body in (self.html, self.text) if body)
        return bodies + sum(attachment.encoded_size for attachment in self.attachments)

    def to_json(self) -> dict[str, Any]:
        """The mail in Resend's JSON; `from_json` reads it back.

        What is ours alone (purpose, expiry, idempotency key) is not in it.
        """
        tree: dict[str, Any] = {
            **self.extra,
            "from": self.sender.as_text(),
            "to": [address.as_text() for address in self.to],
            "subject": self.subject,
        }
        for name in ("cc", "bcc", "reply_to"):
            if addresses := getattr(self, name):
                tree[name] = [address.as_text() for address in addresses]
        for name in ("html", "text", "template"):
            if (value := getattr(self, name)) is not None:
                tree[name] = value
        if self.headers:
            tree["headers"] = dict(self.headers)
        if self.attachments:
            tree["attachments"] = [each.to_json() for each in self.attachments]
        if self.tags:
            tree["tags"] = [
                {**tag.extra, "name": tag.name, "value": tag.value} for tag in self.tags
            ]
        if self.scheduled_at is not None:
            tree["scheduled_at"] = self.scheduled_at.isoformat().replace("+00:00", "Z")
        return tree

    def encode(self) -> bytes:
        """`to_json` as bytes: equal mails give equal bytes."""
        return msgspec.json.encode(self.to_json(), order="sorted")


def check_idempotency_key(key: str, *, where: str) -> None:
    """Raises `InvalidInput`: not 1 to 256 characters (resend.com/docs, idempotency keys)."""
    fix = "Use 1 to 256 characters, such as `welcome-user/123456789`."
    if not 1 <= len(key) <= _KEY_MAX:
        problem = f"the key has {len(key)} characters"
        raise InvalidInput(where, problem, fix, name="invalid_idempotency_key")
    line(key, where, fix=fix, name="invalid_idempotency_key")


def _read_sender(tree: Mapping[str, Any]) -> Address:
    text = optional_text(tree, "from", "from", _SENDER_FIX)
    if not text or not text.strip():
        raise InvalidInput("from", "the sender is missing", _SENDER_FIX, name=_MISSING)
    return Address.parse(text, where="from")


def _read_addresses(tree: Mapping[str, Any], name: str) -> tuple[Address, ...]:
    value = tree.get(name)
    if isinstance(value, str):
        return (Address.parse(value, where=name),) if value.strip() else ()
    found = []
    for index, text in enumerate(read_list(value, name, _ADDRESSES)):
        where = f"{name}[{index}]"
        if not isinstance(text, str):
            problem = f"{kind(text)} stands where an address belongs"
            raise InvalidInput(where, problem, _ADDRESSES)
        found.append(Address.parse(text, where=where))
    return tuple(found)


def _read_subject(tree: Mapping[str, Any]) -> str:
    subject = optional_text(tree, "subject", "subject", "Write the subject as a text.")
    if subject is None and tree.get("template") is None:
        problem = "the subject is missing"
        raise InvalidInput("subject", problem, "Add a subject.", name=_MISSING)
    return subject or ""


def _read_headers(value: Any) -> Mapping[str, str]:
    if value is None:
        return {}
    fix = 'Write names and texts: `{"X-Entity-Ref-ID": "123"}`.'
    tree = read_object(value, "headers", fix)
    found = {}
    for name in tree:
        if (text := optional_text(tree, name, f"headers.{name[:76]}", fix)) is not None:
            found[name] = text
    return found


def _read_attachments(tree: Mapping[str, Any]) -> tuple[Attachment, ...]:
    fix = "Write a list of objects with `filename` and `content`."
    return tuple(
        Attachment.from_json(each, where=f"attachments[{index}]")
        for index, each in enumerate(read_list(tree.get("attachments"), "attachments", fix))
    )


def _read_tags(tree: Mapping[str, Any]) -> tuple[Tag, ...]:
    fix = 'Write a list of objects: `[{"name": "category", "value": "welcome"}]`.'
    found = []
    for index, each in enumerate(read_list(tree.get("tags"), "tags", fix)):
        where = f"tags[{index}]"
        tag = read_object(each, where, fix)
        name = optional_text(tag, "name", f"{where}.name", _TAG_FIX)
        value = optional_text(tag, "value", f"{where}.value", _TAG_FIX)
        found.append(Tag(name or "", value or "", rest(tag, frozenset({"name", "value"}))))
    return tuple(found)


def _read_scheduled_at(tree: Mapping[str, Any], clock: Callable[[], datetime]) -> datetime | None:
    fix = "Write a time such as `2026-12-01T09:00:00Z`."
    text = optional_text(tree, "scheduled_at", "scheduled_at", fix)
    return read_schedule(text, where="scheduled_at", clock=clock) if text else None


def _read_template(value: Any) -> Mapping[str, Any]:
    fix = 'Write `{"id": "…", "variables": {…}}`.'
    template = read_object(value, "template", fix)
    if not optional_text(template, "id", "template.id", fix):
        raise InvalidInput("template.id", "the template's id is missing", fix, name=_MISSING)
    if template.get("variables") is not None:
        read_object(template["variables"], "template.variables", fix)
    writable(template, "template")
    return template


def _check_recipients(email: Email) -> None:
    if not email.to:
        fix = "Add at least one address."
        raise InvalidInput("to", "there is no recipient", fix, name=_MISSING)
    for name in ("to", "cc", "bcc"):
        if (count := len(getattr(email, name))) > RECIPIENTS_MAX:
            problem = f"{count} addresses are more than the {RECIPIENTS_MAX} that one mail may have"
            fix = "Send one mail per recipient, or split the list."
            raise InvalidInput(name, problem, fix)


def _check_body(email: Email) -> None:
    if email.template is None:
        if not email.html and not email.text:
            raise InvalidInput("html", "the mail has no body", _BODY_FIX)
    elif email.html or email.text:
        problem = "a mail with a template has its body from there"
        raise InvalidInput("template", problem, "Leave out `html` and `text`, or the template.")


def _check_headers(email: Email) -> None:
    line(email.subject, "subject")
    for name, text in email.headers.items():
        if not _HEADER_NAME.fullmatch(name):
            fix = "Use up to 76 printable ASCII characters, without spaces or colons."
            raise InvalidInput("headers", f"{name[:80]!r} is no header name", fix)
        line(text, f"headers.{name}")


def _check_tags(tags: tuple[Tag, ...]) -> None:
    for index, tag in enumerate(tags):
        for part in ("name", "value"):
            if not _TAG.fullmatch(text := getattr(tag, part)):
                problem = f"{text[:80]!r} is no tag {part}"
                raise InvalidInput(f"tags[{index}].{part}", problem, _TAG_FIX)


def _check_handling(email: Email) -> None:
    line(email.purpose, "purpose")
    if email.idempotency_key is not None:
        check_idempotency_key(email.idempotency_key, where="idempotency_key")
    if email.expires_s is not None and not 0 < email.expires_s < float("inf"):
        problem = f"{email.expires_s} seconds are no span of time"
        raise InvalidInput("expires_s", problem, "Use a number of seconds above 0.")
    if email.scheduled_at is not None and email.scheduled_at.utcoffset() != UTC.utcoffset(None):
        problem = "it is not in UTC"
        raise InvalidInput("scheduled_at", problem, "Convert it: `time.astimezone(UTC)`.")
