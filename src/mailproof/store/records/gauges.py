"""How things stand at this moment, in few queries along indexes: what is measured, not counted."""

from typing import Final

import msgspec

from mailproof.store.base import Tx
from mailproof.store.records.feedback import FeedbackHealth, feedback_health
from mailproof.store.records.totals import Total, totals

__all__ = [
    "FEEDBACK_MS",
    "OTHER_SENDERS",
    "SENDERS_MAX",
    "CursorGauge",
    "Gauges",
    "NodeGauge",
    "RouteGauge",
    "WaitingGauge",
    "read_gauges",
]

# Of more senders, closed routes come first, and the rest is one.
SENDERS_MAX: Final = 100
OTHER_SENDERS: Final = "other"
# How far back providers are judged by what they told of mails.
FEEDBACK_MS: Final = 86_400_000


class WaitingGauge(msgspec.Struct, frozen=True):
    """Mail in one state and of one purpose. `since`: how long the first of it has waited."""

    state: str
    purpose: str
    count: int
    since: int | None


class RouteGauge(msgspec.Struct, frozen=True):
    """`sender` `*`: all of the provider; `other`: those beyond `SENDERS_MAX`. `since`, `reason`:
    of a closed one."""

    provider: str
    sender: str
    is_open: bool
    since: int | None
    reason: str | None


class NodeGauge(msgspec.Struct, frozen=True):
    """A process that has said that it lives, at `seen_at` for the last time. `sends`: its role now,
    not the one that it might take over."""

    host: str
    role: str
    sends: bool
    seen_at: int


class CursorGauge(msgspec.Struct, frozen=True):
    """A follower of the event log. `behind`: so many events at most. `next_at`: when the first of
    them happened, None: there is none. `error`: empty, unless it stands still."""

    name: str
    error: str
    behind: int
    next_at: int | None


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. Times in UTC milliseconds."""

    now: int
    totals: tuple[Total, ...]
    waiting: tuple[WaitingGauge, ...]
    routes: tuple[RouteGauge, ...]
    nodes: tuple[NodeGauge, ...]
    cursors: tuple[CursorGauge, ...]
    feedback: tuple[FeedbackHealth, ...]


async def read_gauges(tx: Tx) -> Gauges:
    """All of it, in five queries."""
    pulse = await tx.all("records/pulse", _beat)
    return Gauges(
        now=tx.now,
        totals=tuple(await totals(tx)),
        waiting=tuple(await tx.all("records/waiting_by_purpose", WaitingGauge)),
        routes=tuple(await tx.all("records/routes_shown", _route, most=SENDERS_MAX)),
        nodes=tuple(each for each in pulse if isinstance(each, NodeGauge)),
        cursors=tuple(each for each in pulse if isinstance(each, CursorGauge)),
        feedback=await feedback_health(tx, tx.now - FEEDBACK_MS),
    )


def _beat(kind: str, name: str, more: str, number: int, at: int | None) -> NodeGauge | CursorGauge:
    if kind == "node":
        return NodeGauge(name, more, bool(number), at or 0)
    return CursorGauge(name, more, number, at)


def _route(
    provider: str, sender: str, is_open: int, since: int | None, reason: str | None
) -> RouteGauge:
    return RouteGauge(provider, sender, bool(is_open), since, reason)
