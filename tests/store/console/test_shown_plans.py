"""What the console asks beside the mail goes along indexes too, however much there is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from mailproof.store.queries import load_queries
from mailproof.store.sqlite.migrating import migrate

# The step of its plan that keeps it cheap.
PLANS: Final = {
    "console/messages_of_alerts": "alert_messages USING INDEX sqlite_autoindex_alert_messages_1",
    "console/undelivered": "SCAN m USING INDEX alert_messages_due",
    "console/expired_since": "USING INDEX emails_ended (state=?)",
    "console/refused_apps": "SCAN refusals",
    "console/refused_minutes": "SEARCH refusals USING PRIMARY KEY (minute>?)",
    "console/keys_used": "USING INDEX emails_app (app=?)",
}
# Read whole, and ended by a limit, along the order in which it was written.
LIMITED: Final = {"console/refused_apps": "LIMIT :looked"}


@pytest.fixture(scope="module")
def file() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, 0)
        yield connection


@pytest.mark.parametrize("name", PLANS)
def test_a_query_of_the_console_goes_along_an_index(name: str, file: sqlite3.Connection) -> None:
    query = load_queries("mailproof.store.sqlite")[name]
    values = dict.fromkeys(query.values, 1) | ({"ids": "[]"} if "ids" in query.values else {})
    steps = [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {query.text}", values)]
    assert any(PLANS[name] in step for step in steps), steps
    assert "SCAN emails" not in steps
    if name in LIMITED:
        assert LIMITED[name] in query.text
        first = next(place for place, step in enumerate(steps) if "SCAN refusals" in step)
        assert "TEMP B-TREE" not in steps[first], steps
