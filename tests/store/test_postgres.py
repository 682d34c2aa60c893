"""PostgreSQL as a store for several nodes: how it is opened, its clock, and the order of events."""

import asyncio
import os
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, SchemaTooNew, StoreError, Tx
from mailproof.store.postgres.database import PostgresDatabase, open_postgres
from mailproof.store.postgres.urls import read_url
from mailproof.store.records import events
from tests.store.cluster import Cluster
from tests.store.proxy import proxied

DEADLINE_S = 20


async def tell(tx: Tx) -> None:
    tx.tell(NewEvent(EventType.ROUTE_PROBED))


async def test_several_nodes_may_start_at_once_on_an_empty_database(cluster: Cluster) -> None:
    async with cluster.fresh_database(migrated=False) as url:
        nodes = await asyncio.gather(*(open_postgres(url) for _ in range(4)))
        await asyncio.gather(*(node.write(tell) for node in nodes))
        assert [event.id for event in await nodes[0].read(events.after, 0)] == [1, 2, 3, 4]
        assert await fetched(url, "SELECT count(*) FROM schema") == 1
        for node in nodes:
            await node.close()


async def test_a_schema_that_a_newer_release_has_changed_is_left_alone(url: str) -> None:
    await fetched(url, "UPDATE schema SET version = 900, min_code = 900")
    with pytest.raises(SchemaTooNew, match="Install the newer release"):
        await open_postgres(url)


async def test_a_migration_that_fails_leaves_nothing_behind(cluster: Cluster) -> None:
    async with cluster.fresh_database(migrated=False) as url:
        await fetched(url, "CREATE TABLE api_keys (mine text)")  # the last table that 0001 makes
        with pytest.raises(StoreError, match="already exists"):
            await open_postgres(url)
        assert await fetched(url, "SELECT to_regclass('emails')") is None


async def test_a_user_who_may_not_create_tables_is_told_what_to_grant(cluster: Cluster) -> None:
    async with cluster.fresh_database(migrated=False) as url:
        other = url.replace("//app:", "//no_connect:")
        with pytest.raises(StoreError, match="GRANT CREATE"):
            await open_postgres(other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("right-password", "wr:%20ong"), "wrong user or password"),
        (("//app:", "//nobody:"), "wrong user or password"),
        (("/mailproof_", "/missing_"), "no such database"),
        (("//app:", "//stranger:"), "may not connect from here"),
        (("postgresql://", "mysql://"), "must begin with postgresql://"),
        (("right-password", "se/cret@1"), "%2F"),
        (("/mailproof_", "x/mailproof_"), "host or port"),
        (("@127.0.0.1", "@[::1"), "host or port"),
    ],
)
async def test_a_wrong_url_is_explained_without_the_password(
    url: str, change: tuple[str, str], words: str
) -> None:
    wrong = url.replace(*change)
    with pytest.raises(StoreError, match=words) as caught:
        await open_postgres(wrong)
    told = str(caught.value)
    assert not [secret for secret in ("right-password", "wr:", "se/cret") if secret in told]


async def test_a_url_of_sqlalchemy_or_prisma_works_as_it_is(url: str) -> None:
    orm = url.replace("postgresql", "postgresql+asyncpg") + "?connection_limit=5&pgbouncer=true"
    database = await open_postgres(orm + "&channel_binding=prefer&application_name=shop")
    await database.write(tell)
    assert database.where == url.replace(":right-password", "")
    await database.close()


@pytest.mark.parametrize(
    "place", ["", "db.test", "db.test:5433", "[::1]:5432", "one:5432,other:5433", "%2Ftmp"]
)
def test_every_place_that_libpq_knows_is_read(place: str) -> None:
    assert (
        read_url(f"postgresql://ada:secret@{place}/mail").where == f"postgresql://ada@{place}/mail"
    )


def test_a_password_in_the_url_is_shown_nowhere() -> None:
    read = read_url("postgresql://ada@db.test/mail?password=s%26cret&sslmode=require")
    assert read.password == "s&cret"
    assert read.where == "postgresql://ada@db.test/mail"
    assert "cret" not in repr(read) + read.where + read.without_password


async def test_a_server_that_does_not_flush_to_disk_is_refused(url: str, cluster: Cluster) -> None:
    await cluster.configure("fsync", "off")
    try:
        with pytest.raises(StoreError, match="fsync = off"):
            await open_postgres(url)
    finally:
        await cluster.configure("fsync", "on")


