"""Accepting mail: all of a flush in one transaction, with its first events."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import Json, NewEvent, Tx
from mailproof.store.mails.erasing import erase_in_time
from mailproof.store.routes.breakers import Route
from mailproof.store.routes.lanes import Lane, ensure_lane
from mailproof.store.routes.probes import take_wanted
from mailproof.store.shapes import (
    EVERY_SENDER,
    KEY_LIFE_MS,
    PAUSED,
    Accepted,
    Conflict,
    Idempotency,
    LaneClosed,
    NewMail,
    Routing,
    Submission,
    Submitted,
)

__all__ = ["Answer", "accept", "is_known", "standing", "stop_waiting", "store_content"]

Answer = Accepted | Conflict | LaneClosed  # one for each submission


class _Known(msgspec.Struct, frozen=True):
    app: str
    endpoint: str
    key: str
    payload_hash: bytes
    email_ids: str

    @property
    def ids(self) -> list[str]:
        return list(json.loads(self.email_ids))


class _Placed(msgspec.Struct):
    """A mail with what was decided about it."""

    mail: NewMail
    idempotency: Idempotency | None
    lane: Lane
    state: State
    reason: str | None = None
    suppressed: frozenset[bytes] = frozenset()


async def accept(
    tx: Tx, submissions: Sequence[Submission], routing: Routing, *, again: bool = False
) -> list[Answer]:
    """Take in what was submitted; one answer for each, in order.

    `again`: the answer to a COMMIT of these very submissions was lost, so they may be here already.
    """
    lanes = await _lanes(tx, submissions, routing)
    answers: dict[int, Answer] = {}
    if again:  # first of all: what is here already cannot be refused any more
        present = await _present(tx, submissions)
        for number, sub in enumerate(submissions):
            if sub.mails[0].id in present:
                found = await _as_they_are(tx, [mail.id for mail in sub.mails])
                answers[number] = msgspec.structs.replace(found, repeated=False)
    await _refuse_where_closed(tx, submissions, lanes, answers, routing)
    twins = await _answer_repeats(tx, submissions, answers)
    fresh = [
        sub
        for number, sub in enumerate(submissions)
        if number not in answers and number not in twins
    ]
    placed = await _place(tx, fresh, lanes)
    await _give_way(tx, placed)
    await _insert(tx, placed)
    states = {each.mail.id: Submitted(each.mail.id, each.state, each.reason) for each in placed}
    for number, sub in enumerate(submissions):
        if number not in answers and number not in twins:
            answers[number] = Accepted(tuple(states[mail.id] for mail in sub.mails))
    for number, original in twins.items():
        answers[number] = _twin(submissions[number], submissions[original], answers[original])
    return [answers[number] for number in range(len(submissions))]


async def store_content(tx: Tx, email_id: str, payload: bytes) -> None:
    """Write a large payload before the flush that accepts its mail; orphans are swept."""
    await tx.many("mails/insert_contents", [(email_id, payload, tx.now)])
    await tx.many("mails/insert_early_contents", [(email_id, tx.now)])


async def is_known(tx: Tx, app: str, endpoint: str, key: str) -> bool:
    """Has an earlier request brought this idempotency key?"""
    keys = Json([(app, endpoint, key)])
    return bool(await tx.all("mails/known_keys", _Known, keys=keys, now=tx.now))


async def standing(tx: Tx, ids: Sequence[str]) -> dict[str, Submitted]:
    """How these mails stand now, by id; those that do not exist are missing."""
    rows = await tx.all("mails/submitted", Submitted, ids=ids)
    return {row.id: msgspec.structs.replace(row, state=State(row.state)) for row in rows}


async def stop_waiting(tx: Tx, email_id: str) -> Submitted | None:
    """Its caller waits no longer: from now on it is held, never canceled for them.

    What this returns is the truth to answer with: a hold that came first has canceled it.
    """
    row = await tx.one("mails/stop_waiting", Submitted, id=email_id)
    return None if row is None else msgspec.structs.replace(row, state=State(row.state))


async def _lanes(
    tx: Tx, submissions: Sequence[Submission], routing: Routing
) -> dict[tuple[str, str], Lane]:
    wanted = {(mail.lane_sender, mail.pin) for sub in submissions for mail in sub.mails}
    return {each: await ensure_lane(tx, *each, routing) for each in sorted(wanted)}


async def _refuse_where_closed(
    tx: Tx,
    submissions: Sequence[Submission],
    lanes: Mapping[tuple[str, str], Lane],
    answers: dict[int, Answer],
    routing: Routing,
) -> None:
    for number, sub in enumerate(submissions):
        if number in answers:
            continue
        shut = next(
            (
                lane
                for mail in sub.mails
                if mail.on_hold == "refuse"
                and (mail.scheduled_at or 0) <= tx.now
                and (lane := lanes[mail.lane_sender, mail.pin]).is_closed
            ),
            None,
        )
        if shut is None:
            continue
        if sub.idempotency is not None and await _known(tx, [sub]):
            continue  # a repeat: what became of it then is the answer
        if await take_wanted(tx, shut.sender, shut.pin, routing.probe_interval_ms):
            continue  # it is the mail that tries the way; held again, it is refused after all
        answers[number] = LaneClosed(
            shut.sender, shut.reason or "unknown", await _failure_of(tx, shut)
        )


async def _failure_of(tx: Tx, lane: Lane) -> bytes | None:
    if lane.reason == PAUSED:
        return None  # whatever else has closed its routes, that is not why
    for route in await tx.all("routes/routes_closed", Route):
        if route.sender in {EVERY_SENDER, lane.sender} and lane.pin in {"", route.provider}:
            return None if route.failure is None else route.failure.encode()
    return None


async def _answer_repeats(
    tx: Tx, submissions: Sequence[Submission], answers: dict[int, Answer]
) -> dict[int, int]:
    """The unique key decides between nodes: who inserts it first owns it.

    Returns those that share their key with an earlier one of this flush, and which that is.
    """
    first: dict[tuple[str, str, str], int] = {}
    twins: dict[int, int] = {}
    rows = []
    for number, sub in enumerate(submissions):
        if sub.idempotency is None or number in answers:
            continue
        if _key(sub) in first:
            twins[number] = first[_key(sub)]
            continue
        first[_key(sub)] = number
        ids = msgspec.json.encode([mail.id for mail in sub.mails]).decode()
        rows.append((*_key(sub), sub.idempotency.payload_hash, ids))
    if not rows:
        return twins
    # Sorted, so that two nodes never wait for each other in a circle.
    ours = await tx.all(
        "mails/insert_idempotency",
        lambda *key: key,
        rows=Json(sorted(rows)),
        now=tx.now,
        expires_at=tx.now + KEY_LIFE_MS,
    )
    late = [number for key, number in first.items() if key not in set(ours)]
    known = {
        (k.app, k.endpoint, k.key): k for k in await _known(tx, [submissions[n] for n in late])
    }
    for number in late:
        answers[number] = await _repeat(tx, submissions[number], known[_key(submissions[number])])
    return twins


def _twin(sub: Submission, original: Submission, answer: Answer) -> Answer:
    if sub.idempotency is None or original.idempotency is None:
        raise TypeError("only submissions with a key can be twins")
    if sub.idempotency.payload_hash != original.idempotency.payload_hash:
        return Conflict()
    return Accepted(answer.mails, repeated=True) if isinstance(answer, Accepted) else answer


async def _repeat(tx: Tx, sub: Submission, known: _Known) -> Answer:
    if sub.idempotency is None or known.payload_hash != sub.idempotency.payload_hash:
        return Conflict()
    answer = await _as_they_are(tx, known.ids)
    # Our own, from before the answer to its COMMIT was lost.
    ours = known.ids == [mail.id for mail in sub.mails]
    return msgspec.structs.replace(answer, repeated=not ours)


async def _as_they_are(tx: Tx, ids: Sequence[str]) -> Accepted:
    """In the order of the request. One that retention has erased was sent long ago."""
    rows = {row.id: row for row in await tx.all("mails/submitted", Submitted, ids=ids)}
    return Accepted(
        tuple(
            msgspec.structs.replace(row, state=State(row.state))
            for email_id in ids
            if (row := rows.get(email_id))
        ),
        repeated=True,
    )


async def _known(tx: Tx, submissions: Sequence[Submission]) -> list[_Known]:
    if not submissions:
        return []
    keys = Json([_key(sub) for sub in submissions])
    return await tx.all("mails/known_keys", _Known, keys=keys, now=tx.now)


def _key(sub: Submission) -> tuple[str, str, str]:
    if sub.idempotency is None:
        raise TypeError("a submission without a key")
    return (sub.app, sub.idempotency.endpoint, sub.idempotency.key)


async def _present(tx: Tx, submissions: Sequence[Submission]) -> frozenset[str]:
    ids = [mail.id for sub in submissions for mail in sub.mails]
    return frozenset(row.id for row in await tx.all("mails/submitted", Submitted, ids=ids))


async def _place(
    tx: Tx, submissions: Sequence[Submission], lanes: Mapping[tuple[str, str], Lane]
) -> list[_Placed]:
    mails = [mail for sub in submissions for mail in sub.mails]
    keys = {sub.mails[0].id: sub.idempotency for sub in submissions if len(sub.mails) == 1}
    blocked: dict[bool, frozenset[bytes]] = {}
    for critical in (False, True):
        blocked[critical] = await _blocked(
            tx, critical=critical, mails=[mail for mail in mails if mail.critical is critical]
        )
    placed = []
    for mail in mails:
        each = _Placed(mail, keys.get(mail.id), lanes[mail.lane_sender, mail.pin], State.QUEUED)
        each.suppressed = blocked[mail.critical] & {r.lookup for r in mail.recipients}
        if len(each.suppressed) == len({r.lookup for r in mail.recipients}):
            each.state, each.reason = State.SUPPRESSED, "recipient_suppressed"
        elif mail.scheduled_at is not None and mail.scheduled_at > tx.now:
            each.state = State.SCHEDULED
        elif each.lane.is_closed:
            each.state, each.reason = State.HELD, each.lane.reason
        placed.append(each)
    return placed


async def _blocked(tx: Tx, *, critical: bool, mails: Iterable[NewMail]) -> frozenset[bytes]:
    lookups = sorted({recipient.lookup for mail in mails for recipient in mail.recipients})
    if not lookups:
        return frozenset()
    rows = await tx.all("records/blocked", bytes, lookups=lookups, critical=critical, now=tx.now)
    return frozenset(rows)


async def _give_way(tx: Tx, placed: Sequence[_Placed]) -> None:
    """Newest wins: what still waits under the same key ends, also within this flush."""
    newest: dict[bytes, _Placed] = {}
    for each in placed:
        key = each.mail.supersede_key
        if key is None or each.state is State.SUPPRESSED:
            continue
        if (older := newest.get(key)) is not None:
            older.state, older.reason = State.SUPERSEDED, None
        newest[key] = each
    if not newest:
        return
    keys = sorted(newest)
    ended = await tx.all("mails/supersede", lambda *row: row, keys=keys, now=tx.now)
    await erase_in_time(tx, [email_id for email_id, _, _ in ended])
    for email_id, key, unknown_since in ended:
        outcome = None if unknown_since is None else "unknown"
        tx.tell(_event(State.SUPERSEDED, email_id, by=newest[key].mail.id, outcome=outcome))


async def _insert(tx: Tx, placed: Sequence[_Placed]) -> None:
    if not placed:
        return
    now = tx.now
    await tx.many("mails/insert_emails", [_email_row(each, now) for each in placed])
    contents = [(e.mail.id, e.mail.payload, now) for e in placed if not e.mail.content_stored]
    await tx.many("mails/insert_contents", contents)
    if large := [each.mail.id for each in placed if each.mail.content_stored]:
        await tx.run("mails/drop_early_contents", ids=large)
    ended = {State.SUPPRESSED, State.SUPERSEDED}
    await erase_in_time(tx, [each.mail.id for each in placed if each.state in ended])
    await tx.many(
        "mails/insert_recipients",
        [
            (each.mail.id, pos, r.role, r.address, r.lookup,
             "suppressed" if r.lookup in each.suppressed else "open", r.status_hash)
            for each in placed
            for pos, r in enumerate(each.mail.recipients)
        ],
    )  # fmt: skip
    for each in placed:
        mail = each.mail
        facts = {"app": mail.app, "purpose": mail.purpose, "sender": each.lane.sender}
        tx.tell(NewEvent(EventType.EMAIL_ACCEPTED, mail.id, facts))
        if each.state is State.SUPERSEDED:
            tx.tell(_event(State.SUPERSEDED, mail.id))
        elif each.state is not State.QUEUED:
            tx.tell(_event(each.state, mail.id, reason=each.reason, due_at=mail.scheduled_at))


def _event(state: State, email_id: str, **facts: Any) -> NewEvent:
    data = {name: value for name, value in facts.items() if value is not None}
    return NewEvent(OF_STATE[state], email_id, data)


def _email_row(each: _Placed, now: int) -> tuple[Any, ...]:
    mail = each.mail
    return (
        mail.id,
        mail.app,
        mail.key_id,
        each.idempotency.endpoint if each.idempotency else None,
        each.idempotency.key if each.idempotency else None,
        each.lane.id,
        mail.pin,
        each.state.value,
        mail.purpose,
        mail.critical,
        mail.scheduled_at if each.state is State.SCHEDULED else None,
        mail.expires_at,
        now,
        now,
        mail.encoder,
        mail.supersede_key,
        mail.on_hold,
        mail.wait_until,
        each.reason,
        mail.sender,
        mail.subject,
    )
