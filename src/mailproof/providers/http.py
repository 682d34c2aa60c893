"""HTTP out: one place through which every call to a provider goes.

A network fault is an answer too: it comes back as `Raised`, never as an exception, so no caller
can forget it. Redirects are not followed, because the key in the headers must not go to a host
that somebody else named.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from mailproof.diagnosis.evidence import HttpAnswer, Raised, decode_text

__all__ = ["Http", "open_http", "proxy_for", "raised"]

# Enough for any API answer and for a page that tells who stands in between.
_BODY_MAX_BYTES: Final = 256 * 1024
_CHAIN_MAX: Final = 10


class _Progress(SimpleNamespace):
    """How far one request came. `written`: True once its last byte was handed to the connection;
    `looking_up`: the host name is being resolved."""

    written: bool | None = False
    looking_up: bool = False


class Http:
    """Calls over one session. Make it with `open_http`."""

    def __init__(self, session: aiohttp.ClientSession, environ: Mapping[str, str]) -> None:
        self._session = session
        self._environ = environ

    async def get(
        self, url: str, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised:
        """Ask; `deadline_s` covers the whole exchange, from the name lookup to the last byte."""
        return await self._call("GET", url, headers, None, deadline_s)

    async def post(
        self, url: str, body: Any, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised:
        """Send `body` as JSON; see `get` for the deadline."""
        return await self._call("POST", url, headers, body, deadline_s)

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, deadline_s: float
    ) -> HttpAnswer | Raised:
        progress = _Progress(has_body=body is not None)
        try:
            _, proxy = proxy_for(url, self._environ) or ("", None)
            async with (
                asyncio.timeout(deadline_s),
                self._session.request(
                    method,
                    url,
                    headers=headers,
                    json=body,
                    allow_redirects=False,
                    proxy=proxy,
                    trace_request_ctx=progress,
                ) as answer,
            ):
                progress.written = True
                raw = await _read(answer.content)
                return HttpAnswer(
                    answer.status,
                    {name.lower(): value for name, value in answer.headers.items()},
                    decode_text(raw),
                )
        except TimeoutError:
            return _too_late(progress, deadline_s)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: what HTTP cannot carry.
            return raised(error, request_written=progress.written)


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
    """A session that goes through the proxy that `environ` names, see `proxy_for`.

    `user_agent` is sent with each call: Resend's edge refuses calls without one (403, 1010).
    """
    # Not `trust_env`: it also reads ~/.netrc, and a login found there collides with the API key.
    async with aiohttp.ClientSession(
        # With a cache, of two calls at once only one is seen to wait for the DNS.
        connector=aiohttp.TCPConnector(use_dns_cache=False),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        trace_configs=[_tracing()],
    ) as session:
        yield Http(session, environ)


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


def _too_late(progress: _Progress, deadline_s: float) -> Raised:
    """Say what our deadline cut off: silence of the DNS is not silence of the server."""
    words = f"no answer in {deadline_s:g} s"
    if progress.looking_up:
        return Raised(
            "socket.gaierror", f"{words} to the lookup of the name", request_written=False
        )
    return Raised("TimeoutError", words, request_written=progress.written)


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

    async def headers_sent(_: Any, context: SimpleNamespace, __: Any) -> None:
        progress = context.trace_request_ctx
        progress.written = None if progress.has_body else True

    async def chunk_sent(_: Any, context: SimpleNamespace, __: Any) -> None:
        # A probe or a mail is one chunk: aiohttp hands a JSON body over in one piece.
        context.trace_request_ctx.written = True

    async def lookup_started(_: Any, context: SimpleNamespace, __: Any) -> None:
        context.trace_request_ctx.looking_up = True

    async def lookup_ended(_: Any, context: SimpleNamespace, __: Any) -> None:
        context.trace_request_ctx.looking_up = False

    trace.on_dns_resolvehost_start.append(lookup_started)
    trace.on_dns_resolvehost_end.append(lookup_ended)
    trace.on_request_headers_sent.append(headers_sent)
    trace.on_request_chunk_sent.append(chunk_sent)
    return trace
