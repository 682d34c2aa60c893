"""`mailproof db`: make it, check it, copy it."""

from mailproof.store.base import Database
from mailproof.store.mails.listing import listing
from mailproof.store.schema import CODE
from tests.cli.desk import Desk, desk
from tests.store.mails import ONE, accepted, new_mail

__all__ = ["desk"]


async def a_mail(database: Database) -> None:
    await accepted(database, new_mail(database.now()), routing=ONE)


async def a_mail_without_content(database: Database) -> None:
    await accepted(database, new_mail(database.now(), content_stored=True), routing=ONE)


def test_migrating_makes_the_store_and_names_its_schema(desk: Desk) -> None:
    assert desk.json("db", "migrate") == {"where": str(desk.store), "schema": CODE}
    assert desk.store.exists()
    assert f"has schema {CODE}" in desk.run("db", "migrate").stdout


def test_a_whole_store_is_called_whole(desk: Desk) -> None:
    desk.seed(a_mail)
    told = f"is whole: schema {CODE}, mails 1, waiting 1, events 1."
    assert told in desk.run("db", "check").stdout
    assert desk.json("db", "check")["damage"] == []


def test_a_store_that_lacks_something_exits_with_one_and_says_what(desk: Desk) -> None:
    desk.seed(a_mail_without_content)
    said = desk.run("db", "check", code=1).stdout
    assert "Waiting mails whose content is missing: 1." in said
    assert desk.json("db", "check", code=1)["without_content"] == 1


def test_a_backup_is_a_store_of_its_own(desk: Desk) -> None:
    desk.seed(a_mail)
    copy = desk.folder / "copy.db"
    made = desk.json("db", "backup", str(copy))
    assert made == {"file": str(copy), "size_bytes": copy.stat().st_size}
    desk.store = copy

    async def count(database: Database) -> int:
        return len((await database.read(listing)).mails)

    assert desk.seed(count) == 1


def test_a_backup_never_overwrites_a_file(desk: Desk) -> None:
    desk.run("db", "migrate")
    copy = desk.folder / "copy.db"
    copy.write_text("mine", encoding="utf-8")
    said = desk.run("db", "backup", str(copy), code=1)
    assert "exists already. Name a new file." in said.stderr
    assert copy.read_text(encoding="utf-8") == "mine"


def test_checking_a_store_that_is_not_there_is_a_misuse(desk: Desk) -> None:
    assert "There is no store" in desk.run("db", "check", code=2).stderr


def test_a_file_that_is_no_database_is_named(desk: Desk) -> None:
    desk.store.write_text("this is a text, not a database, and long enough to be looked at " * 9)
    said = desk.run("db", "check", code=2)
    assert f"{desk.store}: file is not a database." in said.stderr
