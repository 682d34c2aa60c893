"""A provider in memory, whose time is a clock's: for tests of what sends through providers.

It is like Resend where that matters: it keeps idempotency keys, refuses another payload under a
used one, and says so in Resend's words. What it answers is a script: reply by reply, or one for
all calls.
"""

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec

from mailproof.clock import Clock
from mailproof.diagnosis.evidence import Context, Evidence, HttpAnswer, Raised, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.redaction.redact import REDACTED
from mailproof.mail.address import Address
from mailproof.providers import resend_health, resend_mail
from mailproof.providers.base import (
    Capabilities,
    Confirms,
    Encoded,
    Health,
    Outgoing,
    Sent,
    SentPart,
)
from mailproof.providers.diagnose import diagnose

__all__ = [
    "Call",
    "Crash",
    "PaperAccount",
    "PaperMail",
    "PaperProvider",
    "Reply",
    "Say",
    "Silence",
    "Take",
    "say",
]

_DAY_S: Final = 86_400.0
_SECRET: Final = "paper-secret"  # noqa: S105 - it opens nothing
_VERIFIED: Final = "verified"
# Whoever says these has the mail, or may have it.
_OF_AN_EARLIER_CALL: Final = frozenset({Reason.IN_PROGRESS, Reason.IDEMPOTENCY_CONFLICT})


Seen = TypeVar("Seen", HttpAnswer | Raised, HttpAnswer | Raised | SmtpReply)
# What an adapter may see; `SmtpReply` for what a relay passes on of a recipient's server.
Answered = HttpAnswer | Raised | SmtpReply


class Take(msgspec.Struct, frozen=True):
    """Accept the mail, `after_s` seconds. `refused`: recipients it is not for, and why."""

    after_s: float = 0.0
    refused: Mapping[str, Answered] = {}


class Say(msgspec.Struct, frozen=True):
    """Answer this, `after_s` seconds. `taken`: the mail is accepted all the same."""

    seen: Answered
    taken: bool = False
    after_s: float = 0.0


class Silence(msgspec.Struct, frozen=True):
    """Never answer. `taken`: the mail is accepted first; `written`: all of it had gone out."""

    taken: bool = False
    written: bool = True


class Crash(msgspec.Struct, frozen=True):
    """Raise: a bug in the adapter, which promises not to."""

    error: Exception


Reply = Take | Say | Silence | Crash


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it arrived. `at`: by the clock; `key` and `hash` are empty for a check."""

    at: float
    kind: Literal["send", "check"]
    secret: str
    key: str = ""
    hash: bytes = b""


class PaperMail(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted mail. `stamp`: what it was stamped with, the id of our mail."""

    id: str
    at: float
    key: str
    stamp: str
    payload: Mapping[str, Any]


class _Kept(msgspec.Struct, frozen=True):
    """What a used idempotency key stands for."""

    hash: bytes
    message_id: str
    until: float


def say(  # noqa: PLR0913 - the parts of an answer
    status: int,
    name: str,
    message: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    taken: bool = False,
    after_s: float = 0.0,
) -> Say:
    """An answer in Resend's shape."""
    return Say(_answer(status, name, message, headers), taken, after_s)


def _answer(
    status: int, name: str, message: str, headers: Mapping[str, str] | None = None
) -> HttpAnswer:
    body = {"statusCode": status, "name": name, "message": message}
    return HttpAnswer(status, dict(headers or {}), msgspec.json.encode(body).decode())


_WRONG_KEY_ANSWER: Final = _answer(403, "invalid_api_key", "API key is invalid")
_WRONG_KEY: Final = Say(_WRONG_KEY_ANSWER)
_SENDS_ONLY: Final = _answer(
    401, "restricted_api_key", "This API key is restricted to only send emails"
)


