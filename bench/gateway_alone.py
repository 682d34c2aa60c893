"""What the gateway costs by itself: real HTTP on two sockets, a counter that answers at once.

    python bench/gateway_alone.py [--seconds 5] [--connections 64] [--profile FILE]

Prints one line of JSON: requests a second, their times, and the CPU that the server used for each.
The clients run in a process of their own.
"""

import argparse
import asyncio
import cProfile
import json
import logging
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import structlog
import uvloop

from mailproof.config.settings import Server
from mailproof.engine.receipts import Caller, Receipt, Receipts
from mailproof.gateway.keyring import KeyRing
from mailproof.gateway.listening import open_listeners
from mailproof.gateway.public import Readiness
from mailproof.gateway.server import Gateway
from mailproof.mail.ids import Ids
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.record.metrics.page import Shown
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.keys import create_key, make_key
from mailproof.store.sqlite.database import open_sqlite

HTML = "<p>Confirm your address: it takes a minute, and then you are in.</p>" * 30
MAIL = {
    "from": "Acme <hello@acme.com>",
    "to": ["ada@example.com"],
    "subject": "Confirm your address",
    "html": HTML,
}


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


class Instant:
    """Says that every mail is sent, without looking."""

    def __init__(self) -> None:
        self._ids = Ids(now)

    async def accept(
        self,
        caller: Caller,
        emails: Sequence[Email],
        *,
        endpoint: str,
        wait_s: float,
        on_hold: Literal["promise", "refuse"] | None = None,
    ) -> Receipts:
        return Receipts(tuple(Receipt(id=str(self._ids.new()), state=State.SENT) for _ in emails))


class Load(asyncio.Protocol):
    """One connection: sends, reads the whole answer, sends again."""

    def __init__(self, request: bytes, times: list[float], until: float) -> None:
        self.request, self.times, self.until = request, times, until
        self.done = asyncio.get_running_loop().create_future()
        self.seen = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.seen += data
        head, blank, body = self.seen.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(self.seen.decode())
        self.seen = b""
        ended = time.perf_counter()
        self.times.append(ended - self.began)
        if ended < self.until:
            self.ask()
        else:
            self.done.set_result(None)
            self.transport.close()


async def load(port: int, request: bytes, connections: int, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    until = time.perf_counter() + seconds
    made = [
        await loop.create_connection(lambda: Load(request, times, until), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return times


def client(pipe: Connection, connections: int, seconds: float) -> None:
    port, key = pipe.recv()
    body = json.dumps(MAIL).encode()
    head = (
        f"POST /emails HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"User-Agent: bench/1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    uvloop.run(load(port, request, connections, 1.0))  # until everything has been used once
    pipe.send(None)
    pipe.send(uvloop.run(load(port, request, connections, seconds)))


async def serve(pipe: Connection, folder: Path, profile: str) -> dict[str, float]:
    database = await open_sqlite(folder / "bench.db", now_ms=lambda: int(time.time() * 1_000))
    made = make_key()
    await database.write(create_key, made, "bench", actor="bench")
    listeners = open_listeners(Server(port=0))

    async def nothing(*_: Any) -> None:
        return None

    async def ready() -> Readiness:
        return Readiness(ready=True)

    async def no_webhooks(provider: str, headers: Mapping[str, str], body: bytes) -> None:
        return None

    async def no_metrics(accept: str) -> Shown:
        return Shown(b"", "text/plain")

    gateway = Gateway(
        server=Server(port=0),
        mailroom=Instant(),
        db=database,
        keys=KeyRing(database),
        installation=await database.write(installation),
        note=nothing,
        hear=no_webhooks,
        readiness=ready,
        state=nothing,
        metrics=no_metrics,
        set_level=lambda level: None,
        clock=now,
        version="0",
    )
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        group.create_task(gateway.serve(listeners, drain_s=1))
        await gateway.started.wait()
        pipe.send((listeners.public.getsockname()[1], made.secret))
        await loop.run_in_executor(None, pipe.recv)
        before = resource.getrusage(resource.RUSAGE_SELF)
        watch = cProfile.Profile()
        if profile:
            watch.enable()
        times = await loop.run_in_executor(None, pipe.recv)
        watch.disable()
        after = resource.getrusage(resource.RUSAGE_SELF)
        gateway.stop()
    if profile:
        watch.dump_stats(profile)
    await database.close()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    cuts = statistics.quantiles(times, n=100)
    return {
        "requests": len(times),
        "cpu_us_each": round(used / len(times) * 1e6, 1),
        "p50_ms": round(cuts[49] * 1_000, 2),
        "p99_ms": round(cuts[98] * 1_000, 2),
    }


def main() -> None:
    options = argparse.ArgumentParser(description="What the gateway costs by itself.")
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--profile", default="", help="write the server's profile here")
    given = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(
        target=client, args=(theirs, given.connections, given.seconds), daemon=True
    )
    process.start()
    with tempfile.TemporaryDirectory() as folder:
        found = uvloop.run(serve(ours, Path(folder), given.profile))
    process.join()
    found["per_s"] = round(found["requests"] / given.seconds)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
