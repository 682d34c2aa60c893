"""HTTP out on the hot path: bytes as they are, connections kept, and how far a request came.

What an answer and a network fault look like is told in tests/doctor/test_http.py.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer, Raised
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import Http, open_http

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b; Path=/\r\n\r\nok"


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[str]:
    """A server that does on the wire exactly what the test says; `talk` has one connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def one_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body. Raises `IncompleteReadError`: the client has gone."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    return head, await reader.readexactly(length)


async def post(http: Http, url: str, content: bytes = b"{}", *, deadline_s: float = 5.0) -> object:
    return await http.post_bytes(url, content, headers={}, deadline_s=deadline_s)


@pytest.mark.parametrize("size", [0, 1, 32_767, 32_768, 32_769, 65_536, 65_537, 3_000_000])
async def test_bytes_of_any_size_arrive_as_they_are(size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    came: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append((await one_request(reader))[1])
        writer.write(OK)

    async with raw_server(keep) as url, open_http("test/1", {}) as http:
        assert isinstance(await post(http, url, content), HttpAnswer)
    assert came == [content]


async def test_calls_after_each_other_share_one_connection_and_send_no_cookie_back() -> None:
    connections = 0
    heads: list[bytes] = []

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            heads.append((await one_request(reader))[0])
            writer.write(OK)

    async with raw_server(answer_all) as url, open_http("test/1", {}) as http:
        for _ in range(3):
            assert isinstance(await post(http, url), HttpAnswer)
    assert (connections, len(heads)) == (1, 3)
    assert not any(b"cookie:" in head.lower() for head in heads)


async def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    closed = asyncio.Event()
    connections = 0

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await one_request(reader)
        writer.write(OK)
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with raw_server(answer_once) as url, open_http("test/1", {}) as http:
        for _ in range(3):
            closed.clear()
            assert isinstance(await post(http, url), HttpAnswer)
            async with asyncio.timeout(5):
                await closed.wait()
    assert connections == 3


async def test_a_kept_connection_that_closes_on_the_request_leaves_open_whether_it_was_taken() -> (
    None
):
    async def take_the_second_away(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await one_request(reader)
        writer.write(OK)
        await one_request(reader)

    async with raw_server(take_the_second_away) as url, open_http("test/1", {}) as http:
        assert isinstance(await post(http, url), HttpAnswer)
        answer = await post(http, url)
    assert isinstance(answer, Raised)
    assert answer.request_written is True
    failure = diagnose(Evidence(answer))
    assert (failure.reason, failure.ambiguous) == (Reason.CONNECTION_LOST, True)


async def test_a_large_request_that_was_cut_off_surely_did_not_arrive() -> None:
    async def read_some_and_hang_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readexactly(100_000)
        writer.transport.abort()

    async with raw_server(read_some_and_hang_up) as url, open_http("test/1", {}) as http:
        answer = await post(http, url, b"x" * 20_000_000)
    assert isinstance(answer, Raised)
    assert answer.request_written is False
    failure = diagnose(Evidence(answer))
    assert (failure.reason, failure.ambiguous) == (Reason.CONNECTION_FAILED, False)


async def test_no_call_waits_for_another() -> None:
    at_once = 150
    everybody_is_here = asyncio.Barrier(at_once)

    async def wait_for_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await one_request(reader)
        await everybody_is_here.wait()
        writer.write(OK)

    async with raw_server(wait_for_all) as url, open_http("test/1", {}) as http:
        answers = await asyncio.gather(*(post(http, url, deadline_s=20) for _ in range(at_once)))
    assert all(isinstance(answer, HttpAnswer) for answer in answers)


async def test_calls_that_wait_for_one_lookup_together_all_know_it() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as only_thread:
        # Names are looked up in this thread, which is busy.
        asyncio.get_running_loop().set_default_executor(only_thread)
        only_thread.submit(released.wait)
        async with open_http("test/1", {}) as http:
            url = "http://nobody.invalid"
            answers = await asyncio.gather(*(post(http, url, deadline_s=0.2) for _ in range(3)))
            released.set()
    for answer in answers:
        assert isinstance(answer, Raised)
        assert answer.request_written is False
        assert diagnose(Evidence(answer)).reason is Reason.DNS_FAILURE
