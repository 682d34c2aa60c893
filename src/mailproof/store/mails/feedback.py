"""What providers tell of mails that they have moves them by the same table as our own attempts.

A mail that is with a provider at this moment is moved by its attempt first: what is told of it
waits in the inbox, and `settle_parked` deals with it in the transaction that records the attempt.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.mail.fate import FINAL, Fate
from mailproof.mail.lifecycle import State
from mailproof.store.base import Json, Tx
from mailproof.store.mails.erasing import erase, erase_in_time
from mailproof.store.mails.ids import as_id
from mailproof.store.mails.telling import Answer, Person, ToldMail, blamed, weigh
from mailproof.store.records import inbox
from mailproof.store.records.feedback import Counted, count_feedback
from mailproof.store.records.inbox import Told
from mailproof.store.records.suppressions import Cause, add

__all__ = ["Taken", "receive", "settle_parked", "settle_what_waits"]

# After a word of the provider's has settled an unknown outcome, the next look.
_LOOK_AFTER_MS: Final = 120_000
_LOOK_BACK_MS: Final = 2 * 3_600_000
_CAUSES: Final[Mapping[Fate, Cause]] = {
    Fate.BOUNCED: Cause.HARD_BOUNCE,
    Fate.COMPLAINED: Cause.COMPLAINT,
}
# Ends after which nobody needs what a critical mail said: a link or a code that lets people in.
_OVER: Final = frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.SUPPRESSED})

_Key = tuple[str, str]


class Taken(msgspec.Struct, frozen=True):
    """One event and what became of it; `state`: its mail's, after all of them."""

    event_id: str
    answer: Answer
    email_id: str | None = None
    state: State | None = None
    reason: str | None = None


async def receive(tx: Tx, told: Sequence[Told]) -> list[Taken]:
    """Keep these events and deal with them; one answer for each, in order.

    One that came before is `repeated`, and nothing is done, so that this may be repeated as well.
    """
    new = await inbox.keep(tx, told)
    taken, counted = await _deal_with(tx, new)
    counted += [
        Counted(provider=each.provider, webhook=True, events=1, lag_ms=max(0, tx.now - each.at))
        for each in told
        if not each.asked
    ]
    await count_feedback(tx, counted)
    return [taken.get(_key(each), Taken(each.event_id, Answer.REPEATED)) for each in told]


async def settle_parked(
    tx: Tx, ids: Sequence[str], messages: Sequence[_Key] = ()
) -> tuple[dict[str, Taken], list[Counted]]:
    """These mails were with a provider, and are not any more: deal with what waits for them.

    Returns what became of those that moved, by id, and what is to be counted in the end.
    `messages`: provider and its id of the mail, for events that carry no stamp.
    """
    waiting = await inbox.parked(tx, ids, messages)
    if not waiting:
        return {}, []
    taken, counted = await _deal_with(tx, waiting)
    moved = {each.email_id: each for each in taken.values() if each.answer is Answer.MOVED}
    return {email_id: each for email_id, each in moved.items() if email_id}, counted


async def settle_what_waits(tx: Tx, most: int) -> int:
    """Events of the last two hours that wait although nothing holds them up any more."""
    waiting = await inbox.parked_since(tx, tx.now - _LOOK_BACK_MS, most)
    if waiting:
        _, counted = await _deal_with(tx, waiting)
        await count_feedback(tx, counted)
    return len(waiting)


async def _deal_with(tx: Tx, told: Sequence[Told]) -> tuple[dict[_Key, Taken], list[Counted]]:
    """By event. What could be dealt with is settled in the inbox; the rest waits there."""
    if not told:
        return {}, []
    found = await _whose(tx, told)
    mails = await _mails(tx, found.values())
    taken: dict[_Key, Taken] = {}
    done: list[Told] = []
    # In the order in which it happened, as far as the provider's clock tells.
    for each in sorted(told, key=lambda each: each.at):
        mail = mails.get(found.get(_key(each), ""))
        if mail is None:
            taken[_key(each)] = Taken(each.event_id, Answer.PARKED)
            continue
        answer, events = weigh(mail, each)
        taken[_key(each)] = Taken(each.event_id, answer, mail.id)
        if answer is Answer.PARKED:
            continue
        done.append(each)
        for event in events:
            tx.tell(event)
        await _suppress(tx, mail, each)
    counted = await _write(tx, mails.values())
    await inbox.settle(tx, done)
    return {key: _standing(each, mails) for key, each in taken.items()}, counted


