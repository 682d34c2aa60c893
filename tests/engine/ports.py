"""The ports of a house, wrapped: what goes through them is counted, and may fail."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from mailproof.store.base import Database, NewEvent, StoreUnavailable, Tx

__all__ = ["Holder", "OneLock", "Traffic", "WatchedDatabase"]

# Turns of the loop without any call, after which nothing is left to be done at this time.
_QUIET_TURNS: Final = 25
_PATIENCE_S: Final = 20.0  # of real time, for a store that hangs


class Traffic:
    """How many calls to stores are under way."""

    def __init__(self) -> None:
        self.calls = 0
        self._under_way = 0
        self._none = asyncio.Event()
        self._none.set()

    async def quiet(self) -> None:
        turns, calls = 0, self.calls
        async with asyncio.timeout(_PATIENCE_S):
            while turns < _QUIET_TURNS:
                await self._none.wait()
                await asyncio.sleep(0)
                turns, calls = (turns + 1, calls) if calls == self.calls else (0, self.calls)

    def __enter__(self) -> None:
        self._under_way += 1
        self.calls += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._none.set()


class WatchedDatabase:
    """A store whose calls are counted, and which is away while `is_away`. `before`: called with the
    name of each transaction before it begins."""

    def __init__(self, inner: Database, traffic: Traffic) -> None:
        self._inner = inner
        self._traffic = traffic
        self.name = inner.name
        self.where = inner.where
        self.is_away = False
        self.statements = 0
        self.before: Callable[[str], Awaitable[None]] | None = None

    async def write(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._call(self._inner.write, body, *args, **kwargs)

    async def read(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._call(self._inner.read, body, *args, **kwargs)

    def listen(self, listener: Callable[[Sequence[NewEvent]], None]) -> None:
        self._inner.listen(listener)

    async def changed(self) -> bool:
        with self._traffic:
            return await self._inner.changed()

    def now(self) -> int:
        return self._inner.now()

    async def backup(self, path: str) -> int:
        return await self._inner.backup(path)

    async def close(self) -> None:
        await self._inner.close()

    async def _call(
        self,
        call: Callable[..., Awaitable[Any]],
        body: Callable[..., Awaitable[Any]],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        async def counted(tx: Tx) -> Any:
            return await body(_CountingTx(tx, self), *args, **kwargs)

        if self.before is not None:
            await self.before(body.__name__)
        with self._traffic:
            if self.is_away:
                await asyncio.sleep(0)
                raise StoreUnavailable("The database cannot be reached.")
            return await call(counted)


class _CountingTx:
    def __init__(self, tx: Tx, database: WatchedDatabase) -> None:
        self._tx = tx
        self._database = database
        self.now = tx.now
        self.tell = tx.tell

    async def all(self, query: str, shape: Callable[..., Any], /, **values: Any) -> list[Any]:
        self._database.statements += 1
        return await self._tx.all(query, shape, **values)

    async def one(self, query: str, shape: Callable[..., Any], /, **values: Any) -> Any:
        self._database.statements += 1
        return await self._tx.one(query, shape, **values)

    async def run(self, query: str, /, **values: Any) -> int:
        self._database.statements += 1
        return await self._tx.run(query, **values)

    async def many(self, query: str, rows: Sequence[Sequence[Any]], /) -> None:
        self._database.statements += 1
        await self._tx.many(query, rows)


class Holder(msgspec.Struct):
    """Who may send on one file: one of those who ask."""

    name: str = ""


class OneLock:
    """As the kernel's lock on a file. `is_broken`: its file cannot be opened."""

    def __init__(self, shared: Holder, name: str) -> None:
        self._shared = shared
        self._name = name
        self.is_broken = False

    def acquire(self) -> bool:
        if self.is_broken:
            raise StoreUnavailable("mailproof.db.engine cannot be opened: no such folder.")
        if not self._shared.name:
            self._shared.name = self._name
        return self._shared.name == self._name

    def holder(self) -> str:
        return f"process {self._shared.name}"

    def release(self) -> None:
        if self._shared.name == self._name:
            self._shared.name = ""
