"""Looking costs the same with a million mails as with ten: each query goes along its index."""

import sqlite3
from pathlib import Path

import pytest

from mailproof.store.queries import load_queries
from mailproof.store.sqlite.database import open_sqlite

# Which index a query must go along; "primary" is the order of arrival, or the id.
PLANS = {
    "mails/find_newest": "INTEGER PRIMARY KEY",
    "mails/find_next": "INTEGER PRIMARY KEY",
    "mails/find_of_app": "INDEX emails_app",
    "mails/find_next_of_app": "INDEX emails_app",
    "mails/find_ended": "INDEX emails_ended (state=?",
    "mails/find_queued": "INDEX emails_queued",
    "mails/find_held": "INDEX emails_held",
    "mails/find_due": "INDEX emails_due",
    "mails/find_sending": "INDEX emails_sending",
    "mails/rows": "INTEGER PRIMARY KEY",
    "mails/standing": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/desk_rows": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/retry_ended": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/retry_unconfirmed": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/retry_waiting": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/cancel": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/reschedule": "INDEX sqlite_autoindex_emails_1 (id=?)",
    "mails/recipients_of": "PRIMARY KEY (email_id=?)",
    "mails/attempts_of": "INDEX sqlite_autoindex_attempts_1 (email_id=?)",
    "mails/created_from": "INTEGER PRIMARY KEY",
    "records/events_of_email": "INDEX events_email",
    "records/events_after": "INTEGER PRIMARY KEY",
    "records/check_history": "INDEX checks_of",
    "records/latest_checks": "INDEX checks_of",
    "records/suppressions": "INTEGER PRIMARY KEY",
    "records/suppressions_of": "INDEX suppressions_lookup",
    "records/blocked": "INDEX suppressions_lookup",
}
# Those whose order is not that of their index: all entries of a partial index are sorted.
SORTED = {"mails/find_queued", "mails/find_held", "mails/find_due", "mails/find_sending"}
# Sorted too, but never more than was asked for, or than speaks against one address.
SMALL = {"mails/rows", "mails/recipients_of", "records/suppressions_of", "records/latest_checks"}
SMALL |= {"records/blocked"}


async def plan_of(name: str, folder: Path) -> str:
    database = await open_sqlite(folder / "mailproof.db", now_ms=lambda: 0)
    await database.close()
    query = load_queries("mailproof.store.sqlite")[name]
    connection = sqlite3.connect(folder / "mailproof.db")
    values = dict.fromkeys(query.values, 1)
    values |= {f"{each}_bytes": 1 for each in query.values}
    steps = connection.execute(f"EXPLAIN QUERY PLAN {query.text}", values).fetchall()
    connection.close()
    return "\n".join(step[3] for step in steps)


@pytest.mark.parametrize("name", PLANS)
async def test_a_query_goes_along_its_index(name: str, tmp_path: Path) -> None:
    plan = await plan_of(name, tmp_path)
    assert PLANS[name] in plan
    assert "SCAN emails\n" not in plan + "\n"
    assert ("USE TEMP B-TREE" in plan) <= (name in SORTED | SMALL)
