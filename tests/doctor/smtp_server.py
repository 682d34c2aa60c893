"""An SMTP server that greets, offers STARTTLS or not, or says nothing at all."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

# Self-signed for `localhost` and 127.0.0.1, valid until 2126; its key protects nothing.
CERTIFICATE = Path(__file__).parent / "localhost.pem"


class Smtp:
    """Its habits; `implicit_tls` waits for a handshake, `greeting` empty says nothing.

    `certificate`: what it shows. `auth_in_clear`: AUTH before TLS too. `answers`: what it says
    instead, by the first word of a line.
    """

    def __init__(self) -> None:
        self.greeting = "220 mx.acme.test ESMTP"
        self.starttls = True
        self.offers = ["AUTH PLAIN LOGIN", "SIZE 10240000"]
        self.auth_in_clear = True
        self.certificate = CERTIFICATE
        self.answers: dict[str, str] = {}
        self.implicit_tls = False
        self.heard: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.greeting:
                writer.write(f"{self.greeting}\r\n".encode())
            while line := (await reader.readline()).decode("latin-1").strip():
                self.heard.append(line)
                word = line.partition(" ")[0]
                if word in self.answers:
                    writer.write(f"{self.answers[word]}\r\n".encode())
                elif word == "STARTTLS":
                    writer.write(b"220 go ahead\r\n")
                    await writer.start_tls(_context(self.certificate))
                elif word == "EHLO":
                    encrypted = writer.get_extra_info("sslcontext") is not None
                    starttls = ["STARTTLS"] if self.starttls and not encrypted else []
                    offers = self.offers
                    if not encrypted and not self.auth_in_clear:
                        offers = [each for each in offers if not each.startswith("AUTH")]
                    *first, last = ["mx.acme.test", *starttls, *offers]
                    said = "".join(f"250-{each}\r\n" for each in first)
                    writer.write(f"{said}250 {last}\r\n".encode())
                else:
                    writer.write(b"235 welcome\r\n" if word == "AUTH" else b"250 ok\r\n")
        except OSError:
            return  # the doctor has seen enough and hung up
        finally:
            writer.close()


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@asynccontextmanager
async def serve_smtp(smtp: Smtp) -> AsyncIterator[int]:
    """Serve until the block ends; gives the port."""
    server = await asyncio.start_server(
        smtp.talk, "127.0.0.1", 0, ssl=_context(smtp.certificate) if smtp.implicit_tls else None
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def closed_port() -> int:
    """A port where nobody listens: a call there is refused at once."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def blackhole() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@contextmanager
def dropping_port() -> Iterator[int]:
    """A port that behaves as behind a firewall that drops: calls get no answer at all.

    Its queue of waiting connections holds one and is full, so the kernel ignores further calls.
    """
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = open_sockets.enter_context(socket.socket())
            caller.settimeout(0)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
