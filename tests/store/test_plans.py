"""The hot queries cost the same with a hundred thousand held mails as with ten."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from mailproof.store.postgres.database import open_postgres
from mailproof.store.postgres.statements import bound, load_statements
from mailproof.store.queries import load_queries
from mailproof.store.sqlite.migrating import migrate
from tests.store.cluster import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The indexes of `emails` that a query must go along.
PLANS: Final = {
    "mails/claim": ["emails_queued"],
    "mails/claim_held": ["emails_held"],
    "mails/claim_probe": ["emails_held"],
    "mails/claim_queued_probe": ["emails_queued"],
    "mails/expire": ["emails_expiring"],
    "mails/expire_unconfirmed": ["emails_unconfirmed"],
    "mails/wake_due": ["emails_due"],
    "mails/lost_leases": ["emails_sending"],
    "mails/leases_of_dead": ["emails_sending"],
    "mails/supersede": ["emails_supersede"],
    "nodes/tick": [
        *("emails_due", "emails_expiring", "emails_sending", "emails_queued"),
        "emails_confirming",
    ],
    "mails/unsure": ["emails_confirming"],
    "mails/sweep_contents": ["contents_created", "id"],
    "mails/sweep_erasing": ["emails_erasing"],
    "mails/sweep_mails": ["seq"],
    "mails/set_erasing": ["id"],
    "mails/take_keys_back": ["id"],
    "mails/repeated": ["id"],
    "mails/told_of": ["id"],
    "mails/record_told": ["id"],
    "mails/look_later": ["id"],
    "mails/status": ["emails_app", "id"],
    "mails/lock_leased": ["id"],
    "mails/record": ["id"],
    "mails/recover": ["id"],
    "mails/hand_back": ["id"],
    "mails/submitted": ["id"],
    "routes/finish_release": ["emails_held"],
    "records/lanes_unexplained": ["emails_held"],
}
# What SQLite calls the index of `emails.id`.
IN_SQLITE_PLANS: Final = {
    "id": "sqlite_autoindex_emails_1 (id=?)",
    "seq": "INTEGER PRIMARY KEY (rowid<?)",
}
# `e` is a thousand mails there.
THOUSAND: Final = {"mails/claim_queued_probe": {"SCAN e"}}
# What is under a lease is few: PostgreSQL may go through all of it rather than look up each id.
LEASED: Final = frozenset({"mails/lock_leased", "mails/record", "mails/recover", "mails/hand_back"})

# Both hold the queued mails; where they are few, PostgreSQL may rather sort them itself.
# Where one app sent it all, the newest of it are the newest of all.
ALIKE: Final = {
    "mails/claim_queued_probe": ["emails_waiting"],
    "mails/status": ["emails_pkey"],
}

NOW: Final = 1_000_000
ID: Final = "0198c0de-0000-7000-8000-000000000001"
VALUES: Final[dict[str, Any]] = {
    "now": NOW,
    "before": NOW,
    "alive": NOW,
    "provider": "resend",
    "sender": "*",
    "node": "n1",
    "id": "n1",
    "engine": True,
    "leased_until": NOW,
    "critical_only": True,
    "lane_id": 1,
    "most": 100,
    "below": 100_000,
    "key_life": NOW,
    "count_max": 10_000,
    "keys": [b"k" * 16],
    "app": "app",
    "purpose": "otp",
    "mail": None,
    "mac": b"m" * 32,
    "since": 0,
    "until": NOW,
    "ids": [ID],
    "nodes": ["n1"],
    "leases": f'[["{ID}", 1]]',
    "rows": f'[["{ID}", "sent", null, null, 0, 0, null, null, 1, null]]',
}

# 1,000 of each kind for every 100,000 held ones in 20 closed lanes, and 50,000 that are done.
LANES: Final = """
INSERT INTO lanes (id, sender, pin, state, since)
SELECT n, 'd' || n || '.test', '', CASE WHEN n <= 20 THEN 'closed' ELSE 'open' END, 0 FROM numbers
WHERE n <= 21
"""
MAILS: Final = """
INSERT INTO emails (id, app, key_id, lane_id, pin, state, purpose, critical, due_at, expires_at,
                    created_at, changed_at, leased_until, unknown_since, encoder, supersede_key,
                    on_hold, sender, subject)
SELECT {id}, 'app', '', CASE state WHEN 'held' THEN 1 + n % 20 ELSE 21 END, '', state, 'otp',
       {critical}, CASE state WHEN 'deferred' THEN 2000000 + n END, 3000000 + n * 7919 % 1000003, n,
       n, CASE state WHEN 'sending' THEN 2000000 + n END,
       CASE state WHEN 'unconfirmed' THEN n END, 1, {key}, 'promise', 'a@d.test', 'Hello'
