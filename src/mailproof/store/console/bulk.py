"""Deeds for many mails at once: what would happen, and then that, step by step.

What may be moved, the operator's desk decides, mail by mail; here nothing is decided twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.console.search import Query, seqs_before
from mailproof.store.mails.desk import (
    ENDED,
    MOVED_MAX,
    Answer,
    DeskRow,
    cancel,
    cancel_refused,
    retry,
    retry_refused,
)
from mailproof.store.mails.ids import as_ids
from mailproof.store.records.picture import routes_closed
from mailproof.store.shapes import EVERY_SENDER, KEY_LIFE_MS

__all__ = ["CHOSEN_MAX", "SOON_MS", "STEP_MAX", "Applied", "Deed", "Preview", "apply", "preview"]

Deed = Literal["retry", "release", "cancel"]
"""`retry`: send again what ended or is unconfirmed, and at once what waits. `release`: at once what
waits, and nothing else. `cancel`: end what waits."""

# Mails that a preview looks at; of more it says so.
CHOSEN_MAX: Final = 2_000
# Mails of one transaction: it must not keep others waiting.
STEP_MAX: Final = MOVED_MAX
# What expires within this time may not make it.
SOON_MS: Final = 15 * 60_000

_LOOKED_AT: Final = 1_000
_SEQ_MAX: Final = 2**62
_WAITS: Final = frozenset({State.HELD, State.DEFERRED, State.QUEUED, State.SCHEDULED})


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a deed would do now. `chosen`: mails looked at, at most `CHOSEN_MAX`; `more`: there may
    be more than that. `will`: those that would be moved. `refused`: the others, by why not.

    `expire_soon`: of all that wait, those that expire within `SOON_MS` and would not be sent
    afresh. `routes_closed`: the closed routes behind which some of them wait, as `provider` or
    `provider/sender`. `upto`: the `begin` of `apply`, so that what comes later is not touched.
    """

    deed: Deed
    chosen: int
    more: bool
    will: int
    refused: Mapping[Answer, int]
    expire_soon: int
    routes_closed: tuple[str, ...]
    upto: int


class Applied(msgspec.Struct, frozen=True):
    """One step. `done`: mails that it moved. `refused`: the others, by why not. `go_on`: the
    `begin` of the next step; None: that was all."""

    done: int
    refused: Mapping[Answer, int]
    go_on: int | None


async def preview(
    tx: Tx, deed: Deed, chosen: Sequence[str] | Query, *, may_double: bool = False
) -> Preview:
    """What `deed` would do to the mails with these ids, or to all that fit. Changes nothing.

    `may_double`: as for `desk.retry`, two copies are better than none.
    """
    ids, missing, more, upto = await _chosen(tx, chosen)
    refused: Counter[Answer] = Counter()
    will = expire_soon = 0
    senders: set[str] = set()
    for place in range(0, len(ids), _LOOKED_AT):
        for each in await _judged(tx, deed, ids[place : place + _LOOKED_AT], may_double=may_double):
            if each.answer is None:
                will += 1
            else:
                refused[each.answer] += 1
            if each.answer is Answer.LANE_CLOSED:
                senders.add(each.sender)
            if each.state in _WAITS and each.expires_at <= tx.now + SOON_MS:
                expire_soon += deed != "cancel" or each.answer is not None
    refused[Answer.NOT_FOUND] += missing
    return Preview(
        deed=deed,
        chosen=len(ids) + missing,
        more=more,
        will=will,
        refused={answer: count for answer, count in refused.items() if count},
        expire_soon=expire_soon,
        routes_closed=await _closed_for(tx, senders),
        upto=upto,
    )


async def apply(  # noqa: PLR0913 - what is done, to which, by whom, from where on
    tx: Tx,
    deed: Deed,
    chosen: Sequence[str] | Query,
    *,
    actor: str,
    lifetime_ms: Callable[[str], int],
    may_double: bool = False,
    begin: int | None = None,
) -> Applied:
    """Do it to the next `STEP_MAX` mails at most; each gets an event with `actor` in it.

    `lifetime_ms(purpose)`: for how long a mail that is sent again is of use. `begin`: None, or
    `upto` of the preview, at first; then `go_on` of the step before.
    """
    ids, go_on = await _step(tx, chosen, begin)
    answers: Counter[Answer] = Counter()
    if deed == "release":
        judged = await _judged(tx, deed, as_ids(ids), may_double=False)
        answers.update(each.answer for each in judged if each.answer is not None)
        answers[Answer.NOT_FOUND] += len(ids) - len(judged)
        ids = [each.id for each in judged if each.answer is None]
    if deed == "cancel":
        moved = await cancel(tx, ids, actor=actor)
    else:
        moved = await retry(tx, ids, actor=actor, lifetime_ms=lifetime_ms, may_double=may_double)
    answers.update(each.answer for each in moved)
    done = answers.pop(Answer.DONE, 0)
    return Applied(done, {answer: count for answer, count in answers.items() if count}, go_on)


