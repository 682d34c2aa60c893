"""One write for one answer: what is written in one turn of the loop leaves together."""

import asyncio
from typing import Any

__all__ = ["Corked"]


class Corked(asyncio.Transport):
    """A connection that gathers head and body of an answer.

    The server writes them one after the other, and each write is a call to the system: a tenth of
    what accepting a mail costs. A turn of the loop is over in microseconds, so nobody waits.
    `lingers`: closing it only ends what is said here, and what still comes is taken.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._gathered: list[bytes] = []
        self._written = 0
        self.lingers = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._gathered:
            self._loop.call_soon(self._let_go)
        self._gathered.append(bytes(data))

    @property
    def fetched(self) -> int:
        """Bytes that were written here and have left this process."""
        return self._written - self.get_write_buffer_size()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def write_eof(self) -> None:
        """Nothing more is said; what the other side says still arrives."""
        self._let_go()
        if not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()

    def close(self) -> None:
        if self.lingers:
            self._loop.call_soon(self.write_eof)  # after what was written in this turn
            return
        self._let_go()
        self._transport.close()

    def abort(self) -> None:
        self._gathered.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _let_go(self) -> None:
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            self._written += sum(map(len, gathered))
            self._transport.write(b"".join(gathered))
