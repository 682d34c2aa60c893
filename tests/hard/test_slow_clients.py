"""Who is slow, stops in the middle or fetches nothing holds a place for a while, and no longer."""

import json
import socket
import threading
import time

import pytest
from structlog.testing import capture_logs

from mailproof.gateway import wire
from tests.gateway.world import DEADLINE_S, MAIL, World
from tests.hard.rough import BODY, answers_on, get, post
from tests.store.mails import accepted, new_mail

pytestmark = pytest.mark.usefixtures("hurried")


def trickle(client: socket.socket, raw: bytes, over: threading.Event) -> None:
    """A byte now and then, until somebody has had enough."""
    for place in range(len(raw)):
        if over.wait(0.05):
            return
        try:
            client.sendall(raw[place : place + 1])
        except OSError:
            return


@pytest.mark.parametrize(
    "raw",
    [
        get("/healthz", x_padding="x" * 200),
        get("/healthz")[:-2] + b"".join(b"X-%d: a\r\n" % number for number in range(40)),
    ],
    ids=["one long header", "many headers"],
)
def test_headers_that_trickle_end_with_408(world: World, raw: bytes) -> None:
    over = threading.Event()
    with world.connect() as client:
        slow = threading.Thread(target=trickle, args=(client, raw, over))
        slow.start()
        answers = list(answers_on(client))
        over.set()
        slow.join(DEADLINE_S)
    assert [(each.status, each.name) for each in answers] == [(408, "application_error")]


@pytest.mark.parametrize("encoding", ["content_length", "transfer_encoding"])
def test_a_body_that_trickles_ends_with_408(world: World, encoding: str) -> None:
    over = threading.Event()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)
    head, rest = (
        (post(world, b"", content_length=len(BODY)), BODY)
        if encoding == "content_length"
        else (post(world, b"", content_length="").replace(b"content-length: \r\n",
              b"transfer-encoding: chunked\r\n"), chunks)
    )  # fmt: skip
    with world.connect() as client:
        client.sendall(head)
        slow = threading.Thread(target=trickle, args=(client, rest, over))
        slow.start()
        (answer,) = answers_on(client)
        over.set()
        slow.join(DEADLINE_S)
    assert (answer.status, answer.name) == (408, "application_error")
    assert "Nothing was accepted." in answer.message
    assert not world.counter.calls


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\n\n\n", get("/healthz"), get("/healthz") + b"\r\n"],
    ids=["nothing", "an empty line", "empty lines", "a request", "a request, an empty line"],
)  # fmt: skip
def test_a_connection_that_only_waits_is_closed(world: World, raw: bytes) -> None:
    with world.connect() as client:
        client.sendall(raw)
        assert all(answer.status == 200 for answer in answers_on(client)), "and it has ended"


def test_a_body_that_comes_after_its_answer_does_not_hold_the_connection_for_ever(
    world: World,
) -> None:
    with world.connect() as client:
        client.sendall(post(world, b"", content_length=2, authorization="Bearer wrong"))
        answers = answers_on(client)
        assert next(answers).status == 400
        client.sendall(b"{}")
        assert list(answers) == []


def test_a_body_that_stops_after_its_answer_does_not_either(world: World) -> None:
    with world.connect() as client:
        client.sendall(post(world, b"", content_length=100, authorization="Bearer wrong"))
        answers = answers_on(client)
        assert next(answers).status == 400
        client.sendall(b"{")
        assert list(answers) == []


def large_mail(world: World) -> str:
    payload = json.dumps({**MAIL, "text": "x" * 20_000_000}).encode()
    mail = new_mail(world.database.now(), payload=payload)
    (email_id,) = world.run(accepted(world.database, mail))
    return email_id


def test_an_answer_that_nobody_fetches_is_not_kept(world: World) -> None:
    path = f"/emails/{large_mail(world)}"
    with world.connect() as client, capture_logs() as logs:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.sendall(get(path, authorization=f"Bearer {world.key}"))
        client.recv(1)
        (held,) = world.run(_connections(world))
        gone = time.monotonic() + DEADLINE_S
        while world.run(_connections(world)) and time.monotonic() < gone:
            client.recv(1)  # a byte now and then is not fetching it
        assert held.transport.is_closing()
        assert time.monotonic() < gone, "it is still held"
    assert [log["event"] for log in logs if log["event"].startswith("requests.")]


def test_an_answer_that_is_fetched_steadily_is_given_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ARRIVING_BYTES_PER_S", 4 * 1024 * 1024)
    path = f"/emails/{large_mail(world)}"
    with world.connect() as client:
        client.sendall(get(path, authorization=f"Bearer {world.key}", connection="close"))
        began, size = time.monotonic(), 0
        while piece := client.recv(1 << 18):
            size += len(piece)
            # As fast as is asked for, and so for longer than the deadline alone.
            threading.Event().wait(max(0.0, began + size / (8 * 2**20) - time.monotonic()))
    assert size > 20_000_000
    assert time.monotonic() - began > 1.0


async def _connections(world: World) -> list[wire.Connection]:
    assert world.gateway._server is not None
    return [
        each
        for each in world.gateway._server.server_state.connections
        if isinstance(each, wire.Connection)
    ]


def test_a_client_that_closes_its_side_has_left_and_its_mail_goes_on(world: World) -> None:
    world.counter.holding = True
    with world.connect() as client, capture_logs() as logs:
        client.sendall(post(world))
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        client.shutdown(socket.SHUT_WR)
        assert list(answers_on(client)) == []
        assert world.counter.left.acquire(timeout=DEADLINE_S), "nobody waits any more"
    assert not [log for log in logs if log["log_level"] in {"error", "critical"}]


@pytest.mark.parametrize("size", [0, 1, len(BODY) - 1])
def test_a_body_that_stops_with_its_connection_accepts_nothing(world: World, size: int) -> None:
    with world.connect() as client:
        client.sendall(post(world, b"", content_length=len(BODY)) + BODY[:size])
        client.shutdown(socket.SHUT_WR)
        assert list(answers_on(client)) == []
    assert not world.counter.calls
