"""The outbox in a PostgreSQL database that is named by its URL."""

from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]

from mailproof.client.writing import TABLE
from mailproof.integrations.outbox.databases import HandOver, rows_of, settling, taking

__all__ = ["ByAsyncpg"]

_CONNECT_S: Final = 10.0


class ByAsyncpg:
    """A connection for as long as it works; a broken one is replaced in the next round."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: Any = None

    async def take(self, most: int, hand_over: HandOver, after: int = 0) -> int:
        connection = await self._connection()
        async with connection.transaction():
            found = await connection.fetch(taking(most, after, locks=True))
            rows = rows_of(found)
            if rows:
                for statement, values in settling(await hand_over(rows), "$1"):
                    await connection.execute(statement, *values)
        return len(rows)

    async def count(self) -> int:
        connection = await self._connection()
        return int(
            await connection.fetchval(f"SELECT count(*) FROM {TABLE} WHERE problem IS NULL")  # noqa: S608
        )

    async def execute(self, statement: str) -> None:
        await (await self._connection()).execute(statement)

    async def close(self) -> None:
        if self._kept is not None:
            kept, self._kept = self._kept, None
            await kept.close()

    async def _connection(self) -> Any:
        if self._kept is None or self._kept.is_closed():
            self._kept = await asyncpg.connect(self._url, timeout=_CONNECT_S)
        return self._kept
