"""Whose address a request came from."""

from ipaddress import ip_network
from typing import Any

import pytest

from mailproof.gateway.client import client_address
from mailproof.gateway.exchange import Request

TRUSTED = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def request(peer: str | None, *forwarded: str) -> Request:
    async def receive() -> dict[str, Any]:
        raise AssertionError

    lines = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"headers": lines, "client": (peer, 1) if peer else None}, receive)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("127.0.0.1", ["198.51.100.7", "10.1.2.3"], "198.51.100.7"),
        ("127.0.0.1", ["10.9.9.9"], "10.9.9.9"),
        ("127.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("127.0.0.1", ["6.6.6.6, unknown"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("fd00::1", ["fe80::1%eth0"], "fe80::1"),
        (None, ["198.51.100.7"], ""),
    ],
)
def test_the_last_hop_that_is_no_proxy_of_ours_is_the_client(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_address(request(peer, *forwarded), TRUSTED) == client


def test_without_trusted_proxies_nobody_speaks_for_another() -> None:
    assert client_address(request("127.0.0.1", "198.51.100.7"), ()) == "127.0.0.1"
