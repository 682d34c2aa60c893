"""What `mailproof db check` looks at."""

import sqlite3
from pathlib import Path

from mailproof.store.base import Database
from mailproof.store.nodes.soundness import soundness
from mailproof.store.schema import CODE
from mailproof.store.sqlite.database import open_sqlite
from tests.store.mails import ONE, accepted, new_mail


async def test_a_whole_store_has_no_damage_and_its_mails_are_counted(database: Database) -> None:
    now = database.now()
    await accepted(database, new_mail(now), new_mail(now), routing=ONE)
    found = await database.read(soundness)
    assert found.damage == ()
    assert (found.schema, found.mails, found.waiting, found.without_content) == (CODE, 2, 2, 0)
    assert found.events == 2


async def test_a_waiting_mail_without_its_content_is_found(database: Database) -> None:
    await accepted(database, new_mail(database.now(), content_stored=True), routing=ONE)
    assert (await database.read(soundness)).without_content == 1


async def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "mailproof.db"
    database = await open_sqlite(path, now_ms=lambda: 1_800_000_000_000)
    now = database.now()
    await accepted(database, new_mail(now), routing=ONE)
    await database.close()
    connection = sqlite3.connect(path)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'attempts_failed'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)
    database = await open_sqlite(path, now_ms=lambda: now)
    found = await database.read(soundness)
    await database.close()
    assert found.damage
