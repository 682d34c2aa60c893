"""SQLite's own: where a file may lie, how its schema moves, who may write when."""

import asyncio
import os
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailproof.mail.events import EventType
from mailproof.store.base import (
    NewEvent,
    SchemaTooNew,
    StoreError,
    StoreUnavailable,
    Tx,
)
from mailproof.store.queries import load_migrations
from mailproof.store.records import events
from mailproof.store.routes.lanes import known_senders
from mailproof.store.sqlite import busy
from mailproof.store.sqlite.binding import chunks
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite
from mailproof.store.sqlite.filesystem import file_system_of, refuse_network_file_system
from mailproof.store.sqlite.migrating import _statements, migrate
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import open_for_mail

NOW = 1_800_000_000_000


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: NOW)
    yield database
    await database.close()


async def opening(path: Path) -> None:
    database = await open_sqlite(path, now_ms=lambda: NOW)
    await database.close()


# ---- where it may lie ----

MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt/nas rw - nfs4 nas:/export rw
31 22 0:41 / /mnt/my\040share rw,nosuid shared:9 master:3 - cifs //nas/share rw
32 22 0:42 / /mnt/数据 rw - fuse.sshfs host:/ rw
33 30 0:43 / /mnt/nas/local rw - xfs /dev/vdb rw
34 22 0:44 / /win rw - 9p drvfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/mailproof.db", "ext4"),
        ("/mnt/nas/mailproof.db", "nfs4"),
        ("/mnt/nas/deep/er/mailproof.db", "nfs4"),
        ("/mnt/nasty/mailproof.db", "ext4"),
        ("/mnt/my share/mailproof.db", "cifs"),
        ("/mnt/数据/mailproof.db", "fuse.sshfs"),
        ("/mnt/nas/local/mailproof.db", "xfs"),
        ("/win/mailproof.db", "9p"),
    ],
)
def test_a_file_on_a_network_is_refused(path: str, kind: str, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    assert file_system_of(Path(path), mounts) == kind
    if kind in {"ext4", "xfs"}:
        refuse_network_file_system(Path(path), mounts)
    else:
        with pytest.raises(StoreError, match="network file system"):
            refuse_network_file_system(Path(path), mounts)


def test_a_link_to_a_network_is_seen_through(tmp_path: Path) -> None:
    target = tmp_path / "share"
    target.mkdir()
    mounts = tmp_path / "mountinfo"
    root = "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
    mounts.write_text(f"{root}30 22 0:40 / {target} rw - nfs nas:/ rw\n", encoding="utf-8")
    (tmp_path / "data").symlink_to(target)
    assert file_system_of(tmp_path / "data" / "mailproof.db", mounts) == "nfs"


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path) -> None:
    refuse_network_file_system(tmp_path / "mailproof.db", tmp_path / "none")


async def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="Check the disk and the file's permissions"):
        await opening(tmp_path / "nowhere" / "mailproof.db")


@pytest.mark.skipif(sys.platform != "linux", reason="root may write everywhere but in /proc")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    folder = Path("/proc/self") if os.geteuid() == 0 else tmp_path
    with pytest.raises(StoreUnavailable, match="permissions"):
        asyncio.run(opening(folder / "mailproof.db"))


# ---- what it may be ----


async def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mailproof.db"
    path.write_bytes(b"[providers]\n" * 500)
    with pytest.raises(StoreError, match="not a database"):
        await opening(path)
    assert path.read_bytes() == b"[providers]\n" * 500


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mailproof.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE customers (id INTEGER)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        await opening(path)
    assert tables(path) == ["customers"]


async def test_a_schema_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mailproof.db"
    await opening(path)
    set_schema(path, version=99, min_code=99)
    with pytest.raises(SchemaTooNew, match="Install the newer release"):
        await opening(path)


