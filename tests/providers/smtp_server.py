"""A small SMTP server that does what a test asks: refuses, hangs, breaks, takes in silence."""

import asyncio
import base64
import hmac
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from mailproof.testing.provider_suite import Trouble

__all__ = ["LOGIN", "PASSWORD", "Received", "SmtpServer", "serving", "trust"]

LOGIN: Final = "hello@acme.test"
PASSWORD: Final = "Tq7-zWb5RmYp"
# Self-signed for `localhost` and 127.0.0.1, valid until 2126; its key protects nothing.
CERTIFICATE: Final = Path(__file__).parents[1] / "doctor" / "localhost.pem"

_CHALLENGE: Final = "<1896.697170952@mx.acme.test>"

# What is said at which verb; `DATA.` is the answer to the dot.
Answer = Callable[[str], str]
_WELL: Final[Mapping[str, str]] = {
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go ahead",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "DATA.": "250 2.0.0 Ok: queued as 4ABC",
}
_TROUBLES: Final[Mapping[Trouble, tuple[str, str]]] = {
    Trouble.REFUSES: ("DATA.", "554 5.6.0 Message format error"),
    Trouble.SLOW_DOWN: ("MAIL", "451 4.7.0 Too many messages, slow down"),
    Trouble.DOWN: ("CONNECT", "421 4.3.2 Service not available"),
    Trouble.ECHOES: ("AUTH", f"535 5.7.8 No such password: {PASSWORD}"),
    Trouble.GIBBERISH: ("DATA.", "hello"),
}
_CAN: Final = frozenset(Trouble) - {Trouble.TAKES_AND_ERRS}  # its error is a refusal
_TAKES: Final = frozenset({Trouble.TAKES_AND_HANGS, Trouble.TAKES_AND_BREAKS})


