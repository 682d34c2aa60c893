"""What is asked every two seconds while something is wrong must not read every mail."""

import sqlite3

import pytest

from mailproof.store.queries import load_migrations, load_queries

PACKAGE = "mailproof.store.sqlite"
SUBQUERIES = {f"(subquery-{number})" for number in range(9)}


@pytest.mark.parametrize(
    "name", ["critical_waiting", "routes_with_waiting", "lanes_unexplained", "refused_keys"]
)
def test_a_look_reads_mails_and_refusals_by_an_index_alone(name: str) -> None:
    query = load_queries(PACKAGE)[f"records/{name}"]
    connection = sqlite3.connect(":memory:")
    for _, text in load_migrations(PACKAGE):
        connection.executescript(text)
    values = dict.fromkeys(query.values, 1)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query.text}", values)]
    connection.close()
    scanned = {step.split()[1]: step for step in plan if step.startswith("SCAN")}
    for table in ("emails", "refusals", "e"):
        assert "USING INDEX emails_due" in scanned.pop(table, "USING INDEX emails_due")
    assert scanned.keys() <= {"l", "r", "w", "held", "recent", *SUBQUERIES}
