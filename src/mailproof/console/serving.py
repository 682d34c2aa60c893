"""From a request to a page: who asks, what they may, and what they get when something is wrong."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import structlog

from mailproof.console.first import Ruled
from mailproof.console.headers import guarded, with_headers
from mailproof.console.live import HEADER, Pulse
from mailproof.console.passwords import Busy, Scrypt
from mailproof.console.rendering import STATIC, Shelf
from mailproof.console.sessions import Sessions, SignedIn, cookies_of, is_theirs, small_cookie
from mailproof.console.sign_in import SignIn
from mailproof.console.visit import (
    HTML,
    Language,
    NotFound,
    Page,
    Parts,
    Person,
    TellStrip,
    Visit,
)
from mailproof.console.words import LANGUAGES, words_of
from mailproof.console.zones import zone_named
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.gateway.exchange import Answer, ClientLeft, Refused, Request
from mailproof.gateway.room import Room, read_body
from mailproof.gateway.routing import Route, Routes
from mailproof.store.base import CommitUnknown, StoreUnavailable
from mailproof.store.console.counts import NAV_MAX, nav
from mailproof.store.console.people import list_people

__all__ = ["Console"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.console")

_FORMS_AT_ONCE: Final = 100
_FORM_BYTES_MAX: Final = 1024 * 1024
_FORMS_BYTES_MAX: Final = 16 * 1024 * 1024
_FIELDS_MAX: Final = 20_000
_NOBODY: Final = Person("", "viewer")
_FOR_LONG: Final = b"public, max-age=31536000, immutable"
# The rail: each entry with what it counts and in which tone.
_NAV: Final = (
    ("overview", "", ""),
    ("mails", "waiting", "waiting"),
    ("routes", "routes_closed", "broken"),
    ("refusals", "refusals_apps", "broken"),
    ("suppressions", "", ""),
    ("alerts", "alerts", "broken"),
    ("keys", "", ""),
    ("settings", "", ""),
)
# What an error of the gateway's own is called on a page.
_ERRORS: Final[Mapping[int, str]] = {404: "e404", 405: "e405", 413: "e413", 429: "e429"}

_TONES: Final[Mapping[str, str]] = {
    "e429": "waiting",
    "e500": "broken",
    "e503": "broken",
    "e504": "waiting",
}
# Those that may be over in a moment: the page can be asked for again.
_MAY_PASS: Final = frozenset({"e429", "e503", "e504"})


class Console:
    """Answers everything under `/console`; never raises but for a client that has left.

    `pages`: what is served beside signing in. `tell_strip` says how things are, for the strip.
    """

    def __init__(
        self, parts: Parts, pages: Sequence[Page], tell_strip: TellStrip | None = None
    ) -> None:
        self._parts = parts
        self._tell_strip = tell_strip
        self._shelf = Shelf()
        self._sessions = Sessions(parts)
        self._pulse = Pulse(parts.database)
        self._room = Room(waiting_max=_FORMS_AT_ONCE, bytes_max=_FORMS_BYTES_MAX)
        scrypt = Scrypt()
        self._ruled = Ruled(parts.database, parts.settings.server.console_password, scrypt)
        self._sign_in = SignIn(parts, self._sessions, scrypt, self._ruled)
        self._routes = Routes(
            [
                Route("/console/sign-in", {"GET": self._show_sign_in, "POST": self._take_sign_in}),
                *_by_path([*self._sign_in.pages(), *pages], self._answer_page),
            ],
            "",
        )

    async def answer(self, request: Request) -> Answer:
        """Any request whose path is `/console` or below."""
        if request.path.startswith(STATIC):
            return guarded(self._static(request))
        try:
            answer = await self._answer(request)
        except ClientLeft:
            raise
        except Refused as refused:
            name = _ERRORS.get(refused.status, "e400")
            answer = self._error(request, name, refused.status, headers=refused.headers)
        except NotFound:
            answer = self._error(request, "e404", 404)
        except Busy:
            answer = self._error(request, "e429", 429, headers=((b"retry-after", b"5"),))
        except StoreUnavailable as error:
            _log.error("page.failed", path=request.path, error=str(error))
            answer = self._error(request, "e503", 503, error=redact_text(str(error)))
        except CommitUnknown as error:
            _log.error("page.failed", path=request.path, error=str(error))
            answer = self._error(request, "e504", 503)
        except Exception as error:  # noqa: BLE001 - a defect of ours: told once, and never on a page
            _log.critical("page.crashed", method=request.method, path=request.path, exc_info=error)
            answer = self._error(request, "e500", 500, id=request.id)
        return guarded(answer)

    async def _answer(self, request: Request) -> Answer:
        chosen = request.query.get("lang", "")
        if chosen in LANGUAGES and request.method == "GET":
            return self._remember_language(request, chosen)
        await self._ruled.follow()
        return await self._routes.answer(request)

    async def _answer_page(self, page: Mapping[str, Page], request: Request) -> Answer:
        here = page["GET" if request.method == "HEAD" else request.method]
        signed_in = await self._sessions.find(request)
        if signed_in is None:
            return self._to_sign_in(request)
        form: Mapping[str, list[str]] = {}
        version = ""
        if here.method == "POST":
            form = await self._read_form(request)
            if not is_theirs(signed_in, form.get("csrf", [""])[0]):
                return self._error(request, "e400", 400)
            form = {name: values for name, values in form.items() if name != "csrf"}
        else:
            version = await self._pulse.version()
            if self._pulse.is_current(request, version):
                return Answer(204, b"", (self._time(),))
        if here.role == "admin" and signed_in.person.role != "admin":
            members = await self._parts.database.read(list_people)
            admins = ", ".join(each.name for each in members if each.role == "admin")
            return self._error(request, "e403", 403, admins=admins)
        frame: dict[str, Any] = {}
        visit = self._visit(request, here.words, signed_in, form, frame)
        frame.update(await self._frame(visit, version))
        answer = await here.handler(visit)
        return with_headers(answer, (self._time(),))

    async def _frame(self, visit: Visit, version: str) -> Mapping[str, Any]:
        """What stands around the page."""
        counted = await visit.read(nav)
        here = visit.request.path.removeprefix("/console").strip("/").split("/")[0] or "overview"
        is_fragment = visit.request.header(b"hx-request") is not None
        strip = None
        if self._tell_strip is not None and here != "overview" and not is_fragment:
            strip = await self._tell_strip(visit)
        return {
            "nav": [
                (name, _many(getattr(counted, field)) if field else "", tone)
                for name, field, tone in _NAV
            ],
            "here": here,
            "strip": strip,
            "version": version,
            **self._own(visit.request, visit.language),
        }

    def _own(self, request: Request, language: Language) -> Mapping[str, Any]:
        """Which installation this is, and its page in the other language."""
        other = "en" if language == "zh" else "zh"
        query = {**request.query, "lang": other}
        path = request.path if request.method != "POST" else "/console"
        return {
            "house": urlsplit(self._parts.settings.public_url).hostname
            or f"Mailproof {self._parts.version}",
            "other_language": f"{quote(path)}?{urlencode(query)}",
        }

    def _visit(
        self,
        request: Request,
        words: str,
        signed_in: SignedIn | None,
        form: Mapping[str, list[str]],
        frame: Mapping[str, Any],
    ) -> Visit:
        language = self._language(request)
        return Visit(
            request=request,
            parts=self._parts,
            person=signed_in.person if signed_in else _NOBODY,
            language=language,
            zone=self._zone(request),
            words=words_of(language, words),
            shelf=self._shelf,
            csrf=signed_in.csrf if signed_in else "",
            session=signed_in.hashed if signed_in else b"",
            form=form,
            frame=frame,
        )

    # ---- signing in ----

    async def _show_sign_in(self, request: Request) -> Answer:
        if await self._sessions.find(request) is not None:
            return Answer(303, b"", ((b"location", b"/console"),), HTML)
        return self._sign_in.show(self._outside(request, {}))

    async def _take_sign_in(self, request: Request) -> Answer:
        return await self._sign_in.take(self._outside(request, await self._read_form(request)))

    def _outside(self, request: Request, form: Mapping[str, list[str]]) -> Visit:
        frame = self._own(request, self._language(request))
        return self._visit(request, "sign_in", None, form, frame)

    def _to_sign_in(self, request: Request) -> Answer:
        """After it, people come back to the page that they asked for."""
        path = request.path if request.method == "GET" else "/console"
        query = request.scope["query_string"].decode("latin-1")
        after = f"{path}?{query}" if query and path != "/console" else path
        query = urlencode({"next": after} if after != "/console" else {})
        location = f"/console/sign-in?{query}".rstrip("?").encode()
        headers = self._sessions.forget(request) if self._sessions.has_cookie(request) else ()
        if request.header(b"hx-request") is not None:
            return Answer(200, b"", (*headers, (b"hx-redirect", location)), HTML)
        return Answer(303, b"", (*headers, (b"location", location)), HTML)

    # ---- small things ----

    async def _read_form(self, request: Request) -> Mapping[str, list[str]]:
        """Raises `Refused`: it is too large, or too many are on their way."""
        taken: list[int] = []
        self._room.enter()
        try:
            body = await read_body(request, self._room, _FORM_BYTES_MAX, taken)
            return parse_qs(
                body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_MAX
            )
        except ValueError as error:
            raise Refused("validation_error", str(error), status=413) from error
        finally:
            self._room.give(sum(taken))
            self._room.leave()

    def _remember_language(self, request: Request, language: str) -> Answer:
        rest = urlencode({name: each for name, each in request.query.items() if name != "lang"})
        location = f"{quote(request.path)}?{rest}".rstrip("?")
        cookie = small_cookie(
            "mailproof_language", language, secure=self._sessions.is_secure(request)
        )
        return Answer(303, b"", ((b"location", location.encode()), cookie), HTML)

    def _language(self, request: Request) -> Language:
        chosen = cookies_of(request).get("mailproof_language")
        if chosen == "zh":
            return "zh"
        return "en" if chosen == "en" else self._parts.settings.language

    def _zone(self, request: Request) -> ZoneInfo:
        return zone_named(cookies_of(request).get("mailproof_zone", ""))

    def _time(self) -> tuple[bytes, bytes]:
        """When this was answered, in the header from which the page shows that it is live."""
        return b"console-time", str(self._parts.database.now()).encode()

    def _static(self, request: Request) -> Answer:
        found = self._shelf.static.get(request.path.removeprefix(STATIC))
        if found is None:
            return Answer(404, b"", (), b"text/plain; charset=utf-8")
        is_marked = request.query.get("v") == found.mark
        kept = (b"cache-control", _FOR_LONG if is_marked else b"no-cache")
        return Answer(200, found.body, (kept,), found.media_type)

    def _error(
        self,
        request: Request,
        name: str,
        status: int,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        **facts: str,
    ) -> Answer:
        """A page with a way on; a line of it for a part of a page."""
        language = self._language(request)
        said = words_of(language, "")["frame"]["errors"]
        visit = self._visit(request, "", None, {}, {})
        is_part = request.header(b"hx-request") is not None or request.header(HEADER) is not None
        answer = visit.page(
            "error_part.html" if is_part else "error.html",
            status=status,
            heading=said[f"{name}_title"],
            text=said[f"{name}_text"].format(**facts),
            tone=_TONES.get(name, "quiet"),
            again=visit.here if name in _MAY_PASS and request.method == "GET" else "",
        )
        return with_headers(answer, headers)


def _many(count: int) -> str:
    """As the rail shows it; empty: nothing to count."""
    return f"{NAV_MAX:,}+" if count >= NAV_MAX else str(count) if count else ""


def _by_path(pages: Sequence[Page], answer: Any) -> list[Route]:
    """Each path once, with the pages that answer its methods."""
    paths: dict[str, dict[str, Page]] = {}
    for page in pages:
        paths.setdefault(page.path, {})[page.method] = page
    return [
        Route(path, dict.fromkeys(methods, partial(answer, methods)))
        for path, methods in paths.items()
    ]
