"""The operator's desk: mails sent again, canceled or put off by hand.

Each move obeys the table in `mail.lifecycle`, names the state that it starts from in its SQL, and
leaves an event with the name of who made it. What could not be done is an answer, not an error.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import WAITING, State, move
from mailproof.store.base import NewEvent, Tx
from mailproof.store.mails.erasing import erase_in_time
from mailproof.store.mails.ids import as_id, as_ids
from mailproof.store.shapes import KEY_LIFE_MS, LaneState

__all__ = [
    "ENDED",
    "MOVED_MAX",
    "Answer",
    "DeskRow",
    "Moved",
    "cancel",
    "cancel_refused",
    "reschedule",
    "retry",
    "retry_refused",
]

# Mails of one transaction: it must not keep others waiting.
MOVED_MAX: Final = 200

# What an operator may send again.
ENDED: Final = frozenset({State.FAILED, State.EXPIRED, State.CANCELED})


class Answer(StrEnum):
    """What became of what the operator asked for. All but the first say why nothing changed."""

    DONE = "done"
    NOT_FOUND = "not_found"
    SENDING = "sending"  # it is with the provider at this moment
    SCHEDULED = "scheduled"  # it goes at its time; that can be changed
    NOT_SCHEDULED = "not_scheduled"
    LANE_CLOSED = "lane_closed"  # nobody may carry it now; it goes by itself when somebody may
    MAY_DOUBLE = "may_double"  # a provider may have it, and two copies were not allowed
    CONTENT_GONE = "content_gone"  # what it said is erased
    REPEATED = "repeated"  # its app has asked for it again, and got another mail
    ALREADY = "already"  # it is where it was to be brought
    ENDED = "ended"
    MOVED_MEANWHILE = "moved_meanwhile"


class Moved(msgspec.Struct, frozen=True):
    """One mail and what became of it. `was`, `state`: before and now; None: there is no such mail.

    `reason`: why its lane is closed. `maybe_sent`: a provider may have it all the same.
    `repeated_as`: the mail that its app got when it repeated the request.
    """

    id: str
    answer: Answer
    was: State | None = None
    state: State | None = None
    reason: str | None = None
    maybe_sent: bool = False
    repeated_as: str | None = None


class DeskRow(msgspec.Struct, frozen=True):
    """What decides whether a mail may be moved, in the order of the columns of
    `mails/desk_rows`."""

    id: str
    state: str
    purpose: str
    unknown_since: int | None
    due_at: int | None
    expires_at: int
    lane_state: str
    lane_reason: str | None

    @property
    def now_in(self) -> State:
        return State(self.state)


async def retry(
    tx: Tx,
    ids: Sequence[str],
    *,
    actor: str,
    lifetime_ms: Callable[[str], int],
    may_double: bool = False,
) -> list[Moved]:
    """Send these mails again, or now; one answer for each, in order. At most `MOVED_MAX`.

    What ended starts anew: its tries are forgotten, and it is of use for `lifetime_ms(purpose)`
    from now. What is deferred, or held although its lane is open, is due now. What is unconfirmed
    is sent again only with `may_double`, which gives a new key also to what a provider may have:
    two copies rather than none. So is one that its app has repeated under the same idempotency
    key; else it takes that key back, and the app's next repeat finds this mail.
    """
    rows = await _rows(tx, ids, None)
    kept = set(await tx.all("mails/kept_contents", str, ids=list(rows)))
    answers = {
        id_: retry_refused(row, may_double=may_double, kept=id_ in kept)
        for id_, row in rows.items()
    }
    ended = [id_ for id_, row in rows.items() if answers[id_] is None and row.now_in in ENDED]
    repeated = await _take_keys_back(tx, ended)
    if not may_double:
        answers |= dict.fromkeys(repeated, Answer.REPEATED)
    chosen = [row for id_, row in rows.items() if answers[id_] is None]
    moved = await _restart(tx, chosen, lifetime_ms, may_double=may_double)
    waiting = [row.id for row in chosen if row.now_in in WAITING]
    if waiting:
        moved |= set(await tx.all("mails/retry_waiting", str, ids=waiting, now=tx.now))
    told = _answers(tx, ids, rows, answers, moved, State.QUEUED, actor)
    return [msgspec.structs.replace(each, repeated_as=repeated.get(each.id)) for each in told]


async def cancel(tx: Tx, ids: Sequence[str], *, actor: str, app: str | None = None) -> list[Moved]:
    """Cancel what waits; one answer for each, in order. At most `MOVED_MAX`.

    `app`: another app's mails are not found. A mail that is with the provider cannot be stopped.
    """
    rows = await _rows(tx, ids, app)
    answers = {id_: cancel_refused(row) for id_, row in rows.items()}
    chosen = [id_ for id_ in rows if answers[id_] is None]
    moved = set(await tx.all("mails/cancel", str, ids=chosen, now=tx.now)) if chosen else set()
    await erase_in_time(tx, sorted(moved))
    return _answers(tx, ids, rows, answers, moved, State.CANCELED, actor)


async def reschedule(
    tx: Tx, email_id: str, at: int, *, actor: str, app: str | None = None
) -> Moved:
    """Give a scheduled mail another time, UTC in milliseconds; its expiry moves with it."""
    row = next(iter((await _rows(tx, [email_id], app)).values()), None)
    if row is None:
        return Moved(email_id, Answer.NOT_FOUND)
    email_id, state = row.id, row.now_in
    if state is not State.SCHEDULED:
        return Moved(email_id, Answer.NOT_SCHEDULED, state, state)
    if not await tx.run("mails/reschedule", id=email_id, at=at):
        return Moved(email_id, Answer.MOVED_MEANWHILE, state, state)
    data = {"was_due_at": row.due_at, "due_at": at}
    tx.tell(NewEvent(EventType.EMAIL_RESCHEDULED, email_id, data, actor))
    return Moved(email_id, Answer.DONE, state, state)


async def _take_keys_back(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """Of these mails, which their app has sent again meanwhile, and as which."""
    if not ids:
        return {}
    await tx.run("mails/take_keys_back", ids=ids)
    pairs = await tx.all("mails/repeated", lambda *row: row, ids=ids, key_life=KEY_LIFE_MS)
    return dict(pairs)


async def _rows(tx: Tx, ids: Sequence[str], app: str | None) -> dict[str, DeskRow]:
    if len(ids) > MOVED_MAX:
        raise ValueError(f"{len(ids)} mails are more than the {MOVED_MAX} of one transaction")
    rows = await tx.all("mails/desk_rows", DeskRow, ids=as_ids(ids), app=app)
    return {row.id: row for row in rows}


def retry_refused(row: DeskRow, *, may_double: bool, kept: bool) -> Answer | None:
    """Why it may not be sent again, or now; None: it may. `kept`: its content is."""
    state = row.now_in
    match state:
        case State.FAILED | State.EXPIRED | State.CANCELED | State.UNCONFIRMED:
            if not kept:
                return Answer.CONTENT_GONE
            return Answer.MAY_DOUBLE if state is State.UNCONFIRMED and not may_double else None
        case State.DEFERRED:
            return None
        case State.HELD:
            return Answer.LANE_CLOSED if row.lane_state == LaneState.CLOSED else None
        case State.QUEUED:
            return Answer.ALREADY
        case State.SENDING:
            return Answer.SENDING
        case State.SCHEDULED:
            return Answer.SCHEDULED
        case _:
            return Answer.ENDED


def cancel_refused(row: DeskRow) -> Answer | None:
    """Why it may not be canceled; None: it may."""
    state = row.now_in
    if state in WAITING:
        return None
    match state:
        case State.SENDING:
            return Answer.SENDING
        case State.UNCONFIRMED:
            return Answer.MAY_DOUBLE
        case State.CANCELED:
            return Answer.ALREADY
        case _:
            return Answer.ENDED


async def _restart(
    tx: Tx, chosen: Iterable[DeskRow], lifetime_ms: Callable[[str], int], *, may_double: bool
) -> set[str]:
    """Queue what ended or is unconfirmed, with a new expiry by purpose."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in chosen:
        if row.now_in in ENDED:
            groups.setdefault(("mails/retry_ended", row.purpose), []).append(row.id)
        elif row.now_in is State.UNCONFIRMED:
            groups.setdefault(("mails/retry_unconfirmed", row.purpose), []).append(row.id)
    moved: set[str] = set()
    for (query, purpose), ids in groups.items():
        values: dict[str, Any] = {"ids": ids, "now": tx.now}
        values["expires_at"] = tx.now + lifetime_ms(purpose)
        if query == "mails/retry_ended":
            values["afresh"] = may_double
        moved |= set(await tx.all(query, str, **values))
    if moved:
        await tx.run("mails/reopen_recipients", ids=sorted(moved))
    return moved


def _answers(  # noqa: PLR0913 - what was asked, what was found, what was done
    tx: Tx,
    ids: Sequence[str],
    rows: Mapping[str, DeskRow],
    refused: Mapping[str, Answer | None],
    moved: set[str],
    to: State,
    actor: str,
) -> list[Moved]:
    found = []
    for id_ in dict.fromkeys(as_id(text) or text for text in ids):
        row = rows.get(id_)
        if row is None:
            found.append(Moved(id_, Answer.NOT_FOUND))
            continue
        was, why = row.now_in, refused[id_]
        maybe_sent = row.unknown_since is not None
        if why is not None or id_ not in moved:
            reason = row.lane_reason if why is Answer.LANE_CLOSED else None
            answer = why or Answer.MOVED_MEANWHILE
            found.append(Moved(id_, answer, was, was, reason, maybe_sent))
            continue
        data = {"why": "by_hand", "was": was.value}
        if maybe_sent:
            data["outcome"] = "unknown"
        tx.tell(NewEvent(OF_STATE[move(was, to)], id_, data, actor))
        found.append(Moved(id_, Answer.DONE, was, to, None, maybe_sent))
    return found
