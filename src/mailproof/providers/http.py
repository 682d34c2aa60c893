"""HTTP out: one place through which every call to a provider goes.

A network fault is an answer too: it comes back as `Raised`, never as an exception, so no caller
can forget it. Redirects are not followed, because the key in the headers must not go to a host
that somebody else named.
"""

import asyncio
import errno
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Final

import aiohttp

from mailproof.diagnosis.evidence import HttpAnswer, Raised, decode_text

__all__ = ["Http", "open_http", "raised"]

# Enough for any API answer and for a page that tells who stands in between.
_BODY_MAX_BYTES: Final = 256 * 1024
_CHAIN_MAX: Final = 10


class _Progress(SimpleNamespace):
    """How far one request came: True once its last byte was handed to the connection."""

    written: bool | None = False


class Http:
    """Calls over one session. Make it with `open_http`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

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
            async with (
                asyncio.timeout(deadline_s),
                self._session.request(
                    method,
                    url,
                    headers=headers,
                    json=body,
                    allow_redirects=False,
                    trace_request_ctx=progress,
                ) as answer,
            ):
                progress.written = True
                raw = await answer.content.read(_BODY_MAX_BYTES)
                return HttpAnswer(
                    answer.status,
                    {name.lower(): value for name, value in answer.headers.items()},
                    decode_text(raw),
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: what HTTP cannot carry. A TimeoutError is an OSError.
            return raised(error, request_written=progress.written)


@asynccontextmanager
async def open_http(user_agent: str) -> AsyncIterator[Http]:
    """A session that honours `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, as other clients do.

    `user_agent` is sent with each call: Resend's edge refuses calls without one (403, 1010).
    """
    async with aiohttp.ClientSession(
        trust_env=True,
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        trace_configs=[_tracing()],
    ) as session:
        yield Http(session)


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
        message=str(error),
        cause=_link(cause, depth - 1) if cause is not None else None,
        request_written=request_written,
        code=errno.errorcode.get(number) if number is not None else None,
    )


def _tracing() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def headers_sent(_: Any, context: SimpleNamespace, __: Any) -> None:
        progress = context.trace_request_ctx
        progress.written = None if progress.has_body else True

    async def chunk_sent(_: Any, context: SimpleNamespace, __: Any) -> None:
        # A probe or a mail is one chunk: aiohttp hands a JSON body over in one piece.
        context.trace_request_ctx.written = True

    trace.on_request_headers_sent.append(headers_sent)
    trace.on_request_chunk_sent.append(chunk_sent)
    return trace