async def test_a_transaction_waits_for_the_disk_whatever_the_role_says(
    url: str, cluster: Cluster
) -> None:
    name = url.rpartition("/")[2]
    await cluster.as_admin(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await cluster.as_admin(
        f"ALTER DATABASE {name} SET default_transaction_isolation = serializable"
    )
    database = await open_postgres(url)
    assert await database.write(asked, "SELECT current_setting('synchronous_commit')") == "on"
    level = "SELECT current_setting('transaction_isolation')"
    assert await database.write(asked, level) == "read committed"
    assert await database.read(asked, level) == "repeatable read"
    await database.close()


async def test_nothing_of_a_transaction_stays_in_its_session(postgres: PostgresDatabase) -> None:
    """PgBouncer gives the next transaction another session, and this one to somebody else."""
    question = (
        "SELECT (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = "
        "'advisory') || current_setting('lock_timeout') || current_setting('statement_timeout')"
    )
    await postgres.write(tell)
    assert await postgres.write(asked, question) == "15s10s"
    connection = await postgres._pool.take()
    assert await connection.fetchval(question) == "000"
    postgres._pool.put(connection, sound=True)


async def test_a_pooler_is_recognised_and_nothing_is_prepared_by_name_then(url: str) -> None:
    async with proxied(url) as proxy:
        proxy.as_pooler = True
        database = await open_postgres(proxy.url)
        for _ in range(3):
            await database.write(tell)
            await database.read(events.after, 0)
        await database.close()
        assert not proxy.named
        forced = await open_postgres(f"{proxy.url}?pgbouncer=false")
        await forced.write(tell)
        await forced.close()
        assert proxy.named


async def test_the_databases_clock_rules(postgres: PostgresDatabase) -> None:
    theirs = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    before = await postgres.read(asked, theirs)
    ours = postgres.now()
    assert before - 20 <= ours <= await postgres.read(asked, theirs) + 20


async def test_the_clock_is_asked_again_after_a_minute(url: str) -> None:
    ticks = [1_000.0]
    database = await open_postgres(url, monotonic=lambda: ticks[0])
    was = database.now()
    ticks[0] += 59
    await database.write(tell)
    assert database.now() == was + 59_000  # believed: it is not a minute yet
    ticks[0] += 1
    await database.write(tell)
    assert database.now() - was < DEADLINE_S * 1_000
    await database.close()


async def test_listeners_hear_of_what_was_committed_and_of_nothing_else(
    postgres: PostgresDatabase,
) -> None:
    heard: list[str] = []
    postgres.listen(lambda told: heard.extend(event.type for event in told))

    async def fail(tx: Tx) -> None:
        tx.tell(NewEvent(EventType.ROUTE_CLOSED))
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        await postgres.write(fail)
    await postgres.write(tell)
    assert heard == ["route.probed"]


async def test_a_reader_that_polls_misses_no_event_of_many_writers(url: str) -> None:
    nodes = [await open_postgres(url) for _ in range(3)]
    seen: list[int] = []
    written = asyncio.Event()

    async def write(node: PostgresDatabase, times: int) -> None:
        for number in range(times):
            await node.write(told_many, 1 + number % 3)

    async def follow(node: PostgresDatabase) -> None:
        last = False
        while not last:
            last = written.is_set()  # one look more after that
            page = await node.read(events.after, seen[-1] if seen else 0)
            seen.extend(event.id for event in page)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(follow(nodes[0]))
        async with asyncio.TaskGroup() as writers:
            for node in nodes * 3:
                writers.create_task(write(node, 30))
        written.set()
    assert seen == sorted(seen)
    assert len(seen) == 9 * 60 == await fetched(url, "SELECT count(*) FROM events")
    for node in nodes:
        await node.close()


async def told_many(tx: Tx, count: int) -> None:
    for _ in range(count):
        tx.tell(NewEvent(EventType.ROUTE_PROBED))


async def test_an_event_waits_for_no_strangers_transaction(
    postgres: PostgresDatabase, cluster: Cluster
) -> None:
    here = cluster.server.url(database=postgres.where.rpartition("/")[2])
    async with asyncio.timeout(DEADLINE_S), cluster.fresh_database() as elsewhere:
        strangers = [await asyncpg.connect(url) for url in (here, elsewhere)]
        for stranger in strangers:
            await stranger.execute("BEGIN; INSERT INTO versions VALUES ('stranger', 1)")
        await postgres.write(tell)
        assert len(await postgres.read(events.after, 0)) == 1
        for stranger in strangers:
            await stranger.close()


async def test_a_nul_is_kept_as_a_sign_that_something_was_there(
    postgres: PostgresDatabase,
) -> None:
    async def write(tx: Tx) -> None:
        data = {"answer": "a\x00b", "path": "c:\\u0000"}
        tx.tell(NewEvent(EventType.ROUTE_PROBED, data=data, actor="cli:\x00"))

    await postgres.write(write)
    (event,) = await postgres.read(events.after, 0)
    assert event.data == {"answer": "a\ufffdb", "path": "c:\\u0000"}
    assert event.actor == "cli:\ufffd"


async def test_a_backup_is_what_pg_restore_reads(
    url: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(cluster.server.programs), prepend=os.pathsep)
    database = await open_postgres(url)
    file = tmp_path / "mail.dump"
    size = await database.backup(str(file))
    content = file.read_bytes()
    assert (size, content[:5]) == (len(content), b"PGDMP")
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(StoreError, match="exists already"):
        await database.backup(str(file))
    await database.close()


async def test_a_backup_without_pg_dump_says_what_to_install(
    postgres: PostgresDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="pg_dump is not installed"):
        await postgres.backup(str(tmp_path / "mail.dump"))
    assert not os.listdir(tmp_path)


async def test_whoever_waits_asks_its_query(postgres: PostgresDatabase) -> None:
    assert await postgres.changed()
    assert await postgres.changed()


async def asked(tx: Any, question: str) -> Any:
    """What the session of a transaction answers to a question that is no query of ours."""
    return await tx._connection.fetchval(question)


async def fetched(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
