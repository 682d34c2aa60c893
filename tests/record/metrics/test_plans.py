"""A scrape, and counting, cost the same with a million mails that are done as with ten."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from mailproof.store.queries import load_queries
from mailproof.store.sqlite.migrating import migrate

# The indexes that each query goes along, and what it may read whole: routes, nodes and cursors are
# few, and pages and groups are what it has just made.
PLANS = {
    "waiting_by_purpose": ({"emails_waiting", "emails_sending"}, {"w", "emails"}),
    "count_events": ({"PRIMARY KEY", "sqlite_autoindex_attempts_1"}, {"p", "r"}),
    "routes_shown": (set[str](), {"routes", "placed", "(subquery-4)"}),
    "pulse": ({"PRIMARY KEY"}, {"nodes", "c"}),
}


@pytest.fixture(scope="module")
def file() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, 0)
        yield connection


@pytest.mark.parametrize("name", PLANS)
def test_it_reads_mails_and_events_by_an_index_alone(name: str, file: sqlite3.Connection) -> None:
    query = load_queries("mailproof.store.sqlite")[f"records/{name}"]
    values = dict.fromkeys(query.values, 1)
    plan = [step[3] for step in file.execute(f"EXPLAIN QUERY PLAN {query.text}", values)]
    indexes, whole = PLANS[name]
    for index in indexes:
        assert any(index in step for step in plan), plan
    scans = {step.split()[1]: step for step in plan if step.startswith("SCAN")}
    assert scans.keys() <= whole, plan
    assert "emails_sending" in scans.get("emails", "emails_sending"), plan


def test_mail_that_goes_at_once_is_in_the_index_only_until_it_is_claimed(
    file: sqlite3.Connection,
) -> None:
    (text,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'emails_waiting'").fetchone()
    assert "'sending'" not in text
