"""Mail through a gateway over HTTP, repeated safely where the answer does not come."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog

from mailproof.client.errors import (
    KeyConflict,
    KeyRefused,
    LaneClosed,
    MailproofError,
    NotAccepted,
    NotNow,
    OutcomeUnknown,
)
from mailproof.client.links import mint_link
from mailproof.client.receipt import Receipt
from mailproof.clock import Clock
from mailproof.diagnosis.evidence import HttpAnswer, Raised
from mailproof.diagnosis.report import Report
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.providers.http import Http
from mailproof.store.nodes.keys import hash_key, status_secret_of

__all__ = ["Remote"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.client")

# Beside what the caller waits for, the gateway needs time to write and to answer. Seconds.
_ANSWER_S: Final = 10.0
# What the gateway waits where nobody says: its own setting, which may be up to this.
_WAIT_DEFAULT_S: Final = 30.0
# Between the tries of one call: a restart of the gateway is waited out, an outage is not.
_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 4.0)
# No try begins later than this: a gateway that hangs until each deadline is not asked six times.
_LAST_TRY_S: Final = 10.0
_RETRY_AFTER_MAX_S: Final = 10.0
_STATES: Final = {state.value: state for state in State}
_PURPOSE: Final = "Mailproof-Purpose"
# Answers that say "not now": RFC 9110 section 15.5.9, RFC 6585 section 4.
_NOT_NOW: Final = frozenset({408, 425, 429})
_KEY_NAMES: Final = frozenset(
    {"missing_api_key", "restricted_api_key", "invalid_api_key", "suspended_api_key"}
)
# What Resend says of a key that is none, under the name of any wrong field.
_BAD_KEY: Final = "API key is invalid"
_KEY_FIX: Final = (
    "Set MAILPROOF_API_KEY to a key of this gateway: `mailproof keys create NAME` makes one."
)
_URL_FIX: Final = "Set MAILPROOF_URL to the address at which `mailproof serve` listens for apps."
_MEND: Final = "Mend what the gateway says; repeating the same call gives the same answer."


class _Shown(msgspec.Struct, frozen=True):
    """A mail as `GET /v1/emails/ID` shows it, as far as we need it."""

    id: str
    state: State
    failure: Report | None
    status_url: str | None


class Remote:
    """`url`: of the gateway; `public_url`: how readers reach it."""

    def __init__(self, url: str, api_key: str, public_url: str, http: Http, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._public_url = public_url
        self._key = api_key
        self._http = http
        self._clock = clock

    async def send(
        self, email: Email, *, wait_s: float | None, once: bool, promise: bool
    ) -> Receipt:
        """See `Way.send`. `promise` is the gateway's to decide: a key or purpose that refuses
        gives `NotNow`, and the mail can be brought again."""
        del promise
        where = f"POST {self._url}/emails"
        headers = self._headers() | {"Idempotency-Key": email.idempotency_key or ""}
        if wait_s is not None:
            headers["Prefer"] = f"wait={int(wait_s)}" if wait_s >= 1 else "respond-async"
        seen = await self._answer(where, email, headers, wait_s, once=once)
        state = _STATES.get(seen.headers.get("mailproof-state", ""))
        if state is None:
            raise _refusal(seen, where)
        return await self._receipt(seen, state)

    async def status(self, email_id: str) -> Receipt | None:
        """See `Way.status`."""
        url = f"{self._url}/v1/emails/{quote(email_id, safe='')}"
        seen = await self._http.get(url, headers=self._headers(), deadline_s=_ANSWER_S)
        if isinstance(seen, HttpAnswer) and seen.status == 404 and _error_name(seen) == "not_found":
            return None
        if isinstance(seen, HttpAnswer) and seen.status == 200:
            return _shown(seen, f"GET {url}")
        if (answer := _definite(seen)) is not None:
            raise _refusal(answer, f"GET {url}")
        error = NotNow(_words(seen), where=f"GET {url}", fix="Ask again later.")
        error.retry_after_s = _retry_after_s(seen)
        raise error

    def status_link(self, purpose: str, address: str, life_s: int) -> str | None:
        """See `Way.status_link`."""
        return mint_link(
            self._public_url,
            hash_key(self._key).hex()[:8],
            status_secret_of(self._key),
            purpose=purpose,
            address=address,
            now_s=int(self._clock.now()),
            life_s=life_s,
        )

    async def _answer(
        self,
        where: str,
        email: Email,
        headers: Mapping[str, str],
        wait_s: float | None,
        *,
        once: bool,
    ) -> HttpAnswer:
        """What the gateway said of this mail, asked again as long as it says nothing of it."""
        deadline_s = _ANSWER_S + (_WAIT_DEFAULT_S if wait_s is None else wait_s)
        body, url = _body(email), where.removeprefix("POST ")
        last = self._clock.now() + _LAST_TRY_S
        pauses_s = iter(() if once else _PAUSES_S)
        while True:
            seen = await self._http.post_bytes(url, body, headers=headers, deadline_s=deadline_s)
            if (answer := _definite(seen)) is not None:
                return answer
            pause_s = next(pauses_s, None)
            wait = max(pause_s or 0.0, _retry_after_s(seen) or 0.0)
            at = self._clock.now() + wait
            if pause_s is None or at > last:
                raise _unknown(seen, where, email.idempotency_key or "")
            _log.warning("gateway.unanswered", error=_words(seen), retry_in_s=wait)
            await self._clock.sleep_until(at)

    async def _receipt(self, seen: HttpAnswer, state: State) -> Receipt:
        url = seen.headers.get("mailproof-status-url")
        receipt = Receipt(
            id=_id_of(seen),
            state=state,
            reason=seen.headers.get("mailproof-reason"),
            status_url=url,
        )
        if receipt.ok or not receipt.id:
            return receipt
        try:
            now = await self.status(receipt.id)
        except MailproofError as error:  # that it was accepted stays true
            _log.warning("failure.unread", email_id=receipt.id, error=str(error))
            return receipt
        failure = None if now is None else now.failure
        return msgspec.structs.replace(receipt, failure=failure)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}


def _body(email: Email) -> bytes:
    """Resend's JSON; the purpose among the mail's headers, where any text is legal."""
    tree = email.to_json()
    if email.purpose:
        tree["headers"] = {**tree.get("headers", {}), _PURPOSE: email.purpose}
    return msgspec.json.encode(tree, order="sorted")


def _definite(seen: HttpAnswer | Raised) -> HttpAnswer | None:
    """The answer, if it says what became of the mail. None: nobody knows, and the same key asks
    again."""
    if isinstance(seen, Raised):
        return None
    if {"mailproof-state", "mailproof-reason"} & seen.headers.keys():
        return seen
    return seen if 200 <= seen.status < 500 and seen.status not in _NOT_NOW else None


def _refusal(seen: HttpAnswer, where: str) -> MailproofError:
    what, name = _said(seen), _error_name(seen)
    if seen.status >= 500:  # a closed lane, of which the app wants to hear at once
        closed = LaneClosed(what, where=where, fix="Send it again later.")
        closed.retry_after_s = _retry_after_s(seen)
        return closed
    if not name:
        what = f"HTTP {seen.status}, which no Mailproof gateway answers like this"
        error = NotAccepted(what, where=where, fix=_URL_FIX)
    elif name in _KEY_NAMES or what.startswith(_BAD_KEY):
        error = KeyRefused(what, where=where, fix=_KEY_FIX)
    elif seen.status == 409:
        error = KeyConflict(what, where=where, fix="Use a new idempotency key for a new mail.")
    else:
        error = NotAccepted(what, where=where, fix=_MEND)
    error.status, error.name = seen.status, name
    return error


def _unknown(seen: HttpAnswer | Raised, where: str, key: str) -> MailproofError:
    if isinstance(seen, HttpAnswer) and seen.status in _NOT_NOW:
        later = NotNow(_said(seen), where=where, fix="Send it again later.")
        later.retry_after_s = _retry_after_s(seen)
        return later
    fix = "Send it again with the same idempotency key: that makes no second mail."
    error = OutcomeUnknown(_words(seen), where=where, fix=fix)
    error.idempotency_key = key
    return error


def _shown(seen: HttpAnswer, where: str) -> Receipt:
    try:
        mail = msgspec.json.decode(seen.body, type=_Shown)
    except msgspec.DecodeError as error:
        what = f"HTTP 200, but not as a Mailproof gateway answers ({error})"
        raise NotAccepted(what, where=where, fix=_URL_FIX) from error
    return Receipt(
        id=mail.id,
        state=mail.state,
        reason=None if mail.failure is None else mail.failure.reason.value,
        failure=mail.failure,
        status_url=mail.status_url,
    )


def _id_of(seen: HttpAnswer) -> str:
    """An error, as the provider said it, has no id in its body, but in a header."""
    found = _tree(seen).get("id")
    return found if isinstance(found, str) else seen.headers.get("mailproof-id", "")


def _retry_after_s(seen: HttpAnswer | Raised) -> float | None:
    text = seen.headers.get("retry-after", "") if isinstance(seen, HttpAnswer) else ""
    return min(float(text[:6]), _RETRY_AFTER_MAX_S) if text.isdecimal() else None


def _tree(seen: HttpAnswer) -> Mapping[str, Any]:
    try:
        tree = msgspec.json.decode(seen.body)
    except msgspec.DecodeError:
        return {}
    return tree if isinstance(tree, dict) else {}


def _error_name(seen: HttpAnswer) -> str:
    return str(_tree(seen).get("name", ""))


def _said(seen: HttpAnswer) -> str:
    message = _tree(seen).get("message")
    return str(message).rstrip(".") if message else f"HTTP {seen.status}"


def _words(seen: HttpAnswer | Raised) -> str:
    if isinstance(seen, HttpAnswer):
        return _said(seen)
    return (
        f"no answer ({seen.type}: {seen.message})" if seen.message else f"no answer ({seen.type})"
    )
