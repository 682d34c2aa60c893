"""A database, a clock that stands still, a channel to post to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailproof.providers.http import Http, open_http
from mailproof.store.base import Database
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock
from tests.alerts.receiver import Receiver
from tests.alerts.services import Services
from tests.alerts.world import Asked


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mailproof.db"


@pytest.fixture
async def database(clock: ManualClock, path: Path) -> AsyncIterator[Database]:
    opened = await open_sqlite(path, now_ms=lambda: int(clock.now() * 1_000))
    yield Asked(opened)
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with Services() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with open_http("mailproof/test", {}) as opened:
        yield opened
