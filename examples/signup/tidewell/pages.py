"""Tidewell's pages: what a browser asks for, and what it gets."""

import json
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Header, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from mailproof import InvalidInput
from tidewell.accounts import Accounts, Asked, SignInFirst, Taken
from tidewell.limits import Crowd
from tidewell.sessions import Cookies, Visit
from tidewell.wording import LANGUAGES, pick, words

__all__ = ["Desk", "router"]

router = APIRouter()
_TEMPLATES: Final = Jinja2Templates(Path(__file__).parent / "templates")
# Where another address can be given, by what the mail was for.
_FORMS: Final = {"registration": "/", "magic_link": "/sign-in", "email_change": "/home"}
_ADDRESS_MAX: Final = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets

Address = Annotated[str, Form(max_length=1_000)]
Token = Annotated[str, Form(alias="csrf", max_length=200)]


class Desk:
    """What is needed to answer one request."""

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.request = request
        self.accounts: Accounts = state.accounts
        self.crowd: Crowd = state.crowd
        self.cookies: Cookies = state.cookies
        self.mail_url: str = state.mail_url
        self.now: float = state.clock()
        self.visit: Visit = self.cookies.read(request, self.now)
        accepted = request.headers.get("accept-language", "")
        self.language = pick(self.visit.language, accepted)

    def page(self, name: str, *, status: int = 200, **facts: Any) -> Response:
        said = words(self.language)
        facts |= {
            "lang": self.language,
            "languages": LANGUAGES,
            "said": said,
            "csrf": self.visit.csrf,
            "mail_url": self.mail_url,
            "here": quote(self.request.url.path),
        }
        response = _TEMPLATES.TemplateResponse(
            self.request, f"{name}.html", facts, status_code=status
        )
        return self.signed(response)

    def to(self, path: str) -> Response:
        return self.signed(RedirectResponse(path, status_code=303))

    def signed(self, response: Response) -> Response:
        self.cookies.write(response, self.visit, self.now)
        return response

    def refuses(self, csrf: str) -> Response | None:
        """None: the form is our own, and this client has not asked too often."""
        if not self.cookies.is_own_form(self.visit, csrf):
            return self.page("message", status=403, message="stale")
        client = "" if self.request.client is None else self.request.client.host
        if not self.crowd.may_ask(client, self.now):
            return self.page("message", status=429, message="too_many")
        return None

    def waits_for(self, asked: Asked) -> None:
        before = self.visit.pending or {}
        if asked.wait_s and before.get("address") == asked.address and before["status"]:
            return  # the link that it has sees further back
        self.visit.pending = {
            "purpose": asked.purpose,
            "address": asked.address,
            "status": asked.status,
        }


@router.get("/")
async def register_page(request: Request, domain: str = Query("", max_length=253)) -> Response:
    desk = Desk(request)
    if desk.visit.user_id is not None:
        return desk.to("/home")
    return desk.page("register", address=_suggested(desk.visit, domain))


@router.post("/register")
async def register(request: Request, csrf: Token, address: Address = "") -> Response:
    desk = Desk(request)
    if (refusal := desk.refuses(csrf)) is not None:
        return refusal
    try:
        asked = await desk.accounts.register(_plain(address), desk.language, desk.now)
    except InvalidInput:
        return desk.page("register", status=422, address=address, wrong=True)
    desk.waits_for(asked)
    return desk.to("/waiting")


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    return Desk(request).page("sign_in", address="")


@router.post("/sign-in")
async def sign_in(request: Request, csrf: Token, address: Address = "") -> Response:
    desk = Desk(request)
    if (refusal := desk.refuses(csrf)) is not None:
        return refusal
    try:
        asked = await desk.accounts.ask_to_sign_in(_plain(address), desk.language, desk.now)
    except InvalidInput:
        return desk.page("sign_in", status=422, address=address, wrong=True)
    desk.waits_for(asked)
    return desk.to("/waiting")


@router.get("/waiting")
async def waiting_page(request: Request) -> Response:
    desk = Desk(request)
    pending = desk.visit.pending
    if pending is None:
        return desk.to("/")
    said = words(desk.language)["waiting"][pending["purpose"]]
    return desk.page(
        "waiting",
        pending=pending,
        form=_FORMS[pending["purpose"]],
        heads=json.dumps(said),
        first=said["nothing"],
    )


