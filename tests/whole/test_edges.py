"""The whole at its edges: overload, slow and vanishing clients, many failures at once, idleness."""

import asyncio
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest

from mailproof.testing import Sandbox
from tests.whole.house import MAIL, House, ask
from tests.whole.hurry import hurried
from tests.whole.log import DEADLINE_S
from tests.whole.process import Served, write_config

# One worker builds its world for all of them.
pytestmark = pytest.mark.xdist_group("whole-edges")

# Requests, on how many connections, of how many bytes: very many, and more than fits in memory.
FLOODS = ((20_000, 1_000, 1_000), (600, 600, 1_000_000))
GROWTH_MAX_MB = 700.0
FAILURES = 500
# An open alert looks every two seconds how many mails wait.
ALERTED = "SELECT count FROM alerts WHERE name = 'route_closed'"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with hurried(), House(tmp_path_factory.mktemp("edges")) as house:
        yield house


def test_five_hundred_failures_are_one_alert_and_their_repair_is_one_more(house: House) -> None:
    house.sandbox.fail("403,path=/emails")
    for _ in range(FAILURES // 100):
        house.ask("POST", "/emails/batch", [MAIL] * 100)
    house.log.until(lambda: _count(house, "held") == FAILURES, "all are held")
    house.log.until(lambda: len(house.pager.posts) == 1, "one alert")
    house.log.until(lambda: house.rows(ALERTED) == [(FAILURES,)], "the alert has counted them all")
    house.sandbox.heal()
    house.log.until(lambda: len(house.pager.posts) == 2, "the good news")
    house.log.until(lambda: _count(house, "sent") == FAILURES, "all are sent")
    down, up = (post.event["type"] for post in house.pager.posts)
    assert (down, up) == ("failure", "success")
    assert "500" in house.pager.posts[1].event["message"]
    assert len(house.sandbox.mails) == FAILURES
    loud = Counter(
        line["event"] for line in house.log.lines if line["level"] in {"error", "critical"}
    )
    assert loud["email.held"] == 1


def _count(house: House, state: str) -> int:
    ((count,),) = house.rows("SELECT count(*) FROM emails WHERE state = ?", state)
    return int(count)


def test_a_client_that_leaves_while_it_waits_has_sent_its_mail_all_the_same(house: House) -> None:
    house.sandbox.fail("slow=0.5,to=*@slow.test")
    body = msgspec.json.encode({**MAIL, "to": "gone@slow.test"})
    head = (
        f"POST /emails HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {house.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with house.connect() as line:
        line.sendall(head.encode() + body)
        house.log.until(lambda: bool(house.rows("SELECT 1 FROM emails WHERE state = 'sending'")))
    house.log.wait_for("request.abandoned")
    house.sandbox.wait_until(lambda: any("gone@slow.test" in m.to for m in house.sandbox.mails))
    house.sandbox.heal()


def test_a_client_that_stops_in_the_middle_of_its_body_has_sent_nothing(house: House) -> None:
    before = house.rows("SELECT count(*) FROM emails")
    left = len(house.log.found("request.abandoned"))
    with house.connect() as line:
        line.sendall(
            f"POST /emails HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {house.key}\r\n"
            'content-length: 999\r\n\r\n{"from":'.encode()
        )
        assert house.ask("GET", "/readyz").status == 200
    house.log.until(lambda: len(house.log.found("request.abandoned")) > left)
    assert house.rows("SELECT count(*) FROM emails") == before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_twenty_thousand_requests_at_once_are_answered_truthfully_in_bounded_memory(
    tmp_path: Path,
) -> None:
    with _many_files(), Sandbox() as sandbox:
        config = write_config(tmp_path, provider_url=sandbox.url, key=sandbox.api_key)
        with Served(config, key=sandbox.api_key) as served:
            sandbox.fail("hang-before")  # nothing leaves: all that is accepted stays here
            before_mb = served.resident_mb
            answers = sum((asyncio.run(_flood(served, *flood)) for flood in FLOODS), Counter())
            grown_mb = served.resident_mb - before_mb
            assert set(answers) <= {(200, ""), (429, "1"), (503, "1"), (503, "2")}, answers
            assert sum(answers.values()) == sum(total for total, _, _ in FLOODS)
            assert answers[503, "1"] > 0
            assert ask(served.url, "GET", "/healthz").status == 200
            assert served.send(MAIL, prefer="respond-async").status == 200
            with closing(sqlite3.connect(tmp_path / "mailproof.db")) as connection:
                ((kept,),) = connection.execute("SELECT count(*) FROM emails").fetchall()
            assert kept == answers[200, ""] + 1
            assert grown_mb < GROWTH_MAX_MB
            served.kill()  # what hangs would be waited for


@contextmanager
def _many_files() -> Iterator[None]:
    """As many connections as this process, and one that it starts, may have."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _flood(
    served: Served, total: int, connections: int, size: int
) -> Counter[tuple[int, str]]:
    """Status and `Retry-After` of every answer."""
    answers: Counter[tuple[int, str]] = Counter()
    body = msgspec.json.encode({**MAIL, "html": "x" * size})
    headers = {
        "authorization": f"Bearer {served.key}",
        "content-type": "application/json",
        "prefer": "respond-async",
    }
    left = iter(range(total))

    async def ask_on(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(f"{served.url}/emails", data=body, headers=headers) as answer:
                await answer.read()
                answers[answer.status, answer.headers.get("retry-after", "")] += 1

    timeout = aiohttp.ClientTimeout(total=3 * DEADLINE_S)
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(connections):
            group.create_task(ask_on(session))
    return answers
