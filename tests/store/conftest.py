"""A fresh database for each test, of every kind that there is, on a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mailproof.store.base import Database
from mailproof.store.postgres.database import PostgresDatabase, open_postgres
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock
from tests.store.cluster import Cluster, running_cluster


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for each process that runs tests."""
    with running_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
async def database(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Database]:
    def now_ms() -> int:
        return int(clock.now() * 1000)

    if request.param == "sqlite":
        file = await open_sqlite(tmp_path / "mailproof.db", now_ms=now_ms)
        yield file
        await file.close()
        return
    running: Cluster = request.getfixturevalue("cluster")
    async with running.fresh_database() as url:
        opened = await open_postgres(url, now_ms=now_ms)
        yield opened
        await closed(opened)


@pytest.fixture
async def postgres(cluster: Cluster) -> AsyncIterator[PostgresDatabase]:
    """PostgreSQL alone, on the database's own clock."""
    async with cluster.fresh_database() as url:
        opened = await open_postgres(url)
        yield opened
        await closed(opened)


async def closed(database: PostgresDatabase) -> None:
    """A test that failed may have left a transaction that nothing will ever end."""
    async with asyncio.timeout(10):
        await database.close()


@pytest.fixture
async def url(cluster: Cluster) -> AsyncIterator[str]:
    """Of a migrated database."""
    async with cluster.fresh_database() as fresh:
        yield fresh
