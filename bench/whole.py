"""What holding costs: `mailproof serve` on SQLite with real HTTP on both sides.

Prints ratios to a naked in-process loop and to raw inserts, measured in turns in one run, because
machines differ and are shared. Exits 1 when a promise of docs/semantics.md is missed.
"""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import aiohttp
import uvloop
from gateway_alone import MAIL, load

CONNECTIONS = 64
SECONDS = 5.0
NAKED_CALLS = 15_000
ROWS = 20_000
READY_MAX_S = 1.5
ACCEPT_MIN = 5_000
KEY = "re_benchmark_0123456789abcdef0123"


@contextmanager
def running(*command: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, **extra}, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def sink(folder: Path) -> Iterator[int]:
    told = folder / "port"
    with running(str(Path(__file__).with_name("sink.py")), str(told)):
        while not told.exists() or not told.read_text(encoding="ascii"):
            time.sleep(0.01)  # noqa: TID251
        yield int(told.read_text(encoding="ascii"))


@contextmanager
def served(
    folder: Path, sink_port: int, key: str = KEY, *, code: str = ""
) -> Iterator[tuple[int, float]]:
    """`mailproof serve` on a fresh file; yields its port and how many seconds it took to start.

    `code` runs in its place, with the same arguments.
    """
    start = ("-c", code) if code else ("-m", "mailproof")
    config = folder / "mailproof.toml"
    port = 17_025
    config.write_text(
        f"""
        [[providers]]
        name = "resend"
        type = "resend"
        api_key = "{key}"
        base_url = "http://127.0.0.1:{sink_port}"
        accept_as_app_key = true
        [server]
        port = {port}
        """,
        encoding="utf-8",
    )
    began = time.perf_counter()
    with running(*start, "serve", "--config", str(config)):
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.005)  # noqa: TID251
        yield port, time.perf_counter() - began


def request(key: str = KEY) -> bytes:
    body = json.dumps({**MAIL, "from": "Acme <hello@acme.test>", "to": ["ada@customer.test"]})
    return (
        f"POST /emails HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        "User-Agent: bench/1\r\nContent-Type: application/json\r\nPrefer: respond-async\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


def offered(port: int, seconds: float) -> tuple[int, float, float]:
    """Mails accepted in `seconds`, and their median and 99th percentile in ms."""
    times = sorted(uvloop.run(load(port, request(), CONNECTIONS, seconds)))
    return len(times), times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3


async def naked_calls(port: int) -> float:
    """The same mails in a loop that remembers nothing."""
    body = json.dumps(MAIL).encode()
    url, left = f"http://127.0.0.1:{port}/emails", iter(range(NAKED_CALLS))

    async def one(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(url, data=body) as answer:
                await answer.json()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        began = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(CONNECTIONS)))
        return NAKED_CALLS / (time.perf_counter() - began)


def raw_inserts(folder: Path) -> float:
    """Rows of the same size, 64 a transaction, as durable."""
    database = sqlite3.connect(folder / "raw.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE mails (id INTEGER PRIMARY KEY, body BLOB)")
    body = json.dumps(MAIL).encode()
    began = time.perf_counter()
    for _ in range(ROWS // CONNECTIONS):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO mails (body) VALUES (?)", [(body,)] * CONNECTIONS)
        database.execute("COMMIT")
    took = time.perf_counter() - began
    database.close()
    return ROWS / took


def without_database() -> float:
    """The same server before a counter that remembers nothing."""
    script = Path(__file__).with_name("gateway_alone.py")
    told = subprocess.run([sys.executable, script], capture_output=True, check=True)
    return float(json.loads(told.stdout)["per_s"])


def recorded(folder: Path, state: str) -> int:
    database = sqlite3.connect(f"file:{folder}/mailproof.db?mode=ro", uri=True)
    (found,) = database.execute("SELECT count(*) FROM emails WHERE state = ?", (state,)).fetchone()
    database.close()
    return int(found)


def through(folder: Path, sink_port: int) -> dict[str, float]:
    """Offer as much as it takes for some seconds, then wait until all of it is recorded."""
    with served(folder, sink_port) as (port, ready_s):
        offered(port, 0.5)
        while recorded(folder, "queued") or recorded(folder, "sending"):
            time.sleep(0.05)  # noqa: TID251
        before, began = recorded(folder, "sent"), time.perf_counter()
        accepted, p50, p99 = offered(port, SECONDS)
        accepting_s = time.perf_counter() - began
        while recorded(folder, "sent") - before < accepted:
            time.sleep(0.05)  # noqa: TID251
        took = time.perf_counter() - began
    return {
        "ready_s": ready_s,
        "while_sending_per_s": accepted / accepting_s,
        "through_per_s": accepted / took,
        "p50_ms": p50,
        "p99_ms": p99,
    }


def held(folder: Path) -> dict[str, float]:
    """Nobody takes the mail: all of it is held."""
    with served(folder, 9) as (port, _):
        offered(port, 0.5)
        accepted, p50, p99 = offered(port, SECONDS)
    return {"accept_per_s": accepted / SECONDS, "p50_ms": p50, "p99_ms": p99}


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("sending", "holding"):
            (folder / part).mkdir()
        raw = raw_inserts(folder)
        with sink(folder) as sink_port:
            naked = uvloop.run(naked_calls(sink_port))
            sent = through(folder / "sending", sink_port)
        kept = held(folder / "holding")
        alone = without_database()
    say = sys.stdout.write
    say(f"ready                     {sent['ready_s']:.2f} s (at most {READY_MAX_S})\n")
    say(f"raw inserts, 64 a commit  {raw:8.0f}/s\n")
    say(f"naked calls, no database  {naked:8.0f}/s\n")
    say(
        f"accept, all held          {kept['accept_per_s']:8.0f}/s (at least {ACCEPT_MIN}; "
        f"{kept['accept_per_s'] / raw:.2f} of raw inserts, {kept['accept_per_s'] / alone:.2f} of "
        f"the same server without a database; p50 {kept['p50_ms']:.1f} ms, "
        f"p99 {kept['p99_ms']:.1f} ms)\n"
    )
    say(
        f"accept, while sending     {sent['while_sending_per_s']:8.0f}/s (p50 {sent['p50_ms']:.1f} "
        f"ms, p99 {sent['p99_ms']:.1f} ms)\n"
    )
    say(
        f"all of it over HTTP       {sent['through_per_s']:8.0f}/s ("
        f"{sent['through_per_s'] / naked:.2f} of the naked loop)\n"
    )
    return 0 if sent["ready_s"] <= READY_MAX_S and kept["accept_per_s"] >= ACCEPT_MIN else 1


if __name__ == "__main__":
    raise SystemExit(main())
