"""What the tests of the outbox share: an application's database, and what the store got."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mailproof import Email
from mailproof.integrations.outbox import Outbox

__all__ = ["AppDatabase", "accepted", "accepting", "numbered"]

_CONFIG = """
language = "en"
[[providers]]
name = "resend"
type = "resend"
api_key = "re_A1b2C3d4E5f6G7h8I9j0K1l2M3n4"
base_url = "http://127.0.0.1:9"
"""


class AppDatabase:
    """`url`: as the drainer takes it; `engine`: as the application uses it."""

    def __init__(self, url: str, engine: AsyncEngine) -> None:
        self.url = url
        self.engine = engine

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Self]:
        driver = "sqlite+aiosqlite" if url.startswith("sqlite") else "postgresql+asyncpg"
        engine = create_async_engine(f"{driver}:{url.partition(':')[2]}")
        made = cls(url, engine)
        await Outbox(engine).create_table()
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE users (name TEXT PRIMARY KEY)"))
        try:
            yield made
        finally:
            await engine.dispose()

    async def rows(self, query: str) -> list[Any]:
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(query))).all())

    async def change(self, statement: str, **values: Any) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement), values)

    async def waiting(self) -> list[str]:
        """The ids of the rows that are there, whatever became of them, in order."""
        return [
            str(row_id)
            for (row_id,) in await self.rows("SELECT id FROM mailproof_outbox ORDER BY seq")
        ]


def accepting(folder: Path) -> Mapping[str, str]:
    """The environment of an application that accepts into a store of its own."""
    config = folder / "mailproof.toml"
    if not config.exists():
        config.write_text(_CONFIG, encoding="utf-8")
    return {"MAILPROOF_CONFIG": str(config), "MAILPROOF_FROM": "Acme <hello@acme.test>"}


def accepted(folder: Path) -> list[str]:
    """The subjects of all mails in that store, in the order in which they were accepted."""
    path = folder / "mailproof.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT subject FROM emails ORDER BY seq").fetchall()
    return [str(subject) for (subject,) in found]


def numbered(number: int, **given: Any) -> Email:
    return Email(to="ada@kunde.test", subject=f"Mail {number}", text="Hi", **given)
