"""`mailproof users`: who may sign in to the console."""

import pytest

from mailproof.console.passwords import Scrypt
from mailproof.store.base import Database
from mailproof.store.console.people import password_of
from tests.cli.desk import CONFIG, Desk, desk

__all__ = ["desk"]


def fits(desk: Desk, name: str, password: str) -> bool:
    async def look(database: Database) -> bool:
        return await Scrypt().fits(password, await database.read(password_of, name))

    return desk.seed(look)


def test_a_password_is_printed_alone_on_stdout_and_the_talk_on_stderr(desk: Desk) -> None:
    said = desk.run("users", "add", "Lena", "--role", "admin")
    password = said.stdout.strip()
    assert len(password) == 20
    assert password not in said.stderr
    assert said.stderr.startswith("lena may sign in to the console.")
    assert fits(desk, "lena", password)


def test_a_script_gets_the_password_with_the_name(desk: Desk) -> None:
    made = desk.json("users", "add", "tom")
    assert set(made) == {"name", "role", "password"}
    assert (made["name"], made["role"]) == ("tom", "viewer")


def test_a_password_of_ones_own_is_taken_from_stdin_and_never_printed(desk: Desk) -> None:
    said = desk.run("users", "add", "lena", "--own", stdin="correct horse battery\n")
    assert "correct" not in said.output
    assert fits(desk, "lena", "correct horse battery")
    changed = desk.run("users", "password", "lena", "--own", stdin="another long one")
    assert changed.stdout == "lena has a new password, and all their sessions have ended.\n"
    assert fits(desk, "lena", "another long one")
    assert not fits(desk, "lena", "correct horse battery")


def test_a_list_shows_no_password(desk: Desk) -> None:
    made = desk.json("users", "add", "lena")
    assert "lena" in desk.run("users", "list").stdout
    (row,) = desk.json("users", "list")["data"]
    assert set(row) == {"name", "role", "created_at", "password_changed_at"}
    assert made["password"] not in str(row)


def test_a_new_password_is_made_and_printed_this_once(desk: Desk) -> None:
    first = desk.json("users", "add", "lena")["password"]
    second = desk.run("users", "password", "lena").stdout.strip()
    assert first != second
    assert fits(desk, "lena", second)


def test_somebody_is_removed_but_never_the_last_admin(desk: Desk) -> None:
    for name, role in (("lena", "admin"), ("tom", "viewer")):
        desk.run("users", "add", name, "--role", role)
    assert desk.json("users", "remove", "tom") == {"name": "tom", "removed": True}
    assert "the last admin" in desk.run("users", "remove", "lena", code=1).stderr
    assert [each["name"] for each in desk.json("users", "list")["data"]] == ["lena"]


def test_a_password_that_a_setting_rules_is_not_changed_here(desk: Desk) -> None:
    desk.run("users", "add", "admin", "--role", "admin")
    more = '[server]\nconsole_password = "correct horse battery"\n'
    desk.config.write_text(CONFIG + more, encoding="utf-8")
    said = desk.run("users", "password", "admin", code=1).stderr
    assert "server.console_password" in said


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (["add", "lena"], 1, "There is somebody of the name lena already."),
        (["add", "Léna"], 2, "A name has 1 to 40 letters"),
        (["add", "x", "--own"], 2, "A password has 12 to 1000 characters."),
        (["password", "tom"], 1, "Nobody has the name tom."),
        (["remove", "tom"], 1, "Nobody has the name tom."),
    ],
)
def test_what_cannot_be_done_says_why(desk: Desk, given: list[str], code: int, says: str) -> None:
    desk.run("users", "add", "lena")
    assert says in desk.run("users", *given, code=code, stdin="short\n").stderr
    assert len(desk.json("users", "list")["data"]) == 1


def test_nobody_yet_is_said_with_who_makes_the_first(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "`mailproof serve`" in desk.run("users", "list").stderr
