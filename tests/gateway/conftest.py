"""One gateway for each test, or one for a file whose tests leave no traces."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.gateway.world import World


@pytest.fixture(scope="package", autouse=True)
def _quiet() -> Iterator[None]:
    """Log lines of a server's thread fit between no two tests; those that matter are captured."""
    with capture_logs():
        yield


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For a whole file."""
    with World(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture
def shared(lasting: World) -> World:
    """As new, but for the database: what earlier tests wrote and had refused may still come."""
    lasting.reset()
    return lasting
