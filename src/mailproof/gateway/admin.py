"""The admin listener: what operators and their tools ask. Never to be seen from outside."""

import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from mailproof.gateway.client import comes_by_proxy
from mailproof.gateway.exchange import Answer, Refused, Request, json_answer, refused_as
from mailproof.gateway.room import Room, read_body
from mailproof.gateway.routing import Route, Routes
from mailproof.mail.invalid import InvalidInput
from mailproof.record.metrics.page import Shown

__all__ = ["AdminSide", "LogLevel", "is_loopback"]

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

_LEVELS: Final = get_args(LogLevel)
_BODY_MAX: Final = 64 * 1024
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::\d{1,5})?")
_MISSING: Final = (
    "The admin listener has no such page. `/admin/v1/state` tells how things stand, `/metrics` the "
    "same to Prometheus; mail is sent through the public listener."
)


class AdminSide:
    """Everything on the admin port.

    `token` None: open, because it listens on a loopback address only. Then the machine's users are
    let in, but not the web pages that they look at: those come with a foreign `Host` or `Origin`.
    `console` answers people's pages, to whom it asks who they are; None: there are none.
    `state()` gives what `/admin/v1/state` shows, `metrics` what Prometheus scrapes, in a format
    that its `Accept` takes; `set_level` changes the level of the log.
    """

    def __init__(  # noqa: PLR0913 - what it is wired to
        self,
        *,
        token: Callable[[], str] | None,
        state: Callable[[], Awaitable[Any]],
        metrics: Callable[[str], Awaitable[Shown]],
        set_level: Callable[[LogLevel], None],
        console: Callable[[Request], Awaitable[Answer]] | None = None,
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
    ) -> None:
        self._token = token
        self._state = state
        self._metrics = metrics
        self._set_level = set_level
        self._console = console
        self._trusted_proxies = trusted_proxies
        self._room = Room(waiting_max=100, bytes_max=1024 * 1024)
        self._routes = Routes(
            (
                Route("/admin/v1/state", {"GET": self._show_state}),
                Route("/metrics", {"GET": self._show_metrics}),
                Route("/admin/v1/log-level", {"POST": self._change_level}),
            ),
            _MISSING,
        )

    async def answer(self, request: Request) -> Answer:
        """Raises `Refused`."""
        if self._console is not None and _is_of_the_console(request.path):
            return await self._answer_person(self._console, request)
        if self._token is None:
            _refuse_foreign_host(request)
        else:
            _refuse_without(self._token(), request)
        if request.method not in _SAFE:
            _refuse_foreign_origin(request)
        return await self._routes.answer(request)

    async def _answer_person(
        self, console: Callable[[Request], Awaitable[Answer]], request: Request
    ) -> Answer:
        """People sign in instead of showing a token. A proxy that we trust may call this host what
        it likes: the cookie of a session belongs to one name, so another name has none to use."""
        if self._token is None and not comes_by_proxy(request, self._trusted_proxies):
            _refuse_foreign_host(request)
        if request.method not in _SAFE:
            _refuse_foreign_origin(request)
        if request.path == "/":
            return Answer(303, b"", ((b"location", b"/console"),), b"text/plain; charset=utf-8")
        return await console(request)

    async def _show_state(self, request: Request) -> Answer:
        return json_answer(await self._state())

    async def _show_metrics(self, request: Request) -> Answer:
        shown = await self._metrics(request.every(b"accept"))
        return Answer(200, shown.body, media_type=shown.media_type.encode())

    async def _change_level(self, request: Request) -> Answer:
        taken: list[int] = []
        try:
            body = await read_body(request, self._room, _BODY_MAX, taken)
        finally:
            self._room.give(sum(taken))
        try:
            level = _read_level(body)
        except InvalidInput as error:
            raise refused_as(error) from error
        self._set_level(level)
        return json_answer({"level": level})


def _is_of_the_console(path: str) -> bool:
    return path in {"/", "/console"} or path.startswith("/console/")


def is_loopback(host: str) -> bool:
    """Is this an address, or the name, that only this machine reaches?"""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refuse_without(token: str, request: Request) -> None:
    scheme, _, given = (request.header(b"authorization") or "").partition(" ")
    given = given.strip() if scheme.lower() == "bearer" else ""
    # An empty token is one that could not be read, and opens nothing.
    if token and hmac.compare_digest(token.encode(), given.encode()):
        return
    message = (
        "This listener can be reached from other machines, so it wants the admin token: send "
        "`Authorization: Bearer <admin_token>`."
    )
    raise Refused("missing_api_key", message, headers=((b"www-authenticate", b"Bearer"),))


def _refuse_foreign_host(request: Request) -> None:
    """A name that somebody else's DNS points at this machine would let their pages read ours."""
    host = _HOST.fullmatch(request.header(b"host") or "")
    if host is not None and is_loopback(host[1]):
        return
    message = (
        "The admin listener answers to `localhost`, `127.0.0.1` and `[::1]` only, so that no web "
        "page can reach it under a name of its own."
    )
    raise Refused("security_error", message, status=403)


def _refuse_foreign_origin(request: Request) -> None:
    origin = request.header(b"origin")
    if origin is None:
        return
    try:
        own = urlsplit(origin).netloc.lower() == (request.header(b"host") or "").lower() != ""
    except ValueError:
        own = False
    if not own:
        message = "A page of another origin may change nothing here."
        raise Refused("security_error", message, status=403)


def _read_level(body: bytes) -> LogLevel:
    fix = f'Send `{{"level": "DEBUG"}}`, with one of {", ".join(_LEVELS)}.'
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("body", f"it is not JSON: {error}", fix) from error
    given = tree.get("level") if isinstance(tree, dict) else None
    for level in _LEVELS:
        if isinstance(given, str) and given.upper() == level:
            return level  # type: ignore[no-any-return]
    raise InvalidInput("level", f"{given!r:.40} is no level", fix)
