"""A few connections, shared. No state of the session is used, so none is reset between uses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import asyncpg  # type: ignore[import-untyped]

from mailproof.store.base import StoreUnavailable

__all__ = ["Connection", "Pool"]


class Connection(Protocol):
    """What is used of the driver's connection."""

    async def execute(self, text: str, /, *values: Any, timeout: float | None = None) -> str: ...  # noqa: ASYNC109 - the driver's

    async def fetch(self, text: str, /, *values: Any) -> list[Any]: ...

    async def fetchrow(self, text: str, /, *values: Any) -> Any: ...

    async def fetchval(self, text: str, /, *values: Any) -> Any: ...

    def get_server_pid(self) -> int: ...

    def is_closed(self) -> bool: ...

    def terminate(self) -> None: ...

    async def close(self) -> None: ...


# A connection beyond the first that was not used for so long is given back to the server.
_IDLE_S: Final = 300.0


class Pool:
    """At most `size` connections, opened when they are needed; the last one used goes out first."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        size: int,
        wait_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._size = size
        self._wait_s = wait_s
        self._monotonic = monotonic
        self._free = asyncio.Semaphore(size)
        self._idle: list[tuple[float, Connection]] = []

    async def take(self) -> Connection:
        """A connection; give it back with `put`.

        Raises `StoreUnavailable`: all are busy and none came back in time; and what connecting
        raises.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise StoreUnavailable(
                f"All {self._size} connections to the database have been busy for "
                f"{self._wait_s:g} s."
            ) from error
        try:
            while self._idle:
                _, connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
                connection.terminate()
            return await self._connect()
        except BaseException:
            self._free.release()
            raise

    def put(self, connection: Connection, *, sound: bool) -> None:
        """`sound`: no transaction is open on it. Otherwise it is closed."""
        now = self._monotonic()
        if sound and not connection.is_closed():
            self._idle.append((now, connection))
        else:
            connection.terminate()
        while len(self._idle) > 1 and now - self._idle[0][0] > _IDLE_S:
            self._idle.pop(0)[1].terminate()
        self._free.release()

    async def close(self) -> None:
        """Close what is idle. Nothing must be in use any more."""
        while self._idle:
            await _close(self._idle.pop()[1])


async def _close(connection: Connection) -> None:
    try:
        async with asyncio.timeout(2):
            await connection.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        # It was idle: nothing is lost with it, however it ends.
        connection.terminate()
