"""A store of either kind for each test; SQLite where the kind does not matter."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from mailproof.store.base import Database
from mailproof.store.postgres.database import open_postgres
from mailproof.store.sqlite.database import open_sqlite
from tests.engine.house import OpenDatabase
from tests.store.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for each process that runs tests."""
    with running_cluster() as running:
        yield running


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenDatabase]:
    async def sqlite(now_ms: Callable[[], int]) -> Database:
        return await open_sqlite(tmp_path / "mailproof.db", now_ms=now_ms)

    if getattr(request, "param", "sqlite") == "sqlite":
        yield sqlite
        return
    running: Cluster = request.getfixturevalue("cluster")
    async with running.fresh_database() as url:

        async def postgres(now_ms: Callable[[], int]) -> Database:
            return await open_postgres(url, now_ms=now_ms)

        yield postgres
