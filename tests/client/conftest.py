"""A gateway with its sandbox, in a thread, whose status links lead back to it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from mailproof.config.settings import Settings
from tests.whole.house import House


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For a whole file: whoever breaks its provider mends it again."""

    def reachable(settings: Settings) -> Settings:
        return msgspec.structs.replace(settings, public_url="https://mail.example.com")

    with House(tmp_path_factory.mktemp("gateway"), adjust=reachable) as house:
        yield house


@pytest.fixture
def house(lasting: House) -> Iterator[House]:
    lasting.sandbox.forget()
    yield lasting
    lasting.sandbox.heal()
    lasting.reopen()
    waiting = "SELECT 1 FROM emails WHERE state IN ('held', 'queued', 'sending')"
    lasting.log.until(lambda: not lasting.rows(waiting), "what was held has gone")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory: no configuration of the developer's own is found."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
