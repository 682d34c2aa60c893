"""The one that writes: everything that waits goes together, in one transaction with one fsync.

Statements run in the event loop: handing each to a thread and back costs more than they do, as the
two fight for the interpreter. What waits for the disk or for another process, waits in a thread.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec
import structlog

from mailproof.store.base import NewEvent, StoreUnavailable, Tx
from mailproof.store.rows_out import event_rows
from mailproof.store.sqlite.busy import is_busy, patiently
from mailproof.store.sqlite.connecting import commit, told, translated
from mailproof.store.sqlite.transaction import SqliteTx, run

__all__ = ["Writer"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.store")

# So long others, processes and requests of this one, may wait for a transaction's statements.
_SPAN_S: Final = 0.025

# A slow disk is not waited for twice.
_REST_MAX_S: Final = 0.01

_INSERT_EVENTS: Final = "records/insert_events"

Result = TypeVar("Result")
Body = Callable[[Tx], Awaitable[Any]]


class _Wanted(msgspec.Struct, frozen=True):
    body: Body
    done: asyncio.Future[Any]


class _Written(msgspec.Struct, frozen=True):
    """Written, and not yet on disk."""

    wanted: _Wanted
    result: Any
    told: tuple[NewEvent, ...]


class Writer:
    """Writes through `connection`, which is its own. `announce` gets the events of each commit."""

    def __init__(
        self,
        where: str,
        connection: sqlite3.Connection,
        now_ms: Callable[[], int],
        announce: Callable[[Sequence[NewEvent]], None],
    ) -> None:
        self._where = where
        self._connection = connection
        self._now_ms = now_ms
        self._announce = announce
        self._loop = asyncio.get_running_loop()
        self._disk = ThreadPoolExecutor(1, "mailproof-sqlite-writer")
        self._waiting: deque[_Wanted] = deque()
        self._looking: list[asyncio.Future[int]] = []
        self._is_busy = False
        self._began = 0.0  # when the last transaction did
        self._closed = False

    async def write(self, body: Body) -> Any:
        """The result of `body`, once it is on disk. A caller who goes away changes nothing: the
        write was promised to somebody."""
        if self._closed:
            raise StoreUnavailable(f"{self._where} is closed.")
        wanted = _Wanted(body, self._loop.create_future())
        self._waiting.append(wanted)
        if not self._is_busy:
            self._is_busy = True
            # One turn of the loop: whoever is ready to write joins.
            self._loop.call_soon(self._begin)
        try:
            return await asyncio.shield(wanted.done)
        except asyncio.CancelledError:
            wanted.done.add_done_callback(_say_failure)
            raise

    async def data_version(self) -> int:
        """SQLite's count of what other connections wrote; changes with each of their commits."""
        if not self._is_busy:
            return self._look()
        looking: asyncio.Future[int] = self._loop.create_future()
        self._looking.append(looking)
        return await looking

    async def apart(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do something long with the connection, in the thread, while nobody else writes yet."""
        return await self._loop.run_in_executor(self._disk, work, self._connection)

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
        if self._closed:
            return
        self._closed = True
        while self._is_busy:
            await asyncio.wrap_future(self._disk.submit(bool))  # the disk has answered
            await asyncio.sleep(0)
        self._connection.close()
        self._disk.shutdown(wait=True)

    def _look(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _begin(self) -> None:
        for looking in self._looking:
            if looking.done():
                continue
            try:
                looking.set_result(self._look())
            except sqlite3.Error as error:
                looking.set_exception(told(self._where, error))
        self._looking.clear()
        if not self._waiting:
            self._is_busy = False
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.OperationalError) and is_busy(error):
                waiting = self._disk.submit(patiently, self._connection, "BEGIN IMMEDIATE")
                asyncio.wrap_future(waiting).add_done_callback(self._begun)
            else:
                self._refuse_all(error)
        else:
            self._write_some()

    def _begun(self, waited: "asyncio.Future[Any]") -> None:
        error = waited.exception()
        if error is None:
            self._write_some()
        else:
            self._refuse_all(error)

    def _refuse_all(self, error: BaseException) -> None:
        """Nothing can be written now; whoever waits hears it."""
        waiting = [wanted.done for wanted in self._waiting] + self._looking
        self._waiting.clear()
        self._looking = []
        for done in waiting:
            _fail(done, told(self._where, error) if isinstance(error, sqlite3.Error) else error)
        self._is_busy = False

    def _write_some(self) -> None:
        """As many as fit into one transaction, each in a savepoint of its own: one that fails takes
        nobody with it."""
        written: list[_Written] = []
        self._began = time.monotonic()
        until = self._began + _SPAN_S
        while self._waiting and time.monotonic() < until:
            wanted = self._waiting.popleft()
            try:
                written.append(self._write_one(wanted))
            except Exception as error:  # noqa: BLE001 - its caller gets it
                _fail(wanted.done, error)
                if not self._connection.in_transaction:
                    # A full or failing disk takes the whole transaction back: the others go again.
                    self._waiting.extendleft(each.wanted for each in reversed(written))
                    self._loop.call_soon(self._begin)
                    return
        committing = asyncio.wrap_future(self._disk.submit(self._commit))
        committing.add_done_callback(lambda done: self._committed(done, written))

    def _write_one(self, wanted: _Wanted) -> _Written:
        tx = SqliteTx(self._connection, self._now_ms())
        with translated(self._where):
            self._connection.execute("SAVEPOINT one")
            try:
                result = run(wanted.body(tx))
                if tx.told:
                    run(tx.many(_INSERT_EVENTS, event_rows(tx.told, tx.now)))
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO one")
                    self._connection.execute("RELEASE one")
                raise
            self._connection.execute("RELEASE one")
        return _Written(wanted, result, tuple(tx.told))

    def _commit(self) -> None:
        with translated(self._where):
            try:
                commit(self._connection)
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _committed(self, done: "asyncio.Future[None]", written: Sequence[_Written]) -> None:
        error = done.exception()
        for each in written:
            if error is not None:
                _fail(each.wanted.done, error)
            elif not each.wanted.done.done():
                each.wanted.done.set_result(each.result)
        # Asked for first: whatever a listener does, the next ones are written. Under load the next
        # transaction comes after as long a rest as this one took: what gathers meanwhile shares the
        # cost of one commit, and everybody is served sooner. Alone, nobody rests.
        if self._waiting:
            rest_s = min(time.monotonic() - self._began, _REST_MAX_S)
            self._loop.call_later(rest_s, self._begin)
        else:
            self._loop.call_soon(self._begin)
        if error is None and (told := [event for each in written for event in each.told]):
            self._announce(told)


def _fail(done: asyncio.Future[Any], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)


def _say_failure(done: "asyncio.Future[Any]") -> None:
    """Of what nobody waits for any more: a failure that no caller hears is still said."""
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("transaction.failed", error=str(error), caller="gone")