async def test_a_newer_schema_that_asks_nothing_new_may_be_used(tmp_path: Path) -> None:
    path = tmp_path / "mailproof.db"
    await opening(path)
    set_schema(path, version=99, min_code=1)
    await opening(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT version, min_code FROM schema").fetchall() == [(99, 1)]
    raw.close()


def set_schema(path: Path, version: int, min_code: int) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE schema SET version = ?, min_code = ?", (version, min_code))
    raw.close()


def tables(path: Path) -> list[str]:
    raw = sqlite3.connect(path)
    try:
        rows = raw.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
        return sorted(name for (name,) in rows)
    finally:
        raw.close()


# ---- migrations ----

OURS = load_migrations("mailproof.store.sqlite")
STATEMENTS = list(_statements(OURS[0][1]))
NEWEST = OURS[-1][0]
BROKEN = "INSERT INTO nowhere VALUES (1);\n"


@pytest.mark.parametrize("place", range(0, len(STATEMENTS) + 1, 5))
def test_a_first_migration_that_breaks_anywhere_leaves_an_empty_file(
    place: int, tmp_path: Path
) -> None:
    path = tmp_path / "mailproof.db"
    raw = sqlite3.connect(path, isolation_level=None)
    text = "".join([*STATEMENTS[:place], BROKEN, *STATEMENTS[place:]])
    with pytest.raises(sqlite3.OperationalError):
        migrate(raw, NOW, [(1, text)])
    assert tables(path) == []
    assert migrate(raw, NOW) == NEWEST
    raw.close()


@pytest.mark.parametrize("place", range(4))
def test_a_later_migration_that_breaks_anywhere_leaves_the_schema_as_it_was(
    place: int, tmp_path: Path
) -> None:
    path = tmp_path / "mailproof.db"
    raw = sqlite3.connect(path, isolation_level=None)
    migrate(raw, NOW)
    before = tables(path)
    steps = [
        "ALTER TABLE emails ADD COLUMN colour TEXT;\n",
        "CREATE TABLE colours (name TEXT) STRICT;\n",
        "CREATE INDEX emails_colour ON emails (colour);\n",
    ]
    text = "".join([*steps[:place], BROKEN, *steps[place:]])
    with pytest.raises(sqlite3.OperationalError):
        migrate(raw, NOW, [*OURS, (NEWEST + 1, text)])
    assert tables(path) == before
    assert raw.execute("SELECT version FROM schema").fetchall() == [(NEWEST,)]
    assert migrate(raw, NOW, [*OURS, (NEWEST + 1, "".join(steps))]) == NEWEST + 1
    assert set(tables(path)) - set(before) == {"colours", "emails_colour"}
    raw.close()


async def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mailproof.db"
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(opening(path))
    assert "emails" in tables(path)


async def test_opening_waits_for_no_writer(file: SqliteDatabase, tmp_path: Path) -> None:
    writing = sqlite3.connect(file.where, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    async with asyncio.timeout(4):  # a writer is waited for 5 s
        await opening(Path(file.where))
    writing.close()


# ---- transactions ----


async def test_a_process_that_writes_for_too_long_is_said(
    file: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy, "BUSY_S", 0.05)
    writing = sqlite3.connect(file.where, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another process has been writing"):
        await open_for_mail(file)
    writing.close()
    await open_for_mail(file)


async def test_reading_goes_on_while_another_process_writes(file: SqliteDatabase) -> None:
    writing = sqlite3.connect(file.where, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    writing.execute("INSERT INTO versions VALUES ('routes', 7)")
    assert await file.read(events.newest) == 0
    writing.close()


async def test_what_only_reads_cannot_write(file: SqliteDatabase) -> None:
    async def writes(tx: Tx) -> None:
        await tx.run("nodes/bump_version", name="routes")

    with pytest.raises(StoreError, match="readonly"):
        await file.read(writes)
    await file.write(writes)


async def test_a_transaction_that_waits_for_something_else_is_a_bug_that_is_said(
    file: SqliteDatabase,
) -> None:
    async def waits(tx: Tx) -> None:
        tx.tell(NewEvent(EventType.ALERT_OPENED))
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="may await nothing but its Tx"):
        await file.write(waits)
    assert await file.read(events.newest) == 0


async def test_a_caller_who_leaves_stops_no_transaction_and_its_failure_is_said(
    file: SqliteDatabase,
) -> None:
    async def late(tx: Tx, fails: str) -> None:
        await tx.run("routes/insert_lane", sender=f"{fails}.test", pin="", now=tx.now)
        if fails == "yes":
            raise ValueError("nobody heard this")

    for fails in ("no", "yes"):
        with capture_logs() as logs:
            async with asyncio.TaskGroup() as group:
                leaving = group.create_task(file.write(late, fails))
                await asyncio.sleep(0)  # it has asked for its turn
                leaving.cancel()
            senders = await file.write(known_senders)  # behind the other one
        assert senders == {"no.test"}
        said = [(each["event"], each["error"]) for each in logs]
        assert said == ([("transaction.failed", "nobody heard this")] if fails == "yes" else [])


async def test_the_log_of_events_only_grows(file: SqliteDatabase) -> None:
    await open_for_mail(file)
    await accepted(file, new_mail(NOW), new_mail(NOW), routing=ONE)
    raw = sqlite3.connect(file.where, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE events SET data = '{}'")
    with pytest.raises(sqlite3.IntegrityError, match="above the sealed cursor stay"):
        raw.execute("DELETE FROM events")
    first = raw.execute("SELECT min(id) FROM events").fetchone()[0]
    await file.write(events.advance, "seal", first)
    raw.execute("DELETE FROM events WHERE id <= ?", (first,))
    with pytest.raises(sqlite3.IntegrityError, match="above the sealed cursor stay"):
        raw.execute("DELETE FROM events")
    # Ids of what went are not used again: a cursor would pass a new event over.
    raw.execute("DELETE FROM events WHERE id <= ?", (first,))
    newest = await file.read(events.newest)
    await accepted(file, new_mail(NOW), routing=ONE)
    assert await file.read(events.newest) > newest
    raw.close()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100, 255, 256, 257, 700])
def test_rows_are_inserted_in_few_sizes(count: int) -> None:
    parts = chunks(count)
    assert [place for start, size in parts for place in range(start, start + size)] == list(
        range(count)
    )
    assert {size for _, size in parts} <= {1, 2, 4, 8, 16, 32, 64, 128, 256}


class Unwritable:
    """A connection that is kept waiting for its turn, and then told that there is none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.over = threading.Event()
        self.asked = 0

    def execute(self, text: str) -> sqlite3.Cursor:
        if not text.startswith("BEGIN"):
            return self._connection.execute(text)
        self.asked += 1
        error = sqlite3.OperationalError("attempt to write a readonly database")
        # As SQLite's own have them.
        error.sqlite_errorname, error.sqlite_errorcode = "SQLITE_BUSY", sqlite3.SQLITE_BUSY
        if self.asked > 1:
            self.over.wait(5)
            error.sqlite_errorname, error.sqlite_errorcode = "SQLITE_READONLY", 8
        raise error


async def test_when_nothing_can_be_written_nobody_waits_for_ever(file: SqliteDatabase) -> None:
    writer, connection = file._writer, file._writer._connection
    unwritable = Unwritable(connection)
    writer._connection = unwritable  # type: ignore[assignment]
    try:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(_refused(file.write(_nothing)))
            await asyncio.sleep(0)  # it asks for its turn …
            await asyncio.sleep(0)  # … and waits for it
            assert unwritable.asked
            group.create_task(_refused(file.changed()))
            await asyncio.sleep(0)
            unwritable.over.set()
    finally:
        writer._connection = connection
    await file.write(_nothing)


class Malformed:
    """A connection to a file that somebody has written over."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, text: str) -> sqlite3.Cursor:
        if text.startswith("BEGIN"):
            raise sqlite3.DatabaseError("database disk image is malformed")
        return self._connection.execute(text)


async def test_a_file_that_is_no_database_any_more_is_an_answer_and_no_silence(
    file: SqliteDatabase,
) -> None:
    writer, connection = file._writer, file._writer._connection
    writer._connection = Malformed(connection)  # type: ignore[assignment]
    try:
        async with asyncio.timeout(5):
            with pytest.raises(StoreError, match="malformed"):
                await file.write(_nothing)
            assert await file.changed() in {True, False}  # it is not thought busy for ever
    finally:
        writer._connection = connection
        writer._is_busy = False  # or the file would never be closed
    await file.write(_nothing)


async def _nothing(tx: Tx) -> None:
    """A transaction that does nothing."""


async def _refused(asked: Awaitable[object]) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        await asked
