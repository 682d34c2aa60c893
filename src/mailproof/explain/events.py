"""Recognise what providers post when something became of a mail (webhooks, queues, exports)."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import Event

__all__ = ["events_in", "is_bad_news"]

_DOTTED: Final = re.compile(r"(?:email|activity|message|contact|domain)\.[a-z_.]+")
_KEYS_OF_ONE_MAIL: Final = frozenset(
    "email recipient message-id messageid message_id sg_event_id sg_message_id smtp-id emailid"
    " email_id to rcpt address".split()
)
_LOGGED: Final = frozenset({"level", "levelname", "lvl", "logger"})  # structlog says `event` too
_WHAT_HAPPENED: Final = (
    "event", "type", "last_event", "eventType", "notificationType", "RecordType", "status",
    "Status", "State", "delivery-status",
)  # fmt: skip

# A mail that arrived and was read is no failure, whatever a provider calls it.
_GOOD: Final = re.compile(
    r"(?:email\.|activity\.|message\.)?(?:deliver(?:y|ed)|sent|send|open(?:ed)?|click(?:ed)?|processed|accepted"
    r"|request|unique_opened|queued|scheduled|stored|success|ok|opens?|clicks?|proxy_open"
    r"|loaded_by_proxy|delivered_to_recipient|send_success|250)",
    re.IGNORECASE,
)


def events_in(tree: Any) -> list[Event]:
    """Every event in an object, in order; the bad ones only, if there are any."""
    found = list(_events(tree, 0))
    return [event for event in found if is_bad_news(event.event)] or found[-1:]


def is_bad_news(event: Any) -> bool:
    """Does an event, or a row of an export, tell anything else than success?"""
    inner = event.get("event-data", event) if isinstance(event, dict) else event
    if not isinstance(inner, dict):
        return True
    words = [inner[key] for key in _WHAT_HAPPENED if isinstance(inner.get(key), str)]
    return not words or not any(_GOOD.fullmatch(word.strip()) for word in words)


def _events(tree: Any, depth: int) -> Iterator[Event]:
    if depth > 5:
        return
    if isinstance(tree, (list, tuple)):
        for item in tree[:1_000]:
            yield from _events(item, depth + 1)
    elif isinstance(tree, dict):
        inner = next((inner for open_ in _ENVELOPES if (inner := open_(tree)) is not None), None)
        if inner is not None:
            yield from _events(inner, depth + 1)
        elif any(shape(tree) for shape in _SHAPES):
            yield Event(_event(tree))


def _event(tree: dict[str, Any]) -> dict[str, Any]:
    """Resend's `GET /emails/{id}` tells the same as its webhook, with another key."""
    if isinstance(last := tree.get("last_event"), str) and "type" not in tree:
        return {"type": f"email.{last}", "data": tree}
    return tree


def _sns(tree: dict[str, Any]) -> Any:
    message = tree.get("Message")
    if not isinstance(message, str) or not {"TopicArn", "MessageId", "Type"} & tree.keys():
        return None
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _records(tree: dict[str, Any]) -> Any:
    records = tree.get("Records")
    return records if isinstance(records, list) else tree.get("Sns")


def _event_bridge(tree: dict[str, Any]) -> Any:
    return tree.get("detail") if "detail-type" in tree else None


# What queues wrap around an event.
_ENVELOPES: Final[tuple[Callable[[dict[str, Any]], Any], ...]] = (_sns, _records, _event_bridge)


def _dotted(tree: dict[str, Any]) -> bool:
    kind = tree.get("type")
    return isinstance(kind, str) and "data" in tree and _DOTTED.fullmatch(kind) is not None


def _ses(tree: dict[str, Any]) -> bool:
    return ("notificationType" in tree or "eventType" in tree) and (
        "mail" in tree or "bounce" in tree or "complaint" in tree
    )


def _flat(tree: dict[str, Any]) -> bool:
    """SendGrid, Brevo, Mailjet, Tencent, Aliyun: `event` and the mail's address side by side."""
    keys = {key.lower() for key in tree}
    return (
        isinstance(tree.get("event"), str)
        and not _KEYS_OF_ONE_MAIL.isdisjoint(keys)
        and _LOGGED.isdisjoint(keys)
    )


def _nested(tree: dict[str, Any]) -> bool:
    return isinstance(tree.get("event-data"), dict) or isinstance(tree.get("msys"), dict)


def _postmark(tree: dict[str, Any]) -> bool:
    return "RecordType" in tree or ("TypeCode" in tree and "BouncedAt" in tree)


def _last_event(tree: dict[str, Any]) -> bool:
    return isinstance(tree.get("last_event"), str)


_SHAPES: Final[tuple[Callable[[dict[str, Any]], bool], ...]] = (
    _dotted,
    _ses,
    _flat,
    _nested,
    _postmark,
    _last_event,
)
