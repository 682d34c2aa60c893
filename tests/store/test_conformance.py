"""Both stores run the suite that every store must pass."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mailproof.store.base import Database
from mailproof.store.postgres.database import open_postgres
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing.store_suite import CASES, Case, OpenDatabase, fresh_world
from tests.store.cluster import Cluster


@pytest.fixture(params=["sqlite", "postgres"])
async def open_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[OpenDatabase]:
    async def sqlite(now_ms: Callable[[], int]) -> Database:
        return await open_sqlite(tmp_path / "mailproof.db", now_ms=now_ms)

    if request.param == "sqlite":
        yield sqlite
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    async with cluster.fresh_database() as url:

        async def postgres(now_ms: Callable[[], int]) -> Database:
            return await open_postgres(url, now_ms=now_ms)

        yield postgres


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_it_keeps_what_the_port_promises(case: Case, open_database: OpenDatabase) -> None:
    async with fresh_world(open_database) as world:
        await case(world)
