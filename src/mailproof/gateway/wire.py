"""One connection: uvicorn's, with limits for the slow and the large, and answers kept in order.

A request has its time from its first byte on, however little of it comes: whoever sends a byte a
minute holds a place that others need; so does whoever asks for much and does not fetch it. One look
at all connections each second keeps this, so that no request pays for a timer of its own.

What is no HTTP is answered in Resend's shape, and never before the answers that are still owed to
earlier requests of the same connection: a 4xx in their place would say of an accepted mail that it
was not.
"""

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

import httptools
import msgspec
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mailproof.gateway.corking import Corked
from mailproof.gateway.crowd import make_room
from mailproof.gateway.exchange import UNFINISHED
from mailproof.mail.refusal import Refusal

__all__ = ["ARRIVING_BYTES_PER_S", "ARRIVING_S", "Connection", "end_the_slow"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

# A request has so many seconds to arrive, and one more for each so many bytes of its body. An
# answer that waits to be fetched has as long.
ARRIVING_S: Final = 20.0
ARRIVING_BYTES_PER_S: Final = 256 * 1024
# Of address and headers, and of anything else that is neither a body nor ends a request. Bytes.
HEAD_MAX: Final = 64 * 1024
# Requests that a client may send ahead of their answers, on one connection.
AHEAD_MAX: Final = 16

_LOOK_EVERY_S: Final = 1.0
# So long what still comes is taken, and read by nobody: closing at once would cost the client the
# last answer, because a system that gets bytes for a closed socket has both ends forget theirs.
_LINGER_S: Final = 2.0
# In `Connection`, where it stands beside `close` or `HTTP2-Settings`.
_OFFERED: Final = re.compile(rb"(?i)(?<![^,\s])upgrade\s*(?:,|$)")
_LATE: Final = Refusal(408, "application_error", "The request did not arrive in time.")
_NO_HTTP: Final = Refusal(400, "validation_error", "Invalid HTTP request received.")
_LONG: Final = Refusal(
    431,
    "validation_error",
    f"The headers are longer than the {HEAD_MAX // 1024} KB that are taken here.",
)
_CROWDED: Final = Refusal(
    503, "application_error", "Too many connections are open here. Nothing was accepted; repeat it."
)
_REASONS: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


class Connection(HttpToolsProtocol):
    """`due`: by the loop's clock, when the request that has begun must have arrived; None: none
    is on its way."""

    transport: Corked
    due: float | None = None
    _fetched_by: float | None = None  # when the answer that lies here must have been fetched
    _fetched = 0  # bytes of answers that were fetched, at the last look
    _head = 0  # bytes of the head of this request, once it is there
    _unread = 0  # bytes since anything was done with them
    _is_ending = False  # whatever still comes is read to nobody

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.transport = Corked(transport, self.loop)
        if make_room(self, self.connections, self.app_state, self.loop.time()):
            self._wait_for_more()
        else:
            self._refuse(_CROWDED)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        self._unset_keepalive_if_required()
        self._unread += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            _log.info("request.unreadable", head_bytes=self._head, error=repr(error))
            self._break_off(_LONG if self._head > HEAD_MAX else _NO_HTTP)
            return
        if self._unread > HEAD_MAX:
            _log.info("request.unreadable", head_bytes=self._unread)
            self._break_off(_LONG)
        elif self.is_idle() and self.timeout_keep_alive_task is None:
            # Empty lines, or the body of a request that was answered without it.
            self._wait_for_more()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.due = self.loop.time() + ARRIVING_S
        self._head = 0

    def on_headers_complete(self) -> None:
        self._unread = 0
        self._head = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._head > HEAD_MAX:
            raise ValueError("the head is too long")
        if self._is_offer():
            return
        if len(self.pipeline) >= AHEAD_MAX:
            raise ValueError("too many requests ahead of their answers")
        super().on_headers_complete()
        self.headers = []  # what follows a body is nobody's header

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)
        if self.due is not None:
            self.due += len(body) / ARRIVING_BYTES_PER_S

    def on_message_complete(self) -> None:
        if self._is_offer():
            return
        self._unread = 0
        super().on_message_complete()
        self.due = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_ending and not self.transport.is_closing() and self._owes_nothing():
            self._say_goodbye()

    def is_idle(self) -> bool:
        """Does it neither owe an answer nor get a request?"""
        return self.due is None and self._owes_nothing()

    def end_if_slow(self, now: float) -> bool:
        """End what has had its time at `now`: answer 408, or close where nobody fetches answers."""
        if self._is_not_fetched(now):
            self.transport.abort()
            return True
        if self.due is None or self.due > now or self.transport.is_closing():
            return False
        if self._is_ending:
            self.transport.lingers = False
            self.transport.close()
            return False
        if self.flow.read_paused:  # then it is we who keep it waiting
            return False
        self._break_off(_LATE)
        return True

    def _parse(self, data: bytes) -> None:
        """Raises `httptools.HttpParserError`.

        The parser takes what follows an offer of another protocol for that protocol's, be it the
        body of a mail; Java's client makes such an offer with its first request. We take up none
        (RFC 9110 section 7.8), so the same request is read again without it.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = self._without_offer() + data[offer.args[0] :]
            else:
                return

    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _without_offer(self) -> bytes:
        lines = [
            b"%s: %s\r\n" % (name, _OFFERED.sub(b"", value) if name == b"connection" else value)
            for name, value in self.headers
            if name != b"upgrade"
        ]
        version = self.parser.get_http_version().encode()
        first = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)
        return b"".join([first, *lines, b"\r\n"])

    def _owes_nothing(self) -> bool:
        return not self.pipeline and (self.cycle is None or self.cycle.response_complete)

    def _break_off(self, refusal: Refusal) -> None:
        """Nothing more is taken from here. What is owed is answered first."""
        if self.due is not None and self.cycle is not None and self.cycle.scope is self.scope:
            # The head had arrived. Whoever reads the body, now or when its turn comes, finds this,
            # and answers and notes it as any error.
            self.scope["state"][UNFINISHED] = refusal
            self.cycle.message_event.set()
            self._end()
            if self._owes_nothing():  # it was answered without its body
                self._say_goodbye()
        elif self._owes_nothing():
            self._refuse(refusal)
        else:
            self._end()

    def _refuse(self, refusal: Refusal) -> None:
        body = msgspec.json.encode(refusal)
        head = (
            f"HTTP/1.1 {refusal.status_code} {_REASONS[refusal.status_code]}\r\n"
            "content-type: application/json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self._say_goodbye()

    def _end(self) -> None:
        self._is_ending, self.due = True, None
        self.transport.lingers = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _say_goodbye(self) -> None:
        self._is_ending, self.transport.lingers = True, True
        self._unset_keepalive_if_required()
        self.due = self.loop.time() + _LINGER_S
        self.transport.close()

    def _wait_for_more(self) -> None:
        """The next bytes cancel it."""
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _is_not_fetched(self, now: float) -> bool:
        if not self.transport.get_write_buffer_size():
            self._fetched_by = None
            return False
        before, self._fetched = self._fetched, self.transport.fetched
        if self._fetched_by is None:
            self._fetched_by = now + ARRIVING_S
        else:
            self._fetched_by += (self._fetched - before) / ARRIVING_BYTES_PER_S
        return now > self._fetched_by


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
