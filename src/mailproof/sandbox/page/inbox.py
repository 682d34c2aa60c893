"""The list on the left: mails that were accepted and calls that were not, the newest first."""

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from typing import Final

import msgspec

from mailproof.sandbox.account import Account
from mailproof.sandbox.calls import CallSeen
from mailproof.sandbox.messages.message import Attempt, Mail

__all__ = ["ROWS_MAX", "Badge", "Row", "lost_alike", "rows"]

ROWS_MAX: Final = 200
_FIRST_REFUSAL: Final = 400
# An end that is worth a word in the list, with its tone.
_ENDS: Final[Mapping[str, str]] = {
    "bounced": "broken",
    "complained": "broken",
    "failed": "broken",
    "suppressed": "quiet",
    "scheduled": "quiet",
    "canceled": "quiet",
}


class Badge(msgspec.Struct, frozen=True):
    """One word about a row: its name among the words, what is filled in, its tone."""

    name: str
    tone: str
    status: int = 0
    count: int = 1


class Row(msgspec.Struct, frozen=True):
    """A line of the list. `key`: `mail=ID` or `call=NUMBER`, as in the page's address."""

    key: str
    at: float
    to: str
    subject: str
    badge: Badge | None


def rows(account: Account) -> list[Row]:
    """At most `ROWS_MAX`; calls that were lost alike are one row with their number."""
    now = account.clock.now()
    mails = (_of_mail(mail, now) for mail in reversed(account.mails.values()))
    lost = _of_lost(account.calls)
    return list(islice(merge(mails, lost, key=lambda row: row.at, reverse=True), ROWS_MAX))


def lost_alike(account: Account, call: CallSeen) -> list[CallSeen]:
    """The calls that went as this one did, itself among them, the first first."""
    return [each for each in account.calls if each.is_lost and _like(each) == _like(call)]


def _of_mail(mail: Mail, now: float) -> Row:
    message = mail.message
    return Row(
        f"mail={mail.id}",
        mail.accepted_at,
        ", ".join(message.to or message.recipients),
        message.subject.strip(),
        _badge(mail, now),
    )


def _badge(mail: Mail, now: float) -> Badge | None:
    unheard = next((each for each in mail.attempts if not _is_good(each)), None)
    event = mail.last_event(now)
    if event in _ENDS:
        return Badge(event, _ENDS[event])
    if len(mail.attempts) > 1:
        return Badge("once", "quiet")
    if unheard is not None and unheard.status:
        return Badge("said", "broken", unheard.status)
    return None if unheard is None else Badge("unheard", "broken")


def _is_good(attempt: Attempt) -> bool:
    return 0 < attempt.status < _FIRST_REFUSAL


def _like(call: CallSeen) -> tuple[object, ...]:
    return call.recipients, call.subject, call.status, call.fault, call.path


def _of_lost(calls: Iterable[CallSeen]) -> Iterator[Row]:
    alike: dict[tuple[object, ...], list[CallSeen]] = {}
    for call in calls:
        if call.is_lost:
            alike.setdefault(_like(call), []).append(call)
    for same in sorted(alike.values(), key=lambda same: same[-1].at, reverse=True):
        call = same[-1]
        name = "refused" if call.status else "silent"
        yield Row(
            f"call={call.number}",
            call.at,
            ", ".join(call.recipients),
            call.subject,
            Badge(name, "broken", call.status, len(same)),
        )
