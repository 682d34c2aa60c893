"""Looking at an app's own mails, moving the time of one, canceling one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.engine.receipts import Caller
from mailproof.gateway.exchange import Answer, Refused, Request, json_answer, refused_as
from mailproof.gateway.room import Room, read_body
from mailproof.gateway.shown import mail_in_full, mail_in_resends_shape
from mailproof.gateway.status.links import StatusLinks
from mailproof.mail.fields import optional_text, read_object
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.schedule import read_schedule
from mailproof.store.base import Database, Tx
from mailproof.store.mails import desk
from mailproof.store.mails.listing import MailPage, Shown, content, listing, seq_of, show

__all__ = ["OwnMails"]

# resend.com/docs/api-reference/pagination.
_PAGE_DEFAULT: Final = 20
_PAGE_MAX: Final = 100
_BODY_MAX: Final = 64 * 1024

_SCHEDULE_FIX: Final = 'Send `{"scheduled_at": "2026-12-01T09:00:00Z"}`.'

# Why a mail cannot be canceled or given another time. `{state}`: where it is instead.
_NOT_MOVED: Final[Mapping[desk.Answer, str]] = {
    desk.Answer.SENDING: "it is with the provider at this moment. Look again in a second",
    desk.Answer.NOT_SCHEDULED: "it is not scheduled (any more), it is {state}",
    desk.Answer.MAY_DOUBLE: "a provider may have it already, nobody knows for sure",
    desk.Answer.ALREADY: "it is {state} already",
    desk.Answer.ENDED: "it is {state}",
    desk.Answer.MOVED_MEANWHILE: "it moved on at this very moment. Look at it and try again",
}


class OwnMails:
    """What an app may do with the mails that its keys brought, and with no others."""

    def __init__(
        self,
        db: Database,
        room: Room,
        clock: Callable[[], datetime],
        language: OperatorLanguage,
        links: StatusLinks,
    ) -> None:
        self._links = links
        self._db = db
        self._room = room
        self._clock = clock
        self._language = language

    async def list_some(self, request: Request, caller: Caller) -> Answer:
        """`GET /emails`: a page, newest first, by `limit` and `after` or `before`."""
        query = request.query
        page = await self._db.read(
            _page, caller.app, _limit(query), query.get("after"), query.get("before")
        )
        if page is None:
            fix = "Use the id of a mail from an earlier page."
            cursor = "after" if query.get("after") is not None else "before"
            raise refused_as(InvalidInput(cursor, "there is no mail with this id", fix))
        data = [mail_in_resends_shape(mail) for mail in page.mails]
        return json_answer({"object": "list", "has_more": page.has_more, "data": data})

    async def show_one(self, request: Request, caller: Caller) -> Answer:
        """`GET /emails/{id}`, as Resend shows it."""
        found = await self._db.read(_shown_with_content, request.path_id(), caller.app)
        if found is None:
            raise _not_found()
        shown, payload = found
        headers = [(b"mailproof-state", shown.mail.state.value.encode())]
        if shown.mail.reason:
            headers.append((b"mailproof-reason", shown.mail.reason.encode()))
        return json_answer(mail_in_resends_shape(shown.mail, payload), tuple(headers))

    async def show_in_full(self, request: Request, caller: Caller) -> Answer:
        """`GET /v1/emails/{id}`: all that happened to it."""
        shown = await self._db.read(show, request.path_id(), caller.app)
        if shown is None:
            raise _not_found()
        link = self._links.link(caller, shown.mail.id, shown.mail.purpose)
        return json_answer(mail_in_full(shown, self._language, link))

    async def reschedule(self, request: Request, caller: Caller) -> Answer:
        """`PATCH /emails/{id}`: a scheduled mail goes out at another time."""
        email_id = request.path_id()
        taken: list[int] = []
        try:
            request.body = await read_body(request, self._room, _BODY_MAX, taken)
        finally:
            self._room.give(sum(taken))
        try:
            at = self._scheduled_at(request.body)
        except InvalidInput as error:
            raise refused_as(error) from error
        moved = await self._db.write(
            desk.reschedule,
            email_id,
            int(at.timestamp() * 1_000),
            actor=_actor(caller),
            app=caller.app,
        )
        return _moved(moved, "be given another time")

    async def cancel(self, request: Request, caller: Caller) -> Answer:
        """`POST /emails/{id}/cancel`: what still waits will not go out."""
        email_id = request.path_id()
        (moved,) = await self._db.write(
            desk.cancel, [email_id], actor=_actor(caller), app=caller.app
        )
        return _moved(moved, "be canceled")

    def _scheduled_at(self, body: bytes) -> datetime:
        try:
            tree = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput("body", f"it is not JSON: {error}", _SCHEDULE_FIX) from error
        fields = read_object(tree, "body", _SCHEDULE_FIX)
        text = optional_text(fields, "scheduled_at", "scheduled_at", _SCHEDULE_FIX)
        if not text:
            problem, name = "the new time is missing", "missing_required_field"
            raise InvalidInput("scheduled_at", problem, _SCHEDULE_FIX, name=name)
        return read_schedule(text, where="scheduled_at", clock=self._clock)


async def _page(
    tx: Tx, app: str, limit: int, after: str | None, before: str | None
) -> MailPage | None:
    """None: the cursor is no mail of this app. `after` in Resend's sense: further down the list."""
    cursor = after if after is not None else before
    if cursor is None:
        return await listing(tx, app=app, limit=limit)
    seq = await seq_of(tx, cursor, app)
    if seq is None:
        return None
    if after is not None:
        return await listing(tx, app=app, before_seq=seq, limit=limit)
    return await listing(tx, app=app, after_seq=seq, limit=limit)


async def _shown_with_content(
    tx: Tx, email_id: str, app: str
) -> tuple[Shown, dict[str, Any]] | None:
    shown = await show(tx, email_id, app)
    if shown is None:
        return None
    return shown, await content(tx, email_id, app) or {}


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(_PAGE_DEFAULT))
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    if not 1 <= limit <= _PAGE_MAX:
        fix = f"Use a number from 1 to {_PAGE_MAX}."
        raise refused_as(InvalidInput("limit", f"{text[:80]!r} is no size of a page", fix))
    if "after" in query and "before" in query:
        problem = "it stands beside `before`"
        raise refused_as(InvalidInput("after", problem, "Leave one of them out."))
    return limit


def _moved(moved: desk.Moved, what: str) -> Answer:
    if moved.answer is desk.Answer.DONE:
        return json_answer({"object": "email", "id": moved.id})
    if moved.answer is desk.Answer.NOT_FOUND:
        raise _not_found()
    why = _NOT_MOVED[moved.answer].format(state=moved.state)
    raise Refused("validation_error", f"The mail cannot {what}: {why}.")


def _not_found() -> Refused:
    return Refused("not_found", "Email not found")


def _actor(caller: Caller) -> str:
    return f"key:{caller.key_id}"
