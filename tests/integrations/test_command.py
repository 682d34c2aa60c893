"""`mailproof outbox drain`: beside the application, in a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mailproof import Mailproof
from tests.integrations.test_draining import enqueued, until
from tests.integrations.world import AppDatabase, accepted, accepting


def drain(
    *arguments: str, environ: Mapping[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mailproof", "outbox", "drain", *arguments],
        env={**os.environ, "LANG": "C", **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


async def test_it_hands_over_what_is_there_and_says_that_the_outbox_is_empty(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    await enqueued(app_database, mail, 1, 2)
    environ = {**accepting(tmp_path), "APP_DATABASE": app_database.url}
    done = drain("--url", "env:APP_DATABASE", "--once", environ=environ, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "The outbox is empty.\n"
    assert accepted(tmp_path) == ["Mail 1", "Mail 2"]
    told = drain("--url", app_database.url, "--once", "--json", environ=environ, folder=tmp_path)
    assert told.stdout == '{"waiting":0}\n'


async def test_what_has_to_wait_is_counted_and_exits_1(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    await enqueued(app_database, mail, 1)
    environ = {"MAILPROOF_URL": "http://127.0.0.1:9", "MAILPROOF_API_KEY": "mp_k"}
    done = drain("--url", app_database.url, "--once", environ=environ, folder=tmp_path)
    assert done.returncode == 1
    assert "Still in the outbox: 1." in done.stdout
    assert "outbox.waiting" in done.stderr


async def test_it_runs_until_ctrl_c_and_notices_what_comes(
    app_database: AppDatabase, mail: Mailproof, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "mailproof", "outbox", "drain", "--url", app_database.url]
    running = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **accepting(tmp_path)},
        cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )
    await enqueued(app_database, mail, 1)
    await until(lambda: accepted(tmp_path) == ["Mail 1"])
    running.send_signal(signal.SIGINT)
    async with asyncio.timeout(20):
        _, said = await running.communicate()
    assert running.returncode == 0, said.decode()


def test_wrong_urls_and_missing_tables_are_said_with_what_to_do(tmp_path: Path) -> None:
    environ = accepting(tmp_path)
    for url in ("mail", "env:NOT_THERE", f"sqlite:///{tmp_path}/empty.db", "oracle://h/d"):
        done = drain("--url", url, "--once", environ=environ, folder=tmp_path)
        assert done.returncode == 2, url
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) >= 2, done.stderr
