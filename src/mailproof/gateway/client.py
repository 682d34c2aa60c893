"""Who asks: the client's own address, also behind proxies that we trust."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from mailproof.gateway.exchange import Request

__all__ = ["client_address", "comes_by_https", "comes_by_proxy"]


def client_address(request: Request, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address of the last hop that is not a trusted proxy; empty: not known.

    Each proxy appends whom it heard to `X-Forwarded-For`, so that only its right end is worth
    something: what stands further left than the first stranger may be made up.
    """
    peer = request.scope.get("client")
    found = _parse(str(peer[0])) if peer else None
    if found is None:
        return ""
    hops = request.every(b"x-forwarded-for").split(",") if trusted else []
    while hops and _is_trusted(found, trusted):
        before = _parse(hops.pop())
        if before is None:
            break
        found = before
    return str(found)


def comes_by_proxy(request: Request, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Is it a trusted proxy that has connected to us?"""
    peer = request.scope.get("client")
    found = _parse(str(peer[0])) if peer else None
    return found is not None and _is_trusted(found, trusted)


def comes_by_https(request: Request, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Did the client speak https, as a trusted proxy says? What others say counts nothing."""
    said = request.every(b"x-forwarded-proto").rpartition(",")[2].strip().lower()
    return said == "https" and comes_by_proxy(request, trusted)


def _is_trusted(
    address: IPv4Address | IPv6Address, trusted: Sequence[IPv4Network | IPv6Network]
) -> bool:
    return any(address in network for network in trusted)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; None: it is none."""
    text = text.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # How a socket that serves both families shows a client of the older one.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
