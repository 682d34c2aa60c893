"""What holding many costs: accept and claim beside 0 and 1,000,000 held mails, and a release.

In this process, on SQLite, with a provider that takes everything. Ratios in one run; exits 1 when
held mail slows what is not held, or when a release makes accepting stall.
"""

import asyncio
import logging
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvloop

from mailproof.clock import SystemClock
from mailproof.engine.engine import Engine, Parts
from mailproof.engine.policy import Handling, Policy
from mailproof.engine.receipts import Caller
from mailproof.mail.address import Address
from mailproof.mail.ids import Ids
from mailproof.mail.message import Email
from mailproof.mail.purposes import PURPOSES
from mailproof.providers.base import (
    Capabilities,
    Confirms,
    Encoded,
    Health,
    Outgoing,
    Sent,
    Verdict,
)
from mailproof.store.mails.accept import accept
from mailproof.store.mails.claim import claim
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Node
from mailproof.store.routes.breakers import start_routes
from mailproof.store.shapes import NewMail, NewRecipient, Routing, Submission
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite

HELD = 1_000_000
RELEASED = 100_000
BATCH = 64
ROUNDS = 60
RATIO_MAX = 1.3
STALL_MAX_MS = 250.0
ROUTING = Routing(order=("instant",), key_ttl_ms={"instant": 86_400_000})
IDS = Ids(lambda: datetime.fromtimestamp(time.time(), UTC))

# Written beside the store, because accepting a million mails one by one is another bench.
SEED = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
INSERT INTO emails (id, app, key_id, lane_id, pin, state, purpose, critical, expires_at, created_at,
                    changed_at, encoder, on_hold, reason, sender, subject)
SELECT printf('00000000-0000-7000-8000-%012x', n), 'shop', '', :lane, '', 'held', 'bulk', 0,
       :expires, :now, :now, 1, 'promise', 'sender_unverified', 'a@held.test', 'Hello'
