"""What the console asks of the store, beside 1,000,000 mails: milliseconds for each function.

Usage: python bench/console.py [--mails N] [postgresql://…]

On SQLite, and on an empty PostgreSQL database if one is named. Of the mails a third is held in
closed lanes, a twentieth ended badly, the rest was sent within a week. Exits 1 when a call takes
longer than a person should wait.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.console import bulk, counts, history, minutes, search
from mailproof.store.postgres.database import open_postgres
from mailproof.store.sqlite.database import open_sqlite

MAILS = 1_000_000
ROUNDS = 7
MOST_MS = 100.0
NAV_MOST_MS = 5.0
DAY_MS = 86_400_000

LANES = """
INSERT INTO lanes (id, sender, pin, state, provider, reason, since)
SELECT n, 'd' || n || '.example', '', CASE WHEN n <= 10 THEN 'closed' ELSE 'open' END,
       CASE WHEN n > 10 THEN 'first' END, CASE WHEN n <= 10 THEN 'sender_unverified' END, 0
FROM numbers WHERE n <= 12
"""
ROUTES = """
INSERT INTO routes (provider, sender, state, reason, since)
SELECT 'first', CASE WHEN n > 10 THEN '*' ELSE 'd' || n || '.example' END,
       CASE WHEN n <= 10 THEN 'closed' ELSE 'open' END,
       CASE WHEN n <= 10 THEN 'sender_unverified' END, 0
FROM numbers WHERE n <= 11
"""
EMAILS = """
INSERT INTO emails (id, app, key_id, lane_id, pin, state, purpose, critical, expires_at, created_at,
                    changed_at, encoder, provider, on_hold, reason, sender, subject)
SELECT {id}, CASE n % 50 WHEN 0 THEN 'rare' ELSE 'shop' END, '',
       CASE state WHEN 'held' THEN 1 + n % 10 ELSE 11 + n % 2 END, '', state,
       CASE n % 4 WHEN 0 THEN 'otp' WHEN 1 THEN 'registration' WHEN 2 THEN 'receipt' ELSE '' END,
       {critical}, {now} + 86400000 + n % 600000, at, at, 1,
       CASE state WHEN 'sent' THEN 'first' WHEN 'failed' THEN 'first' END, 'promise',
       CASE state WHEN 'held' THEN 'sender_unverified' WHEN 'failed' THEN 'mailbox_not_found' END,
       'hello@d11.example', 'Your receipt for order ' || n || ' of Harbour Books'
FROM (
    SELECT n, {now} - ({count} - n) * CAST(604800000.0 / {count} AS INTEGER) AS at,
           CASE WHEN n % 3 = 0 THEN 'held' WHEN n % 20 = 1 THEN 'failed'
                WHEN n % 400 = 2 THEN 'expired' ELSE 'sent' END AS state
    FROM numbers
) AS each
"""
RECIPIENTS = """
INSERT INTO recipients (email_id, pos, role, address, lookup, state)
SELECT id, 0, 'to', 'reader' || seq || '@mail' || (seq % 7) || '.example', {lookup}, 'open'
FROM emails
"""
EVENTS = """
INSERT INTO events (at, type, email_id, data)
SELECT created_at, 'email.accepted', id, '{{"app":"shop"}}' FROM emails
"""
ROUTE_EVENTS = """
INSERT INTO events (at, type, data)
SELECT {now} - (2000 - n) * 43200, CASE n % 2 WHEN 0 THEN 'route.opened' ELSE 'route.closed' END,
       '{{"provider":"first","sender":"d1.example"}}'
FROM numbers WHERE n <= 2000
"""
NUMBERS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {most})
"""
MINUTES = """
INSERT INTO minutes (minute, purpose, accepted, sent, waiting, bad, other)
SELECT {now} / 60000 - n / 6, 'p' || (n % 6), n % 97, n % 89, n % 3, n % 2, 0
FROM numbers WHERE n <= 69120
"""
PACES = """
INSERT INTO paces (hour, purpose, provider, upper_ms, count)
SELECT {now} / 3600000 - n / 90, 'p' || (n % 6), 'first', 100 + n / 6 % 15 * 50, n
FROM numbers WHERE n <= 17280
"""
SEED = (LANES, ROUTES, EMAILS, RECIPIENTS, EVENTS, ROUTE_EVENTS, MINUTES, PACES)
IN_SQLITE = {
    "id": "printf('%08x-%04x-7000-8000-%012x', at >> 16, at & 65535, n)",
    "critical": "n % 2",
    "lookup": "zeroblob(16)",
}
IN_POSTGRES = {
    "id": "(lpad(to_hex(at), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid",
    "critical": "n % 2 = 1",
    "lookup": "'0123456789abcdef'::bytea",
}


def now_ms() -> int:
    return int(time.time() * 1000)


