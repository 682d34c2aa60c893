"""The routes as an operator sees them: which are closed, why, and how much mail waits for each."""

from collections.abc import Sequence

import msgspec

from mailproof.store.base import Tx
from mailproof.store.records.picture import COUNT_MAX, ClosedLane, routes_closed
from mailproof.store.routes.breakers import open_route
from mailproof.store.routes.lanes import settle_lanes
from mailproof.store.shapes import EVERY_SENDER, PAUSED, Routing

__all__ = [
    "Board",
    "OtherProviders",
    "RouteShown",
    "board",
    "refuse_other_providers",
    "reopen",
    "routes_meant",
]


class OtherProviders(ValueError):
    """The store sends through providers that this configuration does not name.

    Whoever moved routes or mail under it would leave what waits with nobody to carry it.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = tuple(missing)


class RouteShown(msgspec.Struct, frozen=True, kw_only=True):
    """One route. `sender` `*`: all of the provider. Times in UTC milliseconds.

    `failure`: what closed it, JSON, redacted. `waiting`: held mails that it could carry, counted
    up to `COUNT_MAX`. `paused_at`: a person (`paused_by`) has closed it then, and said why in
    `paused_note`: its reason is `paused`, and `beneath` is what a failure has closed it for
    besides.
    """

    provider: str
    sender: str
    state: str
    reason: str | None
    since: int
    waiting: int
    next_probe_at: int | None
    failure: str | None
    paused_at: int | None = None
    paused_by: str = ""
    paused_note: str = ""
    beneath: str | None = None


class _Row(msgspec.Struct, frozen=True):
    """In the order of the columns of `routes/routes_all`."""

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
    paused_at: int | None
    paused_by: str
    paused_note: str


class Board(msgspec.Struct, frozen=True):
    """`stranded`: closed lanes that no configured provider could carry."""

    routes: tuple[RouteShown, ...]
    stranded: tuple[ClosedLane, ...]


async def board(tx: Tx) -> Board:
    """All routes, by provider and sender."""
    waiting = {(each.provider, each.sender): each.waiting for each in await routes_closed(tx)}
    rows = await tx.all("routes/routes_all", _Row)
    stopped = {row.provider for row in rows if row.paused_at and row.sender == EVERY_SENDER}
    stranded = await tx.all("records/lanes_unexplained", ClosedLane, count_max=COUNT_MAX)
    shown = (
        _shown(row, waiting.get((row.provider, row.sender), 0), row.provider in stopped)
        for row in rows
    )
    return Board(tuple(shown), tuple(stranded))


def _shown(row: _Row, waiting: int, all_paused: bool) -> RouteShown:  # noqa: FBT001
    closed, paused = row.state == "closed", row.paused_at is not None
    return RouteShown(
        provider=row.provider,
        sender=row.sender,
        state="closed" if paused else row.state,
        reason=PAUSED if paused else row.reason,
        since=row.since if row.paused_at is None else row.paused_at,
        waiting=waiting,
        # What is paused, or all of whose provider is, nobody probes.
        next_probe_at=row.next_probe_at if closed and not paused and not all_paused else None,
        failure=row.failure if closed else None,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
        paused_note=row.paused_note,
        beneath=row.reason if closed and paused else None,
    )


async def refuse_other_providers(tx: Tx, configured: Sequence[str]) -> None:
    """Raises `OtherProviders`: somebody with another configuration sends from this store."""
    _refuse_other_providers((await board(tx)).routes, configured)


async def reopen(
    tx: Tx, name: str, routing: Routing, *, actor: str
) -> tuple[RouteShown, ...] | None:
    """Open the closed routes that `name` means, whatever closed them, and release what waits.

    `name`: a provider, or `provider/sender` for one sender there. Returns the routes that were
    closed; None: there is no such route. A paused one (`paused_at`) is among them and stays closed:
    only who resumes it opens it. Raises `OtherProviders`: then nothing was opened.
    """
    meant = await routes_meant(tx, name, routing.order)
    if not meant:
        return None
    closed = tuple(route for route in meant if route.state == "closed")
    mendable = [route for route in closed if route.paused_at is None]
    for route in mendable:
        await open_route(tx, route.provider, route.sender, actor=actor)
    if mendable:
        await settle_lanes(tx, routing)
    return closed


async def routes_meant(tx: Tx, name: str, configured: Sequence[str]) -> list[RouteShown]:
    """Those that `name` means: all of a provider, or with `provider/sender` one of them; none:
    there is no such route. Raises `OtherProviders`."""
    routes = (await board(tx)).routes
    _refuse_other_providers(routes, configured)
    provider, slash, sender = name.partition("/")
    return [
        route
        for route in routes
        if route.provider == provider and (not slash or route.sender == (sender or EVERY_SENDER))
    ]


def _refuse_other_providers(routes: Sequence[RouteShown], configured: Sequence[str]) -> None:
    if missing := sorted({route.provider for route in routes} - set(configured)):
        raise OtherProviders(missing)
