"""A sign of life for somebody who watches from outside: while it comes, all is well.

Who would tell that this machine is off? A watchdog (healthchecks.io and its like) that raises its
own alarm when nothing has come for a while. So it is told only what was seen to be true just now:
the database was read and written, and no critical mail waits too long.
"""

from collections.abc import Callable
from typing import Final
from uuid import uuid4

import msgspec
import structlog

from mailproof.alerts.calling import Calls, why_not
from mailproof.clock import Clock
from mailproof.mail.events import EventType, Level
from mailproof.store.base import Database, NewEvent, Tx
from mailproof.store.nodes.nodes import take_lease
from mailproof.store.records.alerts import Condition
from mailproof.store.records.picture import critical_waiting

__all__ = ["HEARTBEAT_FAILING", "Heartbeat", "Pulse"]

log: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("mailproof.alerts")

HEARTBEAT_FAILING: Final = "heartbeat_failing"
_LEASE: Final = "alerts.heartbeat"
# Whose turn it is stays so until its next sign is due.
_LEASE_LONGER_MS: Final = 5_000
_DEADLINE_S: Final = 10.0
# One that did not get through is tried again sooner than the next would go.
_AGAIN_S: Final = 15.0


class Pulse(msgspec.Struct, frozen=True):
    """Whom to tell, and how often. `url` gives the URL of now; it is a secret."""

    url: Callable[[], str]
    every_s: float = 60.0


class _Failing(msgspec.Struct):
    """Tries that did not get through, one after the other."""

    since: int
    count: int
    error: str


class Heartbeat:
    """`sound()`: do alerts work? `changed` is called when it begins or ceases to fail, so that they
    can tell."""

    def __init__(  # noqa: PLR0913 - what it is made of, each of it once
        self,
        db: Database,
        pulse: Pulse,
        calls: Calls,
        clock: Clock,
        *,
        late_after_s: float,
        sound: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._pulse = pulse
        self._calls = calls
        self._clock = clock
        self._late_after_ms = round(late_after_s * 1_000)
        self._sound = sound
        self._changed = changed
        self._holder = str(uuid4())
        self._failing: _Failing | None = None

    @property
    def condition(self) -> Condition | None:
        """What people should be told of it now."""
        failing = self._failing
        if failing is None:
            return None
        return Condition(
            HEARTBEAT_FAILING,
            "",
            Level.ERROR.value,
            failing.count,
            failing.since,
            {"error": failing.error},
        )

    async def run(self) -> None:
        """Until cancelled. Raises `StoreError`: it could not be seen whether all is well."""
        while True:
            pause_s = await self.beat()
            await self._clock.sleep_until(self._clock.now() + pause_s)

    async def beat(self) -> float:
        """Look, and tell the watchdog if all is well. Returns the seconds until the next one.

        The write is a lease, so that of several processes one tells. Raises `StoreError`.
        """
        every_s = self._pulse.every_s
        mine = await self._db.write(
            take_lease, _LEASE, self._holder, round(every_s * 1_000) + _LEASE_LONGER_MS
        )
        if not mine:
            return every_s
        if not self._sound():
            log.error("heartbeat.withheld", why="alerts cannot look")
            return min(_AGAIN_S, every_s)
        waiting = await self._db.read(critical_waiting, self._late_after_ms)
        if late := sum(each.late for each in waiting):
            log.error("heartbeat.withheld", why="critical mail waits too long", waiting=late)
            return every_s
        error = await self._ping()
        if error is None:
            self._over()
            return every_s
        await self._failed(error)
        return min(_AGAIN_S, every_s)

    async def _ping(self) -> str | None:
        try:
            url = self._pulse.url().strip()
        except OSError as error:
            return f"The URL cannot be read: {error.strerror}."
        if not url:
            return "The URL is not set."
        return why_not(await self._calls.get(url, headers={}, deadline_s=_DEADLINE_S), url)

    async def _failed(self, error: str) -> None:
        """Said at each try, written down at the first one."""
        if self._failing is not None:
            self._failing.count += 1
            self._failing.error = error
            log.error(
                EventType.ALERT_HEARTBEAT_FAILED.value, error=error, tries=self._failing.count
            )
            return
        self._failing = _Failing(self._db.now(), 1, error)
        self._changed()
        await self._db.write(_tell, error)

    def _over(self) -> None:
        if self._failing is not None:
            log.info("heartbeat.restored", tries=self._failing.count)
            self._failing = None
            self._changed()


async def _tell(tx: Tx, error: str) -> None:
    tx.tell(NewEvent(EventType.ALERT_HEARTBEAT_FAILED, data={"error": error, "tries": 1}))
