"""Routes: what a failure closes and what opens it again, for all processes and over restarts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx
from mailproof.store.routes.lanes import settle_lanes
from mailproof.store.shapes import EVERY_SENDER, Closing, NewAttempt, Opening, Routing

__all__ = [
    "Refused",
    "Route",
    "close_route",
    "closed_routes",
    "is_outdated",
    "note_refusals",
    "open_route",
    "open_routes_tried",
    "start_routes",
    "take_fingerprint",
]

# "After n different mails within a minute."
_WINDOW_MS: Final = 60_000
# Three different mails in a row that a provider ended for a reason of their own: not their fault.
_SYSTEMIC_AFTER: Final = 3


class Route(msgspec.Struct, frozen=True):
    """As it stands in its table, in the order of the columns of the queries."""

    provider: str
    sender: str
    state: str
    systemic: bool
    reason: str | None
    severity: str
    failure: str | None
    since: int
    met: int
    refused: int
    last_refused: str | None
    probes: int
    next_probe_at: int | None

    @property
    def is_closed(self) -> bool:
        return self.state == "closed"


async def start_routes(tx: Tx, fingerprints: Mapping[str, str], routing: Routing) -> None:
    """Take up the configured providers: new ones get a route, those that are gone lose theirs.

    A changed fingerprint (another key, another base URL) makes the provider's closed routes due for
    a probe at once.
    """
    await tx.run("routes/forget_other_providers", providers=list(routing.order))
    for provider, fingerprint in fingerprints.items():
        await tx.run("routes/insert_route", provider=provider, sender=EVERY_SENDER, now=tx.now)
        await take_fingerprint(tx, provider, fingerprint)
    await settle_lanes(tx, routing)
    await tx.run("nodes/bump_version", name="routes")


async def take_fingerprint(tx: Tx, provider: str, fingerprint: str) -> bool:
    """Note it. True: it is a new one, so that closed routes are due for a probe at once."""
    return bool(
        await tx.run(
            "routes/take_fingerprint", provider=provider, fingerprint=fingerprint, now=tx.now
        )
    )


async def close_route(
    tx: Tx, closing: Closing, routing: Routing, *, systemic: bool = False, met: bool = True
) -> bool:
    """Close it, or count one more mail (`met`) that failed on it. True: it is newly closed.

    Does not settle the lanes: the caller does, once for all that it closed.
    """
    if closing.after > 1 and not await _often_enough(tx, closing):
        return False
    await tx.run(
        "routes/insert_route", provider=closing.provider, sender=closing.sender, now=tx.now
    )
    was = await _route(tx, closing.provider, closing.sender)
    newly = not was.is_closed or was.reason != closing.reason
    await tx.run(
        "routes/close_route",
        provider=closing.provider,
        sender=closing.sender,
        systemic=systemic,
        reason=closing.reason,
        severity=closing.severity,
        failure=closing.failure.decode(),
        met=int(met),
        since=was.since if was.is_closed else tx.now,
        probes=was.probes if was.is_closed else 0,
        next_probe_at=was.next_probe_at if was.is_closed else tx.now + routing.probe_interval_ms,
    )
    if newly:
        data = _facts(closing)
        if was.is_closed:
            data["was"] = was.reason
        if systemic:
            data["systemic"] = True
        tx.tell(NewEvent(EventType.ROUTE_CLOSED, data=data))
        await tx.run("nodes/bump_version", name="routes")
    return newly


async def is_outdated(tx: Tx, closing: Closing, attempt: NewAttempt) -> bool:
    """Did this attempt set out before the route was opened? What it met then is mended."""
    route = await tx.one("routes/route", Route, provider=closing.provider, sender=closing.sender)
    return route is not None and not route.is_closed and attempt.started_at < route.since


async def open_route(tx: Tx, provider: str, sender: str, *, actor: str = "") -> bool:
    """Open it. True: it was closed. Does not settle the lanes."""
    was = await tx.one("routes/route", Route, provider=provider, sender=sender)
    if was is None or not was.is_closed:
        return False
    await tx.run("routes/open_route", provider=provider, sender=sender, now=tx.now)
    data = {
        "provider": provider,
        "sender": sender,
        "reason": was.reason,
        "closed_s": round((tx.now - was.since) / 1000, 1),
        "met": was.met,
    }
    tx.tell(NewEvent(EventType.ROUTE_OPENED, data=data, actor=actor))
    await tx.run("nodes/bump_version", name="routes")
    return True


async def open_routes_tried(tx: Tx, tries: Sequence[tuple[Opening, int]]) -> bool:
    """Mails that set out after routes closed got past the gate: open both routes on their way.

    `tries`: with when each set out. Where the mails themselves were in doubt (a systemic refusal),
    only an accepted one opens. True: one was closed.
    """
    if not tries:
        return False
    closed = {(route.provider, route.sender): route for route in await closed_routes(tx)}
    opened = False
    for opening, started_at in tries if closed else ():
        for sender in (EVERY_SENDER, opening.sender):
            route = closed.get((opening.provider, sender))
            if route is None or started_at < route.since:
                continue
            if opening.accepted or not route.systemic:
                opened |= await open_route(tx, opening.provider, sender)
                del closed[opening.provider, sender]
    return opened


class Refused(msgspec.Struct, frozen=True):
    """A mail that a provider ended for a reason of its own, and what the third one would close."""

    email_id: str
    closing: Closing


async def note_refusals(tx: Tx, judged: Sequence[Opening | Refused], routing: Routing) -> bool:
    """Count the mails of a sender that a provider ended one after the other; three close the route.

    `judged`: in their order, with the accepted ones between. True: a route closed.
    """
    if not judged:
        return False
    counting = {
        (route.provider, route.sender) for route in await tx.all("routes/routes_refusing", Route)
    }
    closed = False
    for each in judged:
        if isinstance(each, Refused):
            counting.add((each.closing.provider, each.closing.sender))
            closed |= await _count_refused(tx, each, routing)
        elif (each.provider, each.sender) in counting:
            counting.remove((each.provider, each.sender))
            await tx.run("routes/reset_refused", provider=each.provider, sender=each.sender)
    return closed


async def _count_refused(tx: Tx, refused: Refused, routing: Routing) -> bool:
    closing = refused.closing
    names = {"provider": closing.provider, "sender": closing.sender}
    await tx.run("routes/insert_route", **names, now=tx.now)
    await tx.run("routes/count_refused", **names, email_id=refused.email_id)
    route = await _route(tx, closing.provider, closing.sender)
    # One that is closed for another reason stays so: a single mail's fault says nothing of it.
    if route.refused >= _SYSTEMIC_AFTER or route.systemic:
        return await close_route(tx, closing, routing, systemic=True)
    return False


async def closed_routes(tx: Tx) -> list[Route]:
    return await tx.all("routes/routes_closed", Route)


async def _route(tx: Tx, provider: str, sender: str) -> Route:
    route = await tx.one("routes/route", Route, provider=provider, sender=sender)
    if route is None:
        raise LookupError(f"The route {provider}/{sender} is not there.")
    return route


async def _often_enough(tx: Tx, closing: Closing) -> bool:
    since = max(closing.since, tx.now - _WINDOW_MS)
    mails = await tx.one("routes/count_failing_mails", int, provider=closing.provider, since=since)
    return (mails or 0) >= closing.after


def _facts(closing: Closing) -> dict[str, Any]:
    return {
        "provider": closing.provider,
        "sender": closing.sender,
        "reason": closing.reason,
        "severity": closing.severity,
        "failure": json.loads(closing.failure),
    }
