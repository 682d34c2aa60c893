"""Hold a real SMTP conversation and keep the reply that ended it."""

import smtplib
import ssl
from collections.abc import Iterator
from typing import Literal

import msgspec

from mailproof.diagnosis.evidence import Context, Evidence, SmtpReply, decode_text

__all__ = ["Conversation", "Role", "accepted", "refused"]

DEADLINE_S = 20.0
Role = Literal["relay", "recipient_mx"]


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What to say, in which role: to our relay, or to the recipient's own server."""

    port: int
    role: Role
    sender: str = "app@acme.test"
    recipient: str = "ada@acme.test"
    login: tuple[str, str] | None = None
    starttls: bool = False
    announce_size: bool = True
    body: str = "Subject: Hi\r\n\r\nHi\r\n"


def refused(say: Conversation) -> Evidence:
    """The first reply that was no success, as evidence. Fails when all went well."""
    evidence = _hold(say)
    assert evidence is not None, "the server refused nothing"
    return evidence


def accepted(say: Conversation) -> None:
    """Fails when the server refuses."""
    evidence = _hold(say)
    assert evidence is None, f"the server said {evidence}"


def _hold(say: Conversation) -> Evidence | None:
    with smtplib.SMTP("127.0.0.1", say.port, timeout=DEADLINE_S) as server:
        for stage, code, reply in _steps(server, say):
            if code >= 400:
                return Evidence(
                    SmtpReply(code, _text(reply), stage),
                    provider="smtp",
                    context=Context(say.sender, (say.recipient,), say.role),
                )
    return None


def _steps(server: smtplib.SMTP, say: Conversation) -> Iterator[tuple[str, int, bytes | str]]:
    yield "ehlo", *server.ehlo("client.acme.test")
    if say.starttls:
        # The certificate is the test's own; who signed it is not what is tested here.
        context = ssl._create_unverified_context()  # noqa: S323
        yield "starttls", *server.starttls(context=context)
        yield "ehlo", *server.ehlo("client.acme.test")
    if say.login:
        server.user, server.password = say.login
        try:
            yield "auth", *server.auth("PLAIN", server.auth_plain)
        except smtplib.SMTPAuthenticationError as error:
            yield "auth", error.smtp_code, error.smtp_error
    size = [f"size={len(say.body)}"] if say.announce_size else []
    yield "mail", *server.mail(say.sender, size)
    yield "rcpt", *server.rcpt(say.recipient)
    try:
        yield "end-of-data", *server.data(say.body)
    except smtplib.SMTPDataError as error:
        yield "data", error.smtp_code, error.smtp_error


def _text(reply: bytes | str) -> str:
    return reply if isinstance(reply, str) else decode_text(reply)
