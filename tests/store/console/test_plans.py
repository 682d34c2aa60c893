"""What the console asks goes along indexes, so that it costs the same beside a million mails."""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]
import pytest

from mailproof.store.postgres.statements import bound, load_statements
from mailproof.store.queries import load_queries
from tests.store.test_plans import VALUES, file, server

__all__ = ["file", "server"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The indexes that a query must go along: in SQLite, and in PostgreSQL one of those that would do.
ARRIVAL: Final = "USING INTEGER PRIMARY KEY"
WAITING: Final = ("emails_waiting",)
PLANS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "console/walk": (f"SEARCH e {ARRIVAL} (rowid>? AND rowid<?)", ("emails_pkey", "emails_ended")),
    "console/walk_next": (
        f"SEARCH e {ARRIVAL} (rowid>? AND rowid<?)",
        ("emails_pkey", "emails_ended"),
    ),
    "console/walk_app": ("COVERING INDEX emails_app", ("emails_app",)),
    "console/walk_app_next": ("COVERING INDEX emails_app", ("emails_app",)),
    "console/walk_state": ("COVERING INDEX emails_ended", ("emails_ended",)),
    "console/walk_state_next": ("COVERING INDEX emails_ended", ("emails_ended",)),
    "console/walk_waiting": ("COVERING INDEX emails_waiting", WAITING),
    "console/walk_ids": ("sqlite_autoindex_emails_1 (id>? AND id<?)", ("emails_id_key",)),
    "console/count_ended": ("COVERING INDEX emails_ended", ("emails_ended",)),
    "console/count_waiting": ("INDEX emails_waiting", WAITING),
    "console/count_after": (f"SEARCH emails {ARRIVAL} (rowid>?)", ("emails_pkey",)),
    "console/states_at": (f"SEARCH emails {ARRIVAL} (rowid=?)", ("emails_pkey",)),
    "console/nav": ("INDEX emails_waiting", WAITING),
    "console/waits_held": ("INDEX emails_held (lane_id=?", ("emails_held",)),
    "console/held_lanes": ("INDEX emails_held (lane_id=?", ("emails_held",)),
    "console/waits_other": ("INDEX emails_queued", ("emails_queued", "emails_waiting")),
    "console/waiting_of_purposes": ("INDEX emails_waiting (state=? AND purpose=?)", WAITING),
    "console/judged_rows": ("sqlite_autoindex_emails_1 (id=?)", ("emails_id_key",)),
    "console/known_ids": ("sqlite_autoindex_emails_1 (id=?)", ("emails_id_key",)),
    "console/last_sent_of": ("SCAN emails", ("emails_pkey",)),
    "console/route_events": ("INDEX events_of_none (type=?)", ("events_of_none",)),
    "console/checks_since": ("INDEX checks_of (provider=? AND at>?)", ("checks_of",)),
    "console/slowed_since": ("INDEX attempts_failed (provider=? AND", ("attempts_failed",)),
    "console/minutes": ("PRIMARY KEY (minute>?)", ("minutes_pkey",)),
    "console/hour_of_purposes": ("PRIMARY KEY (minute>?)", ("minutes_pkey",)),
    "console/today_of_purposes": ("PRIMARY KEY (minute>?)", ("minutes_pkey",)),
    "console/sweep_minutes": ("PRIMARY KEY (minute<?)", ("minutes_pkey",)),
    "console/paces": ("PRIMARY KEY (hour>?)", ("paces_pkey",)),
    "console/sweep_paces": ("PRIMARY KEY (hour<?)", ("paces_pkey",)),
}
# Small tables: PostgreSQL may read all of what is empty here.
SMALL: Final = ("minutes", "paces", "checks", "attempts", "events")
# A newest-first scan that stops after a page is along the order of arrival, whatever it is called.
NEWEST: Final = frozenset({"console/last_sent_of"})

ID: Final = "0198c0de-0000-7000-8000-000000000001"
ASKED: Final[dict[str, Any]] = {
    **VALUES,
    "above": 10,
    "below": 20_000,
    "until": 2**40,
    "states": ["failed"],
    "state": "failed",
    "reason": None,
    "purpose": None,
    "pattern": "%ada%",
    "limit": 51,
    "looked": 51,
    "most": 10_000,
    "first": ID,
    "last": ID,
    "seqs": [1, 2, 3],
    "purposes": ["otp"],
    "minute": 1,
    "since_minute": 1,
    "day_minute": 1,
    "since_hour": 1,
    "before": 10_000_000,
}


@pytest.mark.parametrize("name", PLANS)
async def test_sqlite_goes_along_the_index(name: str, file: sqlite3.Connection) -> None:
    query = load_queries("mailproof.store.sqlite")[name]
    given = {
        key: f"[{', '.join(map(repr, value))}]".replace("'", '"')
        if isinstance(value, list)
        else value
        for key, value in ASKED.items()
    }
    plan = file.execute(f"EXPLAIN QUERY PLAN {query.text}", given).fetchall()
    steps = [step[3] for step in plan]
    assert any(PLANS[name][0] in step for step in steps), steps
    if name not in NEWEST:
        assert not {"SCAN emails", "SCAN e", "SCAN events"} & set(steps), steps


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize("name", PLANS)
async def test_postgresql_goes_along_the_index(
    name: str,
    generic: bool,  # noqa: FBT001
    server: asyncpg.Connection,
) -> None:
    """A prepared statement may be planned once for all values."""
    asked = load_statements()[name]
    last = asked.statements[-1]
    if generic:
        await server.execute("SET plan_cache_mode = force_generic_plan")
        await server.execute(f"PREPARE asked AS {last.text}")
        values = f"({', '.join(['NULL'] * len(last.values))})" if last.values else ""
        rows = await server.fetch(f"EXPLAIN EXECUTE asked{values}")
        await server.execute("DEALLOCATE asked; RESET plan_cache_mode")
    else:
        rows = await server.fetch(f"EXPLAIN {last.text}", *bound(asked, last, ASKED))
    plan = [row[0] for row in rows]
    whole = [step for step in plan if "Seq Scan on emails" in step]
    assert not whole, plan
    read = [step for step in plan if any(f"Seq Scan on {table}" in step for table in SMALL)]
    along = any(f" {index} " in step for index in PLANS[name][1] for step in plan)
    assert along or read, plan
