"""Ten thousand who only hold connections open, and ordinary clients who are served all the same.

What was measured is printed: `python -m pytest -m real -s tests/hard/test_crowds.py`.
"""

import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mailproof.sandbox.settings import Settings
from mailproof.testing import Sandbox
from tests.cli.running import mailproof
from tests.gateway.status.reading import token_of
from tests.hard.rough import get
from tests.whole.house import MAIL, ask
from tests.whole.process import Served, write_config

pytestmark = pytest.mark.real
resource = pytest.importorskip("resource", reason="limits of POSIX")

CROWD = 10_000
ASKED = 300
# Seconds; two cores that others use too. A person waits no longer than that for a page.
SOON_S = 1.0
STREAMS_MAX = 2_000


@pytest.fixture(autouse=True)
def _descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this user may have {hard} descriptors, and {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Sandbox(settings=Settings(rate_per_s=0)) as sandbox:
        config = write_config(
            tmp_path,
            provider_url=sandbox.url,
            key=sandbox.api_key,
            more='public_url = "https://mail.acme.test"',
        )
        text = config.read_text(encoding="utf-8")
        config.write_text(text + '        rate = "1000/s"\n', encoding="utf-8")
        made = mailproof("keys", "create", "shop", "--config", str(config), "--json")
        with Served(config, key=json.loads(made.stdout)["key"]) as serving:
            yield serving


@contextlib.contextmanager
def crowd(served: Served, raw: Callable[[int], bytes]) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has said what `raw` gives for its number."""
    split = urlsplit(served.url)
    lines: list[socket.socket] = []
    try:
        for number in range(CROWD):
            line = socket.create_connection((split.hostname or "", split.port or 0), timeout=30)
            lines.append(line)
            if said := raw(number):
                line.sendall(said)
        yield lines
    finally:
        for line in lines:
            line.close()


def p99_s(work: Callable[[], object]) -> float:
    """Of so many times: what all but one in a hundred take at most, in seconds."""
    took = []
    for _ in range(ASKED):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return sorted(took)[ASKED * 99 // 100 - 1]


def ordinary(served: Served) -> tuple[float, float]:
    """Sending a mail, and asking how things are."""

    def send() -> None:
        answer = served.send(MAIL)
        assert answer.status == 200, answer.raw

    def look() -> None:
        assert ask(served.url, "GET", "/readyz").status == 200

    return p99_s(send), p99_s(look)


def test_ten_thousand_idle_connections_keep_nobody_from_being_served(served: Served) -> None:
    alone = ordinary(served)
    before = served.resident_mb
    with crowd(served, lambda number: b""):
        crowded = ordinary(served)
        each_kb = (served.resident_mb - before) * 1_024 / CROWD
    sys.stdout.write(
        f"\n{CROWD} idle: p99 of a mail {crowded[0]:.3f} s (alone {alone[0]:.3f}), of /readyz"
        f" {crowded[1]:.3f} s (alone {alone[1]:.3f}); {each_kb:.1f} KB for each connection"
    )
    assert max(crowded) < SOON_S
    assert each_kb < 16.0


def test_ten_thousand_slow_requests_keep_nobody_either(served: Served) -> None:
    with crowd(served, lambda number: b"POST /emails HTTP/1.1\r\nhost: a\r\ncontent-le"):
        crowded = ordinary(served)
        served.log.wait_for("requests.too_slow", within_s=60.0)
        sys.stdout.write(
            f"\n{CROWD} slow: p99 of a mail {crowded[0]:.3f} s, of /readyz {crowded[1]:.3f} s"
        )
    assert max(crowded) < SOON_S


def test_ten_thousand_streams_are_refused_beyond_the_cap(served: Served) -> None:
    now = int(time.time())
    path = "/status/" + "{}"

    def stream(number: int) -> bytes:
        token = token_of(served.key, f"{number}@customer.test", "registration", now)
        return get(path.format(token), accept="text/event-stream")

    with crowd(served, stream) as lines:
        first = [line.recv(200).split(b"\r\n")[0] for line in lines]
        crowded = ordinary(served)
    begun = sum(b" 200 " in line for line in first)
    refused = sum(b" 429 " in line for line in first)
    sys.stdout.write(
        f"\n{begun} streams, {refused} refused: p99 of a mail {crowded[0]:.3f} s, of /readyz"
        f" {crowded[1]:.3f} s"
    )
    assert (begun, refused) == (STREAMS_MAX, CROWD - STREAMS_MAX)
    assert max(crowded) < SOON_S
