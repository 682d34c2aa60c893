"""Claiming: lease what may go now: critical first, then what expires first, then by arrival.

The claim meets every waiting mail once: what has expired ends here, and what waits in a closed lane
is put aside as `held`, so that nothing is rewritten in bulk when a lane closes.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import ENDS, State
from mailproof.store.base import NewEvent, Tx
from mailproof.store.mails.erasing import erase_in_time
from mailproof.store.routes.lanes import Lane, finish_release, lanes_by_id
from mailproof.store.shapes import Claimed, Content

__all__ = ["any_queued", "claim", "claim_probe", "claim_queued_probe", "contents"]

# 2 ** 20 mails: by then the ramp is no limit any more.
_RAMP_DOUBLINGS_MAX: Final = 20


class _Row(msgspec.Struct, frozen=True):
    """In the order of the columns that every claiming query returns."""

    id: str
    seq: int
    state: str
    app: str
    lane_id: int
    provider: str | None
    purpose: str
    critical: bool
    created_at: int
    expires_at: int
    lease_no: int
    probe: bool
    unknown_since: int | None
    epoch: int
    tries: int
    encoder: int
    on_hold: str
    reason: str | None
    pin: str


async def claim(  # noqa: PLR0913 - who takes how much of what
    tx: Tx, *, provider: str, most: int, node: str, lease_ms: int, critical_only: bool = False
) -> list[Claimed]:
    """Lease up to `most` mails that `provider` may carry now.

    Those in the list with another state than `sending` were met on the way: `held` in a closed lane
    (`canceled`, where a caller still waits who wants no promise), or `expired`. Fewer than `most`
    in all: nothing more is there to claim.
    """
    values: dict[str, Any] = {
        "now": tx.now,
        "node": node,
        "leased_until": tx.now + lease_ms,
        "critical_only": critical_only,
    }
    rows: list[_Row] = []
    if most > 0:
        for lane in await tx.all("routes/releasing_lanes", Lane, provider=provider):
            rows += await _release(tx, lane, most - len(rows), values)
    if len(rows) < most:
        rows += await tx.all(
            "mails/claim", _Row, provider=provider, most=most - len(rows), **values
        )
    if refused := [row.id for row in rows if row.state == State.CANCELED]:
        await tx.run("mails/free_keys", ids=refused)
    await erase_in_time(tx, [row.id for row in rows if row.critical and row.state in ENDS])
    return await _claimed(tx, rows)


async def claim_probe(
    tx: Tx, *, provider: str, sender: str, node: str, lease_ms: int
) -> Claimed | None:
    """Lease the most urgent held mail that would try this closed route; None: there is none.

    `sender` `*`: of any sender whose own route there is not closed too.
    """
    rows = await tx.all(
        "mails/claim_probe",
        _Row,
        provider=provider,
        sender=sender,
        now=tx.now,
        node=node,
        leased_until=tx.now + lease_ms,
    )
    claimed = await _claimed(tx, rows)
    return claimed[0] if claimed else None


async def claim_queued_probe(
    tx: Tx, *, provider: str, sender: str, node: str, lease_ms: int
) -> Claimed | None:
    """As `claim_probe`, where nothing is held because another provider carries the mail: lease the
    most urgent queued one for this provider."""
    rows = await tx.all(
        "mails/claim_queued_probe",
        _Row,
        provider=provider,
        sender=sender,
        now=tx.now,
        node=node,
        leased_until=tx.now + lease_ms,
    )
    claimed = await _claimed(tx, rows)
    return claimed[0] if claimed else None


async def any_queued(tx: Tx) -> bool:
    """May there be something to claim? Cheaper than claiming to find out."""
    return bool(await tx.one("mails/any_queued", bool))


async def contents(tx: Tx, ids: Sequence[str]) -> dict[str, Content]:
    """What to send, and whom of its recipients to leave out."""
    settled: dict[str, list[str]] = {}
    for email_id, address in await tx.all("mails/settled_recipients", lambda *row: row, ids=ids):
        settled.setdefault(email_id, []).append(address)
    return {
        email_id: Content(email_id, payload, tuple(settled.get(email_id, ())))
        for email_id, payload in await tx.all("mails/payloads", lambda *row: row, ids=ids)
    }


async def _release(tx: Tx, lane: Lane, most: int, values: dict[str, Any]) -> list[_Row]:
    """Held mails of an opened lane: one at once, two in all after a second, then four, eight …"""
    elapsed_s = (tx.now - (lane.release_began_at or tx.now)) / 1000
    allowed = int(2 ** min(elapsed_s, _RAMP_DOUBLINGS_MAX)) - lane.released
    count = min(most, allowed)
    if count <= 0:
        return []
    rows = await tx.all("mails/claim_held", _Row, lane_id=lane.id, most=count, **values)
    if rows:
        gone = sum(row.state == State.SENDING for row in rows)
        await tx.run("routes/count_released", id=lane.id, count=gone)
    if len(rows) < count:
        await finish_release(tx, lane)
    return rows


async def _claimed(tx: Tx, rows: Sequence[_Row]) -> list[Claimed]:
    if not rows:
        return []
    lanes = await lanes_by_id(tx, (row.lane_id for row in rows))
    ordered = sorted(rows, key=lambda row: (not row.critical, row.expires_at, row.seq))
    claimed = [_with_lane(row, lanes[row.lane_id]) for row in ordered]
    for mail in claimed:
        tx.tell(_met(mail))
    return claimed


def _with_lane(row: _Row, lane: Lane) -> Claimed:
    second = None
    if row.provider == lane.provider:
        second = lane.second
    elif row.probe:
        second = lane.provider
    # Who carries it as the second choice has none behind it: two that are both down would hand it
    # to and fro without a pause.
    return Claimed(
        id=row.id,
        seq=row.seq,
        state=row.state,
        app=row.app,
        lane_id=row.lane_id,
        lane_sender=lane.sender,
        pin=row.pin,
        provider=row.provider,
        second=second,
        purpose=row.purpose,
        critical=bool(row.critical),
        created_at=row.created_at,
        expires_at=row.expires_at,
        lease_no=row.lease_no,
        probe=bool(row.probe),
        unknown_since=row.unknown_since,
        epoch=row.epoch,
        tries=row.tries,
        encoder=row.encoder,
        on_hold=row.on_hold,
        reason=row.reason,
    )


def _met(mail: Claimed) -> NewEvent:
    if mail.state == State.SENDING:
        data: dict[str, Any] = {"provider": mail.provider, "attempt": mail.lease_no}
        if mail.probe:
            data["probe"] = True
        return NewEvent(EventType.EMAIL_SENDING, mail.id, data)
    data = {"purpose": mail.purpose, "critical": mail.critical, "sender": mail.lane_sender}
    if mail.reason:
        data["reason"] = mail.reason
    return NewEvent(OF_STATE[State(mail.state)], mail.id, data)
