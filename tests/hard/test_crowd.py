"""More connections than there may be: who only waits makes room; mail keeps what it needs."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from mailproof.gateway import crowd
from mailproof.gateway.crowd import (
    CONNECTIONS_MAX,
    DESCRIPTORS_KEPT,
    connections_max,
    raise_limit,
)
from tests.gateway.world import DEADLINE_S, World
from tests.hard.rough import answers_on, get, post

resource = pytest.importorskip("resource", reason="limits of POSIX")

FEW = 5


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "connections_max", lambda: FEW)


@contextlib.contextmanager
def connected(world: World, count: int) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has been served once and waits."""
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(world.connect()) for _ in range(count)]
        for line in lines:
            line.sendall(get("/healthz"))
            assert next(answers_on(line)).status == 200
        yield lines


@pytest.mark.usefixtures("few")
def test_who_only_waits_makes_room_for_who_comes(world: World) -> None:
    with capture_logs() as logs, connected(world, FEW) as waiting:
        assert world.send().status == 200
        closed = [line for line in waiting if list(answers_on_closed(line)) == []]
    assert closed, "nobody made room"
    (line,) = [log for log in logs if log["event"] == "connections.crowded"]
    assert (line["log_level"], line["limit"]) == ("error", FEW)


def answers_on_closed(line: socket.socket) -> Iterator[bytes]:
    """Nothing, if it has ended; else that it has not."""
    line.settimeout(0.05)
    try:
        if line.recv(1):
            yield b"an answer"
    except TimeoutError:
        yield b"it is open"


@pytest.mark.usefixtures("few")
def test_where_all_are_busy_who_comes_is_told_to_come_again(world: World) -> None:
    world.counter.holding = True
    with contextlib.ExitStack() as stack:
        for _ in range(FEW):
            line = stack.enter_context(world.connect())
            line.sendall(post(world))
            assert world.counter.entered.acquire(timeout=DEADLINE_S)
        refused = stack.enter_context(world.connect())
        (answer,) = answers_on(refused)
        assert (answer.status, answer.name) == (503, "application_error")
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [
        (1_024, 1_024 - DESCRIPTORS_KEPT),
        (65_536, CONNECTIONS_MAX),
        (100, 50),
    ],
)
def test_some_descriptors_are_kept_for_the_mail(descriptors: int, connections: int) -> None:
    assert connections_max(descriptors=descriptors) == connections


def test_as_many_descriptors_are_taken_as_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
        assert connections_max() == 100
        raise_limit()
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert now == min(hard, CONNECTIONS_MAX + DESCRIPTORS_KEPT)
        assert connections_max() <= CONNECTIONS_MAX
        raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == now, "it is never lowered"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
