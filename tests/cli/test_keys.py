"""`mailproof keys`: a key is shown once, and what it opens ends when it is revoked."""

import pytest

from mailproof.store.base import Database
from mailproof.store.nodes.keys import find_key, hash_key
from tests.cli.desk import Desk, desk

__all__ = ["desk"]


def test_a_key_is_printed_alone_on_stdout_and_the_talk_on_stderr(desk: Desk) -> None:
    said = desk.run("keys", "create", "shop")
    secret = said.stdout.strip()
    assert secret.startswith("mp_")
    assert len(secret) == 46
    assert "of the app shop" in said.stderr
    assert secret not in said.stderr


def test_a_script_gets_the_documented_object(desk: Desk) -> None:
    made = desk.json("keys", "create", "shop")
    assert set(made) == {"id", "name", "scope", "key"}
    assert (made["name"], made["scope"]) == ("shop", "send")


def test_a_key_carries_the_defaults_it_was_made_with(desk: Desk) -> None:
    given = ["--purpose", "Magic-Link", "--wait", "2.5", "--on-hold", "refuse"]
    made = desk.json("keys", "create", "shop", *given, "--origin", "https://shop.test")

    async def look(database: Database) -> None:
        key = await database.read(find_key, hash_key(made["key"]))
        assert key
        assert (key.id, key.purpose, key.wait_ms) == (made["id"], "magic_link", 2_500)
        assert (key.on_hold, key.origin) == ("refuse", "https://shop.test")

    desk.seed(look)


def test_a_list_shows_no_key(desk: Desk) -> None:
    made = desk.json("keys", "create", "shop")
    text = desk.run("keys", "list").stdout + desk.run("keys", "list", "--json").stdout
    assert made["id"] in text
    assert made["key"] not in text


def test_a_key_is_revoked_by_its_id_or_by_the_name_of_its_only_key(desk: Desk) -> None:
    made = desk.json("keys", "create", "shop")
    assert desk.json("keys", "revoke", made["id"])["revoked_at"]
    again = desk.json("keys", "create", "shop")
    said = desk.run("keys", "revoke", "shop").stdout
    assert said.startswith(f"The key {again['id']} of shop opens nothing any more.")
    assert all(key["revoked_at"] for key in desk.json("keys", "list")["data"])


def test_a_name_with_several_keys_is_not_guessed_at(desk: Desk) -> None:
    ids = [desk.json("keys", "create", "shop")["id"] for _ in range(2)]
    said = desk.run("keys", "revoke", "shop", code=1)
    assert all(id_ in said.stderr for id_ in ids)
    assert not any(key["revoked_at"] for key in desk.json("keys", "list")["data"])


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (["revoke", "0a0a0a0a"], 1, "There is no key '0a0a0a0a'."),
        (["create", "  "], 2, "An app needs a name."),
        (["create", "shop", "--purpose", "registation"], 2, "There is no purpose 'registation'."),
        (["create", "shop", "--on-hold", "wait"], 2, "'wait' is not one of"),
    ],
)
def test_what_cannot_be_done_says_why(desk: Desk, given: list[str], code: int, says: str) -> None:
    desk.run("keys", "create", "other")
    assert says in desk.run("keys", *given, code=code).stderr
    assert len(desk.json("keys", "list")["data"]) == 1


def test_no_key_yet_is_said_with_how_to_make_one(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "`mailproof keys create NAME`" in desk.run("keys", "list").stderr