class _Judged(msgspec.Struct, frozen=True):
    """One mail, and why the deed would not move it; None: it would. `sender`: of its lane."""

    id: str
    state: State
    answer: Answer | None
    expires_at: int
    sender: str


async def _judged(tx: Tx, deed: Deed, ids: Sequence[str], *, may_double: bool) -> list[_Judged]:
    """As the desk would judge these mails now; those that do not exist are left out."""
    rows: dict[str, tuple[DeskRow, str]] = {}

    def take(*columns: Any) -> None:
        row = DeskRow(*columns[:-1])
        rows[row.id] = row, columns[-1]

    await tx.all("console/judged_rows", take, ids=list(ids))
    kept: set[str] = set()
    repeated: set[str] = set()
    if deed == "retry":
        ended = [id_ for id_, (row, _) in rows.items() if row.now_in in ENDED]
        kept = set(await tx.all("mails/kept_contents", str, ids=list(rows)))
        if not may_double and ended:
            pairs = await tx.all("mails/repeated", _pair, ids=ended, key_life=KEY_LIFE_MS)
            repeated = {id_ for id_, _ in pairs}
    found = []
    for id_, (row, sender) in rows.items():
        if deed == "cancel":
            answer = cancel_refused(row)
        elif deed == "release" and row.now_in not in _WAITS:
            answer = _not_waiting(row.now_in)
        else:
            answer = retry_refused(row, may_double=may_double, kept=id_ in kept)
        if answer is None and id_ in repeated:
            answer = Answer.REPEATED
        found.append(_Judged(id_, row.now_in, answer, row.expires_at, sender))
    return found


def _not_waiting(state: State) -> Answer:
    """Only who retries sends again what has ended, or may be out already."""
    match state:
        case State.SENDING:
            return Answer.SENDING
        case State.UNCONFIRMED:
            return Answer.MAY_DOUBLE
        case _:
            return Answer.ENDED


def _pair(id_: str, other: str) -> tuple[str, str]:
    return id_, other


async def _chosen(tx: Tx, chosen: Sequence[str] | Query) -> tuple[list[str], int, bool, int]:
    """The ids that there are, how many there are not, whether there may be more, and `upto`."""
    if not isinstance(chosen, Query):
        ids = as_ids(chosen)
        found: list[str] = []
        for place in range(0, min(len(ids), CHOSEN_MAX), _LOOKED_AT):
            some = ids[place : min(place + _LOOKED_AT, CHOSEN_MAX)]
            found += await tx.all("console/known_ids", str, ids=some)
        typed = len(dict.fromkeys(chosen))
        return found, min(typed, CHOSEN_MAX) - len(found), typed > CHOSEN_MAX, 0
    seqs, go_on = await seqs_before(tx, chosen, None, CHOSEN_MAX)
    ids = []
    for place in range(0, len(seqs), _LOOKED_AT):
        ids += await _ids_at(tx, seqs[place : place + _LOOKED_AT])
    return ids, 0, go_on is not None, seqs[0] + 1 if seqs else _SEQ_MAX


async def _step(
    tx: Tx, chosen: Sequence[str] | Query, begin: int | None
) -> tuple[list[str], int | None]:
    """The ids of one step, and where the next begins."""
    if isinstance(chosen, Query):
        seqs, go_on = await seqs_before(tx, chosen, begin, STEP_MAX)
        return await _ids_at(tx, seqs), go_on
    place = begin or 0
    end = place + STEP_MAX
    return list(chosen[place:end]), end if end < len(chosen) else None


async def _ids_at(tx: Tx, seqs: Sequence[int]) -> list[str]:
    if not seqs:
        return []
    return [id_ for _, id_ in await tx.all("mails/ids_at", lambda *row: row, seqs=list(seqs))]


async def _closed_for(tx: Tx, senders: set[str]) -> tuple[str, ...]:
    if not senders:
        return ()
    return tuple(
        route.provider if route.sender == EVERY_SENDER else f"{route.provider}/{route.sender}"
        for route in await routes_closed(tx)
        if route.sender in {EVERY_SENDER, *senders}
    )