def _standing(taken: Taken, mails: Mapping[str, ToldMail]) -> Taken:
    mail = mails.get(taken.email_id or "")
    if mail is None:
        return taken
    reason = None if mail.by is None else mail.by.reason
    return msgspec.structs.replace(taken, state=mail.state, reason=reason)


async def _whose(tx: Tx, told: Sequence[Told]) -> dict[_Key, str]:
    """The id of each event's mail, as its stamp or the provider's id of the mail says."""
    stamps = {_key(each): id_ for each in told if (id_ := as_id(each.email_id))}
    messages = {
        (each.provider, each.provider_message_id)
        for each in told
        if _key(each) not in stamps and each.provider_message_id
    }
    by_message: dict[_Key, str] = {}
    if messages:
        rows = await tx.all(
            "mails/ids_of_messages", lambda *row: row, messages=Json(sorted(messages))
        )
        by_message = {(provider, message): id_ for provider, message, id_ in rows}
    found = dict(stamps)
    for each in told:
        id_ = by_message.get((each.provider, each.provider_message_id))
        if id_ is not None:
            found.setdefault(_key(each), id_)
    return found


async def _mails(tx: Tx, ids: Iterable[str]) -> dict[str, ToldMail]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    mails = {mail.id: mail for mail in await tx.all("mails/told_of", _mail, ids=wanted)}
    for person in await tx.all("mails/recipients_told_of", Person, ids=sorted(mails)):
        mails[person.email_id].people.append(person)
    return mails


def _mail(  # noqa: PLR0913 - one parameter per column
    id_: str,
    state: str,
    purpose: str,
    critical: bool,  # noqa: FBT001
    provider: str | None,
    message_id: str | None,
    unknown_since: int | None,
) -> ToldMail:
    return ToldMail(id_, State(state), purpose, bool(critical), provider, message_id, unknown_since)


async def _suppress(tx: Tx, mail: ToldMail, told: Told) -> None:
    for person in blamed(mail, told):
        await add(
            tx,
            address=person.address,
            lookup=person.lookup,
            cause=_CAUSES[told.fate],
            actor=f"provider:{told.provider}",
            email_id=mail.id,
        )


async def _write(tx: Tx, mails: Iterable[ToldMail]) -> list[Counted]:
    """Returns how many ends have been told, by provider."""
    counted: list[Counted] = []
    rows: list[list[Any]] = []
    people: list[list[Any]] = []
    freed: list[str] = []
    gone: list[str] = []
    for mail in mails:
        people += [
            [mail.id, each.pos, each.state, each.told.reason]
            for each in mail.people
            if each.told is not None
        ]
        if mail.was is None or mail.by is None:
            continue
        rows.append(_row(mail, mail.was, mail.by, tx.now))
        if mail.was is not State.DELIVERED and mail.state is not State.SENT:
            counted.append(Counted(provider=mail.by.provider, confirmed=1))
        if mail.state is State.FAILED:
            freed.append(mail.id)
        if mail.critical and mail.state in _OVER:
            gone.append(mail.id)
    if people:
        await tx.run("mails/record_told_recipients", rows=Json(people))
    if rows:
        await tx.run("mails/record_told", rows=Json(rows), now=tx.now)
    if freed:  # the caller may mend the mail and repeat its request under the same key
        await tx.run("mails/free_keys", ids=freed)
        await erase_in_time(tx, freed)
    await erase(tx, gone)
    return counted


def _row(mail: ToldMail, was: State, by: Told, now: int) -> list[Any]:
    return [
        mail.id,
        was.value,
        mail.state.value,
        by.reason,
        by.provider,
        by.provider_message_id or None,
        by.failure if by.fate in FINAL else None,
        now + _LOOK_AFTER_MS if mail.state is State.SENT else None,
    ]


def _key(told: Told) -> _Key:
    return told.provider, told.event_id
