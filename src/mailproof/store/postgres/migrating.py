"""Bringing a PostgreSQL schema up to date: all of it or nothing, one node after the other."""

from typing import Final

from mailproof.store.postgres.pool import Connection
from mailproof.store.queries import load_migrations
from mailproof.store.schema import check_schema

__all__ = ["migrate"]

# Another node may be at a long migration; a table that is in use is not waited for as long, since
# whoever comes after us in its queue waits too.
_BEGIN: Final = (
    "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = 0;"
    " SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '10min';"
    " SELECT pg_advisory_xact_lock(7025, 4); SET LOCAL lock_timeout = '10s'"
)
_CREATE: Final = (
    "CREATE TABLE schema (version integer NOT NULL, min_code integer NOT NULL,"
    " migrated_at bigint NOT NULL)"
)


async def migrate(connection: Connection, now: int) -> int:
    """Apply what is missing; returns the version. Raises `SchemaTooNew`, and the driver's errors.

    A user that may not create tables can open a database that is up to date.
    """
    await connection.execute(_BEGIN, timeout=660)
    try:
        if await connection.fetchval("SELECT to_regclass('schema') IS NULL"):
            await connection.execute(_CREATE)
        row = await connection.fetchrow("SELECT version, min_code FROM schema")
        version, min_code = tuple(row) if row else (0, 0)
        check_schema(version, min_code)
        for number, text in load_migrations("mailproof.store.postgres"):
            if number > version:
                await connection.execute(text, timeout=86_400)
                version, min_code = number, max(min_code, 1)
                await connection.execute("DELETE FROM schema")
                await connection.execute(
                    "INSERT INTO schema VALUES ($1, $2, $3)", version, min_code, now
                )
        await connection.execute("COMMIT")
    except Exception:
        # The connection is closed by whoever opened it, which rolls back all the same.
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    return int(version)
