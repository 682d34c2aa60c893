"""Health: asks each provider how it is, closes a route before the first user meets the fault, and
finds out when the fault is gone.

A closed route is probed after 1, 2, 4 … intervals, all nodes together: first the check, then one
live mail, because only a mail that got past the gate proves that mail gets past it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from mailproof.diagnosis.failure import Failure
from mailproof.engine.context import Context
from mailproof.engine.pump import Pump
from mailproof.providers.base import Health, Provider, Verdict
from mailproof.store.base import Tx
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.records.checks import NewCheck
from mailproof.store.records.checks import insert as insert_check
from mailproof.store.routes.breakers import (
    Route,
    close_route,
    closed_routes,
    open_route,
    take_fingerprint,
)
from mailproof.store.routes.lanes import known_senders, settle_lanes
from mailproof.store.routes.probes import due_probe, make_due, want_mail
from mailproof.store.shapes import EVERY_SENDER, Closing

__all__ = ["Prober"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_CHECK_DEADLINE_S: Final = 10.0
_LATE_MAX_S: Final = 5.0
_PROBE_MOST_MS: Final = 60_000
# A network that fails once may have hiccuped; a key that is refused once is refused.
_IN_A_ROW: Final = 3


class Prober:
    """Watches one provider. Runs only where the duties are."""

    def __init__(self, pump: Pump, context: Context) -> None:
        self._pump = pump
        self._provider: Provider = pump.provider
        self._database = context.database
        self._policy = context.policy
        self._routing = context.routing
        self._jitter = context.jitter
        self._bad_in_a_row = 0
        self._fingerprint = pump.provider.fingerprint
        # Routes that wait for a live mail: since when they are closed, when to check them again.
        self._again_at: dict[str, tuple[int, int]] = {}

    async def watch_once(self) -> float:
        """Check; returns after how many seconds to check again: the interval, give or take a fifth,
        so that many do not ask together."""
        if await self._database.read(_is_closed, self._provider.name):
            # Its probes ask, and how often they may is budgeted.
            return self._policy.probe_interval_s
        await self.check()
        if 0 < self._bad_in_a_row < _IN_A_ROW:
            return self._policy.probe_interval_s
        return self._policy.check_interval_s * (0.8 + 0.4 * self._jitter())

    async def check(self) -> Health:
        """Ask now, keep the answer, and close what it shows to be broken."""
        started_at = self._database.now()
        # A provider keeps the deadline itself; one that does not must not end all checks.
        async with asyncio.timeout(_CHECK_DEADLINE_S + _LATE_MAX_S):
            health = await self._provider.check(deadline_s=_CHECK_DEADLINE_S)
        took_ms = self._database.now() - started_at
        self._bad_in_a_row = self._bad_in_a_row + 1 if health.verdict is Verdict.BAD else 0
        await self._database.write(self._keep, health, took_ms)
        _log.debug(
            "provider.checked",
            provider=self._provider.name,
            verdict=health.verdict.value,
            took_ms=took_ms,
        )
        return health

    async def check_by_hand(self) -> Health:
        """As `check`, for a person who says that it is mended: what it does not find bad is probed
        at once, by the process that has the duty."""
        health = await self.check()
        await self._database.write(self._make_due, health)
        return health

    async def _make_due(self, tx: Tx, health: Health) -> None:
        for route in await closed_routes(tx):
            mine = route.provider == self._provider.name
            if mine and _says(health, route) is not Verdict.BAD:
                await make_due(tx, route.provider, route.sender)

    async def notice_new_key(self) -> bool:
        """Has the credential been changed since it was looked at last? Then ask with it at once:
        whoever mended a wrong one is looking, and a wrong one is known before the next mail."""
        fingerprint = self._provider.fingerprint
        if fingerprint == self._fingerprint:
            return False
        name = self._provider.name
        await self._database.write(take_fingerprint, name, fingerprint)
        self._fingerprint = fingerprint
        self._again_at.clear()
        _log.info("credential.changed", provider=name)
        if not await self._database.read(_is_closed, name):
            await self.check()
        return True

    async def probe(self) -> None:
        """If a closed route is due, find out whether it is passable again."""
        route = await self._database.write(
            due_probe,
            provider=self._provider.name,
            interval_ms=self._routing.probe_interval_ms,
            most_ms=_PROBE_MOST_MS,
        )
        if route is None:
            return
        since, again_at = self._again_at.pop(route.sender, (0, 0))
        if since == route.since and again_at > self._database.now():
            if route.sender in self._pump.wanted_probes:  # none has come yet
                await self._want_mail(route, again_at)
            return
        self._pump.wanted_probes.discard(route.sender)
        health = await self.check()
        if _says(health, route) is Verdict.BAD:
            return
        if not await self._pump.probe(route.sender):
            if _says(health, route) is Verdict.GOOD and not route.systemic:
                await self._database.write(self._open, route)
            else:
                # Nothing is held behind it. The next mail tries it, also one that wants no promise.
                await self._want_mail(route, route.next_probe_at or 0)
        self._pump.wake()

    async def _want_mail(self, route: Route, again_at: int) -> None:
        self._again_at[route.sender] = (route.since, again_at)
        await self._database.write(want_mail, route.provider, route.sender)
        self._pump.wanted_probes.add(route.sender)

    async def _keep(self, tx: Tx, health: Health, took_ms: int) -> None:
        await insert_check(
            tx,
            NewCheck(
                provider=self._provider.name,
                verdict=health.verdict.value,
                took_ms=took_ms,
                failure=health.failure,
                facts=health.facts,
            ),
        )
        closings = []
        if health.failure is not None and self._is_sure(health):
            closings.append(self._closing(EVERY_SENDER, health.failure))
        used = await known_senders(tx)
        for sender, fault in health.senders.items():
            # A domain that nobody here sends from is nobody's trouble.
            if fault is not None and sender in used:
                closings.append(self._closing(sender, fault))
        await self._close(tx, closings)

    def _is_sure(self, health: Health) -> bool:
        if health.verdict is not Verdict.BAD or health.failure is None:
            return False
        closes = health.failure.closes
        at_once = closes is not None and closes.at_once
        return at_once or self._bad_in_a_row >= _IN_A_ROW

    async def _close(self, tx: Tx, closings: Sequence[Closing]) -> None:
        newly = [await close_route(tx, closing, self._routing, met=False) for closing in closings]
        if any(newly):
            await settle_lanes(tx, self._routing)

    async def _open(self, tx: Tx, route: Route) -> None:
        if await open_route(tx, route.provider, route.sender):
            await settle_lanes(tx, self._routing)

    def _closing(self, sender: str, failure: Failure) -> Closing:
        return Closing(
            self._provider.name,
            sender,
            failure.reason.value,
            failure.severity.value,
            failure_to_json(failure),
        )


async def _is_closed(tx: Tx, provider: str) -> bool:
    return any(
        route.provider == provider and route.sender == EVERY_SENDER
        for route in await closed_routes(tx)
    )


def _says(health: Health, route: Route) -> Verdict:
    """What a check says of one route."""
    if health.verdict is Verdict.BAD:
        return Verdict.BAD
    if route.sender == EVERY_SENDER:
        return health.verdict
    if route.sender not in health.senders:
        return Verdict.CANNOT_TELL
    return Verdict.GOOD if health.senders[route.sender] is None else Verdict.BAD
