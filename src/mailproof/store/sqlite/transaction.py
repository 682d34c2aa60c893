"""One SQLite transaction, and how the code that is written for it runs to its end."""

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import chain
from typing import Any, TypeVar, cast

from mailproof.store.base import NewEvent
from mailproof.store.queries import load_queries
from mailproof.store.sqlite.binding import bound, chunks

__all__ = ["SqliteTx", "run"]

Shape = TypeVar("Shape")
Result = TypeVar("Result")


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


def run(body: Awaitable[Result]) -> Result:
    """Run a transaction's coroutine to its end. It awaits only what never suspends."""
    coroutine = cast(Coroutine[Any, Any, Result], body)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast(Result, end.value)
    coroutine.close()
    raise RuntimeError("A transaction may await nothing but its Tx.")
