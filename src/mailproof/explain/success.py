"""Tell what is no failure: mail that was accepted or delivered, a retry that worked, other text."""

import re
from enum import StrEnum
from typing import Any, Final

from mailproof.diagnosis.evidence import Event, HttpAnswer, SdkError, Seen
from mailproof.explain.events import is_bad_news
from mailproof.explain.found import Found
from mailproof.explain.literals import Unreadable, read_literal
from mailproof.explain.sentences import speaks_of_failure

__all__ = ["Verdict", "overcome_after", "verdict_on"]


class Verdict(StrEnum):
    """What a paste shows. Only a `failure` has a reason; the others say that there is none."""

    FAILURE = "failure"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    OVERCOME = "overcome"
    NOTHING = "nothing"


# What a server says when it has taken a mail, and how mail servers log it.
_TAKEN: Final = re.compile(
    r"\b250[ -](?:2\.\d\.\d\b|ok\b|requested mail action|message (?:queued|accepted|received)"
    r"|[^\n]{0,60}queued)|\bqueued (?:as|mail for delivery)\b"
    r"|\bstatus=sent\b|\bstat=sent\b|\bresult=\"?ok\"?[^\n]*\bstat=\"?250"
    r"|(?:e-?mail|message|mail) (?:was |has been )?(?:sent|accepted|queued)"
    r"(?: successfully|:|\b[.!]?$)"
    r"|^\W*(?:HTTP[/ ][\d.]+ |status(?:code)?\W{1,3})?(?:200 OK|202 Accepted)\W*$"
    r"|successfully sent|发送成功",
    re.IGNORECASE | re.MULTILINE,
)
_OVERCOME: Final = re.compile(
    r"\b(?:attempt|try|retry)(?: (?:no\.? ?|#)?\d+)?(?:/\d+)?:? (?:was )?"
    r"(?:ok\b|succeeded|successful|worked|sent\b)|\bsent after \d+ (?:attempts|retries|tries)"
    r"|重试成功|第 ?\d+ ?次(?:尝试|重试)成功",
    re.IGNORECASE,
)
_OBJECT: Final = re.compile(r"\{(?=\s*[\"'\w])")
_TRIES_MAX: Final = 40
_IDS: Final = ("id", "MessageId", "MessageID", "messageId", "message_id")
_FINE: Final = frozenset({"ok", "success", "queued. thank you.", "queued", "accepted"})


def overcome_after(text: str, at: int) -> bool:
    """Does the text behind `at` say that another try worked?"""
    return _OVERCOME.search(text, at) is not None


def verdict_on(found: Found, text: str) -> Verdict:
    """What a paste shows in which no failure could be named; `found` is the last that was seen."""
    seen = found.seen
    match seen:
        case HttpAnswer() if 200 <= seen.status < 300 and not _complains(seen.body):
            return Verdict.ACCEPTED
        case Event() if not is_bad_news(seen.event):
            arrived = re.search(r"deliver|open|click", str(_kind_of(seen.event)), re.IGNORECASE)
            return Verdict.DELIVERED if arrived else Verdict.ACCEPTED
        case SdkError() if isinstance(seen.error, dict) and _accepts(seen.error):
            return Verdict.ACCEPTED
    if not _is_a_guess(found, seen):
        return Verdict.FAILURE
    if _TAKEN.search(text) or _accepting_object(text):
        return Verdict.ACCEPTED
    return Verdict.FAILURE if speaks_of_failure(text) else Verdict.NOTHING


def _is_a_guess(found: Found, seen: Seen) -> bool:
    """Was nothing recognised but a sentence?"""
    return found.shape == "sentence" and isinstance(seen, SdkError)


def _kind_of(event: Any) -> Any:
    inner = event.get("event-data", event) if isinstance(event, dict) else {}
    keys = ("type", "event", "last_event", "notificationType", "eventType", "RecordType", "status")
    return next((inner[key] for key in keys if isinstance(inner.get(key), str)), "")


def _accepting_object(text: str) -> bool:
    """`{data: {id: …}, error: null}`, `{"MessageId": …}` and their like, and no complaint in it."""
    for opening, _ in zip(_OBJECT.finditer(text), range(_TRIES_MAX), strict=False):
        try:
            tree, _ = read_literal(text, opening.start())
        except Unreadable:
            continue
        if isinstance(tree, dict) and _accepts(tree):
            return True
    return False


def _accepts(tree: dict[str, Any]) -> bool:
    if _complains(tree):
        return False
    inner = tree.get("data")
    holder = inner if isinstance(inner, dict) else tree
    named = any(isinstance(holder.get(key), str) and holder[key] for key in _IDS)
    return named and all(_fits(key, value) for key, value in holder.items())


def _fits(key: str, value: Any) -> bool:
    """Nothing but what an acceptance says: ids, times, addresses, `OK`."""
    if key.lower() in ("message", "status"):
        return isinstance(value, str) and value.lower() in _FINE
    return key in _IDS or key.lower() in {
        "to",
        "submittedat",
        "created_at",
        "errorcode",
        "threadid",
    }


def _complains(body: Any) -> bool:
    if isinstance(body, str):
        try:
            body, _ = read_literal(body, 0)
        except Unreadable:
            return False
    if not isinstance(body, dict):
        return False
    faults = (body.get(key) for key in ("error", "errors", "ErrorCode", "Error", "err"))
    return any(faults)
