"""Resend over HTTP. Sends once and reports; trying again is the engine's job."""

import asyncio
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from mailproof.diagnosis.evidence import Context, Evidence, HttpAnswer, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.redaction.redact import REDACTED
from mailproof.providers import resend_health, resend_mail, resend_webhook
from mailproof.providers.base import (
    Capabilities,
    Confirms,
    Encoded,
    Health,
    Outgoing,
    ProviderEvent,
    Sent,
    Verdict,
    WebhookRefused,
)
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import Http

__all__ = ["LOOP_HEADER", "Resend"]

# By it a gateway knows a call of its own, and refuses to hand mail to itself for ever.
LOOP_HEADER: Final = "Mailproof-Installation"

# resend.com/docs/dashboard/emails/idempotency-keys: they are kept for 24 hours.
_KEY_TTL_S: Final = 86_400.0
# resend.com/docs/api-reference/pagination: at most 100 a page. Ten pages are more domains than one
# account sends from; each costs a request of its rate.
_PAGE: Final = 100
_PAGES_MAX: Final = 10
# Shorter than any real key; as a text to look for, it would be found everywhere.
_TELLING_LENGTH: Final = 8

# Says nothing of whether this mail was taken: these tell of an earlier call with the same key.
_OF_AN_EARLIER_CALL: Final = frozenset({Reason.IN_PROGRESS, Reason.IDEMPOTENCY_CONFLICT})
# Where no word explains a 500 or a 2xx, it may stand for anything.
_UNEXPLAINED: Final = frozenset(
    {Reason.PROVIDER_UNAVAILABLE, Reason.BLOCKED_BY_INTERMEDIARY, Reason.UNKNOWN}
)


class _Accepted(msgspec.Struct, frozen=True):
    id: str


_accepted_of: Final = msgspec.json.Decoder(_Accepted).decode


