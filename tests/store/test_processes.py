"""Many processes on one SQLite file: nobody is turned away, and the dead block nobody."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from mailproof.store.flush import Coalescer
from mailproof.store.mails.accept import Answer, accept
from mailproof.store.shapes import Accepted, Submission
from mailproof.store.sqlite import writing
from mailproof.store.sqlite.connecting import commit
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite
from mailproof.store.sqlite.writing import Writer
from tests.store.another_process import NOW
from tests.store.mails import ONE, new_mail
from tests.store.seeding import open_for_mail

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: NOW)
    await open_for_mail(database)
    yield database
    await database.close()


@asynccontextmanager
async def another(file: SqliteDatabase, what: str, times: int) -> AsyncIterator[Process]:
    """A process that is ready to work; what is left of it is killed in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.another_process", file.where, what, str(times),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert await line_of(process) == "ready"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(process: Process) -> str:
    assert process.stdout
    assert process.stderr
    async with asyncio.timeout(DEADLINE_S):
        line = (await process.stdout.readline()).decode().strip()
        return line or (await process.stderr.read()).decode()


async def go(process: Process) -> None:
    assert process.stdin
    process.stdin.write(b"go\n")
    await process.stdin.drain()


async def worked(process: Process) -> int:
    """How much it did. A traceback is no number, and is shown."""
    return int(await line_of(process))


class FullSpeed:
    """Accepts without a pause until it is stopped; whatever goes wrong is raised."""

    def __init__(self, file: SqliteDatabase) -> None:
        self._file = file
        self._stop = asyncio.Event()
        self._flush: Coalescer[Submission, Answer] = Coalescer(self._write, batch_max=100)
        self.accepted = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._flush.run())
            apps = [group.create_task(self._app()) for _ in range(50)]
            yield
            self._stop.set()
            await asyncio.wait(apps)
            self._flush.close()

    async def _app(self) -> None:
        while not self._stop.is_set():
            answer = await self._flush.submit(Submission("shop", (new_mail(NOW),)))
            assert isinstance(answer, Accepted)
            self.accepted += 1

    async def _write(self, items: Sequence[Submission], again: bool) -> list[Answer]:  # noqa: FBT001
        return await self._file.write(accept, items, ONE, again=again)


def counted(file: SqliteDatabase, query: str) -> Any:
    raw = sqlite3.connect(file.where)
    try:
        return raw.execute(query).fetchone()[0]
    finally:
        raw.close()


@pytest.fixture
def held_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long each transaction of this process kept the others from writing, in seconds."""
    spans: list[float] = []
    began = [0.0]
    write_some = Writer._write_some

    def timed_write_some(self: Writer) -> None:
        began[0] = time.perf_counter()
        write_some(self)

    def timed_commit(connection: sqlite3.Connection) -> None:
        commit(connection)
        spans.append(time.perf_counter() - began[0])

    monkeypatch.setattr(Writer, "_write_some", timed_write_some)
    monkeypatch.setattr(writing, "commit", timed_commit)
    return spans


async def test_processes_that_write_beside_a_busy_server_lose_nothing_and_wait_little(
    file: SqliteDatabase, held_s: list[float]
) -> None:
    jobs = {"keys": 30, "bumps": 60, "cancels": 40, "retries": 40}
    speed = FullSpeed(file)
    async with (
        another(file, "keys", jobs["keys"]) as keys,
        another(file, "bumps", jobs["bumps"]) as bumps,
        another(file, "bumps", jobs["bumps"]) as more,
        another(file, "cancels", jobs["cancels"]) as cancels,
        another(file, "retries", jobs["retries"]) as retries,
    ):
        working = (keys, bumps, more, cancels, retries)
        async with speed.running():
            for process in working:
                await go(process)
            done = [await worked(process) for process in working]
    assert done[:3] == [jobs["keys"], jobs["bumps"], jobs["bumps"]]
    assert counted(file, "SELECT number FROM versions WHERE name = 'settings'") == 120
    assert counted(file, "SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL") == 30
    assert counted(file, "SELECT count(*) FROM emails") == speed.accepted > 100
    told = "SELECT count(*) FROM events WHERE type = "
    assert counted(file, told + "'email.canceled'") == done[3] > 0
    assert counted(file, told + "'email.queued'") == done[4]
    state = "SELECT count(*) FROM emails WHERE state = "
    assert counted(file, state + "'canceled'") == done[3] - done[4]
    assert median(held_s) < 0.05, "a transaction keeps other processes waiting"


async def test_another_processs_commit_is_noticed_and_ones_own_is_not(
    file: SqliteDatabase,
) -> None:
    await file.changed()
    assert not await file.changed()
    await open_for_mail(file)
    assert not await file.changed(), "its own commit is no news"
    async with another(file, "bumps", 1) as process:
        await go(process)
        assert await worked(process) == 1
        assert await file.changed()
        assert not await file.changed()


async def test_a_process_killed_inside_a_transaction_blocks_nobody_and_leaves_nothing(
    file: SqliteDatabase,
) -> None:
    async with another(file, "dies", 1) as process:
        await go(process)
        assert await line_of(process) == "inside"
        async with asyncio.TaskGroup() as group, asyncio.timeout(DEADLINE_S):
            waiting = group.create_task(open_for_mail(file))
            process.kill()
            await waiting
    assert counted(file, "SELECT count(*) FROM versions WHERE name = 'settings'") == 0
    speed = FullSpeed(file)
    async with speed.running(), another(file, "bumps", 5) as process:
        await go(process)
        assert await worked(process) == 5
    assert counted(file, "PRAGMA integrity_check") == "ok"


async def test_processes_killed_at_any_moment_leave_whole_transactions(
    file: SqliteDatabase,
) -> None:
    for _ in range(4):
        before = counted(file, "SELECT count(*) FROM events WHERE type = 'alert.opened'")
        async with another(file, "bumps", 100_000) as process:
            await go(process)
            async with asyncio.timeout(DEADLINE_S):
                while counted(file, "SELECT count(*) FROM events") < before + 20:
                    await file.changed()
            process.kill()
    numbers = counted(file, "SELECT number FROM versions WHERE name = 'settings'")
    told = counted(file, "SELECT count(*) FROM events WHERE type = 'alert.opened'")
    assert told == numbers >= 80, "a number and its event belong together"
