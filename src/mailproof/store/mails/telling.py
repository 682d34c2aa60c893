"""What one event of a provider's makes of its mail and its recipients: pure, by the table of moves.

An event tells of the mail as a whole, unless it names only some of those in `to`.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.fate import FINAL, STATE_OF, Fate, of_recipients
from mailproof.mail.lifecycle import WAITING, State, is_legal
from mailproof.store.base import NewEvent
from mailproof.store.records.inbox import Told

__all__ = ["Answer", "Person", "ToldMail", "blamed", "weigh"]

_OPEN: Final = "open"
_BAD: Final = frozenset({Fate.BOUNCED, Fate.FAILED, Fate.SUPPRESSED})


class Answer(StrEnum):
    """What became of an event. `noted`: it says what is known, or changes no state; `ignored`: it
    would be an illegal move; `parked`: its mail is not known, or with a provider right now."""

    MOVED = "moved"
    NOTED = "noted"
    IGNORED = "ignored"
    PARKED = "parked"
    REPEATED = "repeated"


class Person(msgspec.Struct):
    """A recipient, in the order of the columns of `mails/recipients_told_of`."""

    email_id: str
    pos: int
    role: str
    address: str
    lookup: bytes
    state: str
    told: Told | None = None  # what moved them

    @property
    def stands(self) -> State:
        """Who was never told of apart stands where the provider has the mail for them."""
        return State.SENT if self.state == _OPEN else State(self.state)


class ToldMail(msgspec.Struct):
    """A mail, in the order of the columns of `mails/told_of`; what is told changes it."""

    id: str
    state: State
    purpose: str
    critical: bool
    provider: str | None
    provider_message_id: str | None
    unknown_since: int | None
    people: list[Person] = []
    was: State | None = None  # where it stood before it was moved
    by: Told | None = None  # what moved it last

    @property
    def is_unknown(self) -> bool:
        """Nobody knows whether a provider has it, so that the provider's word settles it."""
        waits = self.state in WAITING and self.unknown_since is not None
        return waits or self.state is State.UNCONFIRMED


def weigh(mail: ToldMail, told: Told) -> tuple[Answer, list[NewEvent]]:
    """What the event comes to; `mail` is changed accordingly.

    A mail whose outcome is unknown is moved as if its sending had just ended: that is what the
    event tells. Bad news of another copy than the one that is out is not this mail's fate.
    """
    if mail.state is State.SENDING:
        return Answer.PARKED, []
    settles = mail.is_unknown
    if _is_of_another_copy(mail, told) or (mail.state in WAITING and not settles):
        return Answer.IGNORED, [_ignored(mail, told)]
    events = []
    changed = _move_people(mail, told)
    to = _target(mail, told)
    start = State.SENDING if settles else mail.state
    answer = Answer.NOTED
    if start is not to and is_legal(start, to):
        answer = Answer.MOVED
        mail.was, mail.state, mail.by = mail.was or mail.state, to, told
        mail.unknown_since = None
        events.append(NewEvent(OF_STATE[to], mail.id, _data(mail, told, settles=settles)))
    elif start is not to and not changed:
        return Answer.IGNORED, [_ignored(mail, told)]
    elif changed:
        data = {**_data(mail, told), "fate": told.fate.value, "recipients": changed}
        events.append(NewEvent(EventType.RECIPIENT_CHANGED, mail.id, data))
    if told.fate is Fate.DELAYED and mail.state is State.SENT:
        events.append(NewEvent(EventType.EMAIL_DELAYED, mail.id, _data(mail, told)))
    return answer, events


def blamed(mail: ToldMail, told: Told) -> Iterator[Person]:
    """Those whose address the event surely speaks against: it names them, or there is one only."""
    if not told.sure or not (told.fate is Fate.COMPLAINED or (told.fate is Fate.BOUNCED and
                                                              told.hard)):  # fmt: skip
        return
    alone = len(mail.people) == 1 and not told.people
    for person in mail.people:
        if alone or person.lookup in told.people:
            yield person


def _is_of_another_copy(mail: ToldMail, told: Told) -> bool:
    ours, theirs = mail.provider_message_id, told.provider_message_id
    return told.fate in _BAD and not mail.is_unknown and bool(ours and theirs) and ours != theirs


def _is_of_all(mail: ToldMail, told: Told) -> bool:
    """Does it tell of the mail as a whole? Of cc and bcc nobody tells apart."""
    named = set(told.people)
    if not any(person.lookup in named for person in mail.people):
        return True
    return all(person.lookup in named for person in mail.people if person.role == "to")


def _move_people(mail: ToldMail, told: Told) -> int:
    """How many recipients it moved. It may be true of some, and not known of whom: then none."""
    if told.fate not in FINAL or not told.sure:
        return 0
    of_all, to, moved = _is_of_all(mail, told), STATE_OF[told.fate], 0
    for person in mail.people:
        if (of_all or person.lookup in told.people) and is_legal(person.stands, to):
            person.state, person.told = to.value, told
            moved += 1
    return moved


def _target(mail: ToldMail, told: Told) -> State:
    if told.fate in FINAL and told.sure and not _is_of_all(mail, told):
        return of_recipients(person.stands for person in mail.people)
    return STATE_OF[told.fate]


def _data(mail: ToldMail, told: Told, *, settles: bool = False) -> dict[str, Any]:
    data = {
        "provider": told.provider,
        "purpose": mail.purpose,
        "reason": told.reason,
        "provider_message_id": told.provider_message_id or None,
        "happened_at": told.at,
        "via": "asked" if told.asked else "webhook",
        "hard": told.hard if told.fate is Fate.BOUNCED else None,
        "why": "settled" if settles else None,
    }
    return {name: value for name, value in data.items() if value is not None}


def _ignored(mail: ToldMail, told: Told) -> NewEvent:
    data = {**_data(mail, told), "fate": told.fate.value, "state": mail.state.value}
    return NewEvent(EventType.EVENT_IGNORED, mail.id, data)
