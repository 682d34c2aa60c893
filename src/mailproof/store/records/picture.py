"""What a person may have to be told about, as it stands at one moment."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailproof.store.base import Tx
from mailproof.store.shapes import LaneState

__all__ = [
    "COUNT_MAX",
    "ClosedLane",
    "ClosedRoute",
    "CriticalWaiting",
    "OpenAlert",
    "Picture",
    "Refused",
    "critical_stopped",
    "critical_waiting",
    "open_alerts",
    "routes_closed",
    "take_picture",
]

# Waiting mails are counted up to here: a message need not know how many more than this it is.
COUNT_MAX: Final = 10_000
# How many waiting critical mails are looked at in each state: of more, the first to expire.
_LOOKED_AT: Final = 2_000
# An app that tries again within an hour is still the same trouble.
REFUSED_FOR_MS: Final = 3_600_000
# How far back alerts that came and went are remembered.
_FLAPPING_MS: Final = 3_600_000


class ClosedRoute(msgspec.Struct, frozen=True):
    """`failure`: what closed it, JSON, redacted. `met`: mails that failed on it since it closed.

    `waiting`: mails held that it could carry, at most `COUNT_MAX`. `carrier`: another provider, by
    which all mail goes meanwhile that is not bound to this one.
    """

    provider: str
    sender: str
    reason: str
    severity: str
    failure: str | None
    since: int
    met: int
    waiting: int
    carrier: str | None = None

    @property
    def carried_by(self) -> str | None:
        """The provider that carries its mail, so that nothing is stopped; None: something is."""
        return None if self.waiting else self.carrier


class ClosedLane(msgspec.Struct, frozen=True):
    """Closed, and no route of it is: no provider is configured that could carry it."""

    sender: str
    reason: str | None
    since: int
    waiting: int


class CriticalWaiting(msgspec.Struct, frozen=True):
    """Critical mail that waits in lanes of one kind. `explained`: a closed route holds it up.

    `late`: those that have waited too long; `oldest`: since when the first of all has waited. What
    waits for its lane counts from when the lane opened, scheduled mail from when it was due.
    """

    lane_state: str
    explained: bool
    count: int
    late: int
    oldest: int


class Refused(msgspec.Struct, frozen=True):
    """Requests with a wrong key within the last hour, from one client or in one app's name; or an
    app's mails whose From is no sender. `message`: what was answered, redacted."""

    kind: str
    app: str
    client: str
    path: str
    name: str
    message: str
    count: int
    first_at: int
    last_at: int


class OpenAlert(msgspec.Struct, frozen=True):
    """An alert that is not resolved. `recent`: how often it came and went within the last hour."""

    id: int
    name: str
    about: str
    severity: str
    opened_at: int
    changed_at: int
    count: int
    facts: str
    recent: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Times in UTC milliseconds."""

    now: int
    routes: tuple[ClosedRoute, ...] = ()
    lanes: tuple[ClosedLane, ...] = ()
    critical: tuple[CriticalWaiting, ...] = ()
    refused: tuple[Refused, ...] = ()
    alerts: tuple[OpenAlert, ...] = ()


def critical_stopped(waiting: Sequence[CriticalWaiting]) -> bool:
    """Does critical mail wait, and has none of it a way out?"""
    return bool(waiting) and all(each.lane_state == LaneState.CLOSED for each in waiting)


async def take_picture(tx: Tx, late_after_ms: int) -> Picture:
    """All of it, from one view of the database. Critical mail is late after `late_after_ms`."""
    return Picture(
        now=tx.now,
        routes=tuple(await routes_closed(tx)),
        lanes=tuple(await tx.all("records/lanes_unexplained", ClosedLane, count_max=COUNT_MAX)),
        critical=tuple(await critical_waiting(tx, late_after_ms)),
        refused=tuple(
            await tx.all(
                "records/refused_keys", Refused, minute=(tx.now - REFUSED_FOR_MS) // 60_000
            )
        ),
        alerts=tuple(await open_alerts(tx)),
    )


async def open_alerts(tx: Tx) -> list[OpenAlert]:
    """Those not resolved, in the order in which they were opened."""
    return await tx.all("records/open_alerts", OpenAlert, resolved_after=tx.now - _FLAPPING_MS)


async def routes_closed(tx: Tx) -> list[ClosedRoute]:
    """Every closed route with what waits for it, the longest closed first."""
    return await tx.all("records/routes_with_waiting", ClosedRoute, count_max=COUNT_MAX)


async def critical_waiting(tx: Tx, late_after_ms: int) -> list[CriticalWaiting]:
    """Critical mail that waits, by the kind of lane that it waits in."""
    return await tx.all(
        "records/critical_waiting",
        CriticalWaiting,
        late_before=tx.now - late_after_ms,
        most=_LOOKED_AT,
    )
