"""A network between a store and its PostgreSQL, which breaks at the moment that a test names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

__all__ = ["Cut", "Proxy", "proxied"]

_COMMIT = b"COMMIT\x00"
# The driver's names of prepared statements begin so.
_NAMED_STATEMENT = b"__asyncpg_stmt"


class Cut(StrEnum):
    """When a COMMIT passes. `BEFORE`: the server never hears of it. `AFTER`: its answer is lost."""

    NEVER = "never"
    BEFORE = "before"
    AFTER = "after"


class Proxy:
    """`cuts`: one for each COMMIT to come. `as_pooler`: greet with another process's number, as
    PgBouncer does. `named`: somebody prepared a statement by a name."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._parts = parts
        self._server = (parts.hostname or "", parts.port or 0)
        self._port = 0
        self.cuts: list[Cut] = []
        self.as_pooler = False
        self.named = False
        self.connections = 0

    @property
    def url(self) -> str:
        place = self._parts.netloc.rpartition(":")[0]
        return urlunsplit(self._parts._replace(netloc=f"{place}:{self._port}"))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one side ends it or it is cut."""
        self.connections += 1
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._server)
        except OSError:
            writer.close()
            return
        line = _Line(self, reader, writer, server_reader, server_writer)
        with suppress(ConnectionError):
            await line.run()
        for each in (writer, server_writer):
            each.close()


class _Line:
    def __init__(
        self,
        proxy: Proxy,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._client = (reader, writer)
        self._server = (server_reader, server_writer)
        self._swallow = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            ways = [group.create_task(self._up()), group.create_task(self._down())]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()

    async def _up(self) -> None:
        while data := await _read(self._client[0]):
            self._proxy.named |= _NAMED_STATEMENT in data
            cut = Cut.NEVER
            if _COMMIT in data and self._proxy.cuts:
                cut = self._proxy.cuts.pop(0)
            if cut is Cut.BEFORE:
                return
            self._swallow = cut is Cut.AFTER
            self._server[1].write(data)

    async def _down(self) -> None:
        while data := await _read(self._server[0]):
            if self._swallow:  # the server has answered, so it has committed
                return
            self._client[1].write(_renumbered(data) if self._proxy.as_pooler else data)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65_536)
    except ConnectionError:
        return b""


def _renumbered(data: bytes) -> bytes:
    """BackendKeyData (PostgreSQL's manual, "Message Formats"): K, length 12, process, secret."""
    at = data.find(b"K\x00\x00\x00\x0c")
    return data if at < 0 else data[: at + 5] + b"\x00\x01\x86\x9f" + data[at + 9 :]


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(url)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    proxy._port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
