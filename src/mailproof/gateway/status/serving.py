"""`GET /status/{token}`: for programs as JSON, for pages as a stream, for people as a page."""

import math
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, Literal

import msgspec
import structlog

from mailproof.clock import Clock, first_of
from mailproof.diagnosis.guidance import Language
from mailproof.gateway.exchange import Answer, Headers, Request
from mailproof.gateway.keyring import KeyRing, Reader
from mailproof.gateway.status.following import Following, Watch
from mailproof.gateway.status.page import SCRIPT, page
from mailproof.gateway.status.telling import Told, may_know, said, service, tell
from mailproof.gateway.status.turnstile import Turnstile
from mailproof.gateway.status.wording import gap, pick_reader_language
from mailproof.mail.purposes import UNSPECIFIED, Purpose
from mailproof.mail.status_token import StatusTokenInvalid, Token, read
from mailproof.store.base import Database, StoreUnavailable
from mailproof.store.mails.status import Asked, Standing, standing_for

__all__ = ["StatusPages"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

# Clocks differ, and the app mints its token before or after the mail is accepted.
_SLACK_MS: Final = 120_000
_BEAT_EVERY_S: Final = 15.0
# A browser comes again by itself; what it holds here is freed meanwhile.
_STREAM_MAX_S: Final = 600.0
_PLAIN: Final[Headers] = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"accept, accept-language, origin"),
)
# Why there is no status, with the answer's status and the name of the error.
_WITHOUT: Final[Mapping[str, tuple[int, str]]] = {
    "unknown": (404, "not_found"),
    "ended": (410, "not_found"),
    "busy": (429, "rate_limit_exceeded"),
    "problem": (503, "application_error"),
}

Wanted = Literal["page", "json", "stream"]


class _Right(msgspec.Struct, frozen=True):
    """A token that is right: what it asks for, whose it is, and how to answer."""

    token: Token
    reader: Reader
    language: Language
    wanted: Wanted
    headers: Headers

    @property
    def until_ms(self) -> int:
        return self.token.claims.exp * 1000

    @property
    def asked(self) -> Asked:
        claims = self.token.claims
        return Asked(
            app=self.reader.app,
            purpose=claims.p,
            mail=claims.m,
            mac=claims.mac,
            since_ms=claims.iat * 1000 - _SLACK_MS,
            until_ms=self.until_ms,
        )


