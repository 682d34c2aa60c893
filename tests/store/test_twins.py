"""SQLite and PostgreSQL are twins: one query of each name, with the same values and columns."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from mailproof.store.postgres.statements import Asked, load_statements
from mailproof.store.queries import load_queries
from mailproof.store.sqlite.database import open_sqlite
from mailproof.store.sqlite.migrating import migrate

SQLITE = load_queries("mailproof.store.sqlite")
POSTGRES = load_statements()
BOTH = sorted(SQLITE.keys() & POSTGRES.keys())


def test_every_query_has_a_twin_of_its_name() -> None:
    assert SQLITE.keys() == POSTGRES.keys()


@pytest.mark.parametrize("name", BOTH)
def test_twins_take_the_same_values(name: str) -> None:
    one, other = SQLITE[name], POSTGRES[name]
    assert one.many == other.many
    wanted = set(one.many or one.values)
    assert {value for statement in other.statements for value in statement.values} == wanted


def test_only_the_last_statement_of_a_query_has_an_answer() -> None:
    several = {name: asked for name, asked in POSTGRES.items() if len(asked.statements) > 1}
    assert several
    for asked in several.values():
        for statement in asked.statements[:-1]:
            assert re.match(r"SELECT (count\()?(pg_advisory|set_config)", statement.text), (
                asked.name
            )


@contextmanager
def sqlite_file(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, 0)
        yield connection


def columns_in_sqlite(connection: sqlite3.Connection, name: str) -> int:
    """How many columns its answer has: it is run, with values that touch no row."""
    text = SQLITE[name].text
    if not re.match("SELECT|WITH|PRAGMA", text) and " RETURNING " not in text:
        return 0
    values: dict[str, object] = {
        value: "[]" if re.search(rf"json_\w+\(:{value}\)", text) else 1
        for value in SQLITE[name].values
    }
    values |= dict.fromkeys(re.findall(r"@(\w+)", text), b"")
    return len(connection.execute(text, values).description or ())


async def columns_in_postgres(connection: asyncpg.Connection, asked: Asked) -> list[str]:
    """The types of its answer's columns."""
    prepared = await connection.prepare(asked.statements[-1].text)
    return [column.type.name for column in prepared.get_attributes()]


async def test_twins_answer_with_as_many_columns_and_ids_are_texts(
    url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(url)
    with sqlite_file(tmp_path / "mailproof.db") as file:
        for name in BOTH:
            types = await columns_in_postgres(connection, POSTGRES[name])
            assert len(types) == columns_in_sqlite(file, name), name
            assert not {"uuid", "json", "jsonb", "numeric"} & set(types), name
    await connection.close()


async def test_both_have_the_same_tables_columns_and_indexes(url: str, tmp_path: Path) -> None:
    database = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: 0)
    await database.close()
    with closing(sqlite3.connect(tmp_path / "mailproof.db")) as file:
        columns = file.execute(
            'SELECT m.name, i.name, i."notnull" OR i.pk > 0 FROM sqlite_master AS m, '
            "pragma_table_info(m.name) AS i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        ).fetchall()
        indexes = file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    connection = await asyncpg.connect(url)
    twin_columns = await connection.fetch(
        "SELECT table_name, column_name, (is_nullable = 'NO')::integer "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    )
    twin_indexes = await connection.fetch(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    await connection.close()
    assert {tuple(row) for row in twin_columns} == set(columns)
    assert {tuple(row) for row in twin_indexes} == set(indexes)


def test_no_query_is_left_over() -> None:
    sources = (Path(__file__).parents[2] / "src").rglob("*.py")
    code = " ".join(path.read_text(encoding="utf-8") for path in sources)
    assert not [name for name in SQLITE if f'"{name}"' not in code]
