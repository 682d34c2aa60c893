"""The routes as an operator sees them: which are closed, why, and how much mail waits for each."""

from collections.abc import Sequence

import msgspec

from mailproof.store.base import Tx
from mailproof.store.records.picture import COUNT_MAX, ClosedLane, routes_closed
from mailproof.store.routes.breakers import Route, open_route
from mailproof.store.routes.lanes import settle_lanes
from mailproof.store.shapes import EVERY_SENDER, Routing

__all__ = [
    "Board",
    "OtherProviders",
    "RouteShown",
    "board",
    "refuse_other_providers",
    "reopen",
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
    up to `COUNT_MAX`.
    """

    provider: str
    sender: str
    state: str
    reason: str | None
    since: int
    waiting: int
    next_probe_at: int | None
    failure: str | None


class Board(msgspec.Struct, frozen=True):
    """`stranded`: closed lanes that no configured provider could carry."""

    routes: tuple[RouteShown, ...]
    stranded: tuple[ClosedLane, ...]


async def board(tx: Tx) -> Board:
    """All routes, by provider and sender."""
    waiting = {(each.provider, each.sender): each.waiting for each in await routes_closed(tx)}
    rows = await tx.all("routes/routes_all", Route)
    stranded = await tx.all("records/lanes_unexplained", ClosedLane, count_max=COUNT_MAX)
    return Board(
        tuple(
            RouteShown(
                provider=row.provider,
                sender=row.sender,
                state=row.state,
                reason=row.reason,
                since=row.since,
                waiting=waiting.get((row.provider, row.sender), 0),
                next_probe_at=row.next_probe_at if row.is_closed else None,
                failure=row.failure if row.is_closed else None,
            )
            for row in rows
        ),
        tuple(stranded),
    )


async def refuse_other_providers(tx: Tx, configured: Sequence[str]) -> None:
    """Raises `OtherProviders`: somebody with another configuration sends from this store."""
    _refuse_other_providers((await board(tx)).routes, configured)


async def reopen(
    tx: Tx, name: str, routing: Routing, *, actor: str
) -> tuple[RouteShown, ...] | None:
    """Open the closed routes that `name` means, whatever closed them, and release what waits.

    `name`: a provider, or `provider/sender` for one sender there. Returns the routes that were
    closed; None: there is no such route. Raises `OtherProviders`: then nothing was opened.
    """
    routes = (await board(tx)).routes
    _refuse_other_providers(routes, routing.order)
    provider, slash, sender = name.partition("/")
    meant = [
        route
        for route in routes
        if route.provider == provider and (not slash or route.sender == (sender or EVERY_SENDER))
    ]
    if not meant:
        return None
    closed = tuple(route for route in meant if route.state == "closed")
    for route in closed:
        await open_route(tx, route.provider, route.sender, actor=actor)
    if closed:
        await settle_lanes(tx, routing)
    return closed


def _refuse_other_providers(routes: Sequence[RouteShown], configured: Sequence[str]) -> None:
    if missing := sorted({route.provider for route in routes} - set(configured)):
        raise OtherProviders(missing)
