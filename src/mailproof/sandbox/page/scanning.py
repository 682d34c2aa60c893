"""Opens a link as mail scanners do, before the reader has seen the mail: HEAD and GET, once each.

A sandbox opens no connection of its own accord, so this one goes to this machine only, and to the
hosts that were named when it was started.
"""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["Look", "NotOurs", "open_as_scanner"]

_DEADLINE_S: Final = 10.0
_READ_MAX_BYTES: Final = 64 * 1024
# Scanners look like browsers, so that nobody serves them something else.
_HEADERS: Final = {
    "user-agent": "Mozilla/5.0 (compatible; mailproof sandbox, as a mail scanner)",
    "accept": "text/html,*/*;q=0.8",
}


class NotOurs(ValueError):
    """The link leads to another machine; its text is the host."""


class Look(msgspec.Struct, frozen=True):
    """What came back. `status` 0: nothing did, and `error` says why."""

    method: str
    status: int = 0
    media_type: str = ""
    location: str = ""
    size_bytes: int = 0
    error: str = ""


async def open_as_scanner(url: str, hosts: Collection[str] = ()) -> tuple[Look, ...]:
    """Ask for `url` twice, following no redirect. Raises `NotOurs`: it leads to another machine.

    `hosts`: names, in lower case, that may be opened although they are elsewhere.
    """
    host = _host_of(url)
    allowed = host in hosts
    if not allowed and not await _is_here(host):
        raise NotOurs(host)
    resolver = aiohttp.ThreadedResolver() if allowed else _OnlyHere()
    connector = aiohttp.TCPConnector(resolver=resolver)
    timeout = aiohttp.ClientTimeout(total=_DEADLINE_S)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=_HEADERS, trust_env=False
    ) as session:
        return (await _look(session, "HEAD", url), await _look(session, "GET", url))


def _host_of(url: str) -> str:
    try:
        host = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError as error:
        raise NotOurs(url) from error
    if not host:
        raise NotOurs(url)
    return host


async def _is_here(host: str) -> bool:
    """Does all that it resolves to stay on this machine?"""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # no such name: as far as anybody knows, not here
        return False
    return bool(found) and all(ip_address(str(each[4][0])).is_loopback for each in found)


class _OnlyHere(AbstractResolver):
    """Resolves again when it connects, so that a name cannot have moved in between."""

    def __init__(self) -> None:
        self._real = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = await self._real.resolve(host, port, family)
        here = [each for each in found if ip_address(each["host"]).is_loopback]
        if not here:
            raise OSError(f"{host} is not on this machine")
        return here

    async def close(self) -> None:
        await self._real.close()


async def _look(session: aiohttp.ClientSession, method: str, url: str) -> Look:
    try:
        async with session.request(method, url, allow_redirects=False) as answer:
            body = await answer.content.read(_READ_MAX_BYTES)
            return Look(
                method,
                answer.status,
                answer.content_type,
                answer.headers.get("location", ""),
                answer.content_length or len(body),
            )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        return Look(method, error=f"{type(problem).__name__}: {problem}".rstrip(": "))
