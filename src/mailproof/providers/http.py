"""HTTP out: one place through which every call to a provider goes.

A network fault is an answer too: it comes back as `Raised`, never as an exception, so no caller
can forget it. Redirects are not followed, because the key in the headers must not go to a host
that somebody else named. Nothing that may have arrived is repeated: whether that is harmless, only
who calls can know.
"""

import errno
import json
import os
from asyncio import timeout
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from socket import AF_INET, AddressFamily
from typing import Any, Final, cast
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from aiohttp.http import StreamWriter

from mailproof.diagnosis.evidence import HttpAnswer, Raised, decode_text

__all__ = ["Http", "open_http", "proxy_for", "raised"]

# Enough for any API answer and for a page that tells who stands in between.
_BODY_MAX_BYTES: Final = 256 * 1024
_CHAIN_MAX: Final = 10
# Small enough that a mail of many megabytes does not stand whole in the connection's buffer.
_CHUNK_BYTES: Final = 32 * 1024
# Servers close idle connections after 5 seconds (Node.js, uvicorn) or more. A call that meets this
# very moment could not be told from one that was taken, so idle connections are left before it.
_IDLE_MAX_S: Final = 4.0
# So many connections may one call find closed before that is a fault.
_CLOSED_MAX: Final = 2


class _Progress:
    """How far one request came: `begun`, some of it was handed to the connection; `written`, all
    of it was."""

    begun = False
    written = False


class _Body(aiohttp.Payload):
    """The bytes of one request, which note how far they came."""

    _autoclose = True  # bytes in memory: there is nothing to close

    def __init__(self, content: bytes, progress: _Progress) -> None:
        super().__init__(content, content_type="application/json")
        self._size = len(content)
        self._progress = progress

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        content = memoryview(self._value)
        for start in range(0, len(content) or 1, _CHUNK_BYTES):
            if start:
                await writer.drain()
            # Without `drain` this does not wait, so what is noted after it is true.
            await cast("StreamWriter", writer).write(
                content[start : start + _CHUNK_BYTES], drain=False
            )
            self._progress.begun = True
        # Without its last chunk no server can have taken the request. From here on it goes out by
        # itself, even if we hang up: closing a connection still sends what its buffer holds.
        self._progress.written = True

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        await self.write(writer)  # the length is ours


class _Lookups(AbstractResolver):
    """The usual resolver, which knows what it is asked now.

    Calls to one host share a lookup, so no call can tell by itself what it waits for.
    """

    def __init__(self) -> None:
        self._resolver: AbstractResolver = aiohttp.DefaultResolver()
        self._asked: dict[str, int] = {}

    def pending(self, host: str) -> bool:
        return self._asked.get(host, 0) > 0

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        self._asked[host] = self._asked.get(host, 0) + 1
        try:
            return await self._resolver.resolve(host, port, family)
        finally:
            self._asked[host] -= 1

    async def close(self) -> None:
        await self._resolver.close()


