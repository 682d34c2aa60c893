"""One conversation with an SMTP server: connect, TLS, login, and mails one after the other.

The verbs are driven one by one, because what counts is how far a mail came: without its last line,
the dot, no server may deliver it (RFC 5321 section 4.1.1.4), and once that line may have left,
nobody knows until the server answers.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Sequence
from typing import Final, cast

import aiosmtplib
import msgspec
import structlog
from aiosmtplib.auth import auth_crammd5_verify, auth_login_encode, auth_plain_encode

from mailproof.diagnosis.evidence import Raised, SmtpReply, decode_text
from mailproof.providers.smtp_url import SmtpUrl

__all__ = [
    "Broken",
    "Connection",
    "Delivered",
    "Progress",
    "Refused",
    "Unusable",
    "open_connection",
]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.providers")

# Small enough that a mail of many megabytes does not stand whole in the connection's buffer.
_CHUNK_BYTES: Final = 32 * 1024
_AUTH_CONTINUES: Final = 334
_AUTHENTICATED: Final = 235
_GO_AHEAD: Final = 354
_CLOSING: Final = 421
_QUIT_MAX_S: Final = 1.0
_LEADING_DOT: Final = re.compile(rb"(?m)^\.")
# RFC 4954 section 6: the mechanism, not the login, was refused.
_NOT_THIS_MECHANISM: Final = frozenset({500, 501, 502, 503, 504, 534, 538})
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class Refused(Exception):
    """The server answered with something else than yes: once, or once for each recipient."""

    def __init__(self, *replies: SmtpReply) -> None:
        super().__init__(f"{replies[0].code} at {replies[0].stage}")
        self.replies = replies


class Broken(Exception):
    """What came is no reply of SMTP; `seen` says so as evidence."""

    def __init__(self, seen: Raised) -> None:
        super().__init__(seen.message)
        self.seen = seen


class Unusable(Exception):
    """The server lacks what this URL or this mail needs; nothing was tried."""


class Delivered(msgspec.Struct, frozen=True):
    """The server has it, for all but `refused`: their mailboxes on the wire, and what it said."""

    said: str
    refused: tuple[tuple[str, SmtpReply], ...] = ()


class Progress:
    """How far one mail came. `begun`: the server has heard of it; `handed_over`: its last line may
    have left."""

    def __init__(self) -> None:
        self.begun = False
        self.handed_over = False


class Connection:
    """An open conversation. Made by `open_connection`; used by one mail at a time."""

    def __init__(self, smtp: aiosmtplib.SMTP, url: SmtpUrl) -> None:
        self._smtp = smtp
        self._writer: asyncio.StreamWriter | None = None
        self.url = url
        self.greeting = ""
        self.mails = 0

    @property
    def _transport(self) -> asyncio.WriteTransport | None:
        # By its class no loop but Python's own would have one.
        return cast("asyncio.WriteTransport | None", self._smtp.transport)

    @property
    def is_open(self) -> bool:
        return self._smtp.is_connected

    @property
    def extensions(self) -> dict[str, str]:
        """What the server offers, by its name in small letters."""
        return self._smtp.esmtp_extensions

    @property
    def certificate(self) -> dict[str, object]:
        """As `ssl` gives it; empty without TLS."""
        return self._smtp.get_transport_info("peercert") or {}

    @property
    def tls_version(self) -> str:
        """`TLSv1.3` …; empty without TLS."""
        tls = self._smtp.get_transport_info("ssl_object")
        return (tls.version() or "") if isinstance(tls, ssl.SSLObject) else ""

    async def deliver(
        self, sender: str, recipients: Sequence[str], body: bytes, progress: Progress, *, utf8: bool
    ) -> Delivered:
        """One mail. Raises `Refused` (all of them, or the mail), `Broken`, `Unusable`, `OSError`
        and what `aiosmtplib` makes of lost connections."""
        if utf8 and "smtputf8" not in self.extensions:
            whose = "The sender's address" if not sender.isascii() else "The address"
            raise Unusable(f"{whose} needs SMTPUTF8, which this server does not offer.")
        self.mails += 1
        body = _LEADING_DOT.sub(b"..", body)
        options = self._options(len(body), utf8=utf8)
        reply = await self._ask("mail", b"MAIL", f"FROM:<{sender}>".encode(), *options)
        progress.begun = True
        _need(reply, 250)
        refused = await self._name(recipients)
        if len(refused) == len(recipients):
            raise Refused(*(reply for _, reply in refused))
        _need(await self._ask("data", b"DATA"), _GO_AHEAD)
        said = await self._hand_over(body, progress)
        return Delivered(said.reply, tuple(refused))

    def _options(self, size: int, *, utf8: bool) -> list[bytes]:
        options = []
        if "size" in self.extensions:  # RFC 1870: a mail that is too large is refused at once
            options.append(f"SIZE={size}".encode())
        if utf8:
            options.append(b"SMTPUTF8")
            if "8bitmime" in self.extensions:
                options.append(b"BODY=8BITMIME")
        return options

    async def _name(self, recipients: Sequence[str]) -> list[tuple[str, SmtpReply]]:
        """Tell each recipient; returns those whom the server does not take."""
        refused = []
        for recipient in recipients:
            reply = await self._ask("rcpt", b"RCPT", f"TO:<{recipient}>".encode())
            if reply.code not in {250, 251}:
                refused.append((recipient, reply))
            if reply.code == _CLOSING:
                raise Refused(reply)
        return refused

    async def _hand_over(self, body: bytes, progress: Progress) -> SmtpReply:
        writer = self._stream()
        for start in range(0, len(body), _CHUNK_BYTES):
            writer.write(body[start : start + _CHUNK_BYTES])
            await writer.drain()
        if not body.endswith(b"\r\n"):
            writer.write(b"\r\n")
        if not self.is_open:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        # From here on it goes out by itself, even if we hang up.
        progress.handed_over = True
        reply = await self._ask("end-of-data", b".")
        if not 200 <= reply.code < 300:
            raise Refused(reply)
        return reply

    def _stream(self) -> asyncio.StreamWriter:
        """The way to write more than a line: `drain` waits for a server that reads slowly."""
        transport, protocol = self._transport, self._smtp.protocol
        if self._writer is None or self._writer.transport is not transport:
            if transport is None or protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            # Its own drain helper is made for this; it reads nothing itself.
            self._writer = asyncio.StreamWriter(
                transport, protocol, None, asyncio.get_running_loop()
            )
        return self._writer

    async def reset(self) -> bool:
        """Ready for another mail? False: it is closed, which a kept connection may be at any time
        and is no fault."""
        try:
            reply = await self._ask("mail", b"RSET")
        except (OSError, Broken, aiosmtplib.SMTPException) as error:
            _log.debug("connection.closed", host=self.url.host, error=str(error))
            return False
        return reply.code == 250

    async def noop(self) -> None:
        """Ask for nothing; raises as `deliver`."""
        _need(await self._ask("mail", b"NOOP"), 250)

    async def quit(self) -> None:
        """Say goodbye and close; a server that does not answer is left after a second."""
        try:
            async with asyncio.timeout(_QUIT_MAX_S):
                await self._ask("", b"QUIT")
        except (OSError, Broken, aiosmtplib.SMTPException) as error:
            _log.debug("connection.closed", host=self.url.host, error=str(error))
        finally:
            self.drop()

    def leave(self) -> None:
        """As `quit`, without waiting for the answer."""
        if self._transport is not None and self.is_open:
            self._transport.write(b"QUIT\r\n")
        self._smtp.close()

    def drop(self) -> None:
        """Close at once: nothing more leaves, not even what was written."""
        if self._transport is not None:
            self._transport.abort()
        self._smtp.close()

    async def hello(self, name: str) -> None:
        """EHLO."""
        try:
            await self._smtp.ehlo(hostname=name)
        except aiosmtplib.SMTPHeloError as error:
            raise _refused("ehlo", error) from error

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        if "starttls" not in self.extensions:
            raise Unusable("STARTTLS extension not supported by server.")
        try:
            await self._smtp.starttls(tls_context=context, server_hostname=self.url.host)
        except aiosmtplib.SMTPResponseException as error:
            raise _refused("starttls", error) from error
        await self.hello(name)

    async def login(self) -> None:
        """With the first mechanism that both know. A refused password is not tried again."""
        offered = self._smtp.server_auth_methods
        plain = self.url.tls == "none"
        order = ("cram-md5", "plain", "login") if plain else ("plain", "login", "cram-md5")
        known = [each for each in order if each in offered]
        if not known:
            raise Unusable("The server offers no AUTH mechanism that is known here.")
        for number, mechanism in enumerate(known, start=1):
            reply = await self._authenticate(mechanism)
            if reply.code == _AUTHENTICATED:
                return
            if reply.code not in _NOT_THIS_MECHANISM or number == len(known):
                raise Refused(reply)

    async def _authenticate(self, mechanism: str) -> SmtpReply:
        login, password = self.url.login, self.url.password
        if mechanism == "plain":
            return await self._ask("auth", b"AUTH", b"PLAIN", auth_plain_encode(login, password))
        if mechanism == "login":
            name, secret = auth_login_encode(login, password)
            reply = await self._ask("auth", b"AUTH", b"LOGIN")
            if reply.code == _AUTH_CONTINUES:
                reply = await self._ask("auth", name)
            if reply.code == _AUTH_CONTINUES:
                reply = await self._ask("auth", secret)
            return reply
        reply = await self._ask("auth", b"AUTH", b"CRAM-MD5")
        if reply.code == _AUTH_CONTINUES:
            try:
                answer = auth_crammd5_verify(login, password, reply.reply)
            except aiosmtplib.SMTPAuthenticationError as error:
                raise Broken(_no_reply("auth", error.message)) from error
            reply = await self._ask("auth", answer)
        return reply

    async def _ask(self, stage: str, *command: bytes) -> SmtpReply:
        try:
            response = await self._smtp.execute_command(*command)
        except aiosmtplib.SMTPResponseException as error:
            raise Broken(_no_reply(stage, error.message)) from error
        return SmtpReply(response.code, _readable(response.message), stage)


async def open_connection(url: SmtpUrl, context: ssl.SSLContext) -> Connection:
    """Connect, encrypt, log in. Raises as `Connection.deliver`; then nothing is left open."""
    smtp = aiosmtplib.SMTP(
        hostname=url.host,
        port=url.port,
        use_tls=url.tls == "implicit",
        start_tls=False,
        tls_context=context,
        local_hostname="localhost",  # replaced by `hello`: a lookup of our name could take long
        timeout=None,  # whoever calls sets one for all of it
    )
    connection = Connection(smtp, url)
    try:
        connection.greeting = await _greeting(smtp)
        name = _own_name(smtp.get_transport_info("sockname"))
        await connection.hello(name)
        if url.tls == "starttls":
            await connection.start_tls(context, name)
        if url.login:
            await connection.login()
    except BaseException:
        connection.drop()
        raise
    return connection


async def _greeting(smtp: aiosmtplib.SMTP) -> str:
    try:
        return _readable((await smtp.connect()).message)
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 0:
            text = error.message.rpartition("response line: ")[2]
            raise Broken(Raised("ProtocolError", f"Greeting: {text}", None, False)) from error  # noqa: FBT003
        raise _refused("connect", error) from error


def _own_name(address: object) -> str:
    """How we call ourselves (RFC 5321 section 4.1.4): by our full name, else by our address."""
    name = socket.gethostname()
    if _NAME.fullmatch(name):
        return name
    host = str(address[0]) if isinstance(address, tuple) else "127.0.0.1"
    return f"[IPv6:{host.partition('%')[0]}]" if ":" in host else f"[{host}]"


def _need(reply: SmtpReply, code: int) -> None:
    if reply.code != code:
        raise Refused(reply)


def _refused(stage: str, error: aiosmtplib.SMTPResponseException) -> Refused | Broken:
    if error.code < 0:
        return Broken(_no_reply(stage, error.message))
    return Refused(SmtpReply(error.code, _readable(error.message), stage))


def _no_reply(stage: str, words: str) -> Raised:
    return Raised("ProtocolError", f"What answers {stage.upper()} is no reply: {words[:200]}")


def _readable(text: str) -> str:
    """Servers in China answer in GB 18030; what is no UTF-8 comes in surrogates."""
    return decode_text(text.encode("utf-8", "surrogateescape"))
