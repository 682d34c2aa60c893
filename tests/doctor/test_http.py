"""HTTP out: an answer is an answer, and each network fault is evidence with its cause."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer, Raised
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import open_http, raised
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
        assert isinstance(await post(url), Raised)


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
