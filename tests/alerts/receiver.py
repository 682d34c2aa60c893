"""A web hook on loopback: takes what Apprise posts to `json://`, or refuses it on demand."""

import asyncio
from types import TracebackType
from typing import Any, Self

import msgspec

_DEADLINE_S = 20.0


class Receiver:
    """`messages`: what was posted, in order. `status`: what it answers from now on."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.tries = 0
        self.status = 200
        self._port = 0
        self._hangs = asyncio.Event()
        self._hangs.set()
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hangs.set()
        self._server.close()
        await self._server.wait_closed()

    def url(self, path: str = "/") -> str:
        return f"json://127.0.0.1:{self._port}{path}"

    def hang(self) -> None:
        """Take connections and say nothing, until the end of the test."""
        self._hangs.clear()

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]

    async def wait_for(self, count: int, *, tries: bool = False) -> None:
        """Until so many messages (`tries`: posts, also refused ones) have come."""
        async with asyncio.timeout(_DEADLINE_S), self._arrived:
            await self._arrived.wait_for(
                lambda: (self.tries if tries else len(self.messages)) >= count
            )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        body = await reader.readexactly(length)
        await self._hangs.wait()
        async with self._arrived:
            self.tries += 1
            if self.status < 300:
                self.messages.append(msgspec.json.decode(body))
            self._arrived.notify_all()
        writer.write(f"HTTP/1.1 {self.status} Said\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
