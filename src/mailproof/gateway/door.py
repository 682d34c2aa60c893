"""What every request goes through: its id, one place where errors become answers, its log line."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, Final

import structlog

from mailproof.gateway.exchange import (
    Answer,
    ClientLeft,
    Headers,
    Receive,
    Refused,
    Request,
    Scope,
    Send,
)
from mailproof.store.base import CommitUnknown, StoreUnavailable

__all__ = ["Door", "Side"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

_RETRY: Final[Headers] = ((b"retry-after", b"2"),)


class Side:
    """What stands behind one listener. `answer` raises `Refused` for what it does not serve;
    `note` hears of every error that is answered, and says whether that was told to the operator."""

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Answer]],
        note: Callable[[Request, Refused], bool] | None = None,
    ) -> None:
        self.answer = answer
        self.note = note


class Door:
    """The ASGI application of both listeners: the port that a connection came in by, which no
    header can change, decides which side answers. While it drains, each answer is the connection's
    last."""

    def __init__(
        self,
        public: Side,
        admin: Side,
        *,
        admin_port: int,
        new_id: Callable[[], str],
        is_draining: Callable[[], bool],
    ) -> None:
        self._public = public
        self._admin = admin
        self._admin_port = admin_port
        self._new_id = new_id
        self._is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        side = self._admin if scope["server"][1] == self._admin_port else self._public
        request = Request(scope, receive)
        request.id = request.given_id or self._new_id()
        structlog.contextvars.bind_contextvars(request_id=request.id)
        try:
            answer = await _answer(side, request)
        except ClientLeft:
            _log.info("request.abandoned", method=request.method, path=request.path_told)
            return
        except asyncio.CancelledError:
            # The drain took too long. The engine finishes what it has begun to accept.
            await self._send(request, _unknown("The server is stopping", "").answer(), send)
            raise
        await self._send(request, answer, send)
        _tell(request, answer, began)

    async def _send(self, request: Request, answer: Answer, send: Send) -> None:
        headers = [
            (b"content-type", answer.media_type),
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-request-id", request.id.encode()),
            *answer.headers,
        ]
        if answer.status == 204:
            del headers[:2]  # RFC 9110 section 8.6: no content, and no length of it
        if answer.stream is not None:
            del headers[1]  # nobody knows its length yet
        if self._is_draining():
            headers.append((b"connection", b"close"))
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        if answer.stream is None:
            await send(start)
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await _send_piece_by_piece(answer.body, answer.stream, start, send)


async def _send_piece_by_piece(
    first: bytes, rest: AsyncGenerator[bytes, None], start: MutableMapping[str, Any], send: Send
) -> None:
    async with contextlib.aclosing(rest):  # it holds something, whatever happens here
        await send(start)
        await send({"type": "http.response.body", "body": first, "more_body": True})
        async for piece in rest:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _answer(side: Side, request: Request) -> Answer:
    try:
        answer = await side.answer(request)
    except Refused as refused:
        said = refused
    except StoreUnavailable as error:
        message = "The database cannot be used now. Nothing was accepted or changed; repeat it."
        said = Refused("application_error", message, status=503, headers=_RETRY, detail=str(error))
    except CommitUnknown as error:
        said = _unknown("The database did not confirm", str(error))
    except ClientLeft:
        raise
    except Exception as error:  # noqa: BLE001 - a defect of ours: told once, and never to a stranger
        _log.critical(
            "request.crashed", method=request.method, path=request.path_told, exc_info=error
        )
        message = f"Something went wrong here; it is in the log under request {request.id}."
        said = Refused("application_error", message)
    else:
        return answer
    told = side.note is not None and side.note(request, said)
    if said.detail and not told:
        _log.error(
            "request.failed",
            method=request.method,
            path=request.path_told,
            status=said.status,
            error=said.detail,
        )
    return said.answer()


def _unknown(why: str, detail: str) -> Refused:
    message = (
        f"{why}, so nobody knows whether this was accepted. Repeat the request with the same "
        "`Idempotency-Key`: then it is done once."
    )
    return Refused("application_error", message, status=503, headers=_RETRY, detail=detail)


def _tell(request: Request, answer: Answer, began: float) -> None:
    # Asked first: a line that nobody hears costs as much as a hundredth of accepting a mail.
    if answer.status < 400 and not logging.root.isEnabledFor(logging.DEBUG):
        return
    tell = _log.debug if answer.status < 400 else _log.info
    tell(
        "request.answered",
        method=request.method,
        path=request.path_told,
        status=answer.status,
        name=answer.name,
        took_ms=round((time.monotonic() - began) * 1_000, 1),
    )
