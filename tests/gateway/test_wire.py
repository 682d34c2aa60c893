"""A request has its time from its first byte on; what is whole may wait as long as it likes."""

import json

import pytest
from structlog.testing import capture_logs

from mailproof.gateway import wire
from tests.gateway.test_limits import BODY, answer_on, head
from tests.gateway.world import DEADLINE_S, World


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ARRIVING_S", 0.2)
    monkeypatch.setattr(wire, "_LOOK_EVERY_S", 0.01)


@pytest.mark.usefixtures("hurried")
def test_headers_that_do_not_come_to_an_end_are_not_waited_for(world: World) -> None:
    with capture_logs() as logs, world.connect() as client:
        client.sendall(b"POST /emails HTTP/1.1\r\nhost: local")
        answer = answer_on(client)
        assert client.recv(1) == b"", "the connection is closed"
    assert (answer.status, answer.name) == (408, "application_error")
    assert answer.headers["connection"] == "close"
    assert [log for log in logs if log["event"] == "requests.too_slow"] == [
        {"event": "requests.too_slow", "count": 1, "log_level": "info"}
    ]


@pytest.mark.usefixtures("hurried")
def test_a_body_that_does_not_come_is_answered_and_noted_as_a_refusal(world: World) -> None:
    with world.connect() as client:
        client.sendall(head(world, content_length=len(BODY)) + BODY[:10])
        answer = answer_on(client)
        assert client.recv(1) == b"", "the connection is closed"
    assert (answer.status, answer.name) == (408, "application_error")
    assert "did not arrive in time" in answer.message
    assert world.send().status == 200, "what it held was given back"
    world.stop()
    assert [(each.name, each.status) for each in world.noted] == [("application_error", 408)]


@pytest.mark.usefixtures("hurried")
def test_what_has_arrived_may_wait_for_its_answer(world: World) -> None:
    world.counter.holding = True
    with world.connect() as client:
        client.sendall(head(world, content_length=len(BODY)) + BODY)
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        with world.connect() as other:  # a slow one, by which time has passed
            other.sendall(b"POST /emails HTTP/1.1\r\n")
            assert answer_on(other).status == 408
        world.counter.let_go()
        assert answer_on(client).status == 200


@pytest.mark.usefixtures("hurried")
def test_large_bodies_have_more_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ARRIVING_BYTES_PER_S", 1)
    with world.connect() as client:
        client.sendall(head(world, content_length=len(BODY)) + BODY[:-1])
        with world.connect() as other:
            other.sendall(b"POST /emails HTTP/1.1\r\n")
            assert answer_on(other).status == 408
        client.sendall(BODY[-1:])
        assert answer_on(client).status == 200
    assert json.loads(BODY)["subject"] == world.counter.calls[-1].emails[0].subject


@pytest.mark.usefixtures("hurried")
def test_a_connection_that_says_nothing_is_no_slow_request(world: World) -> None:
    with world.connect() as client, world.connect() as other:
        other.sendall(b"POST /emails HTTP/1.1\r\n")
        assert answer_on(other).status == 408
        client.sendall(head(world, content_length=len(BODY)) + BODY)
        assert answer_on(client).status == 200
