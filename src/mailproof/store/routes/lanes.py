"""Lanes: what a mail waits in. Each says who may carry its mail now, or why nobody may."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx
from mailproof.store.shapes import EVERY_SENDER, LaneState, Routing

__all__ = [
    "OTHER_SENDERS",
    "Lane",
    "begin_release_anew",
    "ensure_lane",
    "finish_release",
    "known_senders",
    "lanes_by_id",
    "settle_lanes",
]

# From domains beyond this many share one lane: an app that invents senders cannot fill the disk.
LANES_MAX: Final = 10_000
OTHER_SENDERS: Final = "(others)"


class Lane(msgspec.Struct, frozen=True):
    """As it stands in its table, in the order of the columns of the queries."""

    id: int
    sender: str
    pin: str
    state: str
    provider: str | None
    second: str | None
    reason: str | None
    since: int
    release_began_at: int | None
    released: int

    @property
    def is_closed(self) -> bool:
        return self.state == LaneState.CLOSED


class _ClosedRoute(msgspec.Struct, frozen=True):
    provider: str
    sender: str
    reason: str
    severity: str


async def ensure_lane(tx: Tx, sender: str, pin: str, routing: Routing) -> Lane:
    """The lane of this sender and pin, made when it is the first mail of its kind."""
    if lane := await tx.one("routes/lane", Lane, sender=sender, pin=pin):
        return lane
    if sender != OTHER_SENDERS and (await tx.one("routes/count_lanes", int) or 0) >= LANES_MAX:
        return await ensure_lane(tx, OTHER_SENDERS, pin, routing)
    await tx.run("routes/insert_lane", sender=sender, pin=pin, now=tx.now)
    lane = await tx.one("routes/lane", Lane, sender=sender, pin=pin)
    if lane is None:
        raise LookupError(f"The lane {sender!r} was inserted and is not there.")
    (settled,) = await settle_lanes(tx, routing, [lane])
    return settled


async def lanes_by_id(tx: Tx, ids: Iterable[int]) -> Mapping[int, Lane]:
    return {
        lane.id: lane for lane in await tx.all("routes/lanes_by_id", Lane, ids=sorted(set(ids)))
    }


async def known_senders(tx: Tx) -> frozenset[str]:
    """From whom mail has been accepted."""
    return frozenset(await tx.all("routes/known_senders", str))


async def settle_lanes(tx: Tx, routing: Routing, lanes: Sequence[Lane] | None = None) -> list[Lane]:
    """Choose anew who carries each lane (None: all lanes), after routes opened or closed.

    The first open provider by preference, and the next one for a mail that the first has refused.
    A lane that opens again begins to release what it held.
    """
    if lanes is None:
        lanes = await tx.all("routes/lanes", Lane)
    closed: dict[tuple[str, str], _ClosedRoute] = {
        (route.provider, route.sender): route
        for route in await tx.all("routes/closed_routes", _ClosedRoute)
    }
    settled = []
    for lane in lanes:
        wanted = _settled(lane, routing.order, closed, tx.now)
        if wanted != lane:
            await tx.run(
                "routes/update_lane",
                id=lane.id,
                state=wanted.state,
                provider=wanted.provider,
                second=wanted.second,
                reason=wanted.reason,
                since=wanted.since,
                release_began_at=wanted.release_began_at,
                released=wanted.released,
            )
            _tell(tx, lane, wanted)
        settled.append(wanted)
    return settled


def _settled(
    lane: Lane,
    order: Sequence[str],
    closed: Mapping[tuple[str, str], _ClosedRoute],
    now: int,
) -> Lane:
    candidates = [name for name in order if lane.pin in {"", name}]
    shut = {
        name: route
        for name in candidates
        if (route := closed.get((name, EVERY_SENDER)) or closed.get((name, lane.sender)))
    }
    usable = [name for name in candidates if name not in shut]
    if not usable:
        first = next((shut[name] for name in candidates), None)
        reason = first.reason if first else "credentials_missing"
        since = lane.since if lane.is_closed else now
        return msgspec.structs.replace(
            lane,
            state=LaneState.CLOSED.value,
            provider=None,
            second=None,
            reason=reason,
            since=since,
            release_began_at=None,
            released=0,
        )
    provider, second = usable[0], usable[1] if len(usable) > 1 else None
    if not lane.is_closed:
        return msgspec.structs.replace(lane, provider=provider, second=second)
    return msgspec.structs.replace(
        lane,
        state=LaneState.RELEASING.value,
        provider=provider,
        second=second,
        reason=None,
        since=now,
        release_began_at=now,
        released=0,
    )


def _tell(tx: Tx, was: Lane, lane: Lane) -> None:
    if was.state == lane.state and was.reason == lane.reason:
        return
    kind = {
        LaneState.CLOSED: EventType.LANE_CLOSED,
        LaneState.RELEASING: EventType.LANE_RELEASING,
        LaneState.OPEN: EventType.LANE_OPENED,
    }[LaneState(lane.state)]
    data = {
        "sender": lane.sender,
        "pin": lane.pin,
        "provider": lane.provider,
        "reason": lane.reason,
    }
    tx.tell(NewEvent(kind, data={name: value for name, value in data.items() if value}))


async def finish_release(tx: Tx, lane: Lane) -> None:
    """Nothing held is left in it: from now on it is simply open."""
    if await tx.run("routes/finish_release", id=lane.id, now=tx.now):
        opened = msgspec.structs.replace(lane, state=LaneState.OPEN.value)
        _tell(tx, lane, opened)


async def begin_release_anew(tx: Tx, provider: str) -> None:
    """A failure at this provider while lanes release: back to one mail, then two, four …"""
    await tx.run("routes/begin_release_anew", provider=provider, now=tx.now)
