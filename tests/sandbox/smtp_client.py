"""A client as plain as smtplib: one verb after the other, and what came of it as evidence."""

import base64
import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from mailproof.diagnosis.evidence import Raised, SmtpReply, decode_text
from mailproof.providers.http import raised
from mailproof.testing import Sandbox

__all__ = ["LETTER", "PATIENCE_S", "SENDER", "SILENCE_S", "TO", "connected", "converse", "trust"]

SENDER = "news@acme.test"
TO = "ada@kunde.test"
LETTER = (
    b"From: Acme <news@acme.test>\r\nTo: Ada <ada@kunde.test>\r\n"
    b"Subject: Your sign-in link\r\n\r\nHello\r\n"
)
# For what hangs on purpose: a conversation takes a tenth of it on a machine that is busy.
SILENCE_S = 1.0
PATIENCE_S = 10.0


def trust(sandbox: Sandbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(sandbox.smtp_authority))


@contextlib.contextmanager
def connected(
    sandbox: Sandbox, *, tls: bool = True, login: bool = True, timeout_s: float = 5.0
) -> Iterator[smtplib.SMTP]:
    """A client that has said EHLO, and has encrypted and logged in unless told otherwise."""
    where = urlsplit(sandbox.smtp_url)
    client = smtplib.SMTP(where.hostname or "", where.port or 0, timeout=timeout_s)
    try:
        client.ehlo("test")
        if tls:
            client.starttls(context=trust(sandbox))
            client.ehlo("test")
        if login:
            client.login(unquote(where.username or ""), unquote(where.password or ""))
        yield client
    finally:
        client.close()


def converse(
    sandbox: Sandbox, *recipients: str, letter: bytes = LETTER, timeout_s: float = PATIENCE_S
) -> list[SmtpReply | Raised]:
    """Send one mail; returns what refused it, nothing when all was taken."""
    seen: list[SmtpReply | Raised] = []
    talk = _Talk(sandbox, timeout_s)
    try:
        steps = talk.steps(recipients or (TO,), letter)
        seen.extend(reply for reply in steps if reply.code >= 400)
    except (OSError, smtplib.SMTPException) as error:
        seen.append(raised(error, request_written=talk.written))
    finally:
        talk.client.close()
    return seen


class _Talk:
    def __init__(self, sandbox: Sandbox, timeout_s: float) -> None:
        self.client = smtplib.SMTP(timeout=timeout_s)
        self.written = False
        self._context = trust(sandbox)
        self._where = urlsplit(sandbox.smtp_url)

    def steps(self, recipients: tuple[str, ...], letter: bytes) -> Iterator[SmtpReply]:
        """Each reply, until one refuses what the rest needs."""
        client, where = self.client, self._where
        client._host = where.hostname or ""  # type: ignore[attr-defined]  # smtplib: for SNI
        steps: tuple[tuple[str, Callable[[], tuple[int, bytes]]], ...] = (
            ("connect", lambda: client.connect(where.hostname or "", where.port or 0)),
            ("ehlo", lambda: client.ehlo("test")),
            ("starttls", self._starttls),
            ("ehlo", lambda: client.ehlo("test")),
            ("auth", self._login),
            ("mail", lambda: client.docmd(f"MAIL FROM:<{SENDER}>")),
        )
        for verb, ask in steps:
            reply = _reply(verb, ask())
            yield reply
            if reply.code >= 400:
                return
        replies = [
            _reply("rcpt", client.docmd(f"RCPT TO:<{recipient}>")) for recipient in recipients
        ]
        yield from replies
        if all(reply.code >= 400 for reply in replies):
            return
        reply = _reply("data", client.docmd("DATA"))
        yield reply
        if reply.code == 354:
            client.send(letter)
            self.written = True
            yield _reply("end-of-data", client.docmd("."))

    def _starttls(self) -> tuple[int, bytes]:
        try:
            return self.client.starttls(context=self._context)
        except smtplib.SMTPResponseException as refusal:
            text = refusal.smtp_error
            return refusal.smtp_code, text.encode() if isinstance(text, str) else text

    def _login(self) -> tuple[int, bytes]:
        if not self.client.has_extn("auth"):
            raise smtplib.SMTPNotSupportedError("SMTP AUTH extension not supported by server.")
        plain = f"\0{unquote(self._where.username or '')}\0{unquote(self._where.password or '')}"
        return self.client.docmd("AUTH", f"PLAIN {base64.b64encode(plain.encode()).decode()}")


def _reply(verb: str, answer: tuple[int, bytes]) -> SmtpReply:
    code, text = answer
    return SmtpReply(code, decode_text(text), verb)
