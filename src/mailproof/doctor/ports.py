"""The way to an SMTP server: which ports are open, does it greet, does TLS come about?

Nothing is sent but `EHLO`, `STARTTLS` and `QUIT`: no login, no mail.
"""

import asyncio
import shlex
import ssl
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Evidence, Raised, SmtpReply, decode_text
from mailproof.diagnosis.reasons import Severity
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.doctor.asking import shown
from mailproof.doctor.finding import Noted, failed, fine, unclear, warned
from mailproof.doctor.resolving import unresolved
from mailproof.doctor.smtp_url import SmtpUrl
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import raised

__all__ = ["SMTP_PORTS", "PortSeen", "SmtpSeen", "check_ports", "check_tls", "reach"]

# 25: between servers, closed by most clouds and homes; 465: TLS at once; 587: STARTTLS
# (RFC 8314); 2525: no standard, offered by most mail services where the others are closed.
SMTP_PORTS: Final = (25, 465, 587, 2525)
_REPLY_MAX_LINES: Final = 100


class PortSeen(msgspec.Struct, frozen=True):
    """One port. `problem`: None when it is open."""

    port: int
    problem: Raised | None = None

    @property
    def is_open(self) -> bool:
        return self.problem is None

    @property
    def state(self) -> str:
        """In one word: open, `ECONNREFUSED`, `TimeoutError`."""
        if self.problem is None:
            return "open"
        return str(self.problem.code or self.problem.type.rpartition(".")[2])

    @property
    def timed_out(self) -> bool:
        """Silence is a firewall that drops; a refusal is a machine without that service."""
        return self.problem is not None and "Timeout" in self.problem.type


class SmtpSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The ports, and what came of a greeting with TLS on the configured one.

    `unresolved`: why the host has no address, then no port was tried. `greeting`: None when that
    port is not open. `offers_starttls`: None when nobody asked. `tls`: what kept TLS from coming
    about after the greeting.
    """

    url: SmtpUrl
    ports: tuple[PortSeen, ...] = ()
    unresolved: Raised | None = None
    greeting: SmtpReply | Raised | None = None
    offers_starttls: bool | None = None
    tls: Raised | None = None

    @property
    def configured(self) -> PortSeen | None:
        return next((each for each in self.ports if each.port == self.url.port), None)


async def reach(url: SmtpUrl, ports: Sequence[int], *, deadline_s: float) -> SmtpSeen:
    """Try all ports at once and greet on the configured one; `deadline_s` for each step."""
    if problem := await unresolved(url.host, deadline_s=deadline_s):
        return SmtpSeen(url=url, unresolved=problem)
    wanted = tuple(dict.fromkeys((*ports, url.port)))
    async with asyncio.TaskGroup() as group:
        tried = [group.create_task(_try(url.host, port, deadline_s)) for port in wanted]
        greeted = group.create_task(_greet(url, deadline_s))
    greeting, offers, tls = greeted.result()
    return SmtpSeen(
        url=url,
        ports=tuple(each.result() for each in tried),
        greeting=greeting,
        offers_starttls=offers,
        tls=tls,
    )


def check_ports(seen: SmtpSeen) -> Iterator[Noted]:
    """Is the configured port open, and if not, which would be?"""
    check, configured = "smtp.port", seen.configured
    command = f"nc -vz -w 5 {shlex.quote(seen.url.host)} {seen.url.port}"
    if seen.unresolved is not None:
        where = {"host": seen.url.host}
        evidence = shown(seen.unresolved)
        yield failed(check, "ports.no_host", where, evidence=evidence, command=command)
        return
    if configured is None:
        return
    still_open = [str(each.port) for each in seen.ports if each.is_open]
    facts = {
        "host": seen.url.host,
        "port": str(seen.url.port),
        "open": ", ".join(still_open),
        "blocked": ", ".join(str(each.port) for each in seen.ports if not each.is_open),
    }
    evidence = "; ".join(f"{each.port}: {each.state}" for each in seen.ports)
    if configured.problem is None:
        key = "ports.ok" if facts["blocked"] else "ports.all_open"
        yield fine(check, key, facts, evidence=evidence, command=command)
        return
    if still_open:
        yield failed(check, "ports.other_open", facts, evidence=evidence, command=command)
    elif configured.timed_out:
        yield failed(check, "ports.all_blocked", facts, evidence=evidence, command=command)
    elif configured.problem.code in {"ENETUNREACH", "EHOSTUNREACH"}:
        yield failed(check, "ports.no_route", facts, evidence=evidence, command=command)
    else:
        yield failed(check, "ports.refused", facts, evidence=evidence, command=command)


def check_tls(seen: SmtpSeen) -> Iterator[Noted]:
    """Does the server greet in the TLS mode that the URL asks for?"""
    check, url, greeting = "smtp.tls", seen.url, seen.greeting
    if greeting is None or seen.configured is None or not seen.configured.is_open:
        return
    facts = {"host": url.host, "port": str(url.port)}
    start = "" if url.implicit_tls else " -starttls smtp"
    at = shlex.quote(f"{url.host}:{url.port}")
    command = f"openssl s_client -connect {at}{start} -crlf"
    if isinstance(greeting, Raised):
        yield _no_greeting(check, seen, greeting, facts, command)
    elif not greeting.code:
        evidence = redact_text(greeting.reply)[:100]
        yield failed(check, "tls.not_smtp", facts, evidence=evidence, command=command)
    elif greeting.code != 220:
        failure = diagnose(Evidence(greeting, provider="smtp"))
        yield failed(
            check,
            "tls.greets_badly",
            facts | {"reason": str(failure.reason)},
            severity=failure.severity,
            evidence=redact_text(f"{greeting.code} {greeting.reply}")[:300],
            command=command,
            failure=failure,
        )
    elif seen.tls is not None:
        evidence = shown(seen.tls)
        certificate = "CERTIFICATE" in _chain(seen.tls).upper()
        yield failed(
            check,
            "tls.certificate" if certificate else "tls.breaks_off",
            facts,
            severity=Severity.ERROR,
            evidence=evidence,
            command=command,
        )
    elif seen.offers_starttls is False and not url.is_own:
        yield warned(check, "tls.no_starttls", facts, severity=Severity.ERROR, command=command)
    else:
        key = "tls.not_needed" if seen.offers_starttls is False else "tls.ok"
        evidence = f"{greeting.code} {greeting.reply.splitlines()[0] if greeting.reply else ''}"
        yield fine(check, key, facts, evidence=evidence.strip()[:200], command=command)


def _no_greeting(
    check: str, seen: SmtpSeen, problem: Raised, facts: dict[str, str], command: str
) -> Noted:
    evidence = shown(problem)
    if seen.url.implicit_tls and "WRONG_VERSION_NUMBER" in _chain(problem):
        return failed(check, "tls.not_at_once", facts, evidence=evidence, command=command)
    if not seen.url.implicit_tls and "Timeout" in problem.type:
        # A server that waits for a TLS handshake stays silent until the client begins it.
        return failed(check, "tls.maybe_at_once", facts, evidence=evidence, command=command)
    if "CERTIFICATE" in _chain(problem).upper():
        return failed(
            check,
            "tls.certificate",
            facts,
            severity=Severity.ERROR,
            evidence=evidence,
            command=command,
        )
    return unclear(
        check, "tls.no_greeting", facts, severity=Severity.ERROR, evidence=evidence, command=command
    )


async def _try(host: str, port: int, deadline_s: float) -> PortSeen:
    try:
        async with asyncio.timeout(deadline_s):
            _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        return PortSeen(port, raised(error, request_written=False))
    writer.transport.abort()
    return PortSeen(port)


async def _greet(
    url: SmtpUrl, deadline_s: float
) -> tuple[SmtpReply | Raised | None, bool | None, Raised | None]:
    """The greeting; whether STARTTLS is offered; what went wrong after the greeting."""
    context = ssl.create_default_context()
    greeting: SmtpReply | None = None
    try:
        async with asyncio.timeout(deadline_s):
            reader, writer = await asyncio.open_connection(
                url.host, url.port, ssl=context if url.implicit_tls else None
            )
            try:
                greeting = await _reply(reader, "connect")
                if greeting.code != 220 or url.implicit_tls:
                    return greeting, None, None
                offers = await _offers_starttls(reader, writer)
                tls = await _starttls(url, reader, writer, context) if offers else None
                return greeting, offers, tls
            finally:
                writer.transport.abort()
    except (OSError, EOFError, ValueError) as error:
        problem = raised(error, request_written=False)
        return (problem, None, None) if greeting is None else (greeting, None, problem)


async def _offers_starttls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"EHLO doctor.mailproof.invalid\r\n")
    await writer.drain()
    reply = await _reply(reader, "ehlo")
    return "STARTTLS" in reply.reply.upper().split()


async def _starttls(
    url: SmtpUrl,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    context: ssl.SSLContext,
) -> Raised | None:
    writer.write(b"STARTTLS\r\n")
    await writer.drain()
    if (await _reply(reader, "starttls")).code != 220:
        return None  # said, but not done: a later login will meet it and tell
    try:
        await writer.start_tls(context, server_hostname=url.host)
    except OSError as error:
        return raised(error, request_written=False)
    return None


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


def _chain(problem: Raised) -> str:
    texts: list[str] = []
    link: Raised | None = problem
    while link is not None:
        texts.append(f"{link.type} {link.message}")
        link = link.cause
    return " ".join(texts)
