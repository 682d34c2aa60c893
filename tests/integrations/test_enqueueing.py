"""Mail rides on the application's own transaction: with it, or not at all."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import MetaData, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from mailproof import InvalidInput, Mailproof, NotConfigured
from mailproof.integrations.outbox import create_table, ddl
from mailproof.integrations.outbox.table import add_to
from tests.integrations.world import AppDatabase, accepted, accepting, numbered


class Rollback(Exception):
    """What an application raises in the middle of its work."""


@asynccontextmanager
async def session(database: AppDatabase) -> AsyncIterator[AsyncSession]:
    async with AsyncSession(database.engine) as made, made.begin():
        yield made


@asynccontextmanager
async def scoped(database: AppDatabase) -> AsyncIterator[Any]:
    registry = async_scoped_session(async_sessionmaker(database.engine), asyncio.current_task)
    async with registry.begin():
        yield registry
    await registry.remove()


@asynccontextmanager
async def connection(database: AppDatabase) -> AsyncIterator[Any]:
    async with database.engine.begin() as made:
        yield made


@asynccontextmanager
async def bare_driver(database: AppDatabase) -> AsyncIterator[Any]:
    if database.url.startswith("postgres"):
        made = await asyncpg.connect(database.url)
        try:
            async with made.transaction():
                yield made
        finally:
            await made.close()
        return
    async with aiosqlite.connect(database.url.removeprefix("sqlite:///")) as file:
        yield file
        await file.commit()


@pytest.mark.parametrize("begun", [session, scoped, connection, bare_driver])
async def test_a_committed_transaction_brings_its_mail_and_one_rolled_back_none(
    app_database: AppDatabase, mail: Mailproof, begun: Any
) -> None:
    async with begun(app_database) as there:
        key = await mail.enqueue(numbered(1), connection=there)
        assert await app_database.waiting() == [], "others see what is committed"
    assert await app_database.waiting() == [key]
    with suppress(Rollback):
        async with begun(app_database) as there:
            await mail.enqueue(numbered(2), connection=there)
            raise Rollback
    assert await app_database.waiting() == [key]


async def test_the_row_and_the_users_row_are_one_transaction(
    app_database: AppDatabase, mail: Mailproof
) -> None:
    await app_database.change("INSERT INTO users VALUES ('ada')")
    with suppress(IntegrityError):
        async with session(app_database) as there:
            await mail.enqueue(numbered(1), connection=there)
            await there.execute(text("INSERT INTO users VALUES ('ada')"))
    assert await app_database.waiting() == []


def test_blocking_code_enqueues_on_its_blocking_connections(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    engine = create_engine(f"sqlite:///{path}")
    create_table(engine)
    environ = {"MAILPROOF_URL": "http://127.0.0.1:9", "MAILPROOF_API_KEY": "mp_k"}
    mail = Mailproof.sync(environ=environ, sender="Acme <hello@acme.test>")
    with Session(engine) as one, one.begin():
        mail.enqueue(numbered(1), connection=one)
    registry = scoped_session(sessionmaker(engine))
    mail.enqueue(numbered(2), connection=registry)
    registry.commit()
    registry.remove()
    with engine.begin() as two:
        mail.enqueue(numbered(3), connection=two)
    with closing(sqlite3.connect(path)) as three:
        mail.enqueue(numbered(4), connection=three)
        three.commit()
        mail.enqueue(numbered(5), connection=three)
        three.rollback()
        found = three.execute("SELECT payload FROM mailproof_outbox ORDER BY seq").fetchall()
    engine.dispose()
    assert [f"Mail {n}" in payload for n, (payload,) in enumerate(found, 1)] == [True] * 4


async def test_an_invalid_mail_is_refused_before_it_is_written(
    app_database: AppDatabase, mail: Mailproof
) -> None:
    async with session(app_database) as there:
        with pytest.raises(InvalidInput, match="cc"):
            await mail.enqueue(numbered(1, cc="nobody"), connection=there)
    assert await app_database.waiting() == []


async def test_what_is_no_connection_is_refused_with_what_there_is(mail: Mailproof) -> None:
    with pytest.raises(NotConfigured, match="SQLAlchemy"):
        await mail.enqueue(numbered(1), connection=object())


async def test_nothing_need_be_open_or_up_to_enqueue(
    app_database: AppDatabase, tmp_path: Path
) -> None:
    environ = {"MAILPROOF_URL": "http://127.0.0.1:9", "MAILPROOF_API_KEY": "mp_k"}
    closed = Mailproof.from_env(environ=environ, sender="Acme <hello@acme.test>")
    async with session(app_database) as there:
        await closed.enqueue(numbered(1), connection=there)
    assert len(await app_database.waiting()) == 1
    assert accepted(tmp_path) == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_the_table_of_a_migration_and_of_sqlalchemys_metadata_are_alike(
    app_database: AppDatabase, dialect: str
) -> None:
    if app_database.engine.dialect.name != dialect:
        return
    metadata = MetaData()
    table = add_to(metadata)
    async with app_database.engine.begin() as there:
        by_hand = await there.run_sync(_columns)
        await there.run_sync(metadata.drop_all)
        await there.run_sync(metadata.create_all)
        assert await there.run_sync(_columns) == by_hand
    assert {column.name for column in table.columns} == {name for name, _, _ in by_hand}
    assert ddl(dialect).startswith("CREATE TABLE IF NOT EXISTS mailproof_outbox")


def _columns(connection: Any) -> list[tuple[str, str, bool]]:
    found = inspect(connection).get_columns("mailproof_outbox")
    kinds = {"BIGINT": "INTEGER", "VARCHAR(36)": "TEXT"}
    return [
        (each["name"], kinds.get(str(each["type"]), str(each["type"])), each["nullable"])
        for each in found
    ]


DJANGO = """
import sys, django, asyncio
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    USE_TZ=True,
)
django.setup()
from django.db import connection, transaction
from mailproof import Email, Mailproof
from mailproof.integrations.outbox import Outbox, create_table
create_table(connection)
mail = Mailproof.sync()
def email(n):
    return Email(to="ada@kunde.test", subject=f"Mail {n}", text="Hi")
woken = []
mail._mail.on_enqueued(lambda: woken.append(True))
with transaction.atomic():
    mail.enqueue(email(1), connection=connection)
    assert woken == []
assert woken == [True]
try:
    with transaction.atomic():
        mail.enqueue(email(2), connection=connection)
        raise ValueError
except ValueError:
    pass
async def drain():
    outbox = Outbox(connection)
    async with Mailproof.from_env() as there:
        print("left", await outbox.drain_once(there))
    await outbox.close()
asyncio.run(drain())
mail.close()
"""


def test_djangos_own_transaction_carries_mail_and_its_connection_drains(tmp_path: Path) -> None:
    environ = {**os.environ, **accepting(tmp_path), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", DJANGO, tmp_path / "app.db"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "left 0" in done.stdout
    assert accepted(tmp_path) == ["Mail 1"]
