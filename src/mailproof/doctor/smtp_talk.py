"""A conversation with an SMTP server up to TLS: `EHLO`, `STARTTLS`, `EHLO`. No login, no mail."""

import asyncio
import re
import ssl
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Raised, SmtpReply, decode_text
from mailproof.doctor.smtp_url import SmtpUrl
from mailproof.providers.http import raised

__all__ = ["Greeted", "greet"]

_REPLY_MAX_LINES: Final = 100
_OWN_NAME: Final = b"doctor.mailproof.invalid"


class Greeted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `greeting`: None before anything was heard.

    `in_clear`, `offers`: the words of EHLO before TLS, and the last ones heard; None: not asked.
    `tls`: what kept TLS from coming about after the greeting. `ends_s`: until when the certificate
    holds, in seconds since the epoch; None without one that is in order.
    """

    greeting: SmtpReply | Raised | None = None
    in_clear: tuple[str, ...] | None = None
    offers: tuple[str, ...] | None = None
    tls: SmtpReply | Raised | None = None
    ends_s: float | None = None

    @property
    def offers_starttls(self) -> bool | None:
        """None when nobody asked."""
        return None if self.in_clear is None else "STARTTLS" in self.in_clear

    def offered(self, word: str) -> str | None:
        """What stands behind a word of EHLO, such as `AUTH` or `SIZE`; None: it is not offered."""
        for line in self.offers or ():
            # Some old servers write `AUTH=LOGIN`.
            name, _, rest = re.sub(r"^AUTH=", "AUTH ", line).partition(" ")
            if name == word:
                return rest.strip()
        return None


async def greet(url: SmtpUrl, *, deadline_s: float) -> Greeted:
    """Talk as far as it goes; `deadline_s` for all of it. Nothing is raised: it is told."""
    talk = _Talk(url)
    try:
        async with asyncio.timeout(deadline_s):
            await talk.go()
    except (OSError, EOFError, ValueError) as error:
        problem = raised(error, request_written=False)
        change = {"greeting": problem} if talk.seen.greeting is None else {"tls": problem}
        return msgspec.structs.replace(talk.seen, **change)
    return talk.seen


class _Talk:
    def __init__(self, url: SmtpUrl) -> None:
        self.seen = Greeted()
        self._url = url
        self._context = ssl.create_default_context()

    async def go(self) -> None:
        at_once = self._context if self._url.tls == "implicit" else None
        reader, writer = await asyncio.open_connection(self._url.host, self._url.port, ssl=at_once)
        try:
            greeting = await _reply(reader, "connect")
            self._saw(greeting=greeting)
            if greeting.code == 220:
                await self._go_on(reader, writer)
        finally:
            writer.transport.abort()

    async def _go_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        offers = await _ehlo(reader, writer)
        self._saw(offers=offers)
        if self._url.tls != "implicit":
            self._saw(in_clear=offers)
            if "STARTTLS" not in offers:
                return
            reply = await _ask(reader, writer, b"STARTTLS", "starttls")
            if reply.code != 220:
                self._saw(tls=reply)
                return
            await writer.start_tls(self._context, server_hostname=self._url.host)
            self._saw(ends_s=_end_of(writer))
            self._saw(offers=await _ehlo(reader, writer))
        else:
            self._saw(ends_s=_end_of(writer))

    def _saw(self, **facts: object) -> None:
        self.seen = msgspec.structs.replace(self.seen, **facts)


def _end_of(writer: asyncio.StreamWriter) -> float | None:
    certificate = writer.get_extra_info("peercert") or {}
    until = certificate.get("notAfter")
    return float(ssl.cert_time_to_seconds(until)) if until else None


async def _ehlo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, ...]:
    reply = await _ask(reader, writer, b"EHLO " + _OWN_NAME, "ehlo")
    return tuple(line.strip().upper() for line in reply.reply.splitlines())


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes, stage: str
) -> SmtpReply:
    writer.write(line + b"\r\n")
    await writer.drain()
    return await _reply(reader, stage)


async def _reply(reader: asyncio.StreamReader, stage: str) -> SmtpReply:
    """One reply, over all its lines (RFC 5321 section 4.2.1)."""
    lines: list[str] = []
    for _ in range(_REPLY_MAX_LINES):
        raw = await reader.readline()
        if not raw:
            raise ConnectionResetError(f"the server closed the connection ({stage})")
        line = decode_text(raw).rstrip("\r\n")
        lines.append(line[4:])
        if line[3:4] != "-":
            break
    if not line[:3].isdigit():  # whatever this is, it is not SMTP
        return SmtpReply(0, line, stage)
    return SmtpReply(int(line[:3]), "\n".join(lines), stage)