class StatusPages:
    """`purposes`: as configured, by name. `wait_s`: after so long a mail has usually gone out.
    `support_url`: where readers write to, empty: nowhere."""

    def __init__(  # noqa: PLR0913 - what it is wired to
        self,
        db: Database,
        keys: KeyRing,
        purposes: Mapping[str, Purpose],
        clock: Clock,
        *,
        wait_s: float,
        support_url: str = "",
    ) -> None:
        self._db = db
        self._keys = keys
        self._purposes = purposes
        self._clock = clock
        self._wait_ms = int(wait_s * 1000)
        self._support_url = support_url
        self._turnstile = Turnstile(clock.now)
        self._following = Following(db, clock)

    async def run(self) -> None:
        """Look for all who follow along; until canceled."""
        await self._following.run()

    def close(self) -> None:
        """End all streams: their readers come again by themselves."""
        self._following.close()

    async def show(self, request: Request) -> Answer:
        """Whatever happens, in the reader's language, with a way on."""
        wanted = _wanted(request)
        language = pick_reader_language(
            request.query.get("lang", ""), request.every(b"accept-language")
        )
        try:
            return await self._show(request, wanted, language)
        except StoreUnavailable as error:
            _log.warning("status.unread", error=str(error))
            return self._without("problem", language, wanted, wait_s=5.0)

    async def _show(self, request: Request, wanted: Wanted, language: Language) -> Answer:
        token = _read(request.email_id)
        reader = None if token is None else await self._keys.reader(token.claims.k)
        if token is None or reader is None or not token.is_signed_with(reader.status_secret):
            return self._without("unknown", language, wanted)
        headers = _allowed(request, reader)
        right = _Right(token, reader, language, wanted, headers)
        if self._db.now() >= right.until_ms:
            return self._without("ended", language, wanted, headers)
        wait_s = self._turnstile.wait_s(token.signature)
        if wait_s > 0:
            return self._without("busy", language, wanted, headers, wait_s)
        if wanted == "stream":
            return await self._begin_stream(request, right)
        told, _ = await self._ask(right)
        if wanted == "page":
            return page(told, self._db.now())
        return Answer(200, msgspec.json.encode(told.as_of(self._db.now())), (*_PLAIN, *headers))

    async def script(self, request: Request) -> Answer:
        """`GET /status.js`: the element for the app's own pages."""
        headers = (
            (b"cache-control", b"public, max-age=3600"),
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"x-content-type-options", b"nosniff"),
        )
        return Answer(200, SCRIPT, headers, b"text/javascript; charset=utf-8")

    async def _ask(self, right: _Right) -> tuple[Told, Standing]:
        """One query, whoever is asked for; what it may tell hangs on the purpose alone."""
        claims = right.token.claims
        standing = await self._db.read(standing_for, right.asked)
        if self._may_know(right):
            purpose = self._purposes.get(standing.purpose or claims.p, UNSPECIFIED)
            return tell(standing, right.language, purpose, self._support_url), standing
        asked_at = claims.iat * 1000
        told = service(
            stopped=standing.stopped,
            waited=self._db.now() - asked_at > self._wait_ms,
            language=right.language,
            asked_at=asked_at,
            purpose=self._purposes.get(claims.p, UNSPECIFIED),
        )
        return told, Standing(stopped=standing.stopped)

    def _may_know(self, right: _Right) -> bool:
        claims = right.token.claims
        return may_know(self._purposes.get(claims.p, UNSPECIFIED).tells, claims.m)

    async def _begin_stream(self, request: Request, right: _Right) -> Answer:
        """Its first event is the body, so that whoever gets the answer has begun the stream."""
        if not self._turnstile.enter(right.token.signature):
            return self._without("busy", right.language, right.wanted, right.headers, 60.0)
        stream = self._stream(request, right)
        first = await anext(stream)
        headers = (*_PLAIN, (b"x-accel-buffering", b"no"), *right.headers)
        return Answer(200, first, headers, b"text/event-stream", stream=stream)

    async def _stream(self, request: Request, right: _Right) -> AsyncGenerator[bytes, None]:
        """An event at once and with each change, and a sign of life in between."""
        claims, may_know_more = right.token.claims, self._may_know(right)
        mac = claims.mac if may_know_more and not claims.m else None
        try:
            with self._following.watching(claims.m or None, mac) as watch:
                told, standing = await self._ask(right)
                yield b"retry: 3000\n" + self._event(told)
                end = min(self._clock.now() + _STREAM_MAX_S, right.until_ms / 1000)
                while not told.final and not self._following.closed:
                    watch.email_id = standing.email_id
                    beats = await self._wait(request, watch, right, end)
                    if request.has_left or self._clock.now() >= end:
                        return
                    before = told
                    told, standing = await self._ask(right)
                    if told != before:
                        yield self._event(told)
                    elif beats:
                        yield b": still here\n\n"
        finally:
            self._turnstile.leave(right.token.signature)

    async def _wait(self, request: Request, watch: Watch, right: _Right, end: float) -> bool:
        """For a change, but not for long. True: only time has passed."""
        now = self._clock.now()
        # From then on, a mail that is nobody's secret has left.
        sent_at = right.token.claims.iat + (self._wait_ms + 1) / 1000
        times = [now + _BEAT_EVERY_S, end, *([sent_at] if sent_at > now else [])]
        await first_of(watch.stirred.wait(), self._clock.sleep_until(min(times)), request.left())
        stirred = watch.stirred.is_set()
        watch.stirred.clear()
        return not stirred

    def _event(self, told: Told) -> bytes:
        return b"event: status\ndata: " + msgspec.json.encode(told.as_of(self._db.now())) + b"\n\n"

    def _without(
        self,
        why: str,
        language: Language,
        wanted: Wanted,
        headers: Headers = (),
        wait_s: float = 0.0,
    ) -> Answer:
        """An answer that says why there is no status, and what to do: to people and programs."""
        status, name = _WITHOUT[why]
        told = said(why, language)
        if wait_s > 0:
            headers = (*headers, (b"retry-after", str(math.ceil(wait_s)).encode()))
        if wanted == "page":
            return page(told, self._db.now(), status=status, headers=headers)
        message = f"{told.title}. {told.text}{gap(language)}{told.action}"
        tree: dict[str, Any] = {"statusCode": status, "name": name, "message": message}
        tree |= msgspec.to_builtins(told)
        return Answer(status, msgspec.json.encode(tree), (*_PLAIN, *headers), name=name)


def _read(text: str) -> Token | None:
    """None: it is none, or cannot be one of ours."""
    try:
        return read(text)
    except StatusTokenInvalid:
        return None


def _wanted(request: Request) -> Wanted:
    """A page, unless something else is asked for by name."""
    accept = request.every(b"accept").lower()
    if "text/event-stream" in accept and request.method == "GET":
        return "stream"
    return "json" if "json" in accept and "text/html" not in accept else "page"


def _allowed(request: Request, reader: Reader) -> Headers:
    """The app's own pages may read it; their origins stand with its keys."""
    origin = request.header(b"origin")
    if origin is None or origin.lower() not in {_origin(each) for each in reader.origins}:
        return ()
    return ((b"access-control-allow-origin", origin.encode()),)


def _origin(url: str) -> str:
    """As a browser writes it, whether or not somebody gave a path with it."""
    scheme, mark, rest = url.strip().lower().partition("://")
    return f"{scheme}{mark}{rest.partition('/')[0]}"
