"""An SMTP server as a provider. Sends once and reports; trying again is the engine's job."""

import base64
import hmac
import ssl
from asyncio import timeout
from collections.abc import Callable, Sequence
from typing import Final

import aiosmtplib
import msgspec

from mailproof.diagnosis.evidence import Context, Evidence, Raised, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Next
from mailproof.diagnosis.redaction.redact import REDACTED, redact_text
from mailproof.providers import smtp_health, smtp_mail
from mailproof.providers.base import (
    Capabilities,
    Confirms,
    Encoded,
    Health,
    Outgoing,
    Sent,
    SentPart,
    Verdict,
)
from mailproof.providers.catalog import provider_at
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import raised
from mailproof.providers.smtp_connection import Broken, Delivered, Progress, Refused, Unusable
from mailproof.providers.smtp_mail import SmtpMail
from mailproof.providers.smtp_pool import Pool
from mailproof.providers.smtp_url import SmtpUrl, read_smtp_url

__all__ = ["LOOP_HEADER", "Smtp"]

# By it a gateway knows a mail of its own, as with Resend.
LOOP_HEADER: Final = "Mailproof-Installation"

# So many kept connections may one mail find closed before that is a fault.
_CLOSED_MAX: Final = 2
_CLOSING: Final = 421
_SAID_MAX: Final = 200
# Shorter than any real password; as a text to look for, it would be found everywhere.
_TELLING_LENGTH: Final = 6
# Of several refusals: one that passes by itself, else one that is nobody's fault who gets the mail.
_TELLING: Final = (Next.RETRY, Next.HOLD, Next.END)

Seen = SmtpReply | Raised


class Smtp:
    """One SMTP server with one login. `url` gives the URL of now, with its password.

    `installation`: our own id. `connections`: how many at the same time. `tls` makes the context
    that certificates are verified with.
    """

    def __init__(
        self,
        name: str,
        *,
        url: Callable[[], str],
        installation: str,
        connections: int = 4,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            type="smtp",
            key_ttl_s=None,
            confirms=Confirms.NONE,
            takes_extra=False,
            verifies_addresses=False,
            encoder=smtp_mail.ENCODER,
            at_once=connections,
        )
        self._url = url
        self._installation = installation
        self._pool = Pool(name, connections, tls)

    @property
    def fingerprint(self) -> str:
        """See `Provider.fingerprint`. No two installations have the same for one login."""
        facts = f"smtp\n{self._url().strip()}"
        return hmac.digest(self._installation.encode(), facts.encode(), "sha256").hex()

    def sender_of(self, mailbox: str) -> str:
        """The domain."""
        return mailbox.rpartition("@")[2].lower()

    def encode(self, mail: Outgoing) -> Encoded:
        """The bytes for this mail; see `smtp_mail.encode`."""
        return smtp_mail.encode(mail, headers={LOOP_HEADER: self._installation})

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        """One mail in one conversation. SMTP knows no keys: what the server may have, it may have.

        The id is the mail's Message-ID, which stays the same at each try.
        """
        if not isinstance(encoded, SmtpMail):
            raise TypeError(f"{key}: these bytes were not encoded by this provider.")
        context = Context(encoded.sender, encoded.recipients)
        url = _usable(self._url())
        if isinstance(url, Raised):
            return diagnose(Evidence(url, "smtp", context))
        if encoded.unsendable:
            return _explained(url, context, [_not_tried(encoded.unsendable)], Progress())
        progress = Progress()
        result = await self._try(url, encoded, progress, deadline_s)
        if not isinstance(result, Delivered):
            return _explained(url, context, result, progress)
        if not result.refused:
            return Sent(encoded.message_id, said=_said(result))
        return _sent_to_some(url, encoded, result)

    async def check(self, *, deadline_s: float) -> Health:
        """Connect, encrypt, log in and ask for nothing, in a conversation of its own."""
        url = _usable(self._url())
        if isinstance(url, Raised):
            return smtp_health.unwell(diagnose(Evidence(url, "smtp")), {})
        limit = timeout(deadline_s)
        facts = {"server": f"{url.host}:{url.port}"}
        try:
            async with limit:
                connection = await self._pool.open_apart(url)
                try:
                    facts = smtp_health.facts(connection)
                    await connection.noop()
                finally:
                    connection.leave()
        except _FAULTS as error:
            seen = _seen(error, deadline_s, is_late=limit.expired(), handed_over=False)
            # Where login and From must be one, the login tells whose rules hold.
            failure = _explained(url, Context(url.login), seen, Progress())
            return smtp_health.unwell(failure, facts)
        return Health(verdict=Verdict.GOOD, facts=facts)

    async def close(self) -> None:
        """Say goodbye on all connections that are kept."""
        await self._pool.close()

    async def _try(
        self, url: SmtpUrl, mail: SmtpMail, progress: Progress, deadline_s: float
    ) -> Delivered | list[Seen]:
        """What was seen instead of an acceptance comes back as evidence, never as an exception."""
        limit = timeout(deadline_s)
        try:
            async with limit:
                return await self._deliver(url, mail, progress)
        except _FAULTS as error:
            return _seen(
                error, deadline_s, is_late=limit.expired(), handed_over=progress.handed_over
            )

    async def _deliver(self, url: SmtpUrl, mail: SmtpMail, progress: Progress) -> Delivered:
        """Over another connection where a kept one had been closed: the server then has heard
        nothing of this mail, so going on repeats nothing."""
        for tried in range(_CLOSED_MAX + 1):
            is_kept = False
            try:
                async with self._pool.connection(url, fresh=tried == _CLOSED_MAX) as taken:
                    connection, is_kept = taken
                    return await connection.deliver(
                        mail.sender, mail.envelope, mail.body, progress, utf8=mail.needs_utf8
                    )
            except Refused as refusal:
                reply = refusal.replies[0]
                if not (is_kept and reply.code == _CLOSING and reply.stage == "mail"):
                    raise
            except (OSError, aiosmtplib.SMTPException):
                if not is_kept or progress.begun:
                    raise
            progress.begun = False
        raise AssertionError("the last connection is a fresh one")

    def __repr__(self) -> str:
        return f"<Smtp {self.name}>"


