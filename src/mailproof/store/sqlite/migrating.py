"""Bringing a SQLite file's schema up to date, under its write lock."""

import sqlite3
from collections.abc import Iterator, Sequence

from mailproof.store.base import StoreError
from mailproof.store.queries import load_migrations
from mailproof.store.schema import check_schema
from mailproof.store.sqlite.busy import patiently

__all__ = ["migrate"]


def migrate(
    connection: sqlite3.Connection, now: int, migrations: Sequence[tuple[int, str]] | None = None
) -> int:
    """Apply what is missing, all or nothing; returns the version.

    Where nothing is missing, this waits for no writer. `migrations`: number and text, those of this
    release. Raises `SchemaTooNew`, and `StoreError` when the file holds something else than mail.
    """
    if migrations is None:
        migrations = load_migrations("mailproof.store.sqlite")
    version, _ = _version(connection)
    if version >= max(number for number, _ in migrations):
        return version
    patiently(connection, "BEGIN IMMEDIATE")
    try:
        version = _apply(connection, now, migrations)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return version


def _version(connection: sqlite3.Connection) -> tuple[int, int]:
    """Version and `min_code`, 0 in a new file; what is not ours, or too new for us, is refused."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if "schema" not in tables:
        if tables:
            raise StoreError(
                f"This is a database of another program (it has {min(tables)}). Name another file."
            )
        return 0, 0
    row = connection.execute("SELECT version, min_code FROM schema").fetchone()
    version, min_code = row or (0, 0)
    check_schema(version, min_code)
    return int(version), int(min_code)


def _apply(connection: sqlite3.Connection, now: int, migrations: Sequence[tuple[int, str]]) -> int:
    version, min_code = _version(connection)  # another process may have been quicker
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL, "
        "min_code INTEGER NOT NULL, migrated_at INTEGER NOT NULL) STRICT"
    )
    for number, text in migrations:
        if number > version:
            for statement in _statements(text):
                connection.execute(statement)
            version, min_code = number, max(min_code, 1)
            connection.execute("DELETE FROM schema")
            connection.execute("INSERT INTO schema VALUES (?, ?, ?)", (version, min_code, now))
    return version


def _statements(text: str) -> Iterator[str]:
    """One by one: `executescript` would commit in between. A trigger holds semicolons too."""
    part = ""
    for line in text.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
