"""Answers the page, its files, and what people do on it."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mailproof.sandbox.account import Account
from mailproof.sandbox.calls import CALLS_KEPT, CallSeen
from mailproof.sandbox.faults.fault import UnknownFault, read_fault
from mailproof.sandbox.messages.message import Mail
from mailproof.sandbox.page.inbox import ROWS_MAX, Row, rows
from mailproof.sandbox.page.links import links_of, with_pictures
from mailproof.sandbox.page.rendering import (
    STATIC,
    Language,
    draw,
    pick_page_language,
    static,
    words,
)
from mailproof.sandbox.page.scanning import Look, NotOurs, open_as_scanner
from mailproof.sandbox.page.showing import TABS, Reading, local, read_call, read_mail, zone_name
from mailproof.sandbox.page.switches import Broken, broken, switches
from mailproof.sandbox.settings import DEFAULT_DOMAIN, DEFAULT_KEY

__all__ = ["InboxPage", "wants_page"]

_COOKIE: Final = "mailproof_sandbox_language"
_YEAR_S: Final = 365 * 86_400
_FORM_MAX_BYTES: Final = 64 * 1024
_FIELDS_MAX: Final = 20
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
# No inline script and no inline style: what a mail says can never become one.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# Of a mail: its own styles and the pictures that it brings along; a link may open a tab.
_LETTER_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# A link opens a tab of its own, as it does in a mail program.
_NEW_TAB: Final = '<base target="_blank">'


class _Scan(msgspec.Struct, frozen=True):
    """What a mail scanner found; or the host that it was not allowed to ask."""

    looks: tuple[Look, ...] = ()
    elsewhere: str = ""

    @property
    def is_answered(self) -> bool:
        return any(look.status for look in self.looks)


class _Asked(msgspec.Struct, frozen=True):
    """What the page is to show, as its address says."""

    picked: str
    tab: str
    asking: bool = False

    @property
    def query(self) -> str:
        fields = dict([self.picked.split("=", 1)]) if self.picked else {}
        return urlencode(fields | ({"tab": self.tab} if self.tab else {}))


def wants_page(request: Request) -> bool:
    """Is it a browser that asks, and not a program?"""
    return "text/html" in request.headers.get("accept", "")


class InboxPage:
    """The page of one account. `smtp`: does it take mail over SMTP?"""

    def __init__(self, account: Account, *, smtp: bool) -> None:
        self._account = account
        self._smtp = smtp
        self._scans: dict[tuple[str, int], _Scan] = {}

    def routes(self) -> tuple[Route, ...]:
        """In front of all others: `/` is this page's for a browser only."""
        return (
            Route("/", self._show, methods=["GET"]),
            Route("/inbox/{id}/html", self._letter, methods=["GET"]),
            Route(STATIC + "{name}", self._static, methods=["GET"]),
            Route("/_sandbox/page/faults", self._deed(self._break), methods=["POST"]),
            Route("/_sandbox/page/empty", self._deed(self._empty), methods=["POST"]),
            Route("/_sandbox/page/scan", self._deed(self._scan), methods=["POST"]),
        )

    async def _show(self, request: Request) -> Response:
        if not wants_page(request):
            return RedirectResponse("/inbox")
        response = self._page(request, _asked(request.url.query))
        chosen = request.query_params.get("lang", "")
        if chosen in {"en", "zh"}:
            response.set_cookie(_COOKIE, chosen, max_age=_YEAR_S, samesite="lax")
        return response

    def _page(
        self, request: Request, asked: _Asked, *, problem: str = "", fault: str = ""
    ) -> Response:
        language = pick_page_language(
            request.query_params.get("lang", ""),
            request.cookies.get(_COOKIE, ""),
            request.headers.get("accept-language", ""),
        )
        context = {**self._context(request, asked, language), "problem": problem, "asked": fault}
        body = draw(language, context).encode()
        mark = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        headers = {"content-security-policy": _POLICY, "etag": mark, **_HEADERS}
        if not problem and request.headers.get("if-none-match") == mark:
            return Response(b"", 304, headers=headers)
        return HTMLResponse(body, 422 if problem else 200, headers=headers)

    def _context(self, request: Request, asked: _Asked, language: Language) -> dict[str, Any]:
        account = self._account
        listed = rows(account)
        picked = asked.picked or (listed[0].key if listed else "")
        reading = self._reading(picked)
        tabs = TABS if reading is None or reading.mail is not None else TABS[-1:]
        tab = asked.tab if asked.tab in tabs else tabs[0]
        state = broken(account.faults)
        scans = {
            link: each for (mail, link), each in self._scans.items() if picked == f"mail={mail}"
        }
        return {
            "rows": listed,
            "rows_max": ROWS_MAX,
            "total": len(account.mails),
            "lost": sum(each.is_lost for each in account.calls),
            "picked": picked,
            "missing": bool(asked.picked) and reading is None,
            "reading": reading,
            "times": ", ".join(local(at) for at in reading.times[-5:]) if reading else "",
            "tabs": tabs,
            "tab": tab,
            "scans": scans,
            "calls_kept": CALLS_KEPT,
            "switches": switches(account.faults, smtp=self._smtp),
            "broken": state,
            "told_broken": _told(state, language) if state else "",
            "asking": asked.asking,
            "back": asked.query,
            "here": f"/?{asked.query}".rstrip("?"),
            "other_language": _other(asked, language),
            "zone": zone_name(account.clock.now()),
            **self._first_steps(request, listed),
        }

    def _first_steps(self, request: Request, listed: list[Row]) -> Mapping[str, str]:
        """For an empty inbox: how to send something here. A key of one's own is not shown."""
        if listed:
            return {"origin": "", "key": "", "domain": ""}
        verified = [
            each.name for each in self._account.domains.values() if each.status == "verified"
        ]
        return {
            "origin": f"http://{request.headers.get('host', '')}",
            "key": DEFAULT_KEY if DEFAULT_KEY in self._account.keys else "…",
            "domain": next(iter(verified), DEFAULT_DOMAIN),
        }

    def _reading(self, picked: str) -> Reading | None:
        found = self._mail(picked) or self._call(picked)
        if isinstance(found, Mail):
            return read_mail(self._account, found)
        return None if found is None else read_call(self._account, found)

    def _mail(self, picked: str) -> Mail | None:
        return self._account.mails.get(picked.removeprefix("mail="))

    def _call(self, picked: str) -> CallSeen | None:
        number = picked.removeprefix("call=")
        return next(
            (each for each in self._account.calls if each.is_lost and str(each.number) == number),
            None,
        )

    async def _letter(self, request: Request) -> Response:
        """One mail's HTML, for the frame: nothing in it runs, and nothing is loaded for it."""
        mail = self._account.mails.get(request.path_params["id"])
        headers = {"content-security-policy": _LETTER_POLICY, **_HEADERS}
        if mail is None:
            return Response("", 404, media_type="text/plain", headers=headers)
        return HTMLResponse(_NEW_TAB + with_pictures(mail.message), headers=headers)

    async def _static(self, request: Request) -> Response:
        file = static().get(request.path_params["name"])
        if file is None:
            return Response("", 404, media_type="text/plain")
        kept = "public, max-age=31536000, immutable"
        fresh = request.query_params.get("v") == file.mark
        headers = {**_HEADERS, **({"cache-control": kept} if fresh else {})}
        return Response(file.body, media_type=file.media_type, headers=headers)

    def _deed(
        self, do: Callable[[Mapping[str, str]], Awaitable[None]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A form: do it, and show the page that it came from."""

        async def endpoint(request: Request) -> Response:
            form = await _form(request)
            asked = _asked(form.get("back", ""))
            try:
                await do(form)
            except UnknownFault as problem:
                # The page says where all of them are listed.
                why = str(problem).partition(" There are: ")[0]
                return self._page(request, asked, problem=why, fault=form.get("fault", ""))
            if asked.picked and self._reading(asked.picked) is None:
                asked = _Asked("", "")
            return RedirectResponse(f"/?{asked.query}".rstrip("?"), 303)

        return endpoint

    async def _break(self, form: Mapping[str, str]) -> None:
        """`fault` switches one on, `mend` one off by its id, `all` all of them off."""
        faults = self._account.faults
        if "all" in form:
            faults.clear()
        elif "mend" in form:
            faults.remove(form["mend"])  # one that was used up meanwhile is off as well
        else:
            faults.add(read_fault(form.get("fault", "")))

    async def _empty(self, form: Mapping[str, str]) -> None:
        self._account.forget_mail()
        self._scans.clear()

    async def _scan(self, form: Mapping[str, str]) -> None:
        """Only links that stand in a mail: nobody is to choose where the sandbox goes."""
        mail, number = self._account.mails.get(form.get("mail", "")), form.get("link", "")
        links = links_of(mail.message) if mail is not None else ()
        if mail is None or not _NUMBER.fullmatch(number) or int(number) >= len(links):
            return
        try:
            looks = await open_as_scanner(links[int(number)], self._account.settings.scan_hosts)
            scan = _Scan(looks)
        except NotOurs as host:
            scan = _Scan(elsewhere=str(host))
        self._scans[mail.id, int(number)] = scan


def _asked(query: str) -> _Asked:
    fields = {name: values[0] for name, values in parse_qs(query[:2_000]).items()}
    picked = next((f"{each}={fields[each]}" for each in ("mail", "call") if each in fields), "")
    tab = fields.get("tab", "")
    return _Asked(picked, tab if tab in TABS else "", fields.get("ask") == "empty")


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form; what is too long, or no form, has none."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_MAX_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_FIELDS_MAX)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _told(state: Broken, language: Language) -> str:
    kind = "none" if not state.struck else "refused" if state.refuses else "struck"
    name = f"on_{kind}_one" if state.struck == 1 else f"on_{kind}"
    text: str = words(language)[name]
    return text.format(time=local(state.since, "minute"), count=state.struck)


def _other(asked: _Asked, language: Language) -> str:
    chosen = urlencode({"lang": "en" if language == "zh" else "zh"})
    return "/?" + "&".join(each for each in (asked.query, chosen) if each)