class PaperAccount:
    """The provider's side: what it took, what it was asked, and what it answers from now on.

    `secret`: the credential it knows. `key_ttl_s`: so long it remembers idempotency keys, None: it
    knows none. `domains`: each with its state in Resend's words; `lists_domains` False: the
    credential may only send, so that a check cannot tell.
    """

    def __init__(
        self, clock: Clock, *, secret: str = _SECRET, key_ttl_s: float | None = _DAY_S
    ) -> None:
        self.clock = clock
        self.secret = secret
        self.key_ttl_s = key_ttl_s
        self.domains: dict[str, str] = {"acme.test": _VERIFIED}
        self.lists_domains = True
        self.mails: list[PaperMail] = []
        self.calls: list[Call] = []
        self.always: Reply | None = None
        self.check_reply: Say | Silence | Crash | None = None
        self._script: deque[Reply] = deque()
        self._kept: dict[str, _Kept] = {}
        self._at_it: set[str] = set()
        self._numbers = itertools.count(1)

    def script(self, *replies: Reply) -> None:
        """Answer the next calls with these, one each; then again as `always` says."""
        self._script.extend(replies)

    def arrivals(self, kind: Literal["send", "check"] | None = None) -> Sequence[Call]:
        """The calls so far, of one kind or of both."""
        return [call for call in self.calls if kind in {None, call.kind}]

    async def take(self, call: Call, encoded: Encoded, deadline_s: float) -> Sent | Say:
        """One call to send. What is not accepted comes back as what the adapter saw."""
        self.calls.append(call)
        until = self.clock.now() + deadline_s
        if call.key in self._at_it:
            return say(409, "concurrent_idempotent_requests", "The same key is being processed.")
        self._at_it.add(call.key)
        try:
            return await self._answer(call, encoded, until, deadline_s)
        finally:
            self._at_it.discard(call.key)

    async def asked(self, call: Call, deadline_s: float) -> HttpAnswer | Raised:
        """One call to check."""
        self.calls.append(call)
        match self.check_reply:
            case Crash(error):
                raise error
            case Say(HttpAnswer() | Raised() as seen):
                return seen
            case Say():
                raise TypeError("A check is answered over HTTP.")
            case Silence():
                await self.clock.sleep_until(self.clock.now() + deadline_s)
                return _too_late(deadline_s, written=True)
            case None:
                return self._listing(call.secret)

    async def _answer(
        self, call: Call, encoded: Encoded, until: float, deadline_s: float
    ) -> Sent | Say:
        reply = self._script.popleft() if self._script else self.always or Take()
        if isinstance(reply, Crash):
            raise reply.error
        if isinstance(reply, Silence):
            if reply.taken:
                self._accept(call, encoded)
            await self.clock.sleep_until(until)
            return Say(_too_late(deadline_s, written=reply.written))
        if reply.after_s:
            await self.clock.sleep_until(min(until, self.clock.now() + reply.after_s))
        answer: Sent | Say = reply if isinstance(reply, Say) else _WRONG_KEY
        if isinstance(reply, Say):
            if reply.taken:
                self._accept(call, encoded)
        elif call.secret == self.secret:
            answer = self._accept(call, encoded, reply.refused)
        return Say(_too_late(deadline_s, written=True)) if reply.after_s > deadline_s else answer

    def _accept(
        self, call: Call, encoded: Encoded, refused: Mapping[str, Answered] | None = None
    ) -> Sent | Say:
        now = self.clock.now()
        kept = self._kept.get(call.key)
        if kept is not None and kept.until > now:
            if kept.hash == call.hash:
                return Sent(kept.message_id)
            return say(
                409, "invalid_idempotent_request", "Same idempotency key used with another payload."
            )
        message_id = f"paper-{next(self._numbers)}"
        payload = msgspec.json.decode(encoded.body)
        tags = {tag["name"]: tag["value"] for tag in payload.get("tags", ())}
        stamp = tags.get(resend_mail.STAMP_TAG, "")
        self.mails.append(
            PaperMail(id=message_id, at=now, key=call.key, stamp=stamp, payload=payload)
        )
        if self.key_ttl_s is not None:
            self._kept[call.key] = _Kept(call.hash, message_id, now + self.key_ttl_s)
        parts = [
            SentPart(address, _explained(seen, Context(to=(address,))))
            for address, seen in (refused or {}).items()
        ]
        return Sent(message_id, tuple(parts), _taken(payload, refused) if refused else ())

    def _listing(self, secret: str) -> HttpAnswer | Raised:
        if secret != self.secret:
            return _WRONG_KEY_ANSWER
        if not self.lists_domains:
            return _SENDS_ONLY
        data = [{"name": name, "status": state} for name, state in self.domains.items()]
        return HttpAnswer(200, {}, msgspec.json.encode({"data": data}).decode())


