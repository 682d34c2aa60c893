"""A gateway that serves while somebody is rough with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailproof.gateway import server, wire
from tests.gateway.world import World


@pytest.fixture(scope="package", autouse=True)
def _quiet() -> Iterator[None]:
    """Log lines of a server's thread fit between no two tests; those that matter are captured."""
    with capture_logs():
        yield


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every deadline of a connection comes soon."""
    monkeypatch.setattr(wire, "ARRIVING_S", 0.3)
    monkeypatch.setattr(wire, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(wire, "_LINGER_S", 0.1)
    monkeypatch.setattr(server, "_KEEP_ALIVE_S", 1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        yield made
