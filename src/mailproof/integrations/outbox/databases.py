"""The application's database, seen from the drainer: rows are taken, handed over and settled.

Where rows can be locked, they are while they are handed over, and others take those behind them.
On SQLite nobody waits for the hand-over: two drainers may bring one row, under one key.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from mailproof.client.errors import NotConfigured
from mailproof.client.writing import TABLE, Enqueued

__all__ = ["Database", "Row", "Settled", "database_of", "rows_of", "settling", "taking"]

Result = TypeVar("Result")

_WAITING: Final = f"FROM {TABLE} WHERE problem IS NULL"
_SKIP: Final = " FOR UPDATE SKIP LOCKED"
_COUNT: Final = f"SELECT count(*) {_WAITING}"
_FIX: Final = (
    "Pass SQLAlchemy's engine, Django's `connection`, or a URL such as `sqlite:////srv/app.db` or "
    "`postgresql://…`."
)
# MariaDB speaks MySQL's SQL here.
_DIALECTS: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_BUSY_S: Final = 10.0


class Row(Enqueued, frozen=True, kw_only=True):
    """`seq`: its place in the order."""

    seq: int


class Settled(msgspec.Struct, frozen=True):
    """What became of the rows that were handed over: gone, or set aside with why. The others wait
    on. `at`: UTC in milliseconds."""

    gone: tuple[int, ...]
    aside: Mapping[int, str]
    at: int


HandOver = Callable[[Sequence[Row]], Awaitable[Settled]]


class Database(Protocol):
    """What the drainer asks of a database. Each call raises what the driver raises."""

    @property
    def dialect(self) -> str:
        """`sqlite`, `postgresql` or `mysql`."""
        ...

    async def take(self, most: int, hand_over: HandOver, after: int = 0) -> int:
        """Give the first `most` rows behind `after` to `hand_over` and write down what it says; how
        many there were."""
        ...

    async def count(self) -> int:
        """Rows that wait."""
        ...

    async def execute(self, statement: str) -> None:
        """Run it in a transaction of its own."""
        ...

    async def close(self) -> None:
        """What was opened for it is closed; what it was given is not."""
        ...


def database_of(given: Any) -> Database:
    """`given`: a SQLAlchemy engine, Django's connection, or a URL. Raises `NotConfigured`."""
    library = type(given).__module__.partition(".")[0]
    if isinstance(given, str):
        return _of_url(given)
    if library == "sqlalchemy" and hasattr(given, "sync_engine"):
        return _Awaited(given)
    if library == "sqlalchemy":
        return _InThread(
            _dialect(given.dialect.name), given.raw_connection, given.dialect.paramstyle
        )
    if library == "django":
        return _of_django(given.alias)
    what = f"{type(given).__module__}.{type(given).__qualname__} is no database that we know"
    raise NotConfigured(what, where="Outbox", fix=_FIX)


def taking(most: int, after: int, *, locks: bool) -> str:
    """The query for the first `most` rows behind `after`, which is the number of one, or 0."""
    rows = f"SELECT seq, id, payload, enqueued_at {_WAITING} AND seq > {int(after)}"
    return f"{rows} ORDER BY seq LIMIT {int(most)}{_SKIP if locks else ''}"


