"""One transaction on PostgreSQL."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from mailproof.store.base import NewEvent
from mailproof.store.postgres.errors import translated
from mailproof.store.postgres.pool import Connection
from mailproof.store.postgres.statements import Asked, Statement, bound, columns, load_statements
from mailproof.store.rows_out import event_rows

__all__ = ["PostgresTx"]

Shape = TypeVar("Shape")

_INSERT_EVENTS: Final = "records/insert_events"


class PostgresTx:
    """What a transaction's body sees. Its errors are the store's, named after `where`."""

    def __init__(self, connection: Connection, now: int, where: str) -> None:
        self._connection = connection
        self._where = where
        self._queries = load_statements()
        self.now = now
        self.told: list[NewEvent] = []

    async def all(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> list[Shape]:
        return [shape(*row) for row in await self._rows(query, values)]

    async def one(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> Shape | None:
        rows = await self._rows(query, values)
        return shape(*rows[0]) if rows else None

    async def run(self, query: str, /, **values: Any) -> int:
        asked = self._queries[query]
        with translated(self._where):
            last = await self._run_to_last(asked, values)
            tag: str = await self._connection.execute(last.text, *bound(asked, last, values))
        return int(tag.rpartition(" ")[2])  # "UPDATE 5", "INSERT 0 5", "SELECT 5"

    async def many(self, query: str, rows: Sequence[Sequence[Any]], /) -> None:
        if rows:
            asked = self._queries[query]
            with translated(self._where):
                await self._connection.execute(asked.statements[0].text, *columns(asked, rows))

    def tell(self, event: NewEvent, /) -> None:
        self.told.append(event)

    async def write_events(self) -> None:
        """The last thing before COMMIT: the statement takes the lock that orders the event log."""
        if self.told:
            await self.many(_INSERT_EVENTS, event_rows(self.told, self.now))

    async def _rows(self, query: str, values: dict[str, Any]) -> list[Any]:
        asked = self._queries[query]
        with translated(self._where):
            last = await self._run_to_last(asked, values)
            rows: list[Any] = await self._connection.fetch(last.text, *bound(asked, last, values))
        return rows

    async def _run_to_last(self, asked: Asked, values: dict[str, Any]) -> Statement:
        for statement in asked.statements[:-1]:
            await self._connection.execute(statement.text, *bound(asked, statement, values))
        return asked.statements[-1]
