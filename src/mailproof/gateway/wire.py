"""One connection: uvicorn's, with Resend's shape for what is no HTTP, and limits for the slow.

A request has its time from its first byte on, however little of it comes: whoever sends a byte a
minute holds a place that others need. One look at all connections each second keeps this, so that
no request pays for a timer of its own.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mailproof.gateway.corking import Corked
from mailproof.gateway.exchange import TOO_SLOW
from mailproof.mail.refusal import Refusal

__all__ = ["ARRIVING_BYTES_PER_S", "ARRIVING_S", "Connection", "end_the_slow"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

# A request has so many seconds to arrive, and one more for each so many bytes of its body.
ARRIVING_S: Final = 20.0
ARRIVING_BYTES_PER_S: Final = 256 * 1024

_LOOK_EVERY_S: Final = 1.0
_LATE: Final = Refusal(408, "application_error", "The request did not arrive in time.")
_REASONS: Final = {400: "Bad Request", 408: "Request Timeout"}


class Connection(HttpToolsProtocol):
    """`due`: by the loop's clock, when the request that has begun must have arrived; None: none
    is on its way."""

    due: float | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport = Corked(transport, self.loop)
        # The first bytes cancel it, as those of a later request do.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.due = self.loop.time() + ARRIVING_S

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self.due is not None:
            self.due += len(body) / ARRIVING_BYTES_PER_S

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.due = None

    def send_400_response(self, msg: str) -> None:
        self.due = None
        self._refuse(Refusal(400, "validation_error", msg))

    def end_if_slow(self, now: float) -> bool:
        """Answer 408 if its time is over at `now`, and close."""
        if self.due is None or self.due > now or self.transport.is_closing():
            return False
        if self.flow.read_paused:  # then it is we who keep it waiting
            return False
        self.due = None
        if self.cycle is not None and self.cycle.scope is self.scope:
            # Whoever reads the body finds this mark, and answers and notes it as any error.
            self.scope["state"][TOO_SLOW] = True
            self.cycle.message_event.set()
        else:
            self._refuse(_LATE)
        return True

    def _refuse(self, refusal: Refusal) -> None:
        body = msgspec.json.encode(refusal)
        head = (
            f"HTTP/1.1 {refusal.status_code} {_REASONS[refusal.status_code]}\r\n"
            "content-type: application/json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


async def end_the_slow(connections: Iterable[Any]) -> None:
    """End the requests among these connections that do not arrive in time; until canceled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        now = loop.time()
        ended = sum(
            each.end_if_slow(now) for each in tuple(connections) if isinstance(each, Connection)
        )
        if ended:  # one line, however many: whoever does this on purpose does it by the thousand
            _log.info("requests.too_slow", count=ended)