class PaperProvider:
    """An adapter for one account, with a credential of its own: that of the account, unless given.

    `secret` may be changed at any time, as an operator does who mends a wrong one.
    """

    def __init__(
        self,
        name: str,
        account: PaperAccount,
        *,
        secret: str | Callable[[], str] | None = None,
        takes_extra: bool = True,
        sandboxed: bool = False,
    ) -> None:
        self.name = name
        self.account = account
        self.secret = account.secret if secret is None else secret
        self.capabilities = Capabilities(
            type="paper",
            key_ttl_s=account.key_ttl_s,
            confirms=Confirms.NONE,
            takes_extra=takes_extra,
            verifies_addresses=False,
            sandboxed=sandboxed,
            encoder=resend_mail.ENCODER,
        )

    @property
    def fingerprint(self) -> str:
        """See `Provider.fingerprint`."""
        return hashlib.sha256(f"paper\n{self.name}\n{self._secret()}".encode()).hexdigest()

    def sender_of(self, mailbox: str) -> str:
        """The domain."""
        return mailbox.rpartition("@")[2].lower()

    def encode(self, mail: Outgoing) -> Encoded:
        """The bytes for this mail, as Resend gets them."""
        return resend_mail.encode(mail)

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        """One call, as the account's script has it."""
        secret = self._secret()
        context = Context(*resend_mail.addressed(encoded))
        if not secret.strip():
            return diagnose(Evidence(_no_secret(), resend_health.PROVIDER, context))
        call = Call(
            at=self.account.clock.now(), kind="send", secret=secret, key=key, hash=encoded.hash
        )
        result = await self.account.take(call, encoded, deadline_s)
        if isinstance(result, Sent):
            return result
        return _explained(_without(secret, result.seen), context)

    async def check(self, *, deadline_s: float) -> Health:
        """One call for the domains."""
        secret = self._secret()
        if not secret.strip():
            return resend_health.unwell(diagnose(Evidence(_no_secret(), "resend")), {})
        call = Call(at=self.account.clock.now(), kind="check", secret=secret)
        seen = await self.account.asked(call, deadline_s)
        return resend_health.health([_without(secret, seen)])

    def _secret(self) -> str:
        return self.secret() if callable(self.secret) else self.secret

    def __repr__(self) -> str:
        return f"<PaperProvider {self.name}>"


def _taken(payload: Mapping[str, Any], refused: Mapping[str, Answered]) -> tuple[str, ...]:
    """Whom a mail is for, but for those."""
    given = [text for role in ("to", "cc", "bcc") for text in payload.get(role, ())]
    mailboxes = [Address.parse(text, where="to").mailbox for text in given]
    return tuple(each for each in mailboxes if each not in refused)


def _explained(seen: Answered, context: Context) -> Failure:
    """A failure as an adapter for Resend would report it: open where the mail may be there."""
    failure = diagnose(Evidence(seen, resend_health.PROVIDER, context))
    is_open = failure.reason in _OF_AN_EARLIER_CALL or (
        isinstance(seen, HttpAnswer) and (seen.status == 500 or seen.status < 300)
    )
    return msgspec.structs.replace(failure, ambiguous=True) if is_open else failure


def _without(secret: str, seen: Seen) -> Seen:
    if isinstance(seen, SmtpReply):
        return msgspec.structs.replace(seen, reply=seen.reply.replace(secret, REDACTED))
    if isinstance(seen, Raised):
        return msgspec.structs.replace(seen, message=seen.message.replace(secret, REDACTED))
    headers = {name: text.replace(secret, REDACTED) for name, text in seen.headers.items()}
    return HttpAnswer(seen.status, headers, str(seen.body).replace(secret, REDACTED))


def _no_secret() -> Raised:
    return Raised("LookupError", "The API key is not set.", request_written=False)


def _too_late(deadline_s: float, *, written: bool) -> Raised:
    return Raised("TimeoutError", f"no answer in {deadline_s:g} s", request_written=written)
