"""Recording what attempts led to: state, attempt, routes and events in one transaction, fenced.

An outcome says what follows from its evidence; what follows from everybody else's (is the lane
closed now, does its caller still wait, is it the third in a row) is decided here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import ENDS, State, move
from mailproof.store.base import Json, NewEvent, Tx
from mailproof.store.mails.erasing import erase, erase_in_time
from mailproof.store.mails.feedback import Taken, settle_parked
from mailproof.store.records.feedback import Counted, count_feedback
from mailproof.store.routes.breakers import (
    Refused,
    close_route,
    is_outdated,
    note_refusals,
    open_routes_tried,
)
from mailproof.store.routes.lanes import (
    Lane,
    begin_release_anew,
    ensure_lane,
    lanes_by_id,
    settle_lanes,
)
from mailproof.store.shapes import (
    AttemptOutcome,
    Opening,
    Outcome,
    Recorded,
    Routing,
)

__all__ = ["hand_back", "record"]


class _Leased(msgspec.Struct, frozen=True):
    id: str
    wait_until: int | None


class _Written(msgspec.Struct, frozen=True):
    """How one mail goes on, in the order of the values of `mails/record`."""

    id: str
    state: State
    reason: str | None
    due_at: int | None
    add_epoch: int
    add_try: int
    unknown_since: int | None
    avoid: str | None
    lane_id: int
    provider_message_id: str | None
    look_at: int | None


async def record(
    tx: Tx, outcomes: Sequence[Outcome], routing: Routing, *, again: bool = False
) -> list[Recorded]:
    """Write them; one answer for each, in order.

    `again`: the answer to a COMMIT of these very outcomes was lost, so they may be written already.
    """
    newest: dict[str, int] = {}
    for outcome in outcomes:
        lease_no = outcome.mail.lease_no
        newest[outcome.mail.id] = max(lease_no, newest.get(outcome.mail.id, lease_no))
    rows = await tx.all("mails/lock_leased", _Leased, leases=Json(sorted(newest.items())))
    # A late answer under an older lease may come in the same flush.
    leased = {(row.id, newest[row.id]): row for row in rows}
    ours = [outcome for outcome in outcomes if _lease(outcome) in leased]
    closed_by = await _move_routes(tx, ours, routing)
    lanes = dict(await lanes_by_id(tx, (outcome.mail.lane_id for outcome in ours)))
    served = await _served(tx, ours)
    written: dict[str, _Written] = {}
    for outcome in ours:
        lane = await _lane_for(tx, outcome, lanes[outcome.mail.lane_id], routing)
        written[outcome.mail.id] = _decide(
            outcome, lane, leased[_lease(outcome)], tx.now, served=outcome.mail.id in served
        )
    await _write(tx, ours, written)
    for outcome in ours:
        tx.tell(_event(outcome, written[outcome.mail.id], closed_by))
    told = await _settle(tx, written, ours)
    lost = [outcome for outcome in outcomes if _lease(outcome) not in leased]
    fenced = await _fenced(tx, lost, again=again)
    return [
        _recorded(written[o.mail.id], told) if _lease(o) in leased else fenced[_lease(o)]
        for o in outcomes
    ]


async def hand_back(tx: Tx, leases: Sequence[tuple[str, int]]) -> int:
    """Give up leases whose sending has not begun: the mails are queued as if never claimed."""
    ids = await tx.all("mails/hand_back", str, leases=Json(sorted(leases)), now=tx.now)
    for email_id in ids:
        tx.tell(NewEvent(EventType.EMAIL_QUEUED, email_id, {"why": "handed_back"}))
    _, counted = await settle_parked(tx, ids)
    await count_feedback(tx, counted)
    return len(ids)


async def _move_routes(tx: Tx, outcomes: Sequence[Outcome], routing: Routing) -> frozenset[str]:
    """Insert the attempts, then open and close routes; returns the mails that closed one."""
    await tx.many("mails/insert_attempts", [_attempt_row(o) for o in outcomes if o.attempt])
    moved, closed_by = False, set()
    tries = [
        (outcome.opening, outcome.attempt.started_at)
        for outcome in outcomes
        if outcome.opening is not None and outcome.attempt is not None
    ]
    moved |= await open_routes_tried(tx, tries)
    for outcome in outcomes:
        if outcome.closing is not None and not outcome.refusal:
            if outcome.attempt and await is_outdated(tx, outcome.closing, outcome.attempt):
                continue
            if await close_route(tx, outcome.closing, routing):
                closed_by.add(outcome.mail.id)
                moved = True
            await begin_release_anew(tx, outcome.closing.provider)
    judged: list[Opening | Refused] = []
    for outcome in outcomes:
        if outcome.refusal and outcome.closing is not None:
            judged.append(Refused(outcome.mail.id, outcome.closing))
        elif outcome.opening is not None and outcome.opening.accepted:
            judged.append(outcome.opening)
    moved |= await note_refusals(tx, judged, routing)
    if moved:
        await settle_lanes(tx, routing)
    return frozenset(closed_by)


async def _served(tx: Tx, outcomes: Sequence[Outcome]) -> set[str]:
    """The mails that some of their recipients have, while others do not yet.

    Whoever got one raised the epoch, so a mail's first try need not be looked at.
    """
    again = [o.mail.id for o in outcomes if o.mail.epoch and o.to is not State.SENT]
    served = set(await tx.all("mails/partly_sent", str, ids=again)) if again else set()
    return served | {o.mail.id for o in outcomes if _is_part(o)}


def _is_part(outcome: Outcome) -> bool:
    """Did the provider take it for some, and shall have it again for others?"""
    attempt = outcome.attempt
    accepted = attempt is not None and attempt.outcome is AttemptOutcome.ACCEPTED
    return accepted and outcome.to is State.DEFERRED


async def _lane_for(tx: Tx, outcome: Outcome, lane: Lane, routing: Routing) -> Lane:
    """An unknown outcome binds the mail to its provider; a definite one sets it free again."""
    mail = outcome.mail
    pin = mail.provider or mail.pin if outcome.unknown else mail.pin
    if lane.pin == pin:
        return lane
    return await ensure_lane(tx, lane.sender, pin, routing)


def _decide(outcome: Outcome, lane: Lane, leased: _Leased, now: int, *, served: bool) -> _Written:
    to, reason, due_at = outcome.to, outcome.reason, outcome.due_at
    avoid = outcome.avoid
    if to is State.HELD and not lane.is_closed:
        # Another provider carries it, or the route opened while this one was on its way.
        to, due_at = State.QUEUED, None
    if to is State.QUEUED and avoid is not None and lane.second is None and lane.provider == avoid:
        to, due_at = State.DEFERRED, outcome.due_at or now
    if to in {State.QUEUED, State.DEFERRED} and lane.is_closed:
        to, due_at = State.HELD, None
    if to is State.HELD:
        reason = lane.reason or reason
        waits = outcome.mail.on_hold == "refuse" and (leased.wait_until or 0) > now
        # What the provider may have cannot be refused: it could still arrive.
        if waits and not outcome.unknown and not served:
            to, reason = State.CANCELED, outcome.reason
    if to is State.FAILED and served:
        # As if all had been asked at once: it is sent, and those who were refused are named.
        to, reason = State.SENT, None
    move(State.SENDING, to)
    attempt = outcome.attempt
    since = outcome.mail.unknown_since or (attempt.started_at if attempt else now)
    return _Written(
        id=outcome.mail.id,
        state=to,
        reason=reason,
        due_at=due_at if to is State.DEFERRED else None,
        add_epoch=int(outcome.new_epoch),
        add_try=int(outcome.count_try),
        unknown_since=since if outcome.unknown else None,
        avoid=avoid,
        lane_id=lane.id,
        provider_message_id=attempt.provider_message_id if attempt else None,
        look_at=outcome.look_at if to is State.SENT else None,
    )


async def _write(tx: Tx, outcomes: Sequence[Outcome], written: Mapping[str, _Written]) -> None:
    rows = [msgspec.structs.astuple(each) for each in written.values()]
    if not rows:
        return
    await tx.run("mails/record", rows=Json(rows), now=tx.now)
    parts = [
        [outcome.mail.id, part.address, part.state, part.reason]
        for outcome in outcomes
        for part in outcome.recipients
    ]
    if parts:
        await tx.run("mails/record_recipients", rows=Json(parts))
    rest = [
        [outcome.mail.id, outcome.reason]
        for outcome in outcomes
        if outcome.to is State.FAILED and written[outcome.mail.id].state is State.SENT
    ]
    if rest:
        await tx.run("mails/fail_open_recipients", rows=Json(rest))
    if begun := [outcome.mail.id for outcome in outcomes if _is_part(outcome)]:
        await tx.run("mails/promise", ids=begun)
    # The caller may mend the mail and repeat its request under the same key.
    freed = [each.id for each in written.values() if each.state in {State.FAILED, State.CANCELED}]
    if freed:
        await tx.run("mails/free_keys", ids=freed)
    # What a critical mail says lets people in: a link, a code.
    gone = [o.mail.id for o in outcomes if o.final and o.mail.critical]
    await erase(tx, [email_id for email_id in gone if written[email_id].state is State.SENT])
    critical = [o.mail.id for o in outcomes if o.mail.critical]
    await erase_in_time(tx, [email_id for email_id in critical if written[email_id].state in ENDS])


async def _settle(
    tx: Tx, written: Mapping[str, _Written], outcomes: Sequence[Outcome]
) -> dict[str, Taken]:
    """Providers may be quicker to tell than to answer: what they told meanwhile follows."""
    if not written:
        return {}
    messages = [
        (outcome.attempt.provider, outcome.attempt.provider_message_id)
        for outcome in outcomes
        if outcome.attempt is not None and outcome.attempt.provider_message_id
    ]
    told, counted = await settle_parked(tx, list(written), messages)
    counted += [
        Counted(provider=outcome.mail.provider or "", webhook=outcome.webhook, sent=1)
        for outcome in outcomes
        if written[outcome.mail.id].look_at is not None
    ]
    await count_feedback(tx, counted)
    return told


async def _fenced(
    tx: Tx, lost: Sequence[Outcome], *, again: bool
) -> dict[tuple[str, int], Recorded]:
    """Who moved first? After a lost COMMIT answer perhaps we ourselves, which is no loss."""
    if not lost:
        return {}
    rows = {
        row.id: row
        for row in await tx.all("mails/standing_lease", _Standing, ids=[o.mail.id for o in lost])
    }
    found = {}
    for outcome in lost:
        row = rows.get(outcome.mail.id)
        state = State(row.state) if row else State.EXPIRED
        mine = again and row is not None and row.last_attempt == outcome.mail.lease_no
        found[_lease(outcome)] = Recorded(
            outcome.mail.id, state, row.reason if row else None, fenced=not mine
        )
    return found


class _Standing(msgspec.Struct, frozen=True):
    id: str
    state: str
    reason: str | None
    last_attempt: int | None


def _lease(outcome: Outcome) -> tuple[str, int]:
    return (outcome.mail.id, outcome.mail.lease_no)


def _recorded(each: _Written, told: Mapping[str, Taken]) -> Recorded:
    if (after := told.get(each.id)) is not None and after.state is not None:
        return Recorded(each.id, after.state, after.reason)
    return Recorded(each.id, each.state, each.reason, each.due_at)


def _attempt_row(outcome: Outcome) -> tuple[Any, ...]:
    attempt = outcome.attempt
    if attempt is None:
        raise TypeError("an outcome without an attempt")
    return (
        outcome.mail.id,
        outcome.mail.lease_no,
        attempt.provider,
        attempt.key,
        attempt.node,
        attempt.started_at,
        attempt.ended_at,
        attempt.outcome.value,
        attempt.reason,
        attempt.provider_message_id,
        attempt.body_hash,
        None if attempt.failure is None else attempt.failure.decode(),
    )


def _seen_by(outcome: Outcome, reason: str | None) -> dict[str, Any]:
    """What the attempt itself saw, where it is held for another reason: its lane's."""
    attempt = outcome.attempt
    if attempt is None or attempt.reason is None or attempt.reason == reason:
        return {}
    told = outcome.event_data
    own = {f"attempt_{name}": told[name] for name in ("severity", "origin") if name in told}
    return {"attempt_reason": attempt.reason, **own, "severity": None, "origin": None}


def _event(outcome: Outcome, each: _Written, closed_by: frozenset[str]) -> NewEvent:
    mail = outcome.mail
    data: dict[str, Any] = {
        "attempt": mail.lease_no,
        "provider": mail.provider,
        "purpose": mail.purpose,
        "reason": each.reason,
        "due_at": each.due_at,
        **outcome.event_data,
    }
    if each.state is State.HELD:
        data["critical"] = mail.critical
        data["sender"] = mail.lane_sender
        data |= _seen_by(outcome, each.reason)
    if mail.id in closed_by:
        data["closed_route"] = True
    if outcome.attempt is not None and outcome.attempt.outcome is AttemptOutcome.UNKNOWN:
        data["outcome"] = "unknown"
    present = {name: value for name, value in data.items() if value is not None}
    return NewEvent(OF_STATE[each.state], mail.id, present)