class Resend:
    """One Resend account, or what speaks its API: a gateway, a sandbox.

    `api_key` gives the key of now. `base_url` holds no login. `installation`: our own id, which
    tells a gateway that it is calling itself. `webhook_secrets` give what Resend may sign its
    events with, two while it is changed; none: it does not post them to us. `webhook_url`: where it
    posts them; empty: not known. `sandboxed`: nothing leaves there.
    """

    def __init__(  # noqa: PLR0913 - what an account is made of
        self,
        name: str,
        http: Http,
        *,
        api_key: Callable[[], str],
        base_url: str,
        installation: str,
        version: str,
        webhook_secrets: Sequence[Callable[[], str]] = (),
        webhook_url: str = "",
        sandboxed: bool = False,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            type="sandbox" if sandboxed else "resend",
            key_ttl_s=_KEY_TTL_S,
            confirms=Confirms.WEBHOOK if webhook_secrets else Confirms.POLL,
            takes_extra=True,
            verifies_addresses=False,
            sandboxed=sandboxed,
            encoder=resend_mail.ENCODER,
        )
        self._http = http
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")
        self._webhook_secrets = tuple(webhook_secrets)
        self._webhook_url = webhook_url
        self._installation = installation
        self._shared = {"User-Agent": f"mailproof/{version}", LOOP_HEADER: installation}

    @property
    def fingerprint(self) -> str:
        """See `Provider.fingerprint`. No two installations have the same for one key."""
        facts = "\n".join((self.capabilities.type, self._base_url, self._api_key()))
        return hmac.digest(self._installation.encode(), facts.encode(), "sha256").hex()

    def sender_of(self, mailbox: str) -> str:
        """The domain: Resend verifies domains, not addresses."""
        return mailbox.rpartition("@")[2].lower()

    def encode(self, mail: Outgoing) -> Encoded:
        """The bytes for this mail; see `resend_mail.encode`."""
        return resend_mail.encode(mail)

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        """One call to `POST /emails`. An answer that settles nothing is an ambiguous failure."""
        secret = self._api_key()
        answer: HttpAnswer | Raised | None = _unusable(secret)
        if answer is None:
            headers = {
                **self._headers(secret),
                "Content-Type": "application/json",
                "Idempotency-Key": key,
            }
            answer = await self._http.post_bytes(
                f"{self._base_url}/emails", encoded.body, headers=headers, deadline_s=deadline_s
            )
            if message_id := _id_in(answer):
                return Sent(message_id)
        context = Context(*resend_mail.addressed(encoded))
        seen = _without(secret, answer)
        failure = diagnose(Evidence(seen, resend_health.PROVIDER, context))
        if _may_be_out(seen, failure.reason):
            failure = msgspec.structs.replace(failure, ambiguous=True)
        return failure

    async def check(self, *, deadline_s: float) -> Health:
        """Ask for the domains, page by page; `deadline_s` covers all pages."""
        secret = self._api_key()
        if (problem := _unusable(secret)) is not None:
            return resend_health.unwell(diagnose(Evidence(problem, resend_health.PROVIDER)), {})
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_s
        url = first = f"{self._base_url}/domains?limit={_PAGE}"
        pages: list[HttpAnswer | Raised] = []
        while len(pages) < _PAGES_MAX:
            left_s = max(0.0, until - loop.time())
            page = await self._http.get(url, headers=self._headers(secret), deadline_s=left_s)
            pages.append(_without(secret, page))
            after = resend_health.next_page(page)
            if not after:
                break
            url = f"{first}&after={quote(after, safe='')}"
        health = resend_health.health(pages)
        if not (self._webhook_secrets and self._webhook_url) or health.verdict is not Verdict.GOOD:
            return health
        left_s = max(0.0, until - loop.time())
        asked = f"{self._base_url}/webhooks?limit={_PAGE}"
        hooks = await self._http.get(asked, headers=self._headers(secret), deadline_s=left_s)
        fact = {"webhook": resend_health.webhook(hooks, self._webhook_url)}
        return msgspec.structs.replace(health, facts={**health.facts, **fact})

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: int
    ) -> tuple[ProviderEvent, ...] | WebhookRefused:
        """See `resend_webhook`: the signature is Svix's."""
        secrets = [secret for read in self._webhook_secrets if (secret := read())]
        event_id = resend_webhook.verified(headers, body, secrets, now=now)
        if isinstance(event_id, WebhookRefused):
            return event_id
        return resend_webhook.events_in(body, event_id, now=now)

    async def look_up(
        self, provider_message_id: str, *, deadline_s: float
    ) -> ProviderEvent | Failure | None:
        """Ask `GET /emails/{id}`, which a sending-only key may not."""
        secret = self._api_key()
        answer: HttpAnswer | Raised | None = _unusable(secret)
        if answer is None:
            url = f"{self._base_url}/emails/{quote(provider_message_id, safe='')}"
            answer = await self._http.get(url, headers=self._headers(secret), deadline_s=deadline_s)
        if isinstance(answer, HttpAnswer) and answer.status == 404:
            return None
        if isinstance(answer, HttpAnswer) and answer.status == 200:
            return resend_webhook.answered(provider_message_id, answer.body)
        return diagnose(Evidence(_without(secret, answer), resend_health.PROVIDER))

    def _headers(self, secret: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {secret}", **self._shared}


def _unusable(secret: str) -> Raised | None:
    """Why no call is made with this key: an honest word of ours, not an answer of Resend's."""
    if not secret.strip():
        return Raised("LookupError", "The API key is not set.", request_written=False)
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        # RFC 9110 section 5.5: what else a header holds is cut, or read by each server otherwise.
        problem = "The API key has an invalid character: a space, a line break, or beyond ASCII."
        return Raised("ValueError", problem, request_written=False)
    return None


def _id_in(answer: HttpAnswer | Raised) -> str:
    """The id that accepting gives; empty: it was not said."""
    if not isinstance(answer, HttpAnswer) or not 200 <= answer.status < 300:
        return ""
    try:
        return _accepted_of(answer.body).id
    except (msgspec.DecodeError, RecursionError):
        return ""  # what it is instead, the diagnosis will say


def _may_be_out(seen: HttpAnswer | Raised, reason: Reason) -> bool:
    """Could the mail be accepted although the answer does not say so?

    For all providers a 500 counts as a refusal, so that another one can take over at once. Here
    the key makes a repeat harmless, and a 500 is an accident that can happen after accepting too:
    a repeat with a new key, or elsewhere, could be a second copy. An answer without the id that
    accepting gives, but a success, settles nothing either; a web page is nobody's acceptance.
    """
    if reason in _OF_AN_EARLIER_CALL:
        return True
    if not isinstance(seen, HttpAnswer) or reason not in _UNEXPLAINED:
        return False
    return seen.status == 500 or (seen.status < 300 and not seen.body.lstrip().startswith("<"))


def _without(secret: str, seen: HttpAnswer | Raised) -> HttpAnswer | Raised:
    """The same without the key, should somebody have given it back in a page or a message."""
    if len(secret) < _TELLING_LENGTH:
        return seen
    if isinstance(seen, HttpAnswer):
        headers = {name: text.replace(secret, REDACTED) for name, text in seen.headers.items()}
        return HttpAnswer(seen.status, headers, seen.body.replace(secret, REDACTED))
    return _without_in_chain(secret, seen)


def _without_in_chain(secret: str, seen: Raised) -> Raised:
    return msgspec.structs.replace(
        seen,
        message=seen.message.replace(secret, REDACTED),
        cause=None if seen.cause is None else _without_in_chain(secret, seen.cause),
    )
