"""What is said wrong, too long or too early on a connection is answered, in order, and never taken
for something else."""

import contextlib
import select
import socket
import threading

import pytest

from mailproof.gateway.sending import BODY_MAX
from mailproof.gateway.wire import AHEAD_MAX, HEAD_MAX
from tests.gateway.world import DEADLINE_S, World
from tests.hard.rough import BODY, answers_on, get, post


def chunked(world: World, *chunks: bytes) -> bytes:
    head = post(world, b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
    return head + b"".join(chunks)


def chunk(body: bytes, size: int | None = None) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body) if size is None else size, body)


def answers_to(world: World, raw: bytes) -> list[tuple[int, str]]:
    """Status and name (empty: no error) of each answer, until the connection ends."""
    with world.connect() as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
        return [
            (each.status, each.name if each.status >= 400 else "") for each in answers_on(client)
        ]


LIES = {
    "a chunk that is longer than it says": (chunk(BODY, 5), chunk(b"")),
    "a chunk of a negative size": (b"-5\r\n", BODY),
    "a chunk of no size": (b"zz\r\n", BODY),
    "a chunk of a size beyond all numbers": (b"f" * 17 + b"\r\n", BODY),
    "no line break after a chunk": (b"%x\r\n" % len(BODY), BODY, b"0\r\n\r\n"),
}


@pytest.mark.parametrize("chunks", LIES.values(), ids=LIES)
def test_chunks_that_lie_are_no_http_and_accept_nothing(
    world: World, chunks: tuple[bytes, ...]
) -> None:
    with world.connect() as client:
        client.sendall(chunked(world, *chunks))
        answers = [(each.status, each.name) for each in answers_on(client)]
    assert answers == [(400, "validation_error")]
    assert not world.counter.calls


TWO_WAYS = (
    b"content-length: %d\r\ntransfer-encoding: chunked\r\n" % len(BODY),
    b"content-length: %d\r\ncontent-length: %d\r\n" % (len(BODY), len(BODY) + 1),
    b"content-length: +%d\r\n" % len(BODY),
    b"content-length: %d\x00\r\n" % len(BODY),
    b"content-length: 99999999999999999999999\r\n",
    b"transfer-encoding: chunked, identity\r\n",
    b"transfer-encoding : chunked\r\n",
    b"x: a\r\n b: c\r\ncontent-length\r\n",
)


@pytest.mark.parametrize("lines", TWO_WAYS, ids=[line.decode("latin-1") for line in TWO_WAYS])
def test_a_length_that_proxies_could_read_in_two_ways_is_refused(
    world: World, lines: bytes
) -> None:
    raw = post(world, b"").replace(b"content-length: 0\r\n", lines) + BODY
    with world.connect() as client:
        client.sendall(raw)
        statuses = [each.status for each in answers_on(client)]
    assert statuses[0] in {400, 413}
    assert not world.counter.calls


def test_what_follows_a_body_is_nobodys_header(world: World) -> None:
    trailer = b"0\r\nIdempotency-Key: other\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"
    with world.connect() as client:
        client.sendall(chunked(world, chunk(BODY), trailer))
        assert next(answers_on(client)).status == 200
    (call,) = world.counter.calls
    assert call.emails[0].idempotency_key is None


