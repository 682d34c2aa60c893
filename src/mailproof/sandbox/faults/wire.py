"""What HTTP has no word for: a connection that hangs, is reset, or ends within an answer."""

import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mailproof.sandbox.faults.fault import Fault
from mailproof.sandbox.faults.kinds import HANG_MAX_S, Act

__all__ = ["WIRE", "Gate", "Wire", "protocol_with"]

# Where the application finds the wire of a request, in its ASGI scope.
WIRE: Final = "mailproof.wire"
# struct linger: two ints, but two shorts on Windows.
_LINGER: Final = "hh" if sys.platform == "win32" else "ii"
# Called with method and path when only the head of a request has come.
Gate = Callable[[str, str], Fault | None]


class Wire:
    """One client's connection, with the means to treat it badly."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def stop_reading(self) -> None:
        if self._transport.is_reading():
            self._transport.pause_reading()

    def reset(self) -> None:
        """End it with RST instead of FIN: the client sees "connection reset by peer"."""
        found = self._transport.get_extra_info("socket")
        if found is not None and not self._transport.is_closing():
            # Closing with a linger of 0 seconds is what makes it a reset (socket(7), SO_LINGER).
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
        self._transport.abort()

    def abort(self) -> None:
        """End it at once, whatever is under way."""
        self._transport.abort()

    def close(self) -> None:
        """End it once what was written has gone out."""
        self._transport.close()


def protocol_with(gate: Gate, open_wires: set[Wire]) -> type[HttpToolsProtocol]:
    """uvicorn's HTTP protocol, with `gate` between the head of a request and the rest of it."""

    class FaultyProtocol(HttpToolsProtocol):
        """Either lets a request through untouched, or does to it what its fault says."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.wire = Wire(transport)
            self.cut = False
            open_wires.add(self.wire)

        def connection_lost(self, exc: Exception | None) -> None:
            open_wires.discard(self.wire)
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope[WIRE] = self.wire  # type: ignore[typeddict-unknown-key]

        def on_headers_complete(self) -> None:
            if self.cut:
                return  # more requests that had come along with the one that was cut off
            method = self.parser.get_method().decode("ascii")
            path = self.url.decode("ascii", "replace").partition("?")[0]
            fault = gate(method, path)
            if fault is None:
                super().on_headers_complete()
                return
            self.cut = True
            if fault.kind.act is Act.RESET:
                self.wire.reset()
                return
            self.wire.stop_reading()
            seconds = fault.seconds if fault.seconds is not None else HANG_MAX_S
            self.loop.call_later(seconds, self.wire.close)

        def on_body(self, body: bytes) -> None:
            if not self.cut:
                super().on_body(body)

        def on_message_complete(self) -> None:
            if not self.cut:
                super().on_message_complete()

    return FaultyProtocol
