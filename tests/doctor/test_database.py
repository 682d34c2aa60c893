"""Why an app has no database: each fault on a real PostgreSQL."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator

import pytest

from mailproof.diagnosis.evidence import Raised
from mailproof.doctor.database import (
    DatabaseSeen,
    check_database,
    open_database,
    read_database_url,
)
from mailproof.doctor.finding import Noted, Status
from mailproof.doctor.settings import Setting, Settings
from tests.doctor.postgres_server import Postgres, running_postgres
from tests.doctor.smtp_server import blackhole, closed_port


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


async def found(url: str) -> Noted:
    setting = Setting("DATABASE_URL", url)
    parsed = read_database_url(setting)
    seen = await open_database(parsed, deadline_s=5) if parsed is not None else None
    (note,) = check_database(Settings({"DATABASE_URL": setting}), seen)
    return note


def seen_with(sqlstate: str, *, standby: bool = False) -> DatabaseSeen:
    url = read_database_url(Setting("DATABASE_URL", "postgres://a:b@db/app"))
    assert url is not None
    problem = Raised("asyncpg.PostgresError", "words") if sqlstate else None
    return DatabaseSeen(url=url, problem=problem, sqlstate=sqlstate, standby=standby)


def settings_of(seen: DatabaseSeen) -> Settings:
    return Settings({"DATABASE_URL": Setting("DATABASE_URL", seen.url.dsn)})


FAULTS: tuple[tuple[str, Callable[[Postgres], str], str, Status], ...] = (
    ("nothing", lambda pg: pg.url(), "ok", Status.OK),
    ("an ORM's own parameters", lambda pg: pg.url(query="?schema=public"), "ok", Status.OK),
    ("a wrong password", lambda pg: pg.url(password="wrong"), "wrong_password", Status.FAILED),
    ("no password", lambda pg: pg.url(password=""), "no_password", Status.FAILED),
    ("a role that is not there", lambda pg: pg.url("nobody"), "wrong_password", Status.FAILED),
    ("a role without an entry", lambda pg: pg.url("stranger"), "no_pg_hba", Status.FAILED),
    ("no such database", lambda pg: pg.url(database="nope"), "no_database", Status.FAILED),
    (
        "a database that is closed to the role",
        lambda pg: pg.url("no_connect", database="closed"),
        "no_connect_right",
        Status.FAILED,
    ),
    (
        "TLS wanted, but not offered",
        lambda pg: pg.url(query="?sslmode=require"),
        "no_tls",
        Status.FAILED,
    ),
    ("a role that is read-only", lambda pg: pg.url("reader"), "read_only", Status.FAILED),
    (
        "a role that may not create tables",
        lambda pg: pg.url("no_connect"),
        "no_create",
        Status.WARNING,
    ),
    (
        "a server that does not run",
        lambda _: f"postgres://a:b@127.0.0.1:{closed_port()}/app",
        "unreachable",
        Status.FAILED,
    ),
    (
        "a host that does not exist",
        lambda _: "postgres://a:b@db.nobody.invalid:5432/app",
        "no_host",
        Status.FAILED,
    ),
    (
        "a driver of SQLAlchemy",
        lambda pg: pg.url().replace("postgresql", "postgresql+asyncpg"),
        "ok",
        Status.OK,
    ),
    (
        "several hosts",
        lambda pg: pg.url().replace("@", f"@127.0.0.1:{closed_port()},"),
        "ok",
        Status.OK,
    ),
    (
        "a Unix socket beside a host, as Prisma writes it",
        lambda pg: f"postgres://app:x@localhost/app?host={pg.folder}&port={pg.port}",
        "ok",
        Status.OK,
    ),
    (
        "a Unix socket that is not there",
        lambda _: "postgres:///app?host=/nowhere",
        "unreachable",
        Status.FAILED,
    ),
    (
        "TLS without a look at the certificate, as node-postgres writes it",
        lambda pg: pg.url(query="?sslmode=no-verify"),
        "no_tls",
        Status.FAILED,
    ),
    (
        "a root certificate that is not there",
        lambda pg: pg.url(query="?sslmode=verify-full&sslrootcert=/nowhere/ca.pem"),
        "no_certificate_file",
        Status.FAILED,
    ),
    (
        "a client certificate that is not there",
        lambda pg: pg.url(query="?sslmode=prefer&sslcert=/nowhere/a.pem&sslkey=/nowhere/a.key"),
        "no_certificate_file",
        Status.FAILED,
    ),
    (
        "a password with a question mark",
        lambda _: "postgres://a:12?34@db:5432/app",
        "unescaped",
        Status.FAILED,
    ),
    (
        "a host that can be no name",
        lambda _: "postgres://a:b@db..acme.test/app",
        "no_host",
        Status.FAILED,
    ),
    (
        "a password with a hash",
        lambda _: "postgres://a:b#c@db:5432/app",
        "unescaped",
        Status.FAILED,
    ),
    ("an empty URL", lambda _: "", "empty", Status.FAILED),
    ("no URL at all", lambda _: "localhost", "malformed", Status.FAILED),
    ("another kind of database", lambda _: "mysql://a:b@db/app", "other_kind", Status.SKIPPED),
)


@pytest.mark.parametrize(("name", "url", "key", "status"), FAULTS, ids=[row[0] for row in FAULTS])
async def test_a_seeded_fault_of_the_database_is_named(
    postgres: Postgres, name: str, url: Callable[[Postgres], str], key: str, status: Status
) -> None:
    note = await found(url(postgres))
    assert (note.key, note.status) == (f"database.{key}", status), note.evidence


async def test_a_server_that_takes_the_call_and_says_nothing_is_a_finding() -> None:
    with blackhole() as port:
        url = read_database_url(Setting("DATABASE_URL", f"postgres://a:b@127.0.0.1:{port}/app"))
        assert url is not None
        seen = await open_database(url, deadline_s=0.3)
    (note,) = check_database(settings_of(seen), seen)
    assert note.key == "database.timed_out"
    assert note.evidence == "TimeoutError: no answer in 0.3 s"


async def test_a_server_that_is_no_postgresql_is_named() -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        note = await found(f"postgres://a:b@127.0.0.1:{port}/app")
    assert note.key == "database.not_postgres"


@pytest.mark.parametrize(
    "query", ["", "?schema=public&pgbouncer=true", "?channel_binding=require&sslmode=disable"]
)
async def test_the_line_to_check_by_hand_does_what_it_says(postgres: Postgres, query: str) -> None:
    url = postgres.url(query=query).replace(
        "postgresql", "postgresql+asyncpg" if query else "postgresql"
    )
    note = await found(url)
    done = await asyncio.create_subprocess_shell(
        note.command,
        env={"PATH": f"{postgres.programs}:{os.environ['PATH']}", "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await done.communicate()
    assert b"app" in out


async def test_a_server_that_wants_tls_is_told_from_one_that_does_not_know_us(
    postgres: Postgres,
) -> None:
    note = await found(postgres.url("tls_only", query="?sslmode=disable"))
    assert note.key == "database.needs_tls", note.evidence


@pytest.mark.parametrize(
    ("sqlstate", "key"),
    [("28000", "no_role"), ("53300", "too_many"), ("57P03", "starting"), ("XX000", "other")],
)
def test_a_state_that_a_test_cannot_make_is_read_from_its_code(sqlstate: str, key: str) -> None:
    seen = seen_with(sqlstate)
    (note,) = check_database(settings_of(seen), seen)
    assert note.key == f"database.{key}"


def test_a_standby_is_named_even_where_the_role_may_write() -> None:
    seen = seen_with("", standby=True)
    (note,) = check_database(settings_of(seen), seen)
    assert note.key == "database.standby"


async def test_without_the_driver_the_port_is_tried_and_the_driver_is_named(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    note = await found(postgres.url())
    assert (note.key, note.status) == ("database.no_driver", Status.WARNING)


async def test_many_looks_at_once_do_not_disturb_each_other(postgres: Postgres) -> None:
    urls = [postgres.url(), postgres.url(password="wrong"), postgres.url("reader")] * 3
    notes = await asyncio.gather(*(found(url) for url in urls))
    keys = ["database.ok", "database.wrong_password", "database.read_only"] * 3
    assert [note.key for note in notes] == keys


async def test_the_password_is_in_no_finding(postgres: Postgres) -> None:
    notes = [await found(make(postgres)) for _, make, _, _ in FAULTS]
    assert not [note for note in notes if "right-password" in repr(note)]
