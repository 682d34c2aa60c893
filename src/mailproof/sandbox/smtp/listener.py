"""Listens for SMTP clients, in the clear with STARTTLS or with TLS at once."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from mailproof.sandbox.account import Account, Arrival
from mailproof.sandbox.faults.edge import record
from mailproof.sandbox.faults.fault import Sighting
from mailproof.sandbox.faults.kinds import Stage
from mailproof.sandbox.faults.wire import Wire
from mailproof.sandbox.smtp.certificates import GOOD, server_context
from mailproof.sandbox.smtp.conversation import Conversation

__all__ = ["SmtpPort", "Tls", "serve_smtp", "smtp_url"]

Tls = Literal["starttls", "implicit"]

# It writes whole addresses at INFO. What happened is told by the account, with them masked.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class SmtpPort(msgspec.Struct, frozen=True):
    """A listening socket, and how its conversations are encrypted."""

    listener: socket.socket
    tls: Tls


async def serve_smtp(
    account: Account, ports: Sequence[SmtpPort], open_wires: set[Wire]
) -> list[asyncio.Server]:
    """Begin to serve; whoever closes the servers also aborts the `open_wires`."""
    context = server_context(lambda: _certificate(account))
    loop = asyncio.get_running_loop()
    servers = []
    for port in ports:
        later = context if port.tls == "starttls" else None
        server = await loop.create_server(
            lambda later=later: Conversation(account, open_wires, later),
            sock=port.listener,
            ssl=None if later is not None else context,
        )
        servers.append(server)
    return servers


def _certificate(account: Account) -> str:
    """Which one this handshake shows."""
    fault = account.faults.of_smtp(Stage.HANDSHAKE, Sighting("SMTP", ""))
    if fault is None:
        return GOOD
    now = account.clock.now()
    stage = Stage.HANDSHAKE.verb
    record(account, Arrival(now, "SMTP", stage, status=0, took_ms=0, fault=fault.name))
    return str(fault.kind.body)


def smtp_url(port: SmtpPort, password: str, login: str = "resend") -> str:
    """`smtp://resend:key@127.0.0.1:2525`, or `smtps://` where TLS begins at once."""
    host, number = port.listener.getsockname()[:2]
    # "Every address" is one to listen on, not one to call (Windows refuses to).
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    scheme = "smtps" if port.tls == "implicit" else "smtp"
    return f"{scheme}://{quote(login, safe='')}:{quote(password, safe='')}@{shown}:{number}"
