"""Closing a route by hand, for as long as a person wants.

What a route's state says of its provider goes on beneath: failures close it and mail that gets
through opens it, but no mail is sent that way before the same hand lets it.
"""

from typing import Final

import msgspec

from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx
from mailproof.store.routes.breakers import Route
from mailproof.store.routes.lanes import known_senders, settle_lanes
from mailproof.store.shapes import EVERY_SENDER, Routing

__all__ = ["NOTE_MAX", "pause", "resume"]

# Characters of a note that are kept.
NOTE_MAX: Final = 500


class _Paused(msgspec.Struct, frozen=True):
    """In the order of the columns of `routes/paused`."""

    at: int
    actor: str
    note: str
    state: str


async def pause(  # noqa: PLR0913 - which route, of which, by whom and why
    tx: Tx, provider: str, sender: str, routing: Routing, *, actor: str, note: str
) -> bool:
    """Close it for all mail until somebody resumes it; its mail goes by another provider, or is
    held. False: there is no such route, or it is paused already.

    `sender` `*`: all of the provider. A paused route is not probed, and nothing but `resume` opens
    it: no health check, no new key, no mail that was under way, no reopening. No alert is opened
    for it. `note`: why, for the others; redacted.
    """
    if not await _may_be(tx, provider, sender):
        return False
    await tx.run("routes/insert_route", provider=provider, sender=sender, now=tx.now)
    note = redact_text(note.strip())[:NOTE_MAX]
    values = {"actor": actor, "note": note, "now": tx.now}
    if not await tx.run("routes/pause", provider=provider, sender=sender, **values):
        return False
    await settle_lanes(tx, routing)
    data = {"provider": provider, "sender": sender} | ({"note": note} if note else {})
    tx.tell(NewEvent(EventType.ROUTE_PAUSED, data=data, actor=actor))
    await tx.run("nodes/bump_version", name="routes")
    return True


async def resume(tx: Tx, provider: str, sender: str, routing: Routing, *, actor: str) -> bool:
    """Let mail go by it again: what waits is released, a little at first. Where a failure has
    closed it too, it is probed at once. False: it is not paused.
    """
    was = await tx.one("routes/paused", _Paused, provider=provider, sender=sender)
    if was is None:
        return False
    await tx.run("routes/resume", provider=provider, sender=sender, now=tx.now)
    await settle_lanes(tx, routing)
    data = {
        "provider": provider,
        "sender": sender,
        "state": was.state,
        "paused_s": round((tx.now - was.at) / 1000, 1),
        "paused_by": was.actor,
    }
    tx.tell(NewEvent(EventType.ROUTE_RESUMED, data=data, actor=actor))
    await tx.run("nodes/bump_version", name="routes")
    return True


async def _may_be(tx: Tx, provider: str, sender: str) -> bool:
    """Is the provider one of ours, and the sender one from whom mail has come?"""
    if await tx.one("routes/route", Route, provider=provider, sender=sender) is not None:
        return True
    whole = await tx.one("routes/route", Route, provider=provider, sender=EVERY_SENDER)
    return whole is not None and sender in await known_senders(tx)