class Received(msgspec.Struct, frozen=True):
    """One mail as it arrived; `body` without the dots that were doubled on the way."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes
    options: str = ""


class _Gone(Exception):
    """It hangs up."""


class SmtpServer:
    """`answers`: what it says instead, by verb, of the whole line. `heard`: every line."""

    def __init__(self, *, tls: bool = False, offers: tuple[str, ...] = ()) -> None:
        self.offers = offers or ("AUTH PLAIN LOGIN", "SIZE 50000000")
        self.answers: dict[str, str | Answer] = {}
        self.greeting = "220 mx.acme.test ESMTP"
        self.trouble: Trouble | None = None
        self.mails: list[Received] = []
        self.heard: list[str] = []
        self.connections = 0
        self.messages = 0  # read to their last line
        self.most_at_once = 0
        self.tls = tls
        self._open: set[asyncio.StreamWriter] = set()
        self._healed = asyncio.Event()

    @property
    def open(self) -> int:
        return len(self._open)

    def break_(self, trouble: Trouble) -> bool:
        """From now on; whoever is connected is cut off."""
        if trouble not in _CAN:
            return False
        self.trouble = trouble
        self._healed.clear()
        self.hang_up()
        return True

    def heal(self) -> None:
        self.trouble = None
        self._healed.set()

    def hang_up(self) -> None:
        """Cut everybody off, as a server that is restarted."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            await _Conversation(self, reader, writer).go()
        except (_Gone, OSError, asyncio.IncompleteReadError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    def answer(self, verb: str, line: str) -> str:
        if self.trouble is not None and _TROUBLES.get(self.trouble, ("", ""))[0] == verb:
            return _TROUBLES[self.trouble][1]
        given = self.answers.get(verb, "")
        return given(line) if callable(given) else given

    async def until_healed(self) -> None:
        await self._healed.wait()


class _Conversation:
    def __init__(
        self, server: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._sender = self._options = ""
        self._recipients: list[str] = []

    async def go(self) -> None:
        greeting = self._server.answer("CONNECT", "") or self._server.greeting
        self._say(greeting)
        if greeting.startswith("421"):
            return  # it hangs up, and does not count among those that it serves
        while line := (await self._reader.readline()).decode().rstrip("\r\n"):
            self._server.heard.append(line)
            verb = line.partition(" ")[0].upper()
            said = self._server.answer(verb, line)
            if said:
                self._say(said)
            else:
                await self._well(verb, line)
            if said.startswith("421") or verb == "QUIT":
                return
            if verb == "DATA" and not said:
                await self._message()

    async def _well(self, verb: str, line: str) -> None:
        argument, _, options = line.partition("<")[2].partition(">")
        match verb:
            case "EHLO":
                self._say(
                    "\r\n".join(f"250-{each}" for each in ("mx", *self._offers())) + "\r\n250 HELP"
                )
            case "STARTTLS":
                self._say("220 2.0.0 Ready")
                await self._start_tls()
            case "AUTH":
                await self._login(line)
            case "QUIT":
                self._say("221 2.0.0 Bye")
            case "MAIL":
                self._sender, self._options, self._recipients = argument, options.strip(), []
                self._say(_WELL[verb])
            case "RCPT":
                self._recipients.append(argument)
                self._say(_WELL[verb])
            case _:
                self._say(_WELL.get(verb, "502 5.5.1 Not implemented"))

    async def _start_tls(self) -> None:
        transport = self._writer.transport
        try:
            await self._writer.start_tls(_server_context())
        finally:
            # A failed handshake leaves a writer that cannot even be closed.
            if getattr(self._writer, "_transport", None) is None:
                vars(self._writer)["_transport"] = transport

    def _offers(self) -> tuple[str, ...]:
        is_safe = self._writer.get_extra_info("sslcontext") is not None
        return (*self._server.offers, *(("STARTTLS",) if self._server.tls and not is_safe else ()))

    async def _login(self, line: str) -> None:
        _, mechanism, *first = line.split(" ")
        if mechanism.upper() == "LOGIN":
            name, secret = [await self._challenge(word) for word in ("Username:", "Password:")]
        elif mechanism.upper() == "CRAM-MD5":  # RFC 2195: proves the password, and never says it
            name, proof = (await self._challenge(_CHALLENGE)).split(" ")
            right = hmac.digest(PASSWORD.encode(), _CHALLENGE.encode(), "md5").hex()
            secret = PASSWORD if proof == right else ""
        else:
            _, name, secret = base64.b64decode(first[0]).decode().split("\0")
        good = (name, secret) == (LOGIN, PASSWORD)
        self._say("235 2.7.0 Ok" if good else "535 5.7.8 Error: authentication failed")

    async def _challenge(self, word: str) -> str:
        self._say(f"334 {base64.b64encode(word.encode()).decode()}")
        return base64.b64decode(await self._reader.readline()).decode()

    async def _message(self) -> None:
        server = self._server
        if server.trouble is Trouble.STOPS_READING:
            await server.until_healed()
            raise _Gone
        lines: list[bytes] = []
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise _Gone
            lines.append(line.removeprefix(b"."))
        server.messages += 1
        said = server.answer("DATA.", "") or _WELL["DATA."]
        trouble = server.trouble
        if trouble in _TAKES or (trouble is None and said.startswith("2")):
            mail = Received(self._sender, tuple(self._recipients), b"".join(lines), self._options)
            server.mails.append(mail)
        if trouble in {Trouble.HANGS, Trouble.TAKES_AND_HANGS}:
            await server.until_healed()
            raise _Gone
        if trouble in {Trouble.BREAKS, Trouble.TAKES_AND_BREAKS}:
            raise _Gone
        self._say(said)

    def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())


def _server_context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


def trust() -> ssl.SSLContext:
    """For a client that knows this server's certificate."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@asynccontextmanager
async def serving(
    server: SmtpServer, *, port: int = 0, implicit_tls: bool = False
) -> AsyncIterator[int]:
    """Serve until the block ends; gives the port."""
    context = _server_context() if implicit_tls else None
    listener = await asyncio.start_server(server.talk, "127.0.0.1", port, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        server.heal()
        server.hang_up()
        while server.open:  # noqa: ASYNC110 - its conversations end by themselves
            await asyncio.sleep(0)
