"""Connections to one SMTP server that are kept for the next mail, and how many there may be."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from mailproof.providers.smtp_connection import Connection, Refused, open_connection
from mailproof.providers.smtp_url import SmtpUrl

__all__ = ["Pool"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.providers")

# RFC 5321 section 4.5.3.2.7 lets a server wait five minutes; many leave after one.
_IDLE_MAX_S: Final = 30.0
# Servers count mails too (Postfix: smtp_connection_reuse_count_limit, Exim: 500, others 100).
_MAILS_MAX: Final = 100
# After so long without a complaint, one connection more is tried.
_WIDER_AFTER_S: Final = 60.0
_BEFORE_LOGIN: Final = frozenset({"connect", "ehlo", "starttls"})


class Pool:
    """At most `most` connections. `tls` makes the context, once."""

    def __init__(self, name: str, most: int, tls: Callable[[], ssl.SSLContext]) -> None:
        self._name = name
        self._most = most
        self._limit = most
        self._narrowed_at = 0.0
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._idle: dict[Connection, asyncio.TimerHandle] = {}
        self._used = 0
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def connection(
        self, url: SmtpUrl, *, fresh: bool = False
    ) -> AsyncIterator[tuple[Connection, bool]]:
        """One that is ready for a mail, and whether it was kept (`fresh`: none of those). It is
        kept afterwards if the block leaves it open and raises nothing but `Refused`.

        Raises what `open_connection` does. A server that has enough of us gets fewer at once.
        """
        await self._take_place()
        connection: Connection | None = None
        kept = is_kept = False
        try:
            while connection is None:
                connection = None if fresh else await self._kept(url)
                is_kept = connection is not None
                if connection is None:
                    connection = await self._opened(url)
            try:
                yield connection, is_kept
                kept = True
            except Refused:
                kept = True
                raise
        finally:
            self._give_back(connection, kept=kept)

    async def close(self) -> None:
        """Say goodbye to all that are idle."""
        idle, self._idle = self._idle, {}
        for connection, timer in idle.items():
            timer.cancel()
            await connection.quit()

    async def open_apart(self, url: SmtpUrl) -> Connection:
        """One that is nobody else's, beyond the limit: for a question now and then."""
        return await open_connection(url, await self._tls_context())

    async def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = await asyncio.to_thread(self._tls)
        return self._context

    async def _take_place(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._limit < self._most and now - self._narrowed_at > _WIDER_AFTER_S:
            self._limit, self._narrowed_at = self._limit + 1, now
        while self._used >= self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._used += 1

    async def _kept(self, url: SmtpUrl) -> Connection | None:
        """The one that was used last and still answers. The others may stay for the next."""
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.url != url:
                connection.leave()
                continue
            is_ready = False
            try:
                is_ready = await connection.reset()
            finally:
                if not is_ready:
                    connection.drop()
            if is_ready:
                return connection
        return None

    async def _opened(self, url: SmtpUrl) -> Connection | None:
        """A new one; None: the server has enough of us, and another one has become free."""
        try:
            return await open_connection(url, await self._tls_context())
        except Refused as refusal:
            reply = refusal.replies[0]
            # Only where others are open: else it wants none of us.
            if self._used == 1 or reply.code // 100 != 4 or reply.stage not in _BEFORE_LOGIN:
                raise
        self._limit = max(1, self._used - 1)
        self._narrowed_at = asyncio.get_running_loop().time()
        _log.warning("connections.narrowed", provider=self._name, limit=self._limit)
        self._used -= 1
        try:
            while self._used >= self._limit:
                self._freed.clear()
                await self._freed.wait()
        finally:
            self._used += 1
        return None

    def _give_back(self, connection: Connection | None, *, kept: bool) -> None:
        self._used -= 1
        self._freed.set()
        if connection is None:
            return
        if not kept or not connection.is_open:
            connection.drop()
        elif connection.mails >= _MAILS_MAX:
            connection.leave()
        else:
            loop = asyncio.get_running_loop()
            self._idle[connection] = loop.call_later(_IDLE_MAX_S, self._leave, connection)

    def _leave(self, connection: Connection) -> None:
        self._idle.pop(connection, None)
        connection.leave()