FROM numbers
"""
CONTENTS = """
INSERT INTO contents (email_id, payload, created_at)
SELECT id, CAST('{"from":"a@held.test","to":["b@customer.test"],"subject":"Hello"}' AS BLOB), :now
FROM emails WHERE state = 'held'
"""


def now_ms() -> int:
    return int(time.time() * 1000)


def seed(path: Path, count: int, *, contents: bool) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN")
    lane = database.execute(
        "INSERT INTO lanes (sender, pin, state, reason, since) "
        "VALUES ('held.test', '', 'closed', 'sender_unverified', 0) RETURNING id"
    ).fetchone()[0]
    given = {"count": count, "lane": lane, "now": now_ms(), "expires": now_ms() + 86_400_000}
    database.execute(SEED, given)
    if contents:
        database.execute(CONTENTS, given)
    failure = '{"reason":"sender_unverified"}'
    database.execute(
        "INSERT INTO routes (provider, sender, state, reason, failure, since, next_probe_at) "
        "VALUES ('instant', 'held.test', 'closed', 'sender_unverified', ?, 0, ?)",
        (failure, now_ms() + (0 if contents else 3_600_000)),
    )
    database.execute("COMMIT")
    database.close()


def mail() -> NewMail:
    number = str(IDS.new())
    return NewMail(
        id=number,
        app="shop",
        key_id="",
        sender="a@acme.test",
        subject="Hello",
        lane_sender="acme.test",
        pin="",
        purpose="registration",
        critical=True,
        scheduled_at=None,
        expires_at=now_ms() + 86_400_000,
        on_hold="promise",
        wait_until=None,
        supersede_key=None,
        encoder=1,
        payload=b"x" * 2_000,
        recipients=(NewRecipient(f"{number}@customer.test", "to", number.encode()[:16]),),
    )


async def round_trip(database: SqliteDatabase) -> tuple[float, float]:
    """Milliseconds to accept a batch, and to claim it."""
    began = time.perf_counter()
    await database.write(accept, [Submission("shop", (mail(),)) for _ in range(BATCH)], ROUTING)
    accepted = time.perf_counter()
    await database.write(claim, provider="instant", most=BATCH, node="n", lease_ms=60_000)
    return (accepted - began) * 1e3, (time.perf_counter() - accepted) * 1e3


async def beside_held(folder: Path) -> tuple[float, float]:
    """How much slower accept and claim are beside a million held mails."""
    databases = []
    for count in (0, HELD):
        database = await open_sqlite(folder / f"{count}.db", now_ms=now_ms)
        seed(folder / f"{count}.db", count, contents=False)
        await database.write(start_routes, {"instant": ""}, ROUTING)
        await round_trip(database)
        databases.append(database)
    times: list[list[tuple[float, float]]] = [[], []]
    for _ in range(ROUNDS):
        for place, database in enumerate(databases):
            times[place].append(await round_trip(database))
    for database in databases:
        await database.close()
    few, many = times
    return (
        statistics.median(a for a, _ in many) / statistics.median(a for a, _ in few),
        statistics.median(c for _, c in many) / statistics.median(c for _, c in few),
    )


class Instant:
    """Takes everything at once."""

    name = "instant"
    fingerprint = ""
    capabilities = Capabilities(
        type="resend",
        key_ttl_s=86_400.0,
        confirms=Confirms.NONE,
        takes_extra=True,
        verifies_addresses=False,
    )

    def __init__(self) -> None:
        self.taken = 0

    def sender_of(self, mailbox: str) -> str:
        return mailbox.rpartition("@")[2]

    def encode(self, outgoing: Outgoing) -> Encoded:
        return Encoded(outgoing.payload, b"")

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent:
        await asyncio.sleep(0)
        self.taken += 1
        return Sent(key)

    async def check(self, *, deadline_s: float) -> Health:
        return Health(verdict=Verdict.GOOD, senders={"held.test": None})


class Mine:
    def acquire(self) -> bool:
        return True

    def holder(self) -> str:
        return ""

    def release(self) -> None:
        return None


async def release(folder: Path) -> tuple[float, float, float]:
    """Seconds until all are out, and the median and longest accept meanwhile, in ms."""
    path = folder / "release.db"
    database = await open_sqlite(path, now_ms=now_ms)
    seed(path, RELEASED, contents=True)
    instant, clock = Instant(), SystemClock()
    node = Node("n", "all", True, "bench", 1, "0", now_ms(), now_ms())  # noqa: FBT003
    engine = Engine(
        Parts(
            database=database,
            providers=(instant,),
            policy=Policy(purposes={name: Handling(each) for name, each in PURPOSES.items()}),
            installation=await database.write(installation),
            node=node,
            lock=Mine(),
            clock=clock,
            ids=IDS,
            duties_leased=False,
        )
    )
    sender = Address.parse("a@acme.test", where="from")
    times = []
    async with asyncio.TaskGroup() as group:
        running = group.create_task(engine.run())
        await engine.started.wait()
        began = time.perf_counter()
        while instant.taken < RELEASED:
            to = Address.parse(f"{len(times)}@customer.test", where="to")
            email = Email(sender=sender, to=(to,), subject="Hello", text="x", purpose="otp")
            asked = time.perf_counter()
            await engine.counter.accept(Caller(app="shop"), [email], endpoint="/emails", wait_s=0.0)
            times.append((time.perf_counter() - asked) * 1e3)
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        engine.stop()
        await running
    await database.close()
    return took, statistics.median(times), max(times)


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as name:
        accepting, claiming = uvloop.run(beside_held(Path(name)))
        took, median, longest = uvloop.run(release(Path(name)))
    say = sys.stdout.write
    say(f"beside {HELD:,} held mails  accept takes {accepting:.2f} x, claim {claiming:.2f} x\n")
    say(
        f"release of {RELEASED:,}       {took:.1f} s; an accept meanwhile {median:.1f} ms, "
        f"the longest {longest:.0f} ms (at most {STALL_MAX_MS:.0f})\n"
    )
    flat = accepting <= RATIO_MAX and claiming <= RATIO_MAX
    return 0 if flat and longest <= STALL_MAX_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
