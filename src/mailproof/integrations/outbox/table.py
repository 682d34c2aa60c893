"""The table of the outbox, in the application's database."""

import asyncio
from typing import Any, Final

from mailproof.client.writing import TABLE
from mailproof.integrations.outbox.databases import database_of

__all__ = ["add_to", "create_table", "ddl"]

# `seq`: the order in which mail is handed over. `id`: the idempotency key, made before the commit.
# `problem`: why a row was set aside; it stays until somebody mends or deletes it.
_DDL: Final[dict[str, str]] = {
    "sqlite": f"""\
CREATE TABLE IF NOT EXISTS {TABLE} (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  payload TEXT NOT NULL,
  enqueued_at INTEGER NOT NULL,
  set_aside_at INTEGER,
  problem TEXT
)""",
    "postgresql": f"""\
CREATE TABLE IF NOT EXISTS {TABLE} (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id VARCHAR(36) NOT NULL UNIQUE,
  payload TEXT NOT NULL,
  enqueued_at BIGINT NOT NULL,
  set_aside_at BIGINT,
  problem TEXT
)""",
    "mysql": f"""\
CREATE TABLE IF NOT EXISTS {TABLE} (
  seq BIGINT AUTO_INCREMENT PRIMARY KEY,
  id VARCHAR(36) NOT NULL UNIQUE,
  payload LONGTEXT NOT NULL,
  enqueued_at BIGINT NOT NULL,
  set_aside_at BIGINT,
  problem TEXT
) CHARACTER SET utf8mb4""",
}


def ddl(dialect: str) -> str:
    """The statement that makes the table where it is not there yet, for a migration. `dialect`:
    `sqlite`, `postgresql` or `mysql`."""
    return _DDL[dialect]


def create_table(engine: Any) -> None:
    """Make the table, if it is not there: for those who have no migrations. `engine` as for
    `Outbox`; blocking, so in an event loop write `await Outbox(engine).create_table()`."""

    async def make() -> None:
        database = database_of(engine)
        try:
            await database.execute(ddl(database.dialect))
        finally:
            await database.close()

    asyncio.run(make())


def add_to(metadata: Any) -> Any:
    """The table as one of SQLAlchemy's `metadata`, so that `create_all` makes it and Alembic's
    autogenerate knows it. Returns the `Table`."""
    import sqlalchemy as sa

    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Table(
        TABLE,
        metadata,
        sa.Column("seq", seq, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("payload", sa.Text().with_variant(sa.Text(2**32 - 1), "mysql"), nullable=False),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.Column("set_aside_at", sa.BigInteger()),
        sa.Column("problem", sa.Text()),
        sqlite_autoincrement=True,
    )
