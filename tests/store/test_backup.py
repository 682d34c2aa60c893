"""Backups: whole and consistent while others write, and never in the place of another file."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from mailproof.store.base import StoreError
from mailproof.store.flush import Coalescer
from mailproof.store.mails.accept import Answer, accept
from mailproof.store.records import events
from mailproof.store.shapes import Submission
from mailproof.store.sqlite.backup import back_up
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import open_for_mail

NOW = 1_800_000_000_000


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: NOW)
    yield database
    await database.close()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_backup_is_consistent_while_mail_is_accepted_at_full_speed(
    file: SqliteDatabase, tmp_path: Path
) -> None:
    await open_for_mail(file)

    async def flush(items: Sequence[Submission], again: bool) -> list[Answer]:  # noqa: FBT001
        return await file.write(accept, items, ONE, again=again)

    coalescer: Coalescer[Submission, Answer] = Coalescer(flush, batch_max=50)
    stop = asyncio.Event()

    async def accept_all() -> None:
        while not stop.is_set():
            futures = [coalescer.submit(Submission("shop", (new_mail(NOW),))) for _ in range(50)]
            await asyncio.wait(futures)

    async with asyncio.TaskGroup() as group:
        group.create_task(coalescer.run())
        writers = [group.create_task(accept_all()) for _ in range(2)]
        sizes = [await file.backup(str(tmp_path / f"backup{n}.db")) for n in range(3)]
        stop.set()
        await asyncio.wait(writers)
        coalescer.close()
    for number in range(3):
        copy = tmp_path / f"backup{number}.db"
        assert copy.stat().st_size == sizes[number] > 0
        await (await open_sqlite(copy, now_ms=lambda: NOW)).close()
        counts = counted(copy)
        assert len(set(counts)) == 1, f"mails, contents, recipients, events: {counts}"
    assert counted(tmp_path / "backup2.db")[0] > counted(tmp_path / "backup0.db")[0]


def counted(path: Path) -> tuple[int, ...]:
    raw = sqlite3.connect(path)
    try:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        asked = ("emails", "contents", "recipients", "events WHERE type = 'email.accepted'")
        return tuple(
            raw.execute(f"SELECT count(*) FROM {each}").fetchone()[0]  # noqa: S608
            for each in asked
        )
    finally:
        raw.close()


async def test_a_backup_never_replaces_a_file(file: SqliteDatabase, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_bytes(b"precious")
    with pytest.raises(StoreError, match="exists already"):
        await file.backup(str(target))
    assert target.read_bytes() == b"precious"
    with pytest.raises(StoreError, match="no folder"):
        await file.backup(str(tmp_path / "nowhere" / "backup.db"))


async def test_a_backup_that_breaks_off_leaves_nothing_that_looks_like_one(
    file: SqliteDatabase, tmp_path: Path
) -> None:
    await open_for_mail(file)
    mails = [new_mail(NOW, payload=b"x" * 10_000) for _ in range(100)]
    await accepted(file, *mails, routing=ONE)
    before = names(tmp_path)
    raw = sqlite3.connect(file.where, isolation_level=None)
    raw.set_progress_handler(lambda: 1, 1_000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        back_up(raw, tmp_path / "backup.db")
    assert names(tmp_path) == before
    raw.set_progress_handler(None, 0)
    assert back_up(raw, tmp_path / "backup.db") > 1_000_000
    raw.close()


async def test_reading_goes_on_while_a_backup_is_made(
    file: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection, target: Path) -> int:
        begun.set()
        go_on.wait(10)
        return back_up(connection, target)

    monkeypatch.setattr("mailproof.store.sqlite.database.back_up", slow)
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        copying = group.create_task(file.backup(str(tmp_path / "backup.db")))
        await asyncio.to_thread(begun.wait, 10)
        assert await file.read(events.newest) == 0
        await open_for_mail(file)
        go_on.set()
        assert await copying > 0
