"""What the gateway takes upon itself, and how it behaves when clients, or it itself, go away."""

import contextlib
import json
import socket
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from mailproof.engine.receipts import Receipt, Receipts
from mailproof.gateway.exchange import ClientLeft, Request
from mailproof.gateway.room import Room, read_body
from mailproof.gateway.sending import BODY_MAX
from mailproof.mail.lifecycle import State
from mailproof.store.base import StoreUnavailable
from tests.gateway.world import DEADLINE_S, MAIL, Answer, World, mail_id

BODY = json.dumps(MAIL).encode()


def head(world: World, **headers: Any) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return (
        "POST /emails HTTP/1.1\r\nhost: localhost\r\n"
        f"authorization: Bearer {world.key}\r\n{''.join(lines)}\r\n"
    ).encode()


def answer_on(client: socket.socket) -> Answer:
    """Read one answer, and no more."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += client.recv(65_536) or pytest.fail(f"no answer, only {seen!r}")
    top, _, body = seen.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    while len(body) < int(headers["content-length"]):
        body += client.recv(65_536)
    return Answer(int(first.split()[1]), headers, body)


def test_a_body_that_is_declared_too_large_is_refused_before_it_is_read(world: World) -> None:
    with world.connect() as client:
        client.sendall(head(world, content_length=BODY_MAX + 1))
        answer = answer_on(client)
    assert (answer.status, answer.name) == (413, "validation_error")
    assert "56 MB" in answer.message


def test_a_body_that_grows_too_large_is_refused_while_it_comes(world: World) -> None:
    chunk = b"%x\r\n%s\r\n" % (1024 * 1024, b" " * 1024 * 1024)
    with world.connect() as client:
        client.sendall(head(world, transfer_encoding="chunked"))
        with contextlib.suppress(OSError):  # what comes after the answer nobody has to take
            for _ in range(BODY_MAX // len(chunk) + 2):
                client.sendall(chunk)
        answer = answer_on(client)
    assert (answer.status, answer.name) == (413, "validation_error")


def test_a_body_in_chunks_is_put_together(world: World) -> None:
    with world.connect() as client:
        client.sendall(head(world, transfer_encoding="chunked"))
        for place in range(0, len(BODY), 7):
            part = BODY[place : place + 7]
            client.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        client.sendall(b"0\r\n\r\n")
        assert answer_on(client).status == 200
    assert world.counter.calls[0].emails[0].subject == "Hello"


def test_who_may_not_send_is_not_asked_for_the_body(world: World) -> None:
    with world.connect() as client:
        request = head(world, content_length=10, expect="100-continue")
        client.sendall(request.replace(world.key.encode(), b"wrong"))
        assert answer_on(client).status == 400


def test_who_may_send_is_told_to_continue(world: World) -> None:
    with world.connect() as client:
        client.sendall(head(world, content_length=len(BODY), expect="100-continue"))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY)
        assert answer_on(client).status == 200


def test_bodies_beyond_the_memory_for_them_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with World(tmp_path, bytes_max=1_000) as world:
        with world.connect() as client:
            client.sendall(head(world, content_length=1_001))
            answer = answer_on(client)
        assert (answer.status, answer.name) == (503, "application_error")
        assert answer.headers["retry-after"] == "1"
        with world.connect() as client:
            client.sendall(head(world, transfer_encoding="chunked"))
            client.sendall(b"3e9\r\n" + b" " * 1_001 + b"\r\n")
            assert answer_on(client).status == 503
        assert world.send().status == 200, "what was taken was given back"


def test_memory_is_given_back_when_a_client_leaves_in_the_middle(tmp_path: Path) -> None:
    with World(tmp_path, bytes_max=1_000) as world, capture_logs() as logs:
        with world.connect() as client:
            client.sendall(head(world, content_length=1_000) + b"{")
        # Only a look can tell: the connection may not have been read to its end yet.
        for _ in range(200):
            if world.send().status == 200:
                break
        else:
            pytest.fail("what was taken was not given back")
    assert "request.abandoned" in [log["event"] for log in logs]


def test_more_requests_than_may_wait_are_told_to_come_again(tmp_path: Path) -> None:
    with World(tmp_path, waiting_max=1) as world:
        world.counter.holding = True
        first: list[Answer] = []
        thread = threading.Thread(target=lambda: first.append(world.send()))
        thread.start()
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        answer = world.send()
        assert (answer.status, answer.name) == (429, "rate_limit_exceeded")
        assert answer.headers["retry-after"] == "1"
        world.counter.let_go()
        thread.join(DEADLINE_S)
        assert first[0].status == 200


async def test_a_client_that_leaves_is_not_mistaken_for_an_empty_body() -> None:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    room, taken = Room(waiting_max=1, bytes_max=100), list[int]()
    with pytest.raises(ClientLeft):
        await read_body(Request({"headers": [], "state": {}}, receive), room, 20, taken)


def test_a_client_that_leaves_ends_the_wait_but_not_the_gateway(world: World) -> None:
    world.counter.holding = True
    with capture_logs() as logs:
        with world.connect() as client:
            client.sendall(head(world, content_length=len(BODY)) + BODY)
            assert world.counter.entered.acquire(timeout=DEADLINE_S)
        assert world.counter.left.acquire(timeout=DEADLINE_S)
        world.counter.holding = False
        assert world.send().status == 200
    assert "request.abandoned" in [log["event"] for log in logs]
    assert not [log for log in logs if log["log_level"] in {"error", "critical"}]


class Unreachable:
    """A database of which nothing can be had."""

    def now(self) -> int:
        return 0

    async def read(self, *_: Any) -> None:
        raise StoreUnavailable("the disk is gone")


def test_a_store_that_fails_while_reading_is_told_in_the_log(tmp_path: Path) -> None:
    with World(tmp_path, db=Unreachable()) as world, capture_logs() as logs:
        answer = world.ask("GET", "/emails")
    assert (answer.status, answer.name) == (503, "application_error")
    assert "disk" not in answer.message
    (line,) = [log for log in logs if log["event"] == "request.failed"]
    assert (line["log_level"], line["error"]) == ("error", "the disk is gone")


def test_a_defect_is_told_once_in_the_log_and_never_to_the_client(world: World) -> None:
    world.counter.outcome = RuntimeError("a secret detail")
    with capture_logs() as logs:
        answer = world.send(x_request_id="trace-7")
    assert (answer.status, answer.name) == (500, "application_error")
    assert "trace-7" in answer.message
    assert "secret" not in answer.message
    (line,) = [log for log in logs if log["log_level"] == "critical"]
    assert line["event"] == "request.crashed"
    assert str(line["exc_info"]) == "a secret detail"
    world.counter.outcome = None
    assert world.send().status == 200


def test_a_stop_lets_those_who_wait_have_their_answer(world: World) -> None:
    world.counter.holding = True
    world.counter.outcome = Receipts((Receipt(id=mail_id(9), state=State.SENT),))
    with world.connect() as client:
        client.sendall(head(world, content_length=len(BODY)) + BODY)
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        world.run(_stop(world))
        world.counter.let_go()
        answer = answer_on(client)
        assert (answer.status, answer.json["id"]) == (200, mail_id(9))
        assert answer.headers["connection"] == "close"
        assert client.recv(1) == b""
    world.join()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", world.ports[0]), timeout=DEADLINE_S)


def test_who_must_be_cut_off_is_told_that_nobody_knows(world: World) -> None:
    world.counter.holding = True
    with world.connect() as client:
        client.sendall(head(world, content_length=len(BODY)) + BODY)
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        world.run(_stop(world))
        answer = answer_on(client)
    assert (answer.status, answer.name) == (503, "application_error")
    assert "Idempotency-Key" in answer.message


async def _stop(world: World) -> None:
    world.gateway.stop()
