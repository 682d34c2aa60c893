"""The sign-up example: for known and unknown addresses, the database does the same work."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from mailproof import Mailproof
from tests.examples.tidewell import FOLDER

NOW = 1_800_000_000.0


@pytest.mark.parametrize("asked", ["sign_in", "register"])
async def test_known_and_unknown_addresses_take_the_same_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    database: Any = importlib.import_module("tidewell.database")
    accounts: Any = importlib.import_module("tidewell.accounts")
    environ = {"MAILPROOF_URL": "http://127.0.0.1:9", "MAILPROOF_API_KEY": "mp_k"}
    engine = await database.open_database(f"sqlite+aiosqlite:///{tmp_path}/tidewell.db")
    steps: list[str] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(*given: Any) -> None:
        steps.append(given[2].split("(")[0].strip())

    async with Mailproof.from_env(environ=environ, sender="T <t@acme.test>") as mail:
        desk = accounts.Accounts(engine, mail, "http://127.0.0.1:9", 60)
        await desk.register("ada@kunde.test", "en", NOW)
        async with database.transaction(engine) as session:
            await session.execute(update(database.User).values(confirmed_at=NOW))
        ask = desk.register if asked == "register" else desk.ask_to_sign_in
        taken: list[list[str]] = []
        for address in ("ada@kunde.test", "eve@kunde.test"):
            steps.clear()
            await ask(address, "en", NOW + 60)
            taken.append([step.partition(" sa_savepoint")[0] for step in steps])
    await engine.dispose()
    known, unknown = ([step for step in each if "SAVEPOINT" not in step] for each in taken)
    assert known == unknown
    assert any("mailproof_outbox" in step for step in unknown), "as if there were a mail"