FROM (
    SELECT n, CASE WHEN n <= 50000 THEN 'sent' WHEN n <= 150000 THEN 'held'
                   WHEN n <= 151000 THEN 'queued' WHEN n <= 152000 THEN 'deferred'
                   WHEN n <= 153000 THEN 'sending' ELSE 'unconfirmed' END AS state
    FROM numbers
) AS each
"""
CONTENTS: Final = """
INSERT INTO contents (email_id, payload, created_at)
SELECT id, {payload}, created_at FROM emails WHERE state IN ('sent', 'held')
"""
IN_SQLITE: Final = {
    "payload": "zeroblob(10)",
    "id": "printf('0198c0de-0000-7000-8000-%012x', n)",
    "critical": "n % 2",
    "key": "CAST(printf('%016d', n) AS BLOB)",
}
IN_POSTGRES: Final = {
    "payload": "'1234567890'::bytea",
    "id": "('0198c0de-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid",
    "critical": "n % 2 = 1",
    "key": "convert_to(lpad(n::text, 16, '0'), 'UTF8')",
}


@pytest.fixture(scope="module")
def file() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, 0)
        numbers = (
            "WITH RECURSIVE numbers (n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 154000) "
        )
        connection.execute(numbers.join(["", LANES]))
        connection.execute(numbers + MAILS.format(**IN_SQLITE))
        connection.execute(CONTENTS.format(**IN_SQLITE))
        yield connection


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    async with cluster.fresh_database() as url:
        await (await open_postgres(url)).close()
        connection = await asyncpg.connect(url)
        await connection.execute(
            "CREATE TEMP VIEW numbers AS SELECT generate_series(1, 154000) AS n"
        )
        await connection.execute(LANES)
        await connection.execute(MAILS.format(**IN_POSTGRES))
        await connection.execute(CONTENTS.format(**IN_POSTGRES))
        await connection.execute("ANALYZE")
        yield connection
        await connection.close()


def in_postgres(name: str) -> list[list[str]]:
    """What each of its indexes may be."""
    few = ["emails_sending"] if name in LEASED else []
    own = {"id": ["emails_id_key", *few], "seq": ["emails_pkey"]}
    return [own.get(index, [index, *ALIKE.get(name, [])]) for index in PLANS[name]]


@pytest.mark.parametrize("name", PLANS)
async def test_sqlite_goes_along_the_index(name: str, file: sqlite3.Connection) -> None:
    query = load_queries("mailproof.store.sqlite")[name]
    plan = file.execute(f"EXPLAIN QUERY PLAN {query.text}", _for_sqlite(query.text)).fetchall()
    steps = [step[3] for step in plan]
    for index in PLANS[name]:
        assert any(IN_SQLITE_PLANS.get(index, index) in step for step in steps), steps
    whole = {"SCAN emails", "SCAN first", "SCAN e"} - THOUSAND.get(name, set())
    assert not whole & set(steps)


@pytest.mark.parametrize("name", PLANS)
async def test_postgresql_goes_along_the_index(name: str, server: asyncpg.Connection) -> None:
    asked = load_statements()[name]
    last = asked.statements[-1]
    rows = await server.fetch(f"EXPLAIN {last.text}", *bound(asked, last, VALUES | _own(name)))
    _check([row[0] for row in rows], in_postgres(name))


@pytest.mark.parametrize("name", PLANS)
async def test_postgresql_goes_along_the_index_whatever_the_values(
    name: str, server: asyncpg.Connection
) -> None:
    """A prepared statement may be planned once for all values."""
    last = load_statements()[name].statements[-1]
    await server.execute("SET plan_cache_mode = force_generic_plan")
    await server.execute(f"PREPARE asked AS {last.text}")
    values = f"({', '.join(['NULL'] * len(last.values))})" if last.values else ""
    rows = await server.fetch(f"EXPLAIN EXECUTE asked{values}")
    await server.execute("DEALLOCATE asked; RESET plan_cache_mode")
    _check([row[0] for row in rows], in_postgres(name))


def _check(plan: list[str], wanted: list[list[str]]) -> None:
    for choice in wanted:
        assert any(f" {index} " in step for index in choice for step in plan), plan
    assert not [step for step in plan if "Seq Scan on emails" in step], plan


def _own(name: str) -> dict[str, Any]:
    return {"id": 1} if name == "routes/finish_release" else {}


def _for_sqlite(text: str) -> dict[str, Any]:
    values = {
        name: str(value) if isinstance(value, list) else value for name, value in VALUES.items()
    }
    return values | {"keys_bytes": b"k" * 16} if "@keys_bytes" in text else values
