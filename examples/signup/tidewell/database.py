"""Tidewell's own tables, and beside them the outbox: what one transaction covers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import ForeignKey, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mailproof.integrations.outbox.table import add_to

__all__ = ["Ask", "Base", "Link", "User", "open_database", "transaction"]


class Base(DeclarativeBase):
    pass


OUTBOX = add_to(Base.metadata)


class User(Base):
    """`address` in lower case. Times are UTC in seconds; `confirmed_at` None: not yet."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[float]
    confirmed_at: Mapped[float | None] = mapped_column(default=None)


class Link(Base):
    """A link that was mailed. Only its hash is kept: who reads the database cannot sign in.

    `user_id` None: nobody has that address; such a row is never mailed. `address`: where it went.
    `spent_at`: it was used, or a newer one took its place.
    """

    __tablename__ = "links"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str]
    address: Mapped[str]
    expires_at: Mapped[float]
    spent_at: Mapped[float | None] = mapped_column(default=None)


class Ask(Base):
    """When a mail was last asked for, by whatever it is limited by."""

    __tablename__ = "asks"
    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[float]


async def open_database(url: str) -> AsyncEngine:
    """The engine, with all tables made."""
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        # Writers wait for each other instead of failing, and readers for nobody.
        event.listen(engine.sync_engine, "connect", _set_up)
        event.listen(engine.sync_engine, "begin", _begin)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return engine


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """All that is done in it is kept, the mail included, or nothing is."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


def _set_up(connection, _):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - the driver's
    connection.isolation_level = None  # SQLAlchemy says when a transaction begins, not the driver
    for pragma in ("journal_mode = WAL", "busy_timeout = 5000", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - SQLAlchemy's
    connection.exec_driver_sql("BEGIN IMMEDIATE")
