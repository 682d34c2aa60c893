"""`POST /emails` and `POST /emails/batch`: from the body to the engine's counter, and back."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from mailproof.diagnosis.guidance import guidance
from mailproof.engine.mailroom import Mailroom
from mailproof.engine.receipts import (
    Caller,
    Closed,
    KeyConflict,
    Overloaded,
    Receipt,
    Receipts,
)
from mailproof.gateway.exchange import (
    Answer,
    ClientLeft,
    Headers,
    Refused,
    Request,
    json_answer,
    refused_as,
)
from mailproof.gateway.passing import pass_on
from mailproof.gateway.preferences import Preferences, read_preferences
from mailproof.gateway.room import Room, read_body
from mailproof.gateway.status.links import StatusLinks
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.lifecycle import State
from mailproof.mail.message import SIZE_MAX, Email, check_idempotency_key

__all__ = ["BATCH_MAX", "BODY_MAX", "Sending"]

# resend.com/docs/api-reference/emails/send-batch-emails.
BATCH_MAX: Final = 100
# Bytes. A mail may have 40 MB in base64, and JSON may write a text longer than it is.
BODY_MAX: Final = SIZE_MAX * 7 // 5

_BATCH_FIX: Final = "Send a JSON list of one to 100 emails, each as for `POST /emails`."

Accepting = Receipts | KeyConflict | Closed | Overloaded

_PUT_ASIDE: Final = frozenset({State.HELD, State.DEFERRED})
_STATES: Final[Mapping[State, tuple[bytes, bytes]]] = {
    state: (b"mailproof-state", state.value.encode()) for state in State
}


class Sending:
    """`wait_s`: so long an answer waits for the first attempt where nobody says otherwise."""

    def __init__(
        self,
        mailroom: Mailroom,
        room: Room,
        clock: Callable[[], datetime],
        wait_s: float,
        links: StatusLinks,
    ) -> None:
        self._links = links
        self._mailroom = mailroom
        self._room = room
        self._clock = clock
        self._wait_s = wait_s

    async def send(self, request: Request, caller: Caller) -> Answer:
        """One mail. The answer waits for its first attempt, but not for long."""
        wanted = read_preferences(request.every(b"prefer"), waits=True)
        email_key = _idempotency_key(request)
        wait_s = wanted.wait_s
        if wait_s is None:
            wait_s = self._wait_s if caller.wait_s is None else caller.wait_s
        taken: list[int] = []
        self._room.enter()
        try:
            request.body = await read_body(request, self._room, BODY_MAX, taken)
            try:
                email = Email.decode(
                    request.body,
                    clock=self._clock,
                    purpose=request.purpose,
                    idempotency_key=email_key,
                )
            except InvalidInput as error:
                raise refused_as(error) from error
            receipts = await self._accept(request, caller, (email,), "/emails", wait_s, wanted)
        finally:
            self._room.leave()
            self._room.give(sum(taken))
        return _single(receipts.mails[0], wanted, partial(self._links.link, caller))

    async def send_batch(self, request: Request, caller: Caller) -> Answer:
        """All mails or none; with `x-batch-validation: permissive` those that are valid."""
        wanted = read_preferences(request.every(b"prefer"), waits=False)
        permissive = _is_permissive(request)
        key = _idempotency_key(request)
        taken: list[int] = []
        self._room.enter()
        try:
            request.body = await read_body(request, self._room, BODY_MAX, taken)
            emails, errors = self._read_batch(request, key, permissive=permissive)
            mails: tuple[Receipt, ...] = ()
            if emails:
                receipts = await self._accept(request, caller, emails, "/emails/batch", 0.0, wanted)
                mails = receipts.mails
        finally:
            self._room.leave()
            self._room.give(sum(taken))
        link = partial(self._links.link, caller)
        tree: dict[str, Any] = {"data": [_entry(mail, link) for mail in mails]}
        if permissive:
            tree["errors"] = errors
        return json_answer(tree, _applied(wanted))

    def _read_batch(
        self, request: Request, key: str | None, *, permissive: bool
    ) -> tuple[list[Email], list[dict[str, Any]]]:
        """The mails, and with `permissive` what is wrong with the others."""
        emails: list[Email] = []
        errors: list[dict[str, Any]] = []
        for index, tree in enumerate(_batch_of(request.body)):
            try:
                email = Email.from_json(
                    tree,
                    clock=self._clock,
                    purpose=request.purpose,
                    idempotency_key=None if emails else key,
                )
            except InvalidInput as error:
                refused = _in_batch(error, index)
                if not permissive:
                    raise refused from error
                request.refused.append(refused)
                errors.append({"index": index, "message": refused.message})
            else:
                emails.append(email)
        return emails, errors

    async def _accept(  # noqa: PLR0913 - what the engine wants to know of a request
        self,
        request: Request,
        caller: Caller,
        emails: Sequence[Email],
        endpoint: str,
        wait_s: float,
        wanted: Preferences,
    ) -> Receipts:
        try:
            if wait_s > 0:
                answer = await _while_client_stays(
                    request,
                    lambda: self._mailroom.accept(
                        caller, emails, endpoint=endpoint, wait_s=wait_s, on_hold=wanted.on_hold
                    ),
                )
            else:
                answer = await self._mailroom.accept(
                    caller, emails, endpoint=endpoint, wait_s=0.0, on_hold=wanted.on_hold
                )
        except InvalidInput as error:
            raise refused_as(error) from error
        if isinstance(answer, Receipts):
            return answer
        raise _not_accepted(answer)


async def _while_client_stays(
    request: Request, accept: Callable[[], Awaitable[Accepting]]
) -> Accepting:
    """What `accept()` gives. Raises `ClientLeft` once the connection is closed: that ends the wait,
    not the mail, which the engine finishes accepting once it has begun.
    """
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(request))
            answer = await accept()
            watch.cancel()
            return answer
    except BaseExceptionGroup as raised:
        # What the engine said is worth more than that the client left at the same moment.
        told = [each for each in raised.exceptions if not isinstance(each, ClientLeft)]
        raise (told or raised.exceptions)[0] from None


async def _watch(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ClientLeft


def _batch_of(body: bytes) -> list[Any]:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused_as(InvalidInput("body", f"it is not JSON: {error}", _BATCH_FIX)) from error
    if not isinstance(tree, list) or not tree:
        raise refused_as(InvalidInput("body", "it is not a list of emails", _BATCH_FIX))
    if len(tree) > BATCH_MAX:
        problem = f"{len(tree)} emails are more than the {BATCH_MAX} of one batch"
        raise refused_as(InvalidInput("body", problem, "Split the list."))
    return tree


def _in_batch(error: InvalidInput, index: int) -> Refused:
    where = f"[{index}]" if error.where == "body" else f"[{index}].{error.where}"
    return refused_as(InvalidInput(where, error.problem, error.fix, name=error.name))


def _is_permissive(request: Request) -> bool:
    given = request.header(b"x-batch-validation") or "strict"
    if given not in {"strict", "permissive"}:
        fix = "Write `strict` or `permissive`."
        raise refused_as(InvalidInput("x-batch-validation", f"{given[:80]!r} is no mode", fix))
    return given == "permissive"


def _idempotency_key(request: Request) -> str | None:
    key = request.header(b"idempotency-key")
    if key is not None:
        try:
            check_idempotency_key(key, where="Idempotency-Key")
        except InvalidInput as error:
            raise refused_as(error) from error
    return key


def _single(mail: Receipt, wanted: Preferences, link: Callable[[str], str | None]) -> Answer:
    headers = [*_applied(wanted), _STATES[mail.state]]
    if (url := link(mail.id)) is not None:
        headers.append((b"mailproof-status-url", url.encode()))
    if mail.reason:
        headers.append((b"mailproof-reason", mail.reason.encode()))
    told = tuple(headers)
    if mail.state is State.FAILED or (mail.state is State.CANCELED and mail.reason):
        # The body is the provider's own; whoever looks the mail up needs its id all the same.
        told = (*told, (b"mailproof-id", mail.id.encode()))
        return pass_on(mail.failure, mail.reason, told).answer()
    return json_answer(_entry(mail, link), told)


def _entry(mail: Receipt, link: Callable[[str], str | None]) -> dict[str, Any]:
    if mail.state not in _PUT_ASIDE:
        return {"id": mail.id}
    aside = {"state": mail.state, "reason": mail.reason, "status_url": link(mail.id)}
    return {"id": mail.id, "mailproof": aside}


def _applied(wanted: Preferences) -> Headers:
    return ((b"preference-applied", wanted.applied.encode()),) if wanted.applied else ()


def _not_accepted(answer: KeyConflict | Closed | Overloaded) -> Refused:
    match answer:
        case KeyConflict():
            message = (
                "Same idempotency key used with a different request payload. Nothing was accepted; "
                "use a new key for a new mail."
            )
            return Refused("invalid_idempotent_request", message)
        case Overloaded():
            message = "More mail comes in than can be written now. Nothing was accepted; repeat it."
            seconds = max(1, math.ceil(answer.retry_after_s))
            headers = ((b"retry-after", str(seconds).encode()),)
            return Refused("application_error", message, status=503, headers=headers)
        case Closed():
            return _lane_closed(answer)


def _lane_closed(closed: Closed) -> Refused:
    cause = closed.reason if closed.failure is None else guidance("en").cause(closed.failure)
    message = (
        f"Mail from {closed.sender} cannot be sent now, and was not accepted, because the request "
        f"or its purpose asks to be refused then: {cause}"
    )
    headers: list[tuple[bytes, bytes]] = [(b"mailproof-reason", closed.reason.encode())]
    retry_after_s = None if closed.failure is None else closed.failure.retry_after_s
    if retry_after_s is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(retry_after_s))).encode()))
    return Refused("application_error", message, status=503, headers=tuple(headers))
