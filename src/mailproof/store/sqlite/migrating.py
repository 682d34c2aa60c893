"""Bringing a SQLite file's schema up to date, under its write lock."""

import sqlite3
from collections.abc import Iterator

from mailproof.store.queries import load_migrations
from mailproof.store.schema import check_schema

__all__ = ["migrate"]


def migrate(connection: sqlite3.Connection, now: int) -> int:
    """Apply what is missing, all or nothing; returns the version. Raises `SchemaTooNew`."""
    connection.execute("BEGIN EXCLUSIVE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL, "
            "min_code INTEGER NOT NULL, migrated_at INTEGER NOT NULL) STRICT"
        )
        row = connection.execute("SELECT version, min_code FROM schema").fetchone()
        version, min_code = row or (0, 0)
        check_schema(version, min_code)
        for number, text in load_migrations("mailproof.store.sqlite"):
            if number > version:
                for statement in _statements(text):
                    connection.execute(statement)
                version, min_code = number, max(min_code, 1)
                connection.execute("DELETE FROM schema")
                connection.execute("INSERT INTO schema VALUES (?, ?, ?)", (version, min_code, now))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return int(version)


def _statements(text: str) -> Iterator[str]:
    """One by one: `executescript` would commit in between. A trigger holds semicolons too."""
    part = ""
    for line in text.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
