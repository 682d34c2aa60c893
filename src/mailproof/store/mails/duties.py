"""What time alone does to mail: due, expired, forgotten by a node that died, erased at last.

Each function does at most `most` mails in one transaction and says how many, so that the caller can
come back for the rest and nobody else waits long.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import Json, NewEvent, Tx
from mailproof.store.console.minutes import sweep_minutes
from mailproof.store.mails.erasing import (
    erase,
    erase_in_time,
    erase_orphans,
    erase_what_is_over,
)
from mailproof.store.mails.feedback import settle_parked
from mailproof.store.mails.finding import place_of
from mailproof.store.mails.orphans import Orphan, orphan_row
from mailproof.store.records.feedback import count_feedback
from mailproof.store.routes.lanes import ensure_lane, lanes_by_id
from mailproof.store.shapes import Routing

__all__ = [
    "Removed",
    "RemovedSeldom",
    "end_pinned_to_removed",
    "expire",
    "free_unknown",
    "recover_leases",
    "resend_unconfirmed",
    "sweep",
    "sweep_seldom",
    "wake_due",
]


_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS


class _Ended(msgspec.Struct, frozen=True):
    id: str
    purpose: str
    critical: bool
    was: str
    reason: str | None
    unknown_since: int | None


class Removed(msgspec.Struct, frozen=True):
    """What a sweep took away."""

    contents: int
    keys: int


class RemovedSeldom(msgspec.Struct, frozen=True):
    """What a seldom sweep took away."""

    orphans: int
    refusals: int
    inbox_events: int
    checks: int
    alerts: int
    mails: int
    minutes: int


async def wake_due(tx: Tx, most: int) -> int:
    """Scheduled and deferred mails whose time has come are queued."""
    woken = await tx.all("mails/wake_due", lambda *row: row, now=tx.now, most=most)
    for email_id, was in woken:
        # A deferred mail's event has said when it would go on; a scheduled one begins only now.
        if was == State.SCHEDULED:
            tx.tell(NewEvent(EventType.EMAIL_QUEUED, email_id, {"why": "scheduled"}))
    return len(woken)


async def expire(tx: Tx, most: int, routing: Routing) -> int:
    """Waiting mails past their expiry end, and unconfirmed ones that no provider remembers."""
    ended = await tx.all("mails/expire", _Ended, now=tx.now, most=most)
    longest = max((ttl or 0 for ttl in routing.key_ttl_ms.values()), default=0)
    ended += await tx.all(
        "mails/expire_unconfirmed", _Ended, now=tx.now, before=tx.now - longest, most=most
    )
    await erase_in_time(tx, [mail.id for mail in ended if mail.critical])
    for mail in ended:
        data: dict[str, Any] = {
            "purpose": mail.purpose,
            "critical": bool(mail.critical),
            "was": mail.was,
        }
        if mail.reason:
            data["reason"] = mail.reason
        if mail.unknown_since:
            data["outcome"] = "unknown"
        tx.tell(NewEvent(EventType.EMAIL_EXPIRED, mail.id, data))
    return len(ended)


async def recover_leases(
    tx: Tx, most: int, routing: Routing, *, dead: Collection[str] | None = None
) -> int:
    """Mails whose lease ran out, or (`dead`) that the named nodes held: the outcome is unknown.

    Each goes on at once, at the provider that may have it and only there, under the same key. Where
    that provider knows no keys, it is `unconfirmed` if it had begun to go out, and is queued as if
    it had never been claimed if it had not. `dead` empty means every node that leased.
    """
    if dead is None:
        orphans = await tx.all("mails/lost_leases", Orphan, now=tx.now, most=most)
    else:
        orphans = await tx.all("mails/leases_of_dead", Orphan, nodes=sorted(dead), most=most)
    if not orphans:
        return 0
    lanes = await lanes_by_id(tx, (orphan.lane_id for orphan in orphans))
    rows = []
    for orphan in orphans:
        to, lane_id = _standing_of(orphan, routing), orphan.lane_id
        told: dict[str, Any] = {"why": "not_begun"}
        if to is not State.QUEUED:
            lane = await ensure_lane(tx, lanes[lane_id].sender, orphan.provider, routing)
            lane_id, told = lane.id, {"outcome": "unknown"}
        rows.append([orphan.id, orphan.lease_no, to.value, tx.now, lane_id])
        data = {"attempt": orphan.lease_no, "provider": orphan.provider, "node": orphan.leased_by}
        tx.tell(NewEvent(EventType.EMAIL_LEASE_LOST, orphan.id, data))
        tx.tell(NewEvent(OF_STATE[to], orphan.id, {**data, **told}))
    begun = [each for each, row in zip(orphans, rows, strict=True) if row[2] != State.QUEUED]
    await tx.many("mails/insert_attempts", [orphan_row(orphan, tx.now) for orphan in begun])
    recovered = await tx.run("mails/recover", rows=Json(rows), now=tx.now)
    _, counted = await settle_parked(tx, [orphan.id for orphan in orphans])
    await count_feedback(tx, counted)
    return recovered


def _standing_of(orphan: Orphan, routing: Routing) -> State:
    """A provider that is not configured any more may have known keys or not: nobody knows."""
    if orphan.provider in routing.key_ttl_ms:
        if routing.key_ttl_ms[orphan.provider] is not None:
            return State.DEFERRED
        if orphan.begun != orphan.lease_no:
            return State.QUEUED
    return State.UNCONFIRMED


async def resend_unconfirmed(tx: Tx, purposes: Sequence[str], most: int, routing: Routing) -> int:
    """`on_unknown = resend`: two copies are harmless for these purposes, none is not."""
    mails = await tx.all(
        "mails/unconfirmed_of", Orphan, purposes=list(purposes), now=tx.now, most=most
    )
    if not mails:
        return 0
    lanes = await lanes_by_id(tx, (mail.lane_id for mail in mails))
    rows = []
    for mail in mails:
        lane = await ensure_lane(tx, lanes[mail.lane_id].sender, mail.pin, routing)
        rows.append([mail.id, lane.id])
        tx.tell(
            NewEvent(EventType.EMAIL_QUEUED, mail.id, {"why": "on_unknown", "may_double": True})
        )
    return await tx.run("mails/resend", rows=Json(rows), now=tx.now)


async def free_unknown(tx: Tx, purposes: Sequence[str], most: int, routing: Routing) -> int:
    """Mails of these purposes that are held, because one provider may have them and is closed,
    while another is open: two copies are harmless for them, none is not. They go the other way."""
    mails = await tx.all(
        "mails/held_unknown_of", Orphan, purposes=list(purposes), now=tx.now, most=most
    )
    lanes = await lanes_by_id(tx, (mail.lane_id for mail in mails))
    rows = []
    for mail in mails:
        lane = await ensure_lane(tx, lanes[mail.lane_id].sender, mail.pin, routing)
        if not lane.is_closed:
            rows.append([mail.id, lane.id])
            data = {"why": "on_unknown", "may_double": True}
            tx.tell(NewEvent(EventType.EMAIL_QUEUED, mail.id, data))
    return await tx.run("mails/free_held", rows=Json(rows), now=tx.now) if rows else 0


async def end_pinned_to_removed(tx: Tx, most: int, routing: Routing) -> int:
    """Waiting mails bound to a provider that is not configured any more can never go."""
    rows = await tx.all(
        "mails/fail_pinned", lambda *row: row, providers=list(routing.order), now=tx.now, most=most
    )
    for email_id, pin in rows:
        data = {"reason": "configuration_invalid", "provider": pin, "why": "provider_removed"}
        tx.tell(NewEvent(EventType.EMAIL_FAILED, email_id, data))
    if rows:
        ids = [email_id for email_id, _ in rows]
        await tx.run("mails/free_keys", ids=ids)
        await erase_in_time(tx, ids)
    return len(rows)


async def sweep(tx: Tx, most: int, *, contents_ms: int) -> Removed:
    """Erase what comes with every mail: contents `contents_ms` after its end, what critical mails
    said as soon as nobody needs it, keys after a day. At most `most` of each."""
    return Removed(
        contents=await tx.run("mails/sweep_contents", before=tx.now - contents_ms, most=most)
        + await erase_what_is_over(tx, most),
        keys=await tx.run("mails/sweep_keys", now=tx.now, most=most),
    )


async def sweep_seldom(tx: Tx, most: int, *, mails_ms: int) -> RemovedSeldom:
    """Erase what is kept for days: mails `mails_ms` after their end, and what no mail needs.
    At most `most` of each.

    What happened to a mail, the events tell on: they are for the audit.
    """
    return RemovedSeldom(
        orphans=await erase_orphans(tx, most, before=tx.now - _HOUR_MS),
        refusals=await tx.run("records/sweep_refusals", before=tx.now - 30 * _DAY_MS, most=most),
        inbox_events=await tx.run(
            "records/sweep_inbox_events", before=tx.now - 7 * _DAY_MS, most=most
        ),
        checks=await tx.run("records/sweep_checks", before=tx.now - 30 * _DAY_MS, most=most),
        alerts=await _sweep_alerts(tx, most),
        mails=await _sweep_mails(tx, most, tx.now - mails_ms),
        minutes=await sweep_minutes(tx, most),
    )


async def _sweep_alerts(tx: Tx, most: int) -> int:
    before = tx.now - 90 * _DAY_MS
    ids = await tx.all("records/sweep_alerts", int, before=before, most=most)
    if ids:
        await tx.run("records/drop_alert_messages", ids=ids)
    return len(ids)


async def _sweep_mails(tx: Tx, most: int, before: int) -> int:
    # No index knows when a mail ended, but none has before it came: only those are looked at that
    # came long ago, and whoever still waits among them keeps nobody behind it.
    if not (below := await place_of(tx, before)):
        return 0
    ids = await tx.all("mails/sweep_mails", str, before=before, below=below, most=most)
    if ids:
        for query in ("mails/drop_recipients", "mails/drop_attempts"):
            await tx.run(query, ids=ids)
        await erase(tx, ids)
    return len(ids)
