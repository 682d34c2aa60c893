"""Faults below HTTP, seen from a bare socket: silence, resets, late and broken answers."""

import contextlib
import http.client
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from mailproof.testing import ManualClock, Sandbox
from tests.sandbox.api import Api

# Long enough for an answer on this machine, short enough to wait for none.
SILENCE_S = 0.3


def connect(sandbox: Sandbox) -> socket.socket:
    where = urlsplit(sandbox.url)
    assert where.hostname is not None
    return socket.create_connection((where.hostname, where.port or 80), timeout=5)


def request(sandbox: Sandbox, to: str = "delivered@resend.dev", padding: int = 0) -> bytes:
    body = (
        f'{{"from":"news@acme.test","to":"{to}","subject":"Hi","html":"Hi{"x" * padding}"}}'
    ).encode()
    head = (
        f"POST /emails HTTP/1.1\r\nHost: sandbox\r\nUser-Agent: test/1\r\n"
        f"Authorization: Bearer {sandbox.api_key}\r\nIdempotency-Key: k\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.parametrize(
    ("fault", "accepted"), [("hang-before", 0), ("hang-after", 0), ("accept-silent", 1)]
)
def test_a_hang_says_nothing_and_accepts_what_it_says(api: Api, fault: str, accepted: int) -> None:
    api.sandbox.fail(fault)
    with connect(api.sandbox) as client:
        client.sendall(request(api.sandbox))
        client.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            client.recv(1)
    api.sandbox.wait_until(lambda: bool(api.sandbox.requests))
    assert len(api.sandbox.mails) == accepted
    (arrival,) = api.sandbox.requests
    assert (arrival.status, arrival.fault) == (0, fault)


def test_a_hang_before_reading_leaves_a_large_request_unread(api: Api) -> None:
    api.sandbox.fail("hang-before")
    unsent = memoryview(request(api.sandbox, padding=64 * 1024 * 1024))
    with connect(api.sandbox) as client, contextlib.suppress(TimeoutError):
        client.settimeout(SILENCE_S)  # of each piece, so that a slow machine makes no silence
        while unsent:
            unsent = unsent[client.send(unsent[: 1024 * 1024]) :]
    assert len(unsent) > 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("fault", "accepted"), [("reset-before", 0), ("reset-after", 0), ("accept-reset", 1)]
)
def test_a_reset_is_a_reset_and_accepts_what_it_says(api: Api, fault: str, accepted: int) -> None:
    api.sandbox.fail(f"{fault},count=1")
    with connect(api.sandbox) as client:
        client.sendall(request(api.sandbox))
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert len(api.sandbox.mails) == accepted
    api.send(key="k")
    api.sandbox.wait_for(1)


@pytest.mark.parametrize("fault", ["hang-before", "reset-before"])
def test_requests_that_came_along_with_one_that_is_cut_off_are_not_done(
    api: Api, fault: str
) -> None:
    api.sandbox.fail(f"{fault},count=1")
    with connect(api.sandbox) as client:
        client.sendall(request(api.sandbox) * 3)
        client.settimeout(SILENCE_S)
        with pytest.raises((TimeoutError, ConnectionResetError)):
            client.recv(1)
    assert not api.sandbox.mails
    assert [one.fault for one in api.sandbox.requests] == [fault]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_leaves_none_for_the_next(api: Api, status: int) -> None:
    api.sandbox.fail(f"answer,status={status},body=odd,count=1")
    with connect(api.sandbox) as client:
        client.sendall(request(api.sandbox) * 2)
        seen = b""
        while b'{"id"' not in seen:
            seen += client.recv(4096)
    head, _, rest = seen.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status}".encode())
    assert b"content-length" not in head
    assert rest.startswith(b"HTTP/1.1 200")


def test_a_truncated_answer_promises_more_than_it_gives(api: Api) -> None:
    with connect(api.sandbox) as client:
        client.sendall(request(api.sandbox, to="accept-truncated@fault.test"))
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-length: 45" in head
    assert 0 < len(body) < 45
    assert len(api.sandbox.mails) == 1


def test_a_slow_answer_comes_when_its_time_has_passed(api: Api, clock: ManualClock) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(api.send, to="slow=7@fault.test")
        api.sandbox.wait_for(1)
        clock.advance(6.9)
        assert not waiting.done()
        clock.advance(0.2)
        assert waiting.result(5).status == 200
    assert api.sandbox.requests[0].took_ms == pytest.approx(7_100, abs=1)


@pytest.mark.parametrize("fault", ["hang-before", "hang-after", "accept-silent", "slow=600"])
def test_a_sandbox_stops_at_once_whoever_hangs(start: Callable[..., Api], fault: str) -> None:
    api = start()
    api.sandbox.fail(fault)
    with connect(api.sandbox) as client:
        client.sendall(request(api.sandbox))
        client.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            client.recv(1)
        api.sandbox.stop()
        client.settimeout(5)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""


def test_one_connection_serves_many_requests_around_a_fault(api: Api) -> None:
    client = http.client.HTTPConnection(urlsplit(api.sandbox.url).netloc, timeout=5)
    with contextlib.closing(client):
        seen = []
        for to in ["500@fault.test", "delivered@resend.dev"]:
            head, _, body = request(api.sandbox, to=to).partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")[1:]
            client.request("POST", "/emails", body, dict(line.split(": ", 1) for line in lines))
            answer = client.getresponse()
            answer.read()
            seen.append((answer.status, answer.will_close))
    assert seen == [(500, False), (200, False)]
