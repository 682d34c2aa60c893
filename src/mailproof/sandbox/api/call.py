"""What every request to the API goes through, and how every answer looks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailproof.sandbox.account import Account, ApiKey
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.faults.edge import EXCHANGE, Exchange

__all__ = ["Call", "Json", "guarded", "page", "parse_id", "refuse", "refuse_unrouted"]

PAGE_DEFAULT: Final = 20
PAGE_MAX: Final = 100
Entry = TypeVar("Entry")


class Json(Response):
    """A JSON answer, as Resend sends it."""

    media_type = "application/json; charset=utf-8"

    def __init__(
        self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(msgspec.json.encode(content), status, headers)


class Call(msgspec.Struct, frozen=True):
    """One request of a known key: what a handler needs of it."""

    request: Request
    account: Account
    key: ApiKey
    exchange: Exchange

    @property
    def body(self) -> Any:
        """The decoded JSON. Raises `Refusal`: it is none."""
        try:
            return msgspec.json.decode(self.exchange.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal("validation_error", "Request body must be valid JSON.") from error

    @property
    def fields(self) -> dict[str, Any]:
        """The decoded JSON object; no body at all counts as an empty one."""
        body = self.body if self.exchange.body else {}
        if not isinstance(body, dict):
            raise Refusal("validation_error", "Request body must be a JSON object.", status=422)
        return body

    def text(self, field: str) -> str:
        """A field that must be there and be a text. Raises `Refusal`."""
        value = self.fields.get(field)
        if value is None or value == "":
            raise Refusal("missing_required_field", f"Missing `{field}` field.")
        if not isinstance(value, str):
            raise Refusal("validation_error", f"Invalid `{field}` field.", status=422)
        return value


Handler = Callable[[Call], dict[str, Any] | Json]


def guarded(handler: Handler, *, sending: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """Let `handler` see requests only of a key that may, within the rate; answer what it refuses.

    The order (key, rate, permission, then the body) follows what probing the real API has shown,
    but for the rate, whose place is an assumption. `sending`: open to sending-only keys.
    """

    async def endpoint(request: Request) -> Response:
        account: Account = request.app.state.account
        exchange: Exchange = request.scope[EXCHANGE]
        headers: dict[str, str] = {}
        answer: Response
        used_before = account.quota.headers(account.clock.now())
        try:
            key = account.authenticate(request.headers.get("authorization"))
            headers.update(account.rate.take(account.clock.now()))
            headers.update(used_before)
            if not sending:
                _refuse_restricted(key)
            made = handler(Call(request, account, key, exchange))
            answer = made if isinstance(made, Json) else Json(made)
            if account.settings.switches.header_counts_itself:
                headers.update(account.quota.headers(account.clock.now()))
        except Refusal as refusal:
            answer = refuse(refusal)
        answer.headers.update(headers)
        return answer

    return endpoint


def _refuse_restricted(key: ApiKey) -> None:
    if key.permission == "sending_access":
        raise Refusal("restricted_api_key")


def refuse(refusal: Refusal) -> Json:
    return Json(refusal.body, refusal.status, refusal.headers)


async def refuse_unrouted(request: Request, error: Exception) -> Response:
    """What no route takes: an unknown path, or a known one with another method."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return refuse(Refusal("method_not_allowed", headers=error.headers))
    return refuse(Refusal("not_found"))


def parse_id(text: str) -> str:
    """An id in its usual writing. Raises `Refusal`: it is no UUID."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Refusal("invalid_parameter") from error


def page(
    call: Call, entries: Sequence[Entry], id_of: Callable[[Entry], str]
) -> tuple[list[Entry], bool]:
    """One page of `entries` (newest first) by `limit`, `after`, `before`; and: is there more?"""
    query = call.request.query_params
    if "after" in query and "before" in query:
        raise Refusal("validation_error", "Use either `after` or `before`, not both.", status=422)
    limit_text = query.get("limit", str(PAGE_DEFAULT))
    limit = int(limit_text) if limit_text.isdecimal() and len(limit_text) < 9 else 0
    if not 1 <= limit <= PAGE_MAX:
        raise Refusal(
            "validation_error", f"The `limit` must be between 1 and {PAGE_MAX}.", status=422
        )
    places = {id_of(entry): place for place, entry in enumerate(entries)}
    if cursor := query.get("after"):
        start = _place(places, cursor) + 1
        return list(entries[start : start + limit]), start + limit < len(entries)
    if cursor := query.get("before"):
        end = _place(places, cursor)
        return list(entries[max(0, end - limit) : end]), end > limit
    return list(entries[:limit]), limit < len(entries)


def _place(places: Mapping[str, int], cursor: str) -> int:
    if cursor not in places:
        raise Refusal("validation_error", "The pagination cursor is not known.", status=422)
    return places[cursor]