def settling(settled: Settled, mark: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The statements for it, `mark` where a text goes; our own numbers stand in them."""
    statements: list[tuple[str, tuple[str, ...]]] = []
    if settled.gone:
        numbers = ", ".join(str(int(seq)) for seq in settled.gone)
        statements.append((f"DELETE FROM {TABLE} WHERE seq IN ({numbers})", ()))  # noqa: S608
    for seq, problem in settled.aside.items():
        change = f"UPDATE {TABLE} SET set_aside_at = {int(settled.at)}, problem = {mark}"  # noqa: S608
        statements.append((f"{change} WHERE seq = {int(seq)}", (problem,)))
    return tuple(statements)


def rows_of(found: Sequence[Any]) -> list[Row]:
    return [
        Row(seq=seq, id=row_id, payload=payload, enqueued_at=at)
        for seq, row_id, payload, at in found
    ]


def _of_url(url: str) -> Database:
    scheme = urlsplit(url).scheme
    if scheme == "sqlite" and (path := url.removeprefix("sqlite:///")) and path != url:
        return _InThread("sqlite", lambda: _open_file(path), "qmark")
    if scheme in {"postgresql", "postgres"}:
        return _by_asyncpg(url)
    if scheme:
        return _by_sqlalchemy(url)
    raise NotConfigured("it is no URL of a database", where="--url", fix=_FIX)


def _by_asyncpg(url: str) -> Database:
    try:
        from mailproof.integrations.outbox.by_asyncpg import ByAsyncpg
    except ImportError as error:
        what, fix = "the driver of PostgreSQL is not installed", "Install mailproof[postgres]."
        raise NotConfigured(what, where="--url", fix=fix) from error
    return ByAsyncpg(url)


def _by_sqlalchemy(url: str) -> Database:
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        what, fix = "this kind of database needs SQLAlchemy", "Install sqlalchemy and its driver."
        raise NotConfigured(what, where="--url", fix=fix) from error
    try:
        engine = create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise NotConfigured(str(error).rstrip("."), where="--url", fix=_FIX) from error
    return database_of(engine)


def _of_django(alias: str) -> Database:
    from django.db import connections  # type: ignore[import-untyped]

    def connect() -> Any:
        connection = connections[alias]  # of this thread alone
        connection.close()
        connection.ensure_connection()
        connection.set_autocommit(False)
        return connection.connection

    vendor = connections[alias].vendor
    style = "qmark" if vendor == "sqlite" else "format"
    return _InThread(_dialect(vendor), connect, style)


def _dialect(name: str) -> str:
    """As we call it. Raises `NotConfigured`: we do not speak it."""
    found = _DIALECTS.get(name)
    if found is None:
        fix = "Keep the outbox in SQLite, PostgreSQL, MySQL 8 or MariaDB 10.6."
        raise NotConfigured(f"{name} is no database that we know", where="Outbox", fix=fix)
    return found


def _open_file(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_S)


class _InThread:
    """Any driver of the DB-API (PEP 249), in one thread, with a connection for each round."""

    def __init__(self, dialect: str, connect: Callable[[], Any], paramstyle: str) -> None:
        self.dialect = dialect
        self._connect = connect
        self._mark = "?" if paramstyle == "qmark" else "%s"
        self._thread = ThreadPoolExecutor(1, "mailproof-outbox")

    async def take(self, most: int, hand_over: HandOver, after: int = 0) -> int:
        connection = await self._there(self._connect)
        try:
            rows = rows_of(await self._there(self._select, connection, most, after))
            if rows:
                settled = await hand_over(rows)
                await self._there(self._settle, connection, settled)
            return len(rows)
        finally:
            await self._there(_leave, connection)

    async def count(self) -> int:
        return int((await self._there(self._alone, _COUNT))[0][0])

    async def execute(self, statement: str) -> None:
        await self._there(self._alone, statement)

    async def close(self) -> None:
        self._thread.shutdown(wait=False)

    def _select(self, connection: Any, most: int, after: int) -> list[Any]:
        return _all(connection, taking(most, after, locks=self.dialect != "sqlite"), ())

    def _settle(self, connection: Any, settled: Settled) -> None:
        for statement, values in settling(settled, self._mark):
            _all(connection, statement, values)
        connection.commit()

    def _alone(self, statement: str) -> list[Any]:
        connection = self._connect()
        try:
            found = _all(connection, statement, ())
            connection.commit()
            return found
        finally:
            _leave(connection)

    async def _there(self, work: Callable[..., Result], *args: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def _all(connection: Any, statement: str, values: Sequence[Any]) -> list[Any]:
    cursor = connection.cursor()
    try:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        cursor.close()


def _leave(connection: Any) -> None:
    try:
        connection.rollback()
    finally:
        connection.close()


class _Awaited:
    """SQLAlchemy's AsyncEngine."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.dialect = _dialect(engine.dialect.name)

    async def take(self, most: int, hand_over: HandOver, after: int = 0) -> int:
        from sqlalchemy import text

        locks = self.dialect != "sqlite"
        async with self._engine.connect() as connection:
            found = await connection.execute(text(taking(most, after, locks=locks)))
            rows = rows_of(found.all())
            if not locks:  # SQLite: keep no view open while others write
                await connection.rollback()
            if rows:
                settled = await hand_over(rows)
                for statement, values in settling(settled, ":problem"):
                    named = dict(zip(("problem",), values, strict=False))
                    await connection.execute(text(statement), named)
                await connection.commit()
            return len(rows)

    async def count(self) -> int:
        from sqlalchemy import text

        async with self._engine.connect() as connection:
            return int((await connection.execute(text(_COUNT))).scalar_one())

    async def execute(self, statement: str) -> None:
        from sqlalchemy import text

        async with self._engine.begin() as connection:
            await connection.execute(text(statement))

    async def close(self) -> None:
        return None
