"""What the page shows of one mail, or of one call that brought none."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from mailproof.sandbox.account import Account
from mailproof.sandbox.calls import CallSeen, RawHeaders
from mailproof.sandbox.events.postman import Delivery
from mailproof.sandbox.messages.message import Mail, Message
from mailproof.sandbox.page.inbox import lost_alike
from mailproof.sandbox.page.links import links_of

__all__ = ["TABS", "CallShown", "Reading", "local", "read_call", "read_mail", "zone_name"]

TABS: Final = ("mail", "text", "source", "call")
# Of a value in what is sent as JSON; a file in Base64 says nothing to a person.
_VALUE_MAX: Final = 2_000
_BRIEF_MAX: Final = 160
# A frame cannot tell how high its page is: letters of the mail, and a size that is about right.
_SIZES: Final = ((400, "short"), (1_500, "medium"))
# What is not closed goes on to the end, so that it is walked through once.
_MARKUP: Final = re.compile(
    r"<style\b.*?(?:</style>|\Z)|<[^>]*(?:>|\Z)|\s+", re.DOTALL | re.IGNORECASE
)


class CallShown(msgspec.Struct, frozen=True):
    """A call as it is written out: bodies as text, JSON laid out; `brief`: the answer's beginning
    on one line."""

    call: CallSeen
    asked: Sequence[tuple[str, str]]
    answered: Sequence[tuple[str, str]]
    key: str
    body: str
    answer: str
    brief: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the middle. `mail` None: a call that brought none; then `call` is it.

    `calls`: those that carried the mail and are still remembered, the first first; of a lost call,
    all that were lost alike. `times`: when it arrived, Unix seconds.
    """

    mail: Mail | None
    sender: str
    to: str
    subject: str
    times: Sequence[float]
    calls: Sequence[CallShown]
    facts: Sequence[tuple[str, str]] = ()
    events: Sequence[tuple[str, float]] = ()
    headers: Sequence[tuple[str, str]] = ()
    links: Sequence[str] = ()
    deliveries: Sequence[Delivery] = ()
    size: str = ""
    text: str = ""
    source: str = ""


def read_mail(account: Account, mail: Mail) -> Reading:
    """All that is known of an accepted mail."""
    message, now = mail.message, account.clock.now()
    calls = [_shown(each) for each in account.calls if mail.id in each.mail_ids]
    return Reading(
        mail=mail,
        sender=message.sender,
        to=", ".join(message.to),
        subject=message.subject.strip(),
        times=[each.at for each in mail.attempts] or [mail.accepted_at],
        calls=calls,
        facts=[row for row in _facts(mail) if row[1]],
        events=[(each.event, each.at) for each in mail.moments if each.at <= now],
        headers=[*message.headers.items(), *((f"tag {k}", v) for k, v in message.tags.items())],
        links=links_of(message),
        deliveries=[each for each in account.postman.deliveries if each.mail_id == mail.id],
        size=_size_of(message.html),
        text=message.text,
        source=_source(mail),
    )


def read_call(account: Account, call: CallSeen) -> Reading:
    """What is known of a mail that was not accepted: as much as was read of it."""
    alike = lost_alike(account, call)
    fields = _fields(call)
    return Reading(
        mail=None,
        sender=str(fields.get("from", "")),
        to=", ".join(call.recipients),
        subject=call.subject.strip(),
        times=[each.at for each in alike],
        calls=[_shown(each) for each in alike[-1:]],
    )


def _facts(mail: Mail) -> Sequence[tuple[str, str]]:
    message, handover = mail.message, mail.handover
    files = [each.filename or each.path or each.content_type for each in message.attachments]
    return (
        ("cc", ", ".join(message.cc)),
        ("bcc", ", ".join(message.bcc)),
        ("reply_to", ", ".join(message.reply_to)),
        ("attachments", ", ".join(files)),
        ("envelope", f"{handover.sender} → {', '.join(handover.recipients)}" if handover else ""),
        ("key", mail.idempotency_key or ""),
        ("id", mail.id),
    )


def _size_of(html: str) -> str:
    letters = len(_MARKUP.sub("", html))
    return next((name for most, name in _SIZES if letters < most), "long")


def _source(mail: Mail) -> str:
    """The bytes of a mail that came over SMTP, the fields of one that came as JSON."""
    if mail.handover is not None:
        return mail.handover.raw.decode("utf-8", "replace")
    return _laid_out(_asked(mail.message))


def _asked(message: Message) -> Mapping[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(message)
    return {name: value for name, value in fields.items() if value}


def _shown(call: CallSeen) -> CallShown:
    asked = _as_text(call.asked)
    key = next((value for name, value in asked if name == "authorization"), "")
    return CallShown(
        call,
        asked,
        _as_text(call.answered),
        key.removeprefix("Bearer "),
        _body_text(call.body, cut=call.body_bytes > len(call.body)),
        _body_text(call.answer, cut=call.answer_bytes > len(call.answer)),
        " ".join(call.answer.decode("utf-8", "replace").split())[:_BRIEF_MAX],
    )


def _as_text(headers: RawHeaders) -> Sequence[tuple[str, str]]:
    return [
        (name.decode(errors="replace"), value.decode(errors="replace")) for name, value in headers
    ]


def _body_text(body: bytes, *, cut: bool) -> str:
    text = body.decode("utf-8", "replace")
    if cut:
        return f"{text}…"
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text
    return _laid_out(tree) if isinstance(tree, dict | list) else text


def _laid_out(tree: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(_shortened(tree)), indent=2).decode()


def _shortened(tree: Any) -> Any:
    if isinstance(tree, str) and len(tree) > _VALUE_MAX:
        return f"{tree[:_VALUE_MAX]}… ({len(tree)})"
    if isinstance(tree, dict):
        return {name: _shortened(value) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_shortened(value) for value in tree]
    return tree


def _fields(call: CallSeen) -> Mapping[str, Any]:
    try:
        tree = msgspec.json.decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    first = tree[0] if isinstance(tree, list) and tree else tree
    return first if isinstance(first, dict) else {}


def local(at: float, form: str = "time") -> str:
    """Unix seconds on this machine's clock: `time` 10:01:02, `exact` 10:01:02.310, `minute` 10:01,
    `full` with its date and zone."""
    when = datetime.fromtimestamp(at, UTC).astimezone()
    if form == "full":
        return when.isoformat(" ", timespec="milliseconds")
    return {"time": when.strftime("%H:%M:%S"), "minute": when.strftime("%H:%M")}.get(
        form, when.strftime("%H:%M:%S.") + f"{when.microsecond // 1000:03d}"
    )


def zone_name(at: float) -> str:
    """`UTC+08:00`: the zone of this machine's clock."""
    offset = datetime.fromtimestamp(at, UTC).astimezone().isoformat()[-6:]
    return f"UTC{offset}" if offset != "+00:00" else "UTC"
