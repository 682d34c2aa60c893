"""`mailproof suppressions`: by hand, nobody needs to know how an address is looked up."""

from mailproof.store.base import Database
from mailproof.store.nodes.installation import installation
from mailproof.store.records.suppressions import blocked
from tests.cli.desk import Desk, desk

__all__ = ["desk"]


def is_blocked(desk: Desk, address: str) -> bool:
    async def look(database: Database) -> bool:
        lookup = (await database.write(installation)).lookup(address)
        return bool(await database.read(blocked, [lookup], critical=True, now=database.now()))

    return desk.seed(look)


def test_an_address_gets_no_mail_until_it_is_removed(desk: Desk) -> None:
    said = desk.run("suppressions", "add", "Ada <Ada@Example.com>", "--note", "by phone").stdout
    assert said == "Ada@example.com gets no mail any more.\n"
    assert is_blocked(desk, "ada@example.com")
    assert "gets mail again" in desk.run("suppressions", "remove", "ada@example.com").stdout
    assert not is_blocked(desk, "ada@example.com")


def test_the_list_says_who_added_an_address_and_why(desk: Desk) -> None:
    desk.run("suppressions", "add", "ada@example.com", "--note", "asked by phone")
    desk.run("suppressions", "add", "bob@example.com")
    (row,) = desk.json("suppressions", "list", "--address", "ada@example.com")["data"]
    assert (row["cause"], row["note"], row["email_id"]) == ("manual", "asked by phone", None)
    assert row["actor"].startswith("cli:")
    page = desk.run("suppressions", "list").stdout
    assert page.index("bob@example.com") < page.index("ada@example.com")
    assert "手动" in desk.run("suppressions", "list", "--lang", "zh").stdout


def test_adding_twice_says_so_and_adds_nothing(desk: Desk) -> None:
    assert desk.json("suppressions", "add", "ada@example.com")["added"]
    assert not desk.json("suppressions", "add", "ada@example.com")["added"]
    assert "already" in desk.run("suppressions", "add", "ada@example.com").stdout


def test_removing_what_is_not_there_exits_with_one(desk: Desk) -> None:
    desk.run("db", "migrate")
    said = desk.run("suppressions", "remove", "ada@example.com", code=1)
    assert "Nothing speaks against ada@example.com." in said.stderr


def test_what_is_no_address_is_a_misuse(desk: Desk) -> None:
    said = desk.run("suppressions", "add", "ada@example", code=2)
    assert "Write `name@example.com`" in said.stderr


def test_an_empty_list_says_so(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "No address is suppressed." in desk.run("suppressions", "list").stderr
