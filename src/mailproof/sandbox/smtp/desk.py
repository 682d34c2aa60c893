"""Who may send what over SMTP, and what is said to it: the hooks that aiosmtpd calls."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, TLSSetupException

from mailproof.sandbox.account import Account, ApiKey
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.faults.kinds import Stage
from mailproof.sandbox.messages.accepting import accept_letter
from mailproof.sandbox.messages.message import Handover
from mailproof.sandbox.smtp.letters import read_letter
from mailproof.sandbox.smtp.replies import of_refusal, of_unknown_magic

__all__ = ["Desk"]


class Talk(Protocol):
    """What the desk needs of a conversation; see `Conversation`."""

    account: Account
    login: str
    key: ApiKey | None
    mail_ids: tuple[str, ...]
    withheld: str

    @property
    def is_encrypted(self) -> bool: ...

    async def strike(
        self, stage: Stage, recipients: Sequence[str] = (), subject: str = ""
    ) -> str | None: ...


class Desk:
    """Of one conversation. Each `handle_…` returns the reply, as aiosmtpd wants it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def log_in(self, _: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
        """A key is a password for any login; the settings may name one login more."""
        talk = self._talk
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        login, password = (each.decode("utf-8", "replace") for each in (data.login, data.password))
        if login and (login, password) == talk.account.settings.smtp_login:
            talk.login, talk.key = login, None
        else:
            try:
                key = talk.account.authenticate(f"Bearer {password}")
            except Refusal as refusal:
                said = f"535 5.7.8 Authentication failed: {refusal.message}"
                return AuthResult(success=False, handled=False, message=said)
            talk.login, talk.key = login or "resend", key
        return AuthResult(success=True, auth_data=data)

    async def handle_EHLO(  # noqa: N802 - by this name aiosmtpd finds it
        self, _: Any, session: Any, envelope: Any, hostname: str, given: list[str]
    ) -> list[str]:
        """What aiosmtpd would offer, with what it does and does not say, less what is withheld."""
        session.host_name = hostname
        talk = self._talk
        host, *offers = [line[4:] for line in given]
        hidden = talk.withheld
        if hidden == "AUTH in clear":
            hidden = "" if talk.is_encrypted else "AUTH"
        offers = ["PIPELINING", "ENHANCEDSTATUSCODES", *offers]
        lines = [host, *(each for each in offers if each.partition(" ")[0] != hidden)]
        return [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]

    async def handle_MAIL(  # noqa: N802
        self, _: Any, __: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, _: Any, __: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = of_unknown_magic(address) or await self._talk.strike(Stage.RCPT, (address,))
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:  # noqa: N802
        """The whole mail has come: what a fault makes of it, else into the inbox."""
        talk = self._talk
        raw = envelope.content
        if not isinstance(raw, bytes) or envelope.mail_from is None:
            raise TypeError("aiosmtpd calls this with a sender and bytes")
        handover = Handover(
            sender=envelope.mail_from,
            recipients=tuple(envelope.rcpt_tos),
            login=talk.login,
            encrypted=talk.is_encrypted,
            raw=raw,
        )
        message = read_letter(raw, handover.sender, handover.recipients)
        refusal = await talk.strike(Stage.DOT, handover.recipients, message.subject)
        if refusal is not None:
            return refusal
        try:
            mail = accept_letter(talk.account, talk.key, message, handover)
        except Refusal as refused:
            return of_refusal(refused)
        talk.mail_ids = (mail.id,)
        lie = await talk.strike(Stage.QUEUED, handover.recipients, message.subject)
        return f"250 2.0.0 Ok: queued as {mail.id}" if lie is None else lie

    async def handle_exception(self, error: Exception) -> str:
        """A client that broke off the handshake is no fault of ours; anything else is one."""
        if not isinstance(error, TLSSetupException):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "The sandbox's SMTP side failed", "exception": error}
            )
        return f"451 4.3.0 The sandbox itself failed: {type(error).__name__}"
