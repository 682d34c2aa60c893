"""Files at URLs: what is fetched, and what a stranger's URL can never make us read."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailproof.providers.attachment_fetch import AttachmentFetch, is_public
from mailproof.providers.fetch import Fetched, NotFetched

OURS = frozenset({"127.0.0.1", "::1"})
LIMIT = 1024 * 1024


class Server:
    """Answers by path. `seen`: the paths that were asked for."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[str] = []
        self.answers: dict[str, bytes] = {}
        self._open: set[asyncio.Task[None]] = set()

    def answer(
        self, path: str, body: bytes = b"", *, status: str = "200 OK", headers: str = ""
    ) -> str:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self.answers[path] = head.encode() + body
        return f"{self.url}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        with contextlib.suppress(ConnectionError):  # who has seen enough hangs up
            await self._answer(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.seen.append(path)
        if path in self.answers:
            writer.write(self.answers[path])
            await writer.drain()
        else:  # it never answers
            await reader.read()

    async def all_closed(self) -> None:
        if self._open:
            await asyncio.wait(self._open)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server
        await server.all_closed()


async def get(
    url: str,
    *,
    allowed: frozenset[str] = OURS,
    limit_bytes: int = LIMIT,
    deadline_s: float = 3.0,
) -> Fetched | NotFetched:
    fetch = AttachmentFetch("test/1", allowed=allowed)
    return await fetch(url, limit_bytes=limit_bytes, deadline_s=deadline_s)


async def problem(url: str, **given: object) -> str:
    result = await get(url, **given)  # type: ignore[arg-type]
    assert isinstance(result, NotFetched), result
    assert result.fix.endswith(".")
    return result.problem


async def test_a_file_comes_whole_with_its_type() -> None:
    async with serving() as server:
        url = server.answer("/a.pdf", b"%PDF-1.7", headers="Content-Type: application/pdf\r\n")
        assert await get(url) == Fetched(b"%PDF-1.7", "application/pdf")


async def test_a_file_whose_server_says_nothing_of_its_type_has_none() -> None:
    async with serving() as server:
        assert await get(server.answer("/a", b"x")) == Fetched(b"x", "")


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async with serving() as server:
        server.answer("/0", b"here")
        for number in (1, 2, 3, 4):
            server.answer(f"/{number}", status="302 Found", headers=f"Location: /{number - 1}\r\n")
        assert await get(f"{server.url}/3") == Fetched(b"here", "")
        assert "redirects" in await problem(f"{server.url}/4")


async def test_an_answer_that_is_no_file_is_named() -> None:
    async with serving() as server:
        url = server.answer("/gone", b"Not here", status="404 Not Found")
        assert await problem(url) == "127.0.0.1 answered 404"


async def test_a_file_that_says_it_is_too_large_is_not_read() -> None:
    async with serving() as server:
        url = server.answer("/large", b"x" * 2_000)
        assert "larger than" in await problem(url, limit_bytes=1_999)
        assert await get(url, limit_bytes=2_000) == Fetched(b"x" * 2_000, "")


async def test_a_file_that_does_not_say_how_large_it_is_is_cut_at_the_limit() -> None:
    async with serving() as server:
        server.answers["/endless"] = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000
        assert "larger than" in await problem(f"{server.url}/endless", limit_bytes=50_000)


async def test_a_compressed_answer_is_refused_so_that_it_cannot_grow_here() -> None:
    async with serving() as server:
        url = server.answer("/bomb", b"\x1f\x8b", headers="Content-Encoding: gzip\r\n")
        assert "compressed" in await problem(url)


async def test_a_server_that_is_silent_is_given_up_at_the_deadline() -> None:
    async with serving() as server:
        told = await problem(f"{server.url}/silent", deadline_s=0.2)
        assert told == "127.0.0.1 did not send the file within 0.2 s"


async def test_nobody_there_is_a_problem_and_no_exception() -> None:
    async with serving() as server:
        url = server.url
    assert "127.0.0.1 cannot be reached" in await problem(url)


@pytest.mark.parametrize(
    "url",
    ["http://", "http://[::1", "http://a b/", "http://x.invalid/", "http://127.0.0.1:99999/"],
)
async def test_what_is_no_place_is_a_problem_and_no_exception(url: str) -> None:
    assert await problem(url)


# ---- what only this machine can reach ----


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
async def test_this_machine_is_never_asked_however_it_is_written(host: str) -> None:
    async with serving() as server:
        server.answer("/secret", b"secret")
        port = server.url.rpartition(":")[2]
        result = await get(f"http://{host}:{port}/secret", allowed=frozenset())
        assert isinstance(result, NotFetched)
        assert server.seen == []


async def test_a_redirect_into_our_network_is_not_followed() -> None:
    async with serving() as server:
        target = server.url.replace("127.0.0.1", "127.0.0.2")
        url = server.answer("/out", status="302 Found", headers=f"Location: {target}/secret\r\n")
        assert "not public" in await problem(url)
        assert server.seen == ["/out"]


async def test_a_redirect_to_another_scheme_is_not_followed() -> None:
    async with serving() as server:
        url = server.answer("/f", status="302 Found", headers="Location: file:///etc/passwd\r\n")
        assert "not reached by http" in await problem(url)


@pytest.mark.parametrize(
    "address",
    """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
    168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
    192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
    240.0.0.1 255.255.255.255
    :: ::1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b:1::1 100::1
    2001:db8::1 2002:7f00:1:: 2002:a00:1:: fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1
    ff02::1 nonsense
    """.split(),
)
def test_an_address_that_strangers_have_no_business_at_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"]
)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


async def test_what_is_told_holds_no_path_because_that_is_often_a_secret() -> None:
    async with serving() as server:
        server.answer("/signature-of-a-file", status="403 Forbidden")
        told = await problem(f"{server.url}/signature-of-a-file")
        assert "signature" not in told
    assert "signature" not in await problem(f"{server.url}/signature-of-a-file")