def in_sqlite(path: Path, count: int) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    numbers = NUMBERS.format(most=max(count, 70_000))
    database.execute("BEGIN")
    for statement in SEED:
        given = statement.format(count=count, now=now_ms(), **IN_SQLITE)
        database.execute(_within(numbers + given, count))
    database.execute("COMMIT")
    database.close()


async def in_postgres(url: str, count: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        f"CREATE TEMP VIEW numbers AS SELECT generate_series(1, {max(count, 70_000)})::bigint AS n"
    )
    for statement in SEED:
        given = statement.format(count=count, now=now_ms(), **IN_POSTGRES)
        await connection.execute(_within(given, count), timeout=600)
    await connection.execute("VACUUM ANALYZE", timeout=600)
    await connection.close()


def _within(statement: str, count: int) -> str:
    return statement.replace("FROM numbers\n)", f"FROM numbers WHERE n <= {count}\n)")


def calls(count: int, now: int) -> dict[str, Callable[[Any], Awaitable[object]]]:
    query = search.Query
    ended = (State.FAILED, State.EXPIRED, State.BOUNCED, State.COMPLAINED)
    waiting = (State.HELD, State.QUEUED, State.DEFERRED, State.SENDING, State.SCHEDULED)
    texts: dict[str, search.Query] = {
        "the newest": query(),
        "an address": query(text="READER999@mail5"),
        "an address that nobody has": query(text="nobody@nowhere.example"),
        "words of a subject": query(text="order 77"),
        "an id": query(text=f"{now - DAY_MS:012x}"[:8]),
        "ended badly": query(states=ended),
        "ended badly, for a reason that none has": query(states=ended, reason="greylisted"),
        "waiting": query(states=waiting),
        "a rare app": query(app="rare"),
        "a rare app, ended badly, of today": query(app="rare", states=ended, since=now - DAY_MS),
        "two days last week": query(since=now - 5 * DAY_MS, until=now - 3 * DAY_MS),
    }
    found: dict[str, Callable[[Any], Awaitable[object]]] = {
        f"search: {name}": _bound(search.search, given) for name, given in texts.items()
    }
    middle = count // 2
    found["search: an older page"] = _bound(search.search, query(), before_seq=middle)
    found["search: a newer page"] = _bound(search.search, query(states=ended), after_seq=middle)
    found["count_newer: 1,000 and more"] = _bound(search.count_newer, query(), middle)
    found["counts: of all"] = _bound(counts.counts, None)
    found["counts: of a day"] = _bound(counts.counts, now - DAY_MS)
    found["counts: of an hour"] = _bound(counts.counts, now - DAY_MS // 24)
    found["total"] = counts.total
    found["nav"] = counts.nav
    found["waits"] = counts.waits
    found["minutes: of a day"] = _bound(minutes.minutes, since_minute=(now - DAY_MS) // 60_000)
    found["minutes: of 8 days"] = _bound(minutes.minutes, since_minute=0)
    found["purposes_now"] = _bound(minutes.purposes_now, day_began_at=now - DAY_MS // 2)
    found["route_history"] = _bound(
        history.route_history, "first", "d1.example", since=now - DAY_MS
    )
    found["route_facts"] = history.route_facts
    found["preview: retry, of many"] = _bound(bulk.preview, "retry", query(states=ended))
    found["preview: release, of many"] = _bound(bulk.preview, "release", query())
    return found


def _bound(function: Callable[..., Awaitable[object]], *args: object, **more: object) -> Any:
    async def call(tx: Any) -> object:
        return await function(tx, *args, **more)

    return call


async def measured(database: Database, count: int) -> dict[str, float]:
    """The fastest of some rounds of each call, in milliseconds: the others were slowed by
    neighbours."""
    found = {}
    for name, call in calls(count, database.now()).items():
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await database.read(call)
            times.append((time.perf_counter() - began) * 1e3)
        found[name] = min(times)
    return found


async def both(urls: Sequence[str], count: int) -> dict[str, dict[str, float]]:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mailproof.db"
        file = await open_sqlite(path, now_ms=now_ms)
        in_sqlite(path, count)
        found["sqlite"] = await measured(file, count)
        await file.close()
    for url in urls:
        server = await open_postgres(url)
        await in_postgres(url, count)
        found["postgres"] = await measured(server, count)
        await server.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=MAILS)
    parser.add_argument("urls", nargs="*", metavar="postgresql://…")
    given = parser.parse_args()
    found = asyncio.run(both(given.urls, given.mails))
    late = 0
    sys.stdout.write(f"{'':44}{''.join(f'{name:>12}' for name in found)}\n")
    for name in found["sqlite"]:
        times = [each[name] for each in found.values()]
        most = NAV_MOST_MS if name == "nav" else MOST_MS
        late += max(times) > most
        sys.stdout.write(f"{name:44}{''.join(f'{ms:9.1f} ms' for ms in times)}\n")
    return 1 if late else 0


if __name__ == "__main__":
    raise SystemExit(main())
