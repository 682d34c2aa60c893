"""The follower of the event log that counts: once a second at most, where the duties are.

When nothing has happened it asks nothing: what the newest event is, the engine's tick says.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from mailproof.clock import Clock
from mailproof.engine.seldom import Seldom
from mailproof.record.metrics.counting import Known, counted
from mailproof.record.metrics.timeline import happened, took
from mailproof.store.base import Database, StoreError, Tx
from mailproof.store.console.minutes import Happened, add_minutes
from mailproof.store.console.paces import Took, add_paces
from mailproof.store.nodes.nodes import Tick
from mailproof.store.records.events import failed
from mailproof.store.records.totals import EVENTS_MAX, Added, Page, add_page, next_page

__all__ = ["CURSOR", "Counting"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.metrics")

CURSOR: Final = "metrics"
_AFTER_FAILURE_S: Final = 5.0
_ERROR_MAX: Final = 200


class Counting:
    """Folds events into counters, wherever they were written. `has_duties()`: is it ours to do?

    Two at once do no harm: of two pages read from one place, one is added.
    """

    def __init__(
        self, database: Database, known: Known, clock: Clock, has_duties: Callable[[], bool]
    ) -> None:
        self._database = database
        self._known = known
        self._clock = clock
        self._has_duties = has_duties
        self._until = 0  # what was counted when we looked last
        self._stirred = asyncio.Event()
        self._failing = Seldom(clock)

    def heard(self, tick: Tick) -> None:
        """Told once a second."""
        if tick.last_event > self._until:
            self._stirred.set()

    async def run(self) -> None:
        """Count until cancelled. A database that fails, or a bug, is said once a minute; what was
        not counted then is counted later."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            if not self._has_duties():
                continue
            try:
                await self.catch_up()
            except StoreError as error:
                if self._failing.may_say():
                    _log.error("metrics.stalled", error=str(error))
            except Exception as error:  # noqa: BLE001 - a bug here must not stop the mail
                if self._failing.may_say():
                    _log.critical("metrics.crashed", exc_info=True)
                await self._note(error)
            else:
                self._failing.over()
                continue
            await self._clock.sleep_until(self._clock.now() + _AFTER_FAILURE_S)

    async def catch_up(self) -> int:
        """Count all that has happened; returns how many events that were."""
        total = 0
        while (page := await self._database.read(next_page, CURSOR)).groups:
            added = list(counted(page.groups, self._known))
            minutes, paces = list(happened(page.groups)), list(took(page.groups))
            if await self._database.write(_add, page, added, minutes, paces):
                total += page.events
            if page.events < EVENTS_MAX:
                break
        self._until = page.until
        return total

    async def _note(self, error: Exception) -> None:
        """On the cursor, where alerts look. The text of a bug may quote what it met: only its kind
        is kept."""
        try:
            await self._database.write(failed, CURSOR, type(error).__name__[:_ERROR_MAX])
        except StoreError as trouble:
            _log.warning("metrics.failure_unwritten", error=str(trouble))


async def _add(
    tx: Tx, page: Page, added: list[Added], minutes: list[Happened], paces: list[Took]
) -> bool:
    if not await add_page(tx, CURSOR, page, added):
        return False
    await add_minutes(tx, minutes)
    await add_paces(tx, paces)
    return True
