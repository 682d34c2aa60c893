"""Signing in and out, and changing one's own password."""

from typing import Final

from mailproof.console.first import ADMIN, Ruled
from mailproof.console.headers import with_headers
from mailproof.console.lockout import FIRST_PAUSE_MS, Lockout
from mailproof.console.passwords import PASSWORD_MAX, PASSWORD_MIN, Busy, Scrypt
from mailproof.console.sessions import Sessions, hash_token, new_token
from mailproof.console.visit import Answer, Page, Parts, Visit
from mailproof.gateway.client import client_address
from mailproof.store.console.people import (
    begin_session,
    change_password,
    end_session,
    password_of,
    sign_in_failed,
)

__all__ = ["SignIn"]

_NAME_MAX: Final = 200


class SignIn:
    """Lets people in, slows those who guess, and lets people out."""

    def __init__(self, parts: Parts, sessions: Sessions, scrypt: Scrypt, ruled: Ruled) -> None:
        self._parts = parts
        self._sessions = sessions
        self._scrypt = scrypt
        self._ruled = ruled
        self._lockout = Lockout()

    def pages(self) -> tuple[Page, ...]:
        """Those that want somebody to be signed in."""
        return (
            Page("/console/sign-out", "POST", self._sign_out),
            Page("/console/password", "GET", self._show_password, words="sign_in"),
            Page("/console/password", "POST", self._change_password, words="sign_in"),
        )

    def show(self, visit: Visit) -> Answer:
        """The page on which people sign in; it says where they were signed out by the time."""
        was_here = self._sessions.has_cookie(visit.request)
        return self._page(visit, problem=visit.words["ended"] if was_here else "", tone="waiting")

    async def take(self, visit: Visit) -> Answer:
        """Name and password of somebody. Raises what the store raises."""
        form = await visit.form()
        name = form.get("name", [""])[0].strip().lower()[:_NAME_MAX]
        password = form.get("password", [""])[0][: PASSWORD_MAX + 1]
        client = client_address(visit.request, self._parts.settings.trusted_proxies)
        if until := self._lockout.until(name, client, visit.now):
            return self._paused(visit, name, until)
        self._lockout.tried(name, visit.now)
        stored = await visit.read(password_of, name)
        try:
            fits = await self._scrypt.fits(password, stored)
        except Busy:
            self._lockout.not_checked(name, visit.now)
            return self._page(
                visit, name=name, problem=visit.words["busy"], tone="waiting", status=429
            )
        if not fits:
            return await self._refuse(visit, name, client, is_known=stored is not None)
        self._lockout.succeeded(name)
        return await self._welcome(visit, name)

    async def _welcome(self, visit: Visit, name: str) -> Answer:
        token = new_token()
        await visit.write(begin_session, hash_token(token), name)
        after = visit.request.query.get("next", "")
        try:
            answer = visit.redirect(after or "/console")
        except ValueError:
            answer = visit.redirect("/console")  # it was made up: nobody is led anywhere else
        cookie = self._sessions.keep(visit.request, token)
        return with_headers(answer, cookie)

    async def _refuse(self, visit: Visit, name: str, client: str, *, is_known: bool) -> Answer:
        self._lockout.failed(client, visit.now)
        # What is no user's name may be a password that was typed in the wrong field.
        await visit.write(sign_in_failed, name if is_known else "", client)
        if until := self._lockout.until(name, client, visit.now):
            return self._paused(visit, name, until)
        left = self._lockout.left(name, visit.now)
        words = visit.words
        pause = words["seconds"].format(count=FIRST_PAUSE_MS // 1000)
        more = words["left_one" if left == 1 else "left"].format(count=left, pause=pause)
        between = "" if visit.language == "zh" else " "
        problem = f"{words['wrong']}{between}{more}"
        return self._page(visit, name=name, problem=problem, tone="broken", status=403)

    def _paused(self, visit: Visit, name: str, until: int) -> Answer:
        problem = visit.words["paused"].format(time=visit.time(until + 999, "time"))
        answer = self._page(visit, name=name, problem=problem, tone="waiting", status=429)
        wait_s = max(1, -(-(until - visit.now) // 1000))
        retry = (b"retry-after", str(wait_s).encode())
        return with_headers(answer, (retry,))

    def _page(
        self,
        visit: Visit,
        *,
        name: str = "",
        problem: str = "",
        tone: str = "broken",
        status: int = 200,
    ) -> Answer:
        after = visit.request.query.get("next", "")
        return visit.page(
            "sign_in.html", status=status, name=name, problem=problem, tone=tone, next=after
        )

    async def _sign_out(self, visit: Visit) -> Answer:
        await visit.write(end_session, visit.session)
        answer = visit.redirect("/console/sign-in")
        return with_headers(answer, self._sessions.forget(visit.request))

    # ---- one's own password ----

    async def _show_password(self, visit: Visit) -> Answer:
        if self._is_ruled(visit):
            return self._password_page(visit, "own_set", "waiting")
        told = "own_done" if visit.request.query.get("done") == "changed" else ""
        return self._password_page(visit, told, "proven")

    async def _change_password(self, visit: Visit) -> Answer:
        form = await visit.form()
        now, new = form.get("now", [""])[0], form.get("new", [""])[0]
        if self._is_ruled(visit):
            return self._password_page(visit, "own_set", "waiting", status=403)
        if not PASSWORD_MIN <= len(new) <= PASSWORD_MAX:
            word = "own_short" if len(new) < PASSWORD_MIN else "own_long"
            return self._password_page(visit, word, "broken", status=422)
        name = visit.person.name
        client = client_address(visit.request, self._parts.settings.trusted_proxies)
        if until := self._lockout.until(name, client, visit.now):
            told = visit.words["paused"].format(time=visit.time(until + 999, "time"))
            return visit.page("password.html", status=429, told=told, tone="waiting")
        self._lockout.tried(name, visit.now)
        stored = await visit.read(password_of, name)
        try:
            fits = await self._scrypt.fits(now, stored)
        except Busy:
            self._lockout.not_checked(name, visit.now)
            raise
        if not fits:
            self._lockout.failed(client, visit.now)
            return self._password_page(visit, "own_wrong", "broken", status=403)
        self._lockout.succeeded(name)
        hashed = await self._scrypt.hash(new)
        await visit.write(change_password, name, hashed, actor=visit.actor, but=visit.session)
        return visit.redirect("/console/password?done=changed")

    def _is_ruled(self, visit: Visit) -> bool:
        return visit.person.name == ADMIN and self._ruled.rules

    def _password_page(self, visit: Visit, word: str, tone: str, *, status: int = 200) -> Answer:
        told = visit.words[word] if word else ""
        return visit.page("password.html", status=status, told=told, tone=tone)
