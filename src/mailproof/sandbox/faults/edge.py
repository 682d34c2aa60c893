"""What stands before the API: the edge that wants a User-Agent, the faults, the record."""

import asyncio
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailproof.sandbox.account import Account, Arrival
from mailproof.sandbox.calls import KEPT_BYTES, CallSeen, RawHeaders, headers_kept, masked
from mailproof.sandbox.clock import first_of
from mailproof.sandbox.faults.fault import Fault, Sighting
from mailproof.sandbox.faults.kinds import Act, Stage
from mailproof.sandbox.faults.wire import WIRE, Wire
from mailproof.sandbox.messages.accepting import sighting
from mailproof.sandbox.messages.idempotency import Claim
from mailproof.sandbox.messages.message import Attempt

__all__ = ["EXCHANGE", "Edge", "Exchange", "is_ours", "is_sending", "record"]

EXCHANGE: Final = "mailproof.exchange"
# 40 MB of attachments in Base64, in a batch of nothing else, with room for the rest.
_BODY_MAX_BYTES: Final = 64 * 1024 * 1024


# RFC 9112 section 6.3: these answers end with their head.
_BODILESS: Final = frozenset({204, 304})


class Exchange(msgspec.Struct):
    """One request, and what the API did with it; the edge records it when it is over."""

    body: bytes = b""
    claim: Claim | None = None
    replayed: bool = False
    mail_ids: tuple[str, ...] = ()


_SENDING: Final = frozenset({"/emails", "/emails/batch"})


def is_sending(method: str, path: str) -> bool:
    """Does this request want to send mail?"""
    return method == "POST" and path in _SENDING


def is_ours(path: str) -> bool:
    """The sandbox's own pages, which no fault and no key touches."""
    return path.startswith(("/_sandbox", "/inbox")) or path == "/"


class Edge:
    """An ASGI application around the API."""

    def __init__(self, account: Account, api: ASGIApp) -> None:
        self._account = account
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_ours(scope["path"]):
            await self._api(scope, receive, send)
            return
        await _Passage(self._account, self._api, scope, receive, send).run()