@pytest.mark.parametrize("where", ["the address", "one header", "many headers", "a trailer"])
def test_a_head_that_never_ends_is_not_gathered(world: World, where: str) -> None:
    endless = {
        "the address": b"GET /" + b"a" * HEAD_MAX * 2,
        "one header": get("/healthz")[:-2] + b"x: " + b"a" * HEAD_MAX * 2,
        "many headers": get("/healthz")[:-2] + b"x: a\r\n" * (HEAD_MAX // 3),
        "a trailer": chunked(world, chunk(BODY), b"0\r\nx: ", b"a" * HEAD_MAX * 2),
    }[where]
    with world.connect() as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(endless)
            for _ in range(HEAD_MAX // 1_000 + 2):  # what came with a body may not be counted
                client.sendall(b"a" * 1_000)
        (answer,) = answers_on(client)
    assert (answer.status, answer.name) == (431, "validation_error")
    assert not world.counter.calls


@pytest.mark.skipif(not hasattr(select, "poll"), reason="it is watched by POSIX's poll")
def test_who_goes_on_talking_after_the_last_answer_is_not_cut_off_at_once(world: World) -> None:
    """A reset would have some systems forget the answer before the client has read it."""
    with world.connect() as client:
        client.sendall(get("/healthz")[:-2] + b"x: " + b"a" * HEAD_MAX * 2)
        assert [each.status for each in answers_on(client)] == [431]
        client.sendall(b"more of it")
        reset = select.poll()
        reset.register(client, select.POLLERR | select.POLLHUP)
        assert not reset.poll(300)  # milliseconds
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def test_a_head_of_nearly_that_length_is_read(world: World) -> None:
    raw = get("/healthz", x_padding="x" * (HEAD_MAX - 200), connection="close")
    with world.connect() as client:
        client.sendall(raw)
        assert [each.status for each in answers_on(client)] == [200]


def test_a_head_that_is_too_long_is_refused_though_it_comes_at_once(world: World) -> None:
    padding = {f"x_{number}": "x" * 1_000 for number in range(HEAD_MAX // 1_000 + 2)}
    with world.connect() as client:
        client.sendall(get("/healthz", **padding))
        assert [each.status for each in answers_on(client)] == [431]


def test_empty_lines_without_end_are_not_read_for_ever(world: World) -> None:
    with world.connect() as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                client.sendall(b"\r\n" * 1_000)
        assert [each.status for each in answers_on(client)] == [431]


def test_requests_ahead_of_their_answers_are_answered_in_order(world: World) -> None:
    paths = ["/healthz", "/nowhere", "/readyz", "/openapi.json"] * (AHEAD_MAX // 4)
    raw = b"".join(map(get, paths[:-1])) + get(paths[-1], connection="close")
    with world.connect() as client:
        client.sendall(raw)
        statuses = [each.status for each in answers_on(client)]
    assert statuses == [200, 404, 200, 200] * (AHEAD_MAX // 4)


def test_more_requests_ahead_than_that_are_not_kept(world: World) -> None:
    with world.connect() as client:
        client.sendall(get("/healthz") * 10_000)
        answers = [each.status for each in answers_on(client)]
    assert set(answers) == {200}
    assert len(answers) <= AHEAD_MAX + 2


@pytest.mark.parametrize(
    "after", [b"}", b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"], ids=["a byte", "words", "other"]
)
def test_garbage_after_a_mail_does_not_take_the_place_of_its_answer(
    world: World, after: bytes
) -> None:
    world.counter.holding = True
    with world.connect() as client:
        client.sendall(post(world) + after)
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        client.sendall(b"more of it")
        world.counter.let_go()
        answers = [each.status for each in answers_on(client)]
    assert answers == [200], "a 4xx would say of an accepted mail that it was not"


def test_a_second_request_that_is_late_does_not_take_the_place_of_the_first_answer(
    world: World, hurried: None
) -> None:
    world.counter.holding = True
    with world.connect() as client:
        client.sendall(post(world) + b"GET /heal")
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        with world.connect() as other:  # by which the deadline has passed
            other.sendall(b"GET /heal")
            assert next(answers_on(other)).status == 408
        world.counter.let_go()
        assert [each.status for each in answers_on(client)] == [200]


def test_a_body_that_breaks_in_a_request_that_waits_its_turn_is_answered_in_its_turn(
    world: World,
) -> None:
    world.counter.holding = True
    with world.connect() as client:
        client.sendall(post(world) + chunked(world, b"zz\r\n"))
        assert world.counter.entered.acquire(timeout=DEADLINE_S)
        world.counter.let_go()
        assert [each.status for each in answers_on(client)] == [200, 400]
    assert len(world.counter.calls) == 1


@pytest.mark.parametrize("offer", ["websocket", "h2c", "TLS/1.0"])
def test_an_offer_of_another_protocol_is_not_taken_up(world: World, offer: str) -> None:
    made = post(world, connection="Upgrade, HTTP2-Settings", upgrade=offer)
    with world.connect() as client:
        client.sendall(made + get("/healthz", connection="close"))
        assert [each.status for each in answers_on(client)] == [200, 200]
    (call,) = world.counter.calls
    assert call.emails[0].subject == "Hello"


@pytest.mark.parametrize(
    "raw",
    [
        b"CONNECT mail.test:25 HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"EHLO mail.test\r\n",
        b"GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x00" * 100,
    ],
    ids=["CONNECT", "HTTP/2", "TLS", "SMTP", "no URL", "no path", "zeros"],
)
def test_what_is_no_http_is_answered_and_closed(world: World, raw: bytes) -> None:
    with world.connect() as client:
        client.sendall(raw)
        assert [(each.status, each.name) for each in answers_on(client)] == [
            (400, "validation_error")
        ]
    assert world.send().status == 200


def test_who_expects_to_be_told_to_continue_and_goes_on_at_once_is_served_too(
    world: World,
) -> None:
    with world.connect() as client:
        client.sendall(post(world, expect="100-continue", connection="close"))
        with client.makefile("rb") as lines:
            seen = lines.read()
    assert seen.count(b"HTTP/1.1 ") <= 2
    assert b"HTTP/1.1 200 OK" in seen


def test_a_declared_length_beyond_the_limit_is_refused_though_nothing_of_it_comes(
    world: World,
) -> None:
    with world.connect() as client:
        client.sendall(post(world, b"", content_length=BODY_MAX + 1, expect="100-continue"))
        answer = next(answers_on(client))
    assert (answer.status, answer.name) == (413, "validation_error")


def test_many_rough_clients_at_once_leave_nothing_behind(world: World) -> None:
    raws = [post(world) + b"}", chunked(world, b"zz\r\n"), get("/healthz") * 50, post(world)[:-9]]
    threads = [
        threading.Thread(target=answers_to, args=(world, raw)) for raw in raws for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(DEADLINE_S)
    assert world.send().status == 200
