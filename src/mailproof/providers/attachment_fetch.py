"""Files at URLs that somebody else names: fetched over HTTP, and never from inside our own network.

Whoever may send mail could otherwise make this server read what only it can reach: a cloud's
metadata, a database's status page. So the address is judged that is connected to, whatever the
name said before, at every redirect anew. There is no proxy: behind one, nobody could judge it.
"""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
import structlog

from mailproof.providers.fetch import Fetched, NotFetched

__all__ = ["AttachmentFetch", "is_public"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.attachments")

_REDIRECTS_MAX: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SCHEMES: Final = frozenset({"http", "https"})

# What `ipaddress` takes for public, and no server for strangers has: IETF protocols and old relays
# (RFC 6890), the host of a virtual machine in Azure.
_NOT_PUBLIC: Final = tuple(
    ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
# RFC 6052 and RFC 8215: an IPv4 address in the last 32 bits; which one, a network's own prefix
# decides for itself.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")

_SEND_IT: Final = "Make the file available to everybody at this URL, or send it as `content`."


def is_public(text: str) -> bool:
    """May a stranger's URL lead there? `text`: an address; what is none, is not public."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address in _NAT64_LOCAL or address.is_site_local:
            return False
        if (inner := _inner(address)) is not None:
            return _is_public(inner)
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


class _Forbidden(OSError):
    """This address is not for strangers."""


class AttachmentFetch:
    """See `Fetch`. `allowed`: addresses that may be connected to although they are not public."""

    def __init__(self, user_agent: str, *, allowed: Collection[str] = ()) -> None:
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._allowed = frozenset(ip_address(text) for text in allowed)

    async def __call__(
        self, url: str, *, limit_bytes: int, deadline_s: float
    ) -> Fetched | NotFetched:
        """The file, or why it cannot be had."""
        host = _host(url)
        refused: list[str] = []
        try:
            async with asyncio.timeout(deadline_s), self._session(refused) as session:
                result = await self._follow(session, url, limit_bytes)
        except TimeoutError:
            problem = f"{host} did not send the file within {deadline_s:g} s"
            result = NotFetched(problem, _SEND_IT)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: what is no URL to anybody but its sender.
            result = NotFetched(f"{host} cannot be reached: {_words(error)}", _SEND_IT)
        if refused and isinstance(result, NotFetched):
            _log.warning("attachment.forbidden", host=host, addresses=refused)
            fix = "Use a URL on the internet, or send the file as `content`."
            return NotFetched(f"{host} leads to an address that is not public", fix)
        if isinstance(result, NotFetched):
            _log.info("attachment.not_fetched", host=host, problem=result.problem)
        else:
            _log.debug("attachment.fetched", host=host, size_bytes=len(result.content))
        return result

    def _session(self, refused: list[str]) -> aiohttp.ClientSession:
        """For one file: it shares nothing with other calls, not even a connection."""

        def guarded(info: tuple[Any, ...]) -> socket.socket:
            family, kind, protocol, _, place = info
            address = str(place[0])
            if not (is_public(address) or ip_address(address) in self._allowed):
                refused.append(address)
                raise _Forbidden(f"{address} is not public")
            return socket.socket(family=family, type=kind, proto=protocol)

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=guarded, force_close=True, use_dns_cache=False
            ),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
            auto_decompress=False,
            trust_env=False,
        )

    async def _follow(
        self, session: aiohttp.ClientSession, url: str, limit_bytes: int
    ) -> Fetched | NotFetched:
        for _ in range(_REDIRECTS_MAX + 1):
            if urlsplit(url).scheme not in _SCHEMES:
                return NotFetched(f"{_host(url)} is not reached by http or https", _SEND_IT)
            async with session.get(url, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS:
                    return await _file(answer, _host(url), limit_bytes)
                url = urljoin(url, answer.headers.get("Location", ""))
        return NotFetched(f"it redirects more than {_REDIRECTS_MAX} times", _SEND_IT)


async def _file(
    answer: aiohttp.ClientResponse, host: str, limit_bytes: int
) -> Fetched | NotFetched:
    if answer.status != 200:
        return NotFetched(f"{host} answered {answer.status}", _SEND_IT)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        return NotFetched(f"{host} sent it compressed, which was not asked for", _SEND_IT)
    too_large = NotFetched(
        f"the file at {host} is larger than {limit_bytes / 2**20:g} MB", "Send a link to it."
    )
    if (answer.content_length or 0) > limit_bytes:
        return too_large
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > limit_bytes:
            return too_large
    declared = answer.content_type if "Content-Type" in answer.headers else ""
    return Fetched(bytes(content), declared)


def _host(url: str) -> str:
    """What a log and an answer may show of a URL, whose path is often a secret."""
    try:
        return urlsplit(url).hostname or "the URL"
    except ValueError:
        return "the URL"


def _words(error: BaseException) -> str:
    """Without the URL, which aiohttp's own words may hold."""
    known = getattr(error, "os_error", None) or error
    if isinstance(known, OSError) and known.strerror:
        return known.strerror
    return type(known).__name__