class _Passage:
    """One request on its way through the edge."""

    def __init__(
        self, account: Account, api: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._account = account
        self._api = api
        self._scope = scope
        self._receive = receive
        self._send = send
        self._wire: Wire = scope[WIRE]
        self._headers = Headers(scope=scope)
        self._exchange = Exchange()
        self._began = account.clock.now()
        self._sighting: Sighting | None = None
        self._answered = _Heard()
        self._fault = ""

    async def run(self) -> None:
        try:
            if await self._read():
                await self._pass()
        finally:
            self._record()

    async def _read(self) -> bool:
        """Take in the body. False: the client left meanwhile, or sent too much and was told."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return False
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > _BODY_MAX_BYTES:
                error = {
                    "statusCode": 413,
                    "name": "validation_error",
                    "message": f"The request is larger than {_BODY_MAX_BYTES} bytes.",
                }
                await self._answer(413, _JSON, msgspec.json.encode(error))
                self._wire.close()
                return False
            if not message.get("more_body"):
                self._exchange.body = b"".join(parts)
                return True

    async def _pass(self) -> None:
        # Requests without one never reach Resend: the edge refuses them
        # (resend.com/docs/knowledge-base/403-error-1010).
        if not self._headers.get("user-agent"):
            self._fault = "no user-agent"
            await self._answer(*Fault("cloudflare-1010").answer())
            return
        self._sighting = self._seen()
        fault = self._account.faults.of_request(self._sighting)
        if fault is None:
            await self._forward(self._say)
            return
        self._fault = fault.name
        if fault.kind.stage is not Stage.ACCEPTED:
            await self._strike(fault)
            return
        heard = _Heard()
        await self._forward(heard.send)
        if fault.kind.act is not Act.SLOW:
            # Done, and only its answer is lost: who asks again gets it, whoever still hangs here.
            self._close_claim()
        if heard.status < 400:
            await self._strike(fault, heard)
        else:
            await self._answer(heard.status, heard.headers, heard.body)

    def _seen(self) -> Sighting:
        method, path = self._scope["method"], self._scope["path"]
        if not is_sending(method, path):
            return Sighting(method, path)
        try:
            body = msgspec.json.decode(self._exchange.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            body = None  # no JSON: the API will say so
        return sighting(method, path, body)

    async def _forward(self, send: Send) -> None:
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await self._receive()
            given = True
            return {"type": "http.request", "body": self._exchange.body, "more_body": False}

        scope = {**self._scope, EXCHANGE: self._exchange}
        await self._api(scope, replay, send)

    async def _say(self, message: Message) -> None:
        """Send it, and remember that it was said."""
        await self._answered.send(message)
        await self._send(message)

    async def _strike(self, fault: Fault, heard: "_Heard | None" = None) -> None:
        """Do what the fault does, in place of the answer or to the one that was `heard`."""
        seconds = fault.kind.seconds if fault.seconds is None else fault.seconds
        match fault.kind.act:
            case Act.HANG:
                await self._hang(seconds)
            case Act.RESET:
                self._wire.reset()
                await self._gone()
            case Act.SLOW if heard is not None:
                late = self._account.clock.sleep_until(self._began + seconds)
                await first_of(late, self._gone())
                await self._answer(heard.status, heard.headers, heard.body)
            case Act.TRUNCATE if heard is not None:
                await self._truncate(heard)
            case _:
                await self._answer(*fault.answer())

    async def _hang(self, seconds: float) -> None:
        """Say nothing until the client leaves, the time is up, or the sandbox stops."""
        try:
            async with asyncio.timeout(seconds):
                await self._gone()
        except TimeoutError:
            self._wire.close()
            await self._gone()

    async def _truncate(self, heard: "_Heard") -> None:
        headers = {**heard.headers, "content-length": str(len(heard.body))}
        await self._start(heard.status, headers)
        half = heard.body[: len(heard.body) // 2]
        await self._say({"type": "http.response.body", "body": half, "more_body": True})
        self._wire.close()
        await self._gone()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        if status in _BODILESS:
            body = b""  # the client would take it for the beginning of its next answer
        else:
            headers = {**headers, "content-length": str(len(body))}
        await self._start(status, headers)
        await self._say({"type": "http.response.body", "body": body})

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        raw = [
            (name.lower().encode(), value.encode("latin-1", "replace"))
            for name, value in headers.items()
        ]
        await self._say({"type": "http.response.start", "status": status, "headers": raw})

    def _close_claim(self) -> None:
        if self._exchange.claim is not None and not self._exchange.replayed:
            self._account.idempotency.close(self._exchange.claim)

    def _record(self) -> None:
        account, exchange = self._account, self._exchange
        self._close_claim()
        now = account.clock.now()
        arrival = Arrival(
            at=self._began,
            method=self._scope["method"],
            path=self._scope["path"],
            status=self._answered.status,
            took_ms=round((now - self._began) * 1000),
            key=masked(self._headers.get("authorization", "").removeprefix("Bearer ")),
            idempotency_key=self._headers.get("idempotency-key"),
            fault=self._fault,
            replayed=exchange.replayed,
            mail_ids=exchange.mail_ids,
        )
        if is_sending(arrival.method, arrival.path):
            account.calls.append(self._call(arrival))
        record(account, arrival)

    def _call(self, arrival: Arrival) -> CallSeen:
        body, heard, seen = self._exchange.body, self._answered, self._sighting
        return CallSeen(
            at=arrival.at,
            method=arrival.method,
            path=arrival.path,
            status=arrival.status,
            took_ms=arrival.took_ms,
            asked=headers_kept(self._scope["headers"]),
            body=body[:KEPT_BYTES],
            body_bytes=len(body),
            answered=heard.raw,
            answer=heard.body[:KEPT_BYTES],
            answer_bytes=len(heard.body),
            fault=arrival.fault,
            replayed=arrival.replayed,
            mail_ids=arrival.mail_ids,
            recipients=() if seen is None else seen.recipients,
            subject="" if seen is None else next(iter(seen.subjects), ""),
        )


def record(account: Account, arrival: Arrival) -> None:
    """Keep a request that is over, add it to its mails, and tell who listens."""
    account.arrivals.append(arrival)
    for mail_id in arrival.mail_ids:
        mail = account.mails.get(mail_id)
        if mail is not None:
            mail.attempts.append(
                Attempt(arrival.at, arrival.status, arrival.replayed, arrival.fault)
            )
    account.tell(arrival)


class _Heard(msgspec.Struct):
    """An answer of the API, taken in instead of sent."""

    status: int = 0
    raw: RawHeaders = ()
    body: bytes = b""

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.raw}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.raw = tuple(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


_JSON: Final[dict[str, str]] = {"content-type": "application/json; charset=utf-8"}
