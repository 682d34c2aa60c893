"""What is asked every two seconds, or every minute, must not read every mail, event or attempt."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from mailproof.store.queries import load_migrations, load_queries

PACKAGE = "mailproof.store.sqlite"
SUBQUERIES = {f"(subquery-{number})" for number in range(9)}


@pytest.fixture(scope="module")
def file() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, text in load_migrations(PACKAGE):
            connection.executescript(text)
        yield connection


def plan(file: sqlite3.Connection, name: str) -> list[str]:
    query = load_queries(PACKAGE)[f"records/{name}"]
    values = dict.fromkeys(query.values, 1) | {
        value: "[]" for value in query.values if f"json_each(:{value})" in query.text
    }
    return [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {query.text}", values)]


@pytest.mark.parametrize(
    "name", ["critical_waiting", "routes_with_waiting", "lanes_unexplained", "refused_keys"]
)
def test_a_look_reads_mails_and_refusals_by_an_index_alone(
    name: str, file: sqlite3.Connection
) -> None:
    scanned = {step.split()[1]: step for step in plan(file, name) if step.startswith("SCAN")}
    for table in ("emails", "refusals", "e"):
        assert "USING INDEX emails_due" in scanned.pop(table, "USING INDEX emails_due")
    assert scanned.keys() <= {"l", "r", "w", "held", "recent", *SUBQUERIES}


# The small tables of a review: providers, followers, and what is usual, a row for each day.
# Of what providers report there is a row for each minute of some days.
WHOLE = {
    "feedback_health": {"feedback"},
    "cursors_behind": {"c"},
    "rhythms": {"rhythms"},
    "newest_event_at": {"events"},
}


@pytest.mark.parametrize(
    "name",
    [
        "tallied",
        "next_mail_from",
        "tally_mails",
        "last_mail_of",
        "counters",
        "samples",
        "rhythms",
        "volumes",
        "latest_checks",
        "feedback_health",
        "cursors_behind",
        "newest_event_at",
    ],
)
def test_a_review_costs_the_same_with_a_million_mails(name: str, file: sqlite3.Connection) -> None:
    steps = plan(file, name)
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN")}
    tables = scanned & {"emails", "events", "attempts", "e", "c", "v", "b", "s", "rhythms"}
    tables |= scanned & {"samples", "volumes", "totals", "feedback", "f", "checks", "refusals"}
    assert tables <= WHOLE.get(name, set()), steps


def test_the_newest_event_is_the_last_entry_and_no_search(file: sqlite3.Connection) -> None:
    assert plan(file, "newest_event_at") == ["SCAN events"]
    assert re.search(
        r"ORDER BY id DESC LIMIT 1", load_queries(PACKAGE)["records/newest_event_at"].text
    )


@pytest.mark.parametrize("name", ["next_mail_from", "tally_mails"])
def test_mails_of_a_minute_are_found_along_their_ids(name: str, file: sqlite3.Connection) -> None:
    assert any("emails_1 (id>" in step for step in plan(file, name))