class Http:
    """Calls that share their connections. Make it with `open_http`."""

    def __init__(
        self,
        sending: aiohttp.ClientSession,
        asking: aiohttp.ClientSession,
        lookups: _Lookups,
        environ: Mapping[str, str],
    ) -> None:
        self._sending = sending
        self._asking = asking
        self._lookups = lookups
        # The environment is read once for each URL: calls to one are many.
        self._proxy = lru_cache(maxsize=64)(lambda url: (proxy_for(url, environ) or ("", None))[1])

    async def get(
        self, url: str, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised:
        """Ask; `deadline_s` covers the whole exchange, from the name lookup to the last byte."""
        return await self._call(_Request(self._asking, "GET", url, headers), deadline_s)

    async def post(
        self, url: str, body: Any, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised:
        """Send `body` as JSON; see `get` for the deadline."""
        content = json.dumps(body).encode()
        return await self.post_bytes(url, content, headers=headers, deadline_s=deadline_s)

    async def post_bytes(
        self, url: str, content: bytes, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised:
        """Send JSON that is encoded already, these very bytes; see `get` for the deadline."""
        request = _Request(self._sending, "POST", url, headers, content)
        return await self._call(request, deadline_s)

    async def _call(self, request: "_Request", deadline_s: float) -> HttpAnswer | Raised:
        progress, proxy = _Progress(), None
        try:
            proxy = self._proxy(request.url)
            async with timeout(deadline_s):
                return await _exchange(request, proxy, progress)
        except TimeoutError:
            host = urlsplit(proxy or request.url).hostname or ""
            looking_up = not progress.written and self._lookups.pending(host)
            return _too_late(deadline_s, written=progress.written, looking_up=looking_up)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: what HTTP cannot carry.
            return raised(error, request_written=progress.written)


class _Request(msgspec.Struct, frozen=True):
    session: aiohttp.ClientSession
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None


async def _exchange(request: _Request, proxy: str | None, progress: _Progress) -> HttpAnswer:
    """One request and its answer, over another connection where a kept one had been closed."""
    for _ in range(_CLOSED_MAX):
        try:
            return await _once(request, proxy, progress)
        except aiohttp.ClientConnectionError as error:
            if not _met_a_closed_connection(error, progress):
                raise
    return await _once(request, proxy, progress)


async def _once(request: _Request, proxy: str | None, progress: _Progress) -> HttpAnswer:
    async with request.session.request(
        request.method,
        request.url,
        headers=request.headers,
        data=None if request.content is None else _Body(request.content, progress),
        allow_redirects=False,
        proxy=proxy,
        trace_request_ctx=progress,
    ) as answer:
        progress.written = True
        raw = await _read(answer.content)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status, headers, decode_text(raw))


def _met_a_closed_connection(error: aiohttp.ClientConnectionError, progress: _Progress) -> bool:
    """Had a kept connection been closed, and nothing of the request gone out?

    Then it is no fault at all, and going on over another connection repeats nothing.
    """
    return not progress.begun and isinstance(error.__cause__, aiohttp.ClientConnectionResetError)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """The body in all its pieces, up to our limit: `read(n)` would give the first piece alone."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) >= _BODY_MAX_BYTES:
            break
    return bytes(body[:_BODY_MAX_BYTES])


@asynccontextmanager
async def open_http(
    user_agent: str, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Http]:
    """Connections that go through the proxy that `environ` names, see `proxy_for`.

    `user_agent` is sent with each call that brings none: Resend's edge refuses calls without one
    (403, 1010). How many calls run at once is up to who makes them: a call that had to wait here
    for a connection would look like a server that does not answer.
    """
    lookups = _Lookups()
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_MAX_S, resolver=lookups)
    headers = {"User-Agent": user_agent, "Accept": "application/json"}
    try:
        # Not `trust_env`: it also reads ~/.netrc, and a login found there collides with the key.
        async with (
            _session(connector, headers, []) as sending,
            # A question has no body to tell when it was written, and is not worth being fast.
            _session(connector, headers, [_tracing()]) as asking,
        ):
            yield Http(sending, asking, lookups, environ)
    finally:
        await connector.close()
        await lookups.close()


def _session(
    connector: aiohttp.TCPConnector,
    headers: Mapping[str, str],
    traces: list[aiohttp.TraceConfig],
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=False,
        headers=headers,
        # Cookies of a provider's edge are of no use to an API, and cost time in each call.
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),  # none of its own: each call brings its deadline
        trace_configs=traces,
    )


def proxy_for(url: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that sends calls to `url` through a proxy, and the proxy; None: it is direct.

    `HTTPS_PROXY` or `HTTP_PROXY` by the scheme of the URL, in small letters too; `http://` is meant
    where no scheme stands; `NO_PROXY` names who is called directly. Raises `ValueError` for what is
    no URL.
    """
    parts = urlsplit(url)
    if _is_spared(parts.hostname or "", environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    name = f"{parts.scheme}_proxy"
    for variable in (name, name.upper()):
        if value := environ.get(variable, "").strip():
            return variable, value if "://" in value else f"http://{value}"
    return None


def _is_spared(host: str, no_proxy: str) -> bool:
    """Is this host, or a domain above it, in the list of those that are called directly?"""
    for entry in no_proxy.lower().replace(",", " ").split():
        name = entry.removeprefix("*").removeprefix(".")
        if not name or host == name or host.endswith(f".{name}"):
            return True
    return False


def _too_late(deadline_s: float, *, written: bool, looking_up: bool) -> Raised:
    """Say what our deadline cut off: silence of the DNS is not silence of the server."""
    words = f"no answer in {deadline_s:g} s"
    if looking_up:
        return Raised(
            "socket.gaierror", f"{words} to the lookup of the name", request_written=False
        )
    return Raised("TimeoutError", words, request_written=written)


def raised(error: BaseException, *, request_written: bool | None = None) -> Raised:
    """An exception as evidence, with the chain that led to it. Never raises."""
    return _link(error, _CHAIN_MAX, request_written=request_written)


def _link(error: BaseException, depth: int, *, request_written: bool | None = None) -> Raised:
    # aiohttp keeps the real reason of a failed connection beside the chain, not in it.
    cause = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    if not isinstance(cause, BaseException) or cause is error or depth <= 1:
        cause = None
    number = error.errno if isinstance(error, OSError) else None
    kind = type(error)
    return Raised(
        type=f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        message=_message(error),
        cause=_link(cause, depth - 1) if cause is not None else None,
        request_written=request_written,
        code=errno.errorcode.get(number) if number is not None else None,
    )


def _message(error: BaseException) -> str:
    """Its words. aiohttp gives an answer that is no HTTP the status 400, which nobody has sent."""
    is_proxys = isinstance(error, aiohttp.ClientHttpProxyError)  # that status is a real one
    if isinstance(error, aiohttp.ClientResponseError) and not is_proxys:
        return error.message
    return str(error)


def _tracing() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def headers_sent(_: Any, context: Any, __: Any) -> None:
        context.trace_request_ctx.written = True

    trace.on_request_headers_sent.append(headers_sent)
    return trace