_FAULTS: Final = (OSError, ValueError, aiosmtplib.SMTPException, Refused, Broken, Unusable)


def _usable(text: str) -> SmtpUrl | Raised:
    """The URL, or why no server is called: an honest word of ours, not an answer of a server's."""
    if not text.strip():
        return Raised("LookupError", "The SMTP URL is not set.", request_written=False)
    url = read_smtp_url(text)
    if url is None:
        problem = "The SMTP URL cannot be read: it names no server."
        return Raised("ValueError", problem, request_written=False)
    if url.login and not url.password.strip():
        problem = "The SMTP URL has a login and no password."
        return Raised("LookupError", problem, request_written=False)
    return url


def _not_tried(why: str) -> Raised:
    return Raised("ValueError", why, request_written=False)


def _seen(
    error: BaseException, deadline_s: float, *, is_late: bool, handed_over: bool
) -> list[Seen]:
    """An exception as evidence; several replies where each recipient got one."""
    if is_late:
        words = f"no answer in {deadline_s:g} s"
        return [Raised("TimeoutError", words, request_written=handed_over)]
    match error:
        case Refused():
            return list(error.replies)
        case Broken():
            return [msgspec.structs.replace(error.seen, request_written=handed_over)]
        case Unusable():
            return [_not_tried(str(error))]
        case _:
            return [raised(error, request_written=handed_over)]


def _sent_to_some(url: SmtpUrl, mail: SmtpMail, delivered: Delivered) -> Sent:
    mailboxes = dict(zip(mail.envelope, mail.recipients, strict=True))
    refused = []
    for address, reply in delivered.refused:
        mailbox = mailboxes.pop(address)
        context = Context(mail.sender, (mailbox,))
        refused.append(SentPart(mailbox, _explained(url, context, [reply], Progress())))
    return Sent(mail.message_id, tuple(refused), tuple(mailboxes.values()), _said(delivered))


def _said(delivered: Delivered) -> str:
    """The answer to the last line, which often names the mail as the server's log does."""
    return redact_text(delivered.said)[:_SAID_MAX]


def _explained(url: SmtpUrl, context: Context, seen: Sequence[Seen], progress: Progress) -> Failure:
    """The most telling of what was seen. A reply settles it; anything else leaves open what was
    handed over, and nothing that was not: the last line had not left, and cannot any more."""
    provider = provider_at(url.host) or "smtp"
    failures = [diagnose(Evidence(_without(url, each), provider, context)) for each in seen]
    failure = min(failures, key=lambda each: _TELLING.index(each.next))
    answered = isinstance(seen[0], SmtpReply) and seen[0].code >= 400
    return msgspec.structs.replace(failure, ambiguous=progress.handed_over and not answered)


def _without(url: SmtpUrl, seen: Seen) -> Seen:
    """The same without the password, should a server have given it back."""
    if len(url.password) < _TELLING_LENGTH:
        return seen
    plain = f"\0{url.login}\0{url.password}"
    for secret in (url.password, *(_base64(text) for text in (plain, url.password))):
        seen = _cut(secret, seen)
    return seen


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _cut(secret: str, seen: Seen) -> Seen:
    if isinstance(seen, SmtpReply):
        return msgspec.structs.replace(seen, reply=seen.reply.replace(secret, REDACTED))
    return _cut_in_chain(secret, seen)


def _cut_in_chain(secret: str, seen: Raised) -> Raised:
    return msgspec.structs.replace(
        seen,
        message=seen.message.replace(secret, REDACTED),
        cause=None if seen.cause is None else _cut_in_chain(secret, seen.cause),
    )
