"""A store of each kind that nobody has written to, and where it is."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.store.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for each process that runs tests."""
    with running_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
async def where(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Path | str]:
    """The path of a SQLite file, or the URL of a PostgreSQL database."""
    if request.param == "sqlite":
        yield tmp_path / "mailproof.db"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    async with cluster.fresh_database() as url:
        yield url