@router.post("/again")
async def again(request: Request, x_csrf_token: Annotated[str, Header()] = "") -> Response:
    """As `<mail-status resend>` asks for it, or the form of a browser without JavaScript."""
    desk = Desk(request)
    by_script = bool(x_csrf_token)
    csrf = x_csrf_token or str((await request.form()).get("csrf", ""))
    if (refusal := desk.refuses(csrf)) is not None:
        return refusal
    pending = desk.visit.pending
    if pending is None:
        return desk.to("/")
    asked = await _asked_again(desk, pending)
    if asked.wait_s:
        if not by_script:
            return desk.to("/waiting")
        wait = str(int(asked.wait_s) + 1)
        return JSONResponse({"wait_s": asked.wait_s}, 429, {"retry-after": wait})
    desk.waits_for(asked)
    if by_script:
        return desk.signed(JSONResponse({"status": asked.status}))
    return desk.to("/waiting")


async def _asked_again(desk: Desk, pending: dict[str, str]) -> Asked:
    address = pending["address"]
    if pending["purpose"] == "registration":
        return await desk.accounts.register(address, desk.language, desk.now)
    if pending["purpose"] == "email_change" and desk.visit.user_id is not None:
        return await desk.accounts.ask_to_change(
            desk.visit.user_id, address, desk.language, desk.now
        )
    return await desk.accounts.ask_to_sign_in(address, desk.language, desk.now)


@router.api_route("/link/{token}", methods=["GET", "HEAD"])
async def link_page(request: Request, token: str) -> Response:
    """A button. Mail scanners come here too, and use nothing up."""
    desk = Desk(request)
    purpose = await desk.accounts.is_good(token, desk.now)
    if purpose is None:
        return desk.page("message", status=410, message="ended")
    return desk.page("link", token=token, purpose=purpose)


@router.post("/link/{token}")
async def use_link(request: Request, token: str, csrf: Token) -> Response:
    desk = Desk(request)
    if not desk.cookies.is_own_form(desk.visit, csrf):
        return desk.page("message", status=403, message="stale")
    try:
        user = await desk.accounts.use(token, desk.visit.user_id, desk.now)
    except SignInFirst:
        return desk.page("message", status=403, message="sign_in_first")
    except Taken:
        return desk.page("message", status=409, message="taken")
    if user is None:
        return desk.page("message", status=410, message="ended")
    desk.visit = Visit(desk.cookies.new_token(), user.id, desk.visit.language)
    return desk.to("/home")


@router.get("/home")
async def home(request: Request) -> Response:
    desk = Desk(request)
    user = await desk.accounts.user(desk.visit.user_id)
    if user is None:
        return desk.to("/sign-in")
    return desk.page("home", user=user)


@router.post("/change")
async def change(request: Request, csrf: Token, address: Address = "") -> Response:
    desk = Desk(request)
    if (refusal := desk.refuses(csrf)) is not None:
        return refusal
    user = await desk.accounts.user(desk.visit.user_id)
    if user is None:
        return desk.to("/sign-in")
    try:
        plain = _plain(address)
        asked = await desk.accounts.ask_to_change(user.id, plain, desk.language, desk.now)
    except InvalidInput:
        return desk.page("home", status=422, user=user, address=address, wrong=True)
    desk.waits_for(asked)
    return desk.to("/waiting")


@router.post("/sign-out")
async def sign_out(request: Request, csrf: Token) -> Response:
    desk = Desk(request)
    if not desk.cookies.is_own_form(desk.visit, csrf):
        return desk.page("message", status=403, message="stale")
    desk.visit = Visit(desk.cookies.new_token(), language=desk.visit.language)
    return desk.to("/sign-in")


@router.get("/language/{name}")
async def language(request: Request, name: str, back: str = "/") -> Response:
    desk = Desk(request)
    desk.visit.language = pick(name)
    # Only a path of our own: a link to us must not lead elsewhere.
    is_own = back.isprintable() and back.startswith("/") and not back.startswith(("//", "/\\"))
    return desk.to(back if is_own else "/")


def _plain(address: str) -> str:
    """One bare address, in lower case. Raises `InvalidInput`; what is left, Mailproof checks."""
    plain = address.strip().lower()
    if not plain or len(plain) > _ADDRESS_MAX or set(plain) & set("<>,; "):
        raise InvalidInput("to", "it is no bare address", "Write `name@example.com`.")
    return plain


def _suggested(visit: Visit, domain: str) -> str:
    """What stood there, with the domain that was probably meant."""
    address = (visit.pending or {}).get("address", "")
    return f"{address.partition('@')[0]}@{domain}" if domain and address else address
