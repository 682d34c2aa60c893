"""PostgreSQL as a store: many nodes, a few connections each, and nothing kept in a session.

All that a transaction needs is set for it alone (`SET LOCAL`, locks that end with it), so that
PgBouncer may give each transaction another server connection.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import asyncpg  # type: ignore[import-untyped]
import structlog

from mailproof.store.base import CommitUnknown, NewEvent, StoreError, StoreUnavailable, Tx
from mailproof.store.postgres.backup import dump
from mailproof.store.postgres.errors import (
    DRIVER_ERRORS,
    Conflicted,
    Occupied,
    is_lost,
    told,
    translated,
)
from mailproof.store.postgres.migrating import migrate
from mailproof.store.postgres.pool import Connection, Pool
from mailproof.store.postgres.timing import DatabaseClock
from mailproof.store.postgres.transaction import PostgresTx
from mailproof.store.postgres.urls import PostgresUrl, read_url

__all__ = ["PostgresDatabase", "open_postgres"]

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.store")

_POOL_SIZE: Final = 8
_CONNECT_S: Final = 10.0
# Beyond the server's own limit for a statement, below: then nobody answers any more.
_SILENT_S: Final = 20.0
# There are 170 queries; asyncpg keeps 100 by default.
_STATEMENTS_KEPT: Final = 400
# Runs of a transaction that others came in between of. A deadlock costs its loser one second.
_RUNS_MAX: Final = 5

# A transaction takes milliseconds. What is waited for longer is ill, and whoever is cut off from
# the server must not hold its locks for long. The lock in the end says "somebody writes", which
# `routes/finish_release` needs to know; it is shared and stops nobody.
_BEGIN_WRITE: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
    " SET LOCAL synchronous_commit = on;"
    " SET LOCAL lock_timeout = '5s';"
    " SET LOCAL statement_timeout = '10s';"
    " SET LOCAL idle_in_transaction_session_timeout = '15s';"
    " SELECT pg_advisory_xact_lock_shared(7025, 3)"
)
_BEGIN_READ: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    " SET LOCAL statement_timeout = '10s';"
    " SET LOCAL idle_in_transaction_session_timeout = '15s'"
)


class PostgresDatabase:
    """The database at a URL. Made by `open_postgres`.

    Whatever becomes of a caller, its transaction is finished: it runs in a task of this object's
    own group.
    """

    name = "postgres"

    def __init__(
        self, url: PostgresUrl, clock: DatabaseClock, pool: Pool, group: asyncio.TaskGroup
    ) -> None:
        self.where = url.where
        self._url = url
        self._clock = clock
        self._pool = pool
        self._group = group
        self._listeners: list[Callable[[Sequence[NewEvent]], None]] = []
        self._loop = asyncio.get_running_loop()
        self._closing = contextlib.AsyncExitStack()
        self._closed = False

    def now(self) -> int:
        return self._clock.now()

    def listen(self, listener: Callable[[Sequence[NewEvent]], None]) -> None:
        self._listeners.append(listener)

    async def write(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        return await self._promised(lambda: self._write(lambda tx: body(tx, *args, **kwargs)))

    async def read(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Result]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        return await self._promised(lambda: self._read(lambda tx: body(tx, *args, **kwargs)))

    async def changed(self) -> bool:
        """Always True: who waits asks its query, which costs the same as asking whether to ask."""
        return True

    async def backup(self, path: str) -> int:
        """As `pg_dump --format=custom`, which must be installed; `pg_restore` reads it."""
        return await dump(self._url, path)

    async def close(self) -> None:
        self._closed = True
        await self._closing.aclose()

    # ---- in a task of the group ----

    async def _promised(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Run it to its end, also when the caller goes away."""
        if self._closed:
            raise StoreUnavailable(f"{self.where}: closed by this process.")
        done: asyncio.Future[Result] = self._loop.create_future()
        self._group.create_task(_fulfil(done, work))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            done.add_done_callback(self._nobody_heard)
            raise

    def _nobody_heard(self, done: asyncio.Future[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("transaction.failed", error=str(error), caller="gone")

    async def _write(self, body: Callable[[Tx], Awaitable[Result]]) -> Result:
        runs = 0
        while True:
            runs += 1
            try:
                return await self._write_once(body)
            except Occupied:
                if runs > 1:
                    raise
            except Conflicted:
                if runs == _RUNS_MAX:
                    raise

    async def _write_once(self, body: Callable[[Tx], Awaitable[Result]]) -> Result:
        connection = await self._begun(_BEGIN_WRITE)
        ended = False
        try:
            tx = PostgresTx(connection, self.now(), self.where)
            try:
                result = await body(tx)
                await tx.write_events()
            except Exception:
                ended = await self._roll_back(connection)
                raise
            await self._commit(connection)
            ended = True
        finally:
            self._pool.put(connection, sound=ended)
        if tx.told:
            for listener in self._listeners:
                self._loop.call_soon(listener, tuple(tx.told))
        return result

    async def _read(self, body: Callable[[Tx], Awaitable[Result]]) -> Result:
        connection = await self._begun(_BEGIN_READ)
        ended = False
        try:
            try:
                return await body(PostgresTx(connection, self.now(), self.where))
            finally:
                ended = await self._roll_back(connection)
        finally:
            self._pool.put(connection, sound=ended)

    async def _begun(self, begin: str) -> Connection:
        """A connection with a transaction begun. One that died while it was idle costs nothing:
        the next one is taken."""
        for last in (*[False] * _POOL_SIZE, True):
            with translated(self.where, self._url.password):
                connection = await self._pool.take()
            try:
                await self._clock.follow(connection)
                await connection.execute(begin)
            except BaseException as error:
                self._pool.put(connection, sound=False)
                if last or not is_lost(error):
                    if isinstance(error, DRIVER_ERRORS):
                        raise told(self.where, error, self._url.password) from error
                    raise
            else:
                return connection
        raise AssertionError("the last try returns or raises")

    async def _roll_back(self, connection: Connection) -> bool:
        """False: the connection is of no use any more. The server rolls back by itself then."""
        try:
            await connection.execute("ROLLBACK")
        except DRIVER_ERRORS as error:
            _log.debug("connection.lost", error=str(told(self.where, error)))
            return False
        return True

    async def _commit(self, connection: Connection) -> None:
        if connection.is_closed():
            raise StoreUnavailable(f"{self.where}: the connection was lost; nothing was kept.")
        try:
            tag: str = await connection.execute("COMMIT")
        except DRIVER_ERRORS as error:
            # Also when the server says that it shuts down: it may say so after the commit.
            if is_lost(error):
                raise CommitUnknown(
                    f"{self.where}: the connection was lost while committing."
                ) from error
            raise told(self.where, error) from error
        if tag != "COMMIT":
            raise StoreError(f"{self.where}: a statement had failed, so nothing was kept.")


async def _fulfil(done: "asyncio.Future[Result]", work: Callable[[], Awaitable[Result]]) -> None:
    """An error is the caller's; it must not reach the group, which would end all other work."""
    try:
        result = await work()
    except Exception as error:  # noqa: BLE001 - not swallowed: the caller gets it
        done.set_exception(error)
    except BaseException:
        done.cancel()
        raise
    else:
        done.set_result(result)


async def open_postgres(
    url: str,
    *,
    now_ms: Callable[[], int] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    pool_wait_s: float = 10.0,
) -> PostgresDatabase:
    """Connect, and bring the schema up to date.

    `now_ms`: UTC in milliseconds; None: the database's own clock. `pool_wait_s`: how long a
    transaction waits for one of the 8 connections. `?pgbouncer=true` in the URL does without
    prepared statements; without it a PgBouncer is recognised by itself.

    Raises `StoreUnavailable`: it cannot be reached. `StoreError`: wrong password, no such database,
    `fsync = off`. `SchemaTooNew`: a newer release has changed the schema.
    """
    read = read_url(url)
    clock = DatabaseClock(monotonic, now_ms)
    pooled = await _prepare(read, clock)
    pool = Pool(
        lambda: _connect(read, pooled=pooled),
        size=_POOL_SIZE,
        wait_s=pool_wait_s,
        monotonic=monotonic,
    )
    group = asyncio.TaskGroup()
    database = PostgresDatabase(read, clock, pool, group)
    # In the order of their end: the work first, then the connections it runs on.
    database._closing.push_async_callback(pool.close)
    await database._closing.enter_async_context(group)
    return database


async def _prepare(url: PostgresUrl, clock: DatabaseClock) -> bool:
    """On a connection of its own. Returns whether a PgBouncer stands in between."""
    with translated(url.where, url.password):
        connection = await _connect(url, pooled=True)
        try:
            await _refuse_without_fsync(connection, url.where)
            await clock.follow(connection)
            await migrate(connection, clock.now())
            if url.pooled is not None:
                return url.pooled
            # PgBouncer makes up the process id that it greets with; a server gives its own.
            server_pid = await connection.fetchval("SELECT pg_backend_pid()")
            return bool(server_pid != connection.get_server_pid())
        finally:
            connection.terminate()


async def _connect(url: PostgresUrl, *, pooled: bool) -> Connection:
    """`pooled`: no named statements, which another server connection would not know."""
    named = {} if "application_name=" in url.dsn else {"application_name": "mailproof"}
    connection: Connection = await asyncpg.connect(
        url.dsn,
        timeout=_CONNECT_S,
        command_timeout=_SILENT_S,
        statement_cache_size=0 if pooled else _STATEMENTS_KEPT,
        max_cached_statement_lifetime=0,
        server_settings=named,
    )
    return connection


async def _refuse_without_fsync(connection: Connection, where: str) -> None:
    if await connection.fetchval("SELECT current_setting('fsync')") == "off":
        raise StoreError(
            f"{where}: the server runs with fsync = off, so a power cut can take accepted mail "
            "with it. Set fsync = on in postgresql.conf and reload."
        )
