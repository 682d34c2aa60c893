"""SQLite as a store: one writer, readers beside it, many processes welcome."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

from mailproof.store.base import NewEvent, StoreUnavailable, Tx
from mailproof.store.sqlite.backup import back_up
from mailproof.store.sqlite.busy import patiently
from mailproof.store.sqlite.connecting import connect, translated
from mailproof.store.sqlite.filesystem import refuse_network_file_system
from mailproof.store.sqlite.migrating import migrate
from mailproof.store.sqlite.transaction import SqliteTx, run
from mailproof.store.sqlite.writing import Writer

__all__ = ["SqliteDatabase", "open_sqlite"]

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class SqliteDatabase:
    """The file at `path`. Made by `open_sqlite`."""

    name = "sqlite"

    def __init__(self, path: Path, writing: sqlite3.Connection, now_ms: Callable[[], int]) -> None:
        self.where = str(path)
        self._path = path
        self._now_ms = now_ms
        self._listeners: list[Callable[[Sequence[NewEvent]], None]] = []
        self._writer = Writer(self.where, writing, now_ms, self._announce)
        self._reading: sqlite3.Connection | None = None
        self._reader = ThreadPoolExecutor(1, "mailproof-sqlite-reader")
        self._copier = ThreadPoolExecutor(1, "mailproof-sqlite-copier")
        self._data_version = 0
        self._closed = False

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
        return cast(Result, await self._writer.write(lambda tx: body(tx, *args, **kwargs)))

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
        with translated(self.where):
            was, self._data_version = self._data_version, await self._writer.data_version()
        return self._data_version != was

    async def backup(self, path: str) -> int:
        return await self._in(self._copier, lambda: self._back_up(Path(path)))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        self._reader.shutdown(wait=True)
        self._copier.shutdown(wait=True)
        if self._reading is not None:
            self._reading.close()

    async def prepare(self) -> None:
        """Bring the schema up to date; before anything else."""
        with translated(self.where):
            await self._writer.apart(lambda connection: migrate(connection, self._now_ms()))
        await self.changed()

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise StoreUnavailable(f"{self.where} is closed.")
        done: Future[Result] = executor.submit(work)
        return await asyncio.wrap_future(done)

    def _announce(self, events: Sequence[NewEvent]) -> None:
        for listener in self._listeners:
            listener(events)

    # ---- in a thread of ours ----

    def _read_now(self, body: Callable[[Tx], Awaitable[Result]]) -> Result:
        with translated(self.where):
            if self._reading is None:
                self._reading = connect(self._path)
                self._reading.execute("PRAGMA query_only = ON")
            patiently(self._reading, "BEGIN")
            try:
                return run(body(SqliteTx(self._reading, self._now_ms())))
            finally:
                self._reading.execute("ROLLBACK")

    def _back_up(self, path: Path) -> int:
        with translated(self.where), contextlib.closing(connect(self._path)) as connection:
            return back_up(connection, path)


async def open_sqlite(path: Path, *, now_ms: Callable[[], int]) -> SqliteDatabase:
    """Open or make the file, and bring its schema up to date. `now_ms`: UTC in milliseconds.

    Raises `StoreError`: its folder is missing or not writable, it is on a network file system, it
    is no database. `SchemaTooNew`: a newer release has changed it.
    """
    refuse_network_file_system(path)
    with translated(str(path)):
        database = SqliteDatabase(path, connect(path), now_ms)
    try:
        await database.prepare()
    except BaseException:
        await database.close()
        raise
    return database
