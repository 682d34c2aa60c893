"""An operator's desk for tests: a folder with a configuration and a store, and commands on it."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from click.testing import CliRunner, Result

from mailproof.cli import mailproof
from mailproof.store.base import Database
from mailproof.store.sqlite.database import open_sqlite

__all__ = ["CONFIG", "KEY", "Desk", "desk"]

Seed = TypeVar("Seed")

KEY = "re_" + "4" * 30
CONFIG = f"""
language = "en"
[[providers]]
name = "resend"
type = "resend"
api_key = "{KEY}"
"""


class Desk:
    """Runs commands in this process, as somebody in `folder` would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "mailproof.db"
        self.config = folder / "mailproof.toml"
        self.config.write_text(CONFIG, encoding="utf-8")

    def run(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Result:
        """Run it; the exit code must be `code`."""
        # A command that was mistyped must fail the test, not the next one.
        result = CliRunner().invoke(
            mailproof, [*arguments, "--config", str(self.config)], input=stdin, env=_BARE
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    def json(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Any:
        """What it prints with `--json`."""
        return json.loads(self.run(*arguments, "--json", code=code, stdin=stdin).stdout)

    def seed(self, work: Callable[[Database], Awaitable[Seed]]) -> Seed:
        """Do `work` with the store, as the server would have."""

        async def run() -> Seed:
            database = await open_sqlite(self.store, now_ms=lambda: round(time.time() * 1_000))
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())


# None takes a variable away.
_BARE = dict.fromkeys(
    [
        "MAILPROOF_CONFIG",
        "MAILPROOF_DATABASE_URL",
        "MAILPROOF_LANGUAGE",
        "RESEND_API_KEY",
        "RESEND_BASE_URL",
    ]
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Commands set up the log of their process, which here is that of all tests."""
    root = logging.getLogger()
    handlers, level, config = list(root.handlers), root.level, structlog.get_config()
    yield Desk(tmp_path)
    logging.captureWarnings(capture=False)
    structlog.configure(**config)
    root.handlers = handlers
    root.setLevel(level)
