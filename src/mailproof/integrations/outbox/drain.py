"""Handing the outbox over: in order, once each, whatever is killed in between.

The row goes only after its mail was accepted. Who is killed between the two brings the row again,
and its id, which is the idempotency key, makes no second mail (keys live for 24 hours).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec
import structlog

from mailproof.client.errors import (
    KeyRefused,
    LaneClosed,
    NotAccepted,
    NotConfigured,
    NotNow,
    OutcomeUnknown,
)
from mailproof.client.writing import Enqueued
from mailproof.clock import Clock, SystemClock, first_of
from mailproof.engine.seldom import Seldom
from mailproof.integrations.outbox.databases import (
    Database,
    HandOver,
    Row,
    Settled,
    database_of,
)
from mailproof.integrations.outbox.table import ddl
from mailproof.mail.invalid import InvalidInput

__all__ = ["Outbox", "Taker"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.outbox")

# Rows that one transaction of the application's database covers.
_BATCH: Final = 50
_LOOK_EVERY_S: Final = 1.0
# A commit may be told of a moment before it is there; so soon after it is looked once more.
_LOOK_AGAIN_S: Final = 0.05
_BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
# Some five minutes of trying: what has not healed by itself until then needs a person.
_NEEDS_A_PERSON: Final = 14
_PROBLEM_MAX: Final = 500
# Embedded there is no status (0), and a proxy may refuse what is too large (RFC 9110, 15.5.14).
_OF_ANY_SERVER: Final = frozenset({0, 413})
_NOT_THERE: Final = frozenset({404, 405})


class Taker(Protocol):
    """`Mailproof`, seen from here."""

    async def hand_over(self, row: Enqueued) -> str: ...

    def on_enqueued(self, listener: Callable[[], None]) -> Callable[[], None]: ...


class Outbox:
    """The outbox of one database: SQLAlchemy's engine, Django's connection, or a URL."""

    def __init__(self, engine: Any, *, clock: Clock | None = None) -> None:
        self._database: Database = database_of(engine)
        self._clock = clock or SystemClock()
        self._unread, self._waiting = Seldom(self._clock), Seldom(self._clock)
        self._failures = 0
        self._stopped = False
        # Of one pass over the table: a sender's lane was closed, so what is behind is taken next.
        self._closed = False
        self._after = 0

    async def drain(self, mail: Taker) -> None:
        """Hand over what is there and what comes, until cancelled. Any number of processes may.

        A commit of this process is noticed at once, others within a second. While the gateway or
        the database is away, it tries again, at most 30 seconds apart.
        """
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        forget = mail.on_enqueued(lambda: _wake(loop, woken))
        try:
            while True:
                was_woken = woken.is_set()
                woken.clear()
                pause_s = await self._some(mail)
                if pause_s is None:
                    pause_s = _LOOK_AGAIN_S if was_woken else _LOOK_EVERY_S
                if pause_s:
                    until = self._clock.sleep_until(self._clock.now() + pause_s)
                    await (until if self._failures else first_of(until, woken.wait()))
        finally:
            forget()

    async def drain_once(self, mail: Taker) -> int:
        """Hand over what is there now; how many rows wait on. Raises what the driver raises."""
        while await self._take(mail) == _BATCH:
            if self._stopped:
                break
        self._begin_anew()
        return await self._database.count()

    async def create_table(self) -> None:
        """Make the table, if it is not there: for those who have no migrations."""
        await self._database.execute(ddl(self._database.dialect))

    async def waiting(self) -> int:
        """Rows that are not yet handed over; those set aside do not count."""
        return await self._database.count()

    async def close(self) -> None:
        """Close what was opened here; an engine that was given stays open."""
        await self._database.close()

    async def _some(self, mail: Taker) -> float | None:
        """One batch. Seconds until the next: 0, there may be more; None, there is none now."""
        try:
            taken = await self._take(mail)
        except Exception as error:  # noqa: BLE001 - each driver has its own; it may be back soon
            self._failures += 1
            if self._unread.may_say():
                _log.error("outbox.unread", error=type(error).__name__, exc_info=error)
            self._begin_anew()
            return self._back_off()
        self._unread.over()
        if self._stopped or (self._closed and taken < _BATCH):
            self._failures += 1
            self._begin_anew()
            return self._back_off()
        self._failures = 0
        if taken:
            self._waiting.over()
        return 0.0 if taken == _BATCH else None

    async def _take(self, mail: Taker) -> int:
        self._stopped = False
        return await self._database.take(_BATCH, self._handing(mail), self._after)

    def _begin_anew(self) -> None:
        self._closed, self._after = False, 0

    def _handing(self, mail: Taker) -> HandOver:
        async def hand_over(rows: Sequence[Row]) -> Settled:
            gone: list[int] = []
            aside: dict[int, str] = {}
            for row in rows:
                try:
                    await mail.hand_over(row)
                except LaneClosed as error:  # of its sender alone: those behind it may go
                    self._say_waiting(error)
                    self._closed = True
                except (KeyRefused, NotNow, OutcomeUnknown) as error:
                    self._wait(error)
                    break
                except (InvalidInput, NotAccepted, msgspec.DecodeError) as error:
                    if not _is_of_the_row(error):
                        self._wait(error)
                        break
                    _log.error("outbox.row_set_aside", row_id=row.id, error=_short(error))
                    aside[row.seq] = str(error)[:_PROBLEM_MAX]
                except NotConfigured:
                    raise
                except Exception:  # noqa: BLE001 - a bug of ours must not bring those before it again
                    _log.critical("outbox.crashed", row_id=row.id, exc_info=True)
                    self._stopped = True
                    break
                else:
                    gone.append(row.seq)
            self._after = rows[-1].seq if self._closed else 0
            return Settled(tuple(gone), aside, int(self._clock.now() * 1000))

        return hand_over

    def _wait(self, error: Exception) -> None:
        """Rows stay where they are."""
        self._stopped = True
        self._say_waiting(error)

    def _say_waiting(self, error: Exception) -> None:
        """Once a minute, not once a row."""
        if not self._waiting.may_say():
            return
        if isinstance(error, NotAccepted):  # no row can go before a person has done something
            _log.error("outbox.refused", error=str(error))
        elif self._failures < _NEEDS_A_PERSON:
            _log.warning("outbox.waiting", error=str(error))
        else:
            _log.error("outbox.waiting", error=str(error), failures=self._failures)

    def _back_off(self) -> float:
        return _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]


def _is_of_the_row(error: Exception) -> bool:
    """Or does it say nothing of this mail? A gateway names its errors and knows where mail is
    posted; a proxy's page, or another server at its address, would refuse every row alike."""
    if not isinstance(error, NotAccepted) or error.status in _OF_ANY_SERVER:
        return True
    return bool(error.name) and error.status not in _NOT_THERE


def _short(error: InvalidInput | NotAccepted | msgspec.DecodeError) -> str:
    """The sentence may quote an address; the log gets only where it stands."""
    where = "payload" if isinstance(error, msgspec.DecodeError) else error.where
    return f"{type(error).__name__} at {where}"


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    """From whatever thread commits."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)
