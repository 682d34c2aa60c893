"""An application's own database, in SQLite and in PostgreSQL, and a Mailproof to hand mail to."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from mailproof import Mailproof
from tests.integrations.world import AppDatabase, accepting
from tests.store.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(autouse=True)
def log() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture(params=["sqlite", "postgres"])
async def app_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[AppDatabase]:
    """With the outbox's table and one of the application's own."""
    if request.param == "sqlite":
        async with AppDatabase.opened(f"sqlite:///{tmp_path}/app.db") as made:
            yield made
        return
    running: Cluster = request.getfixturevalue("cluster")
    async with running.fresh_database(migrated=False) as url, AppDatabase.opened(url) as made:
        yield made


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[Mailproof]:
    """Accepts into a store that nobody sends from: what is there, is what was handed over."""
    async with Mailproof.from_env(environ=accepting(tmp_path)) as made:
        yield made
