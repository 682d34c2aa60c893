"""HTTP out: an answer is an answer, and each network fault is evidence with its cause."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer, Raised
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import open_http, proxy_for, raised
from tests.doctor.resend_server import Resend, page, serve_resend
from tests.doctor.smtp_server import blackhole, closed_port

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[str]:
    """A server that does on the wire exactly what the test says."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def post(url: str, *, deadline_s: float = 5.0) -> HttpAnswer | Raised:
    async with open_http("test/1") as http:
        return await http.post(url, {"a": 1}, headers={}, deadline_s=deadline_s)


async def test_an_answer_keeps_status_headers_and_body_whatever_the_status_is() -> None:
    resend = Resend()
    resend.everything = page(503, "<html>down</html>", **{"X-Cache": "MISS"})
    async with serve_resend(resend) as url:
        answer = await post(url)
    assert isinstance(answer, HttpAnswer)
    assert (answer.status, answer.body) == (503, "<html>down</html>")
    assert answer.headers["x-cache"] == "MISS"


async def test_an_answer_that_comes_in_many_pieces_is_read_to_its_end() -> None:
    resend = Resend()
    resend.everything = (200, "x" * 250_000, {})
    async with serve_resend(resend) as url:
        answer = await post(url)
    assert isinstance(answer, HttpAnswer)
    assert len(str(answer.body)) == 250_000


async def test_an_answer_without_an_end_is_cut() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()

    async with raw_server(endless) as url:
        answer = await post(url)
    assert isinstance(answer, HttpAnswer)
    assert len(str(answer.body)) == 256 * 1024


async def test_the_user_agent_is_sent_and_a_redirect_is_not_followed() -> None:
    resend = Resend()
    resend.everything = (302, "", {"Location": "http://127.0.0.1:1/"})
    async with serve_resend(resend) as url:
        answer = await post(url)
    assert isinstance(answer, HttpAnswer)
    assert answer.status == 302
    assert resend.seen[0][2]["User-Agent"] == "test/1"


async def test_nobody_there_is_evidence_and_nothing_was_written() -> None:
    answer = await post(f"http://127.0.0.1:{closed_port()}")
    assert isinstance(answer, Raised)
    assert answer.request_written is False
    assert answer.cause is not None
    assert answer.cause.code == "ECONNREFUSED"
    assert diagnose(Evidence(answer)).reason is Reason.CONNECTION_FAILED


async def test_a_name_that_does_not_exist_is_evidence() -> None:
    answer = await post("http://nobody.invalid")
    assert isinstance(answer, Raised)
    assert diagnose(Evidence(answer)).reason is Reason.DNS_FAILURE


async def test_no_answer_in_time_leaves_it_open_whether_the_mail_was_taken() -> None:
    with blackhole() as port:
        answer = await post(f"http://127.0.0.1:{port}", deadline_s=0.3)
    assert isinstance(answer, Raised)
    assert answer.request_written is True
    failure = diagnose(Evidence(answer))
    assert (failure.reason, failure.ambiguous) == (Reason.TIMED_OUT, True)


async def test_a_connection_that_breaks_after_the_request_was_read_is_ambiguous() -> None:
    async def read_and_hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'{"a": 1}')

    async with raw_server(read_and_hang_up) as url:
        answer = await post(url)
    assert isinstance(answer, Raised)
    assert answer.request_written is True
    failure = diagnose(Evidence(answer))
    assert (failure.reason, failure.ambiguous) == (Reason.CONNECTION_LOST, True)


async def test_an_answer_that_is_no_http_is_evidence() -> None:
    async def speak_smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.acme.test ESMTP\r\n")

    async with raw_server(speak_smtp) as url:
        answer = await post(url)
    assert isinstance(answer, Raised)
    assert "400" not in answer.message  # a status that nobody has sent


@pytest.mark.parametrize("url", ["no-scheme", "http://", "ftp://acme.test", "http://[::1"])
async def test_what_is_no_url_is_evidence_and_not_an_exception(url: str) -> None:
    answer = await post(url)
    assert isinstance(answer, Raised)
    assert answer.request_written is False


async def test_a_header_that_http_cannot_carry_is_evidence() -> None:
    async with serve_resend(Resend()) as url, open_http("test/1") as http:
        answer = await http.get(url, headers={"Authorization": "Bearer re_1\nX: 1"}, deadline_s=2)
    assert isinstance(answer, Raised)


def test_a_chain_of_causes_that_bites_its_tail_comes_to_an_end() -> None:
    one, other = OSError("one"), OSError("other")
    one.__cause__, other.__cause__ = other, one
    link: Raised | None = raised(one)
    length = 0
    while link is not None:
        link, length = link.cause, length + 1
    assert length == 10


async def test_a_login_for_the_host_in_netrc_does_not_collide_with_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    resend = Resend()
    async with serve_resend(resend) as url, open_http("test/1") as http:
        answer = await http.get(url, headers={"Authorization": "Bearer re_1"}, deadline_s=2)
    assert isinstance(answer, HttpAnswer)
    assert resend.seen[0][2]["Authorization"] == "Bearer re_1"


async def test_calls_go_through_the_proxy_and_its_refusal_is_an_answer() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nServer: squid\r\n\r\n")

    async with (
        raw_server(refuse) as url,
        open_http("test/1", {"HTTP_PROXY": url, "HTTPS_PROXY": url}) as http,
    ):
        plain = await http.get("http://nobody.invalid/", headers={}, deadline_s=2)
        tunnel = await http.get("https://nobody.invalid/", headers={}, deadline_s=2)
    for answer in (plain, tunnel):
        failure = diagnose(Evidence(answer, provider="resend"))
        assert failure.reason is Reason.BLOCKED_BY_INTERMEDIARY
    assert "407" in repr(tunnel)


PROXIES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("https://api.resend.com", {}, ""),
    ("https://api.resend.com", {"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
    ("https://api.resend.com", {"https_proxy": "http://a:b@proxy"}, "http://a:b@proxy"),
    ("https://api.resend.com", {"HTTP_PROXY": "http://proxy"}, ""),
    ("http://127.0.0.1:7025", {"HTTP_PROXY": "http://proxy"}, "http://proxy"),
    ("https://api.resend.com", {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, ""),
    ("https://api.resend.com", {"HTTPS_PROXY": "http://p", "no_proxy": "a, .resend.com"}, ""),
    ("https://api.resend.com", {"HTTPS_PROXY": "http://p", "NO_PROXY": "send.com"}, "http://p"),
    ("http://[::1]:7025", {"HTTP_PROXY": "http://proxy", "NO_PROXY": "::1"}, ""),
)


@pytest.mark.parametrize(("url", "environ", "proxy"), PROXIES)
def test_the_proxy_is_the_one_that_the_environment_names_for_the_url(
    url: str, environ: dict[str, str], proxy: str
) -> None:
    _, found = proxy_for(url, environ) or ("", "")
    assert found == proxy


async def test_a_name_lookup_that_does_not_end_is_not_taken_for_a_silent_server() -> None:
    released = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as only_thread:
        # Names are looked up in this thread, which is busy.
        asyncio.get_running_loop().set_default_executor(only_thread)
        only_thread.submit(released.wait)
        answer = await post("http://nobody.invalid", deadline_s=0.1)
        released.set()
    assert diagnose(Evidence(answer)).reason is Reason.DNS_FAILURE
