"""The way to an SMTP server: which of its ports are open, and what came of the one that is set."""

import asyncio
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Raised
from mailproof.doctor.asking import shown
from mailproof.doctor.finding import Noted, failed, fine
from mailproof.doctor.resolving import unresolved
from mailproof.doctor.smtp_talk import Greeted, greet
from mailproof.doctor.smtp_url import SmtpUrl
from mailproof.providers.base import Health
from mailproof.providers.http import raised
from mailproof.providers.smtp import Smtp

__all__ = ["SMTP_PORTS", "PortSeen", "SmtpSeen", "check_ports", "reach"]

# 25: between servers, closed by most clouds and homes; 465: TLS at once; 587: STARTTLS
# (RFC 8314); 2525: no standard, offered by most mail services where the others are closed.
SMTP_PORTS: Final = (25, 465, 587, 2525)


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

    `unresolved`: why the host has no address, then no port was tried. `health`: what our own
    adapter met when it logged in; None: there is no login.
    """

    url: SmtpUrl
    ports: tuple[PortSeen, ...] = ()
    unresolved: Raised | None = None
    greeted: Greeted = Greeted()
    health: Health | None = None

    @property
    def configured(self) -> PortSeen | None:
        return next((each for each in self.ports if each.port == self.url.port), None)


async def reach(url: SmtpUrl, text: str, ports: Sequence[int], *, deadline_s: float) -> SmtpSeen:
    """Try all ports at once, and greet and log in on the configured one; `deadline_s` for each.
    `text`: the URL as it is set.

    The login goes out as a mail's would: encrypted, but on this machine or where the URL says
    otherwise.
    """
    if problem := await unresolved(url.host, deadline_s=deadline_s):
        return SmtpSeen(url=url, unresolved=problem)
    wanted = tuple(dict.fromkeys((*ports, url.port)))
    async with asyncio.TaskGroup() as group:
        tried = [group.create_task(_try(url.host, port, deadline_s)) for port in wanted]
        greeted = group.create_task(greet(url, deadline_s=deadline_s))
        health = group.create_task(_log_in(url, text, deadline_s=deadline_s))
    return SmtpSeen(
        url=url,
        ports=tuple(each.result() for each in tried),
        greeted=greeted.result(),
        health=health.result(),
    )


async def _log_in(url: SmtpUrl, text: str, *, deadline_s: float) -> Health | None:
    if not (url.login and url.password):
        return None
    smtp = Smtp("smtp", url=lambda: text, installation="doctor")
    try:
        return await smtp.check(deadline_s=deadline_s)
    finally:
        await smtp.close()


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


async def _try(host: str, port: int, deadline_s: float) -> PortSeen:
    try:
        async with asyncio.timeout(deadline_s):
            _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        return PortSeen(port, raised(error, request_written=False))
    writer.transport.abort()
    return PortSeen(port)
