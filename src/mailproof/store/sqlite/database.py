"""SQLite as a store: a writer in a thread of its own, readers beside it, many processes welcome."""

import asyncio
import contextlib
import sqlite3
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

import structlog

from mailproof.store.base import (
    CommitUnknown,
    NewEvent,
    StoreError,
    StoreFull,
    StoreUnavailable,
    Tx,
)
from mailproof.store.queries import load_queries
from mailproof.store.rows_out import event_rows
from mailproof.store.sqlite.backup import back_up
from mailproof.store.sqlite.binding import bound, chunks
from mailproof.store.sqlite.busy import BUSY_S, LOOK_S, patiently
from mailproof.store.sqlite.filesystem import refuse_network_file_system
from mailproof.store.sqlite.migrating import migrate

__all__ = ["SqliteDatabase", "open_sqlite"]

Shape = TypeVar("Shape")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.store")

_CACHE_KIB: Final = 64 * 1024
_CHECKPOINT_PAGES: Final = 4_000

_INSERT_EVENTS: Final = "records/insert_events"


class SqliteTx:
    """A transaction on one connection. Its coroutines never suspend: they run in its thread."""

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        self._connection = connection
        self._queries = load_queries("mailproof.store.sqlite")
        self.now = now
        self.told: list[NewEvent] = []

    async def all(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> list[Shape]:
        rows = self._execute(query, values).fetchall()
        return [shape(*row) for row in rows]

    async def one(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> Shape | None:
        rows = self._execute(query, values).fetchall()
        return shape(*rows[0]) if rows else None

    async def run(self, query: str, /, **values: Any) -> int:
        cursor = self._execute(query, values)
        if cursor.description is not None:
            return len(cursor.fetchall())
        return cursor.rowcount

    async def many(self, query: str, rows: Sequence[Sequence[Any]], /) -> None:
        asked = self._queries[query]
        marks = f"({','.join('?' * len(asked.many))})"
        for start, size in chunks(len(rows)):
            text = asked.text.replace(":rows", ",".join([marks] * size), 1)
            values = tuple(chain.from_iterable(rows[start : start + size]))
            self._connection.execute(text, values)

    def tell(self, event: NewEvent, /) -> None:
        self.told.append(event)

    def _execute(self, query: str, values: dict[str, Any]) -> sqlite3.Cursor:
        asked = self._queries[query]
        return self._connection.execute(asked.text, bound(asked, values))


class SqliteDatabase:
    """The file at `path`. Made by `open_sqlite`."""

    name = "sqlite"

    def __init__(self, path: Path, now_ms: Callable[[], int]) -> None:
        self.where = str(path)
        self._path = path
        self._now_ms = now_ms
        self._listeners: list[Callable[[Sequence[NewEvent]], None]] = []
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, "mailproof-sqlite-writer")
        self._reader = ThreadPoolExecutor(1, "mailproof-sqlite-reader")
        self._copier = ThreadPoolExecutor(1, "mailproof-sqlite-copier")
        self._local = threading.local()
        self._data_version = 0

    def now(self) -> int:
        return self._now_ms()

    def listen(self, listener: Callable[[Sequence[NewEvent]], None]) -> None:
        self._listeners.append(listener)

    async def write(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        return await self._in(
            self._writer, lambda: self._write_now(lambda tx: body(tx, *args, **kwargs))
        )

    async def read(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        return await self._in(
            self._reader, lambda: self._read_now(lambda tx: body(tx, *args, **kwargs))
        )

    async def changed(self) -> bool:
        return await self._in(self._writer, self._look)

    async def backup(self, path: str) -> int:
        return await self._in(self._copier, lambda: self._back_up(Path(path)))

    async def close(self) -> None:
        for executor in (self._writer, self._reader):
            await self._in(executor, self._disconnect)
            executor.shutdown(wait=True)
        self._copier.shutdown(wait=True)

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        """A caller who goes away leaves the work to be finished: it was promised to the disk."""
        done: Future[Result] = executor.submit(work)
        try:
            return await asyncio.shield(asyncio.wrap_future(done))
        except asyncio.CancelledError:
            done.add_done_callback(_say_failure)
            raise

    # ---- in a thread of ours ----

    def _write_now(self, body: Callable[[Tx], Awaitable[Result]]) -> Result:
        with _translated(self.where):
            connection = self._connection()
            patiently(connection, "BEGIN IMMEDIATE")
        tx = SqliteTx(connection, self._now_ms())
        try:
            with _translated(self.where):
                result = _run(body(tx))
                if tx.told:
                    _run(tx.many(_INSERT_EVENTS, event_rows(tx.told, tx.now)))
                _commit(connection)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if tx.told and self._listeners:
            self._loop.call_soon_threadsafe(self._announce, tuple(tx.told))
        return result

    def _read_now(self, body: Callable[[Tx], Awaitable[Result]]) -> Result:
        with _translated(self.where):
            connection = self._connection(only_reads=True)
            patiently(connection, "BEGIN")
            try:
                return _run(body(SqliteTx(connection, self._now_ms())))
            finally:
                connection.execute("ROLLBACK")

    def _announce(self, events: Sequence[NewEvent]) -> None:
        for listener in self._listeners:
            listener(events)

    def _look(self) -> bool:
        with _translated(self.where):
            (version,) = patiently(self._connection(), "PRAGMA data_version")
        was, self._data_version = self._data_version, version
        return bool(version != was)

    def _back_up(self, path: Path) -> int:
        with _translated(self.where), contextlib.closing(_connect(self._path)) as connection:
            return back_up(connection, path)

    def _connection(self, *, only_reads: bool = False) -> sqlite3.Connection:
        """That of the running thread, opened when it is first asked for."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._path)
            if only_reads:
                connection.execute("PRAGMA query_only = ON")
        return cast(sqlite3.Connection, connection)

    def _disconnect(self) -> None:
        if (connection := getattr(self._local, "connection", None)) is not None:
            connection.close()
            self._local.connection = None


async def open_sqlite(path: Path, *, now_ms: Callable[[], int]) -> SqliteDatabase:
    """Open or make the file, and bring its schema up to date. `now_ms`: UTC in milliseconds.

    Raises `StoreError`: its folder is missing or not writable, it is on a network file system, it
    is no database. `SchemaTooNew`: a newer release has changed it.
    """
    refuse_network_file_system(path)
    database = SqliteDatabase(path, now_ms)
    try:
        await database._in(database._writer, lambda: _prepare(database))
    except BaseException:
        await database.close()
        raise
    return database


def _prepare(database: SqliteDatabase) -> None:
    with _translated(database.where):
        migrate(database._connection(), database.now())
        database._look()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=LOOK_S, isolation_level=None, cached_statements=512)
    patiently(connection, "PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if sys.platform == "darwin":  # fsync alone does not reach the disk there
        connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return connection


def _say_failure(done: "Future[Any]") -> None:
    """Of what nobody waits for any more: a failure that no caller hears is still said."""
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("transaction.failed", error=str(error), caller="gone")


def _run(body: Awaitable[Result]) -> Result:
    """Run a transaction's coroutine to its end. It awaits only what never suspends."""
    coroutine = cast(Coroutine[Any, Any, Result], body)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast(Result, end.value)
    coroutine.close()
    raise RuntimeError("A transaction may await nothing but its Tx.")


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_IOERR"):
            raise CommitUnknown(f"The disk failed while committing: {error}.") from error
        raise


@contextlib.contextmanager
def _translated(where: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _told(where, error) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{where}: {error}.") from error


def _told(where: str, error: sqlite3.OperationalError) -> StoreError:
    name = error.sqlite_errorname or ""
    if name.startswith("SQLITE_FULL"):
        return StoreFull(f"{where}: the disk is full. Free some space; nothing was lost.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        text = f"another process has been writing for more than {BUSY_S:g} s"
        return StoreUnavailable(f"{where}: {text}.")
    if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL")):
        return StoreUnavailable(f"{where}: {error}. Check the disk and the file's permissions.")
    return StoreError(f"{where}: {error}.")
