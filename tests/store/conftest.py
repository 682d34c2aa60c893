"""A fresh database for each test, of every kind that there is, on a clock that stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailproof.store.base import Database
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite"])
async def database(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Database]:
    opened = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: int(clock.now() * 1000))
    yield opened
    await opened.close()
