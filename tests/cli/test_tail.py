"""`mailproof tail`: the event log as lines, for people and for scripts."""

import json
import threading

import pytest

from mailproof.cli import tail as tail_module
from mailproof.mail.events import EventType
from mailproof.store.base import Database, NewEvent, Tx
from tests.cli.desk import Desk, desk
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import open_for_mail

__all__ = ["desk"]


async def some_mail(database: Database) -> list[str]:
    await open_for_mail(database)
    now = database.now()
    return await accepted(database, *(new_mail(now) for _ in range(3)), routing=ONE)


async def a_key_event(database: Database) -> None:
    async def tell(tx: Tx) -> None:
        data = {"key_id": "0a1b2c3d", "app": "shop"}
        tx.tell(NewEvent(EventType.KEY_CREATED, data=data, actor="cli:ada"))

    await database.write(tell)


def lines_of(desk: Desk, *given: str) -> list[str]:
    return desk.run("tail", "--no-follow", *given).stdout.splitlines()


def test_the_last_lines_come_first_and_in_order(desk: Desk) -> None:
    mails = desk.seed(some_mail)
    lines = lines_of(desk, "-n", "2")
    assert [line.split("  ")[1] for line in lines] == mails[1:]
    assert all(line.endswith("accepted · from the app shop") for line in lines)
    assert lines_of(desk, "-n", "0") == []


def test_a_script_gets_one_flat_object_a_line(desk: Desk) -> None:
    (mail, *_) = desk.seed(some_mail)
    first = json.loads(lines_of(desk, "--json")[0])
    assert (first["type"], first["email_id"], first["app"]) == ("email.accepted", mail, "shop")
    assert first["at"].endswith("Z")
    assert first["id"] == 1


def test_what_is_about_no_mail_is_told_by_its_name_and_facts(desk: Desk) -> None:
    desk.seed(a_key_event)
    (line,) = lines_of(desk)
    assert line.endswith("key.created  key_id=0a1b2c3d app=shop actor=cli:ada")


def test_events_are_told_in_chinese_too(desk: Desk) -> None:
    desk.seed(some_mail)
    assert lines_of(desk, "--lang", "zh")[0].endswith("已受理 · 来自应用 shop")


def test_a_follower_prints_what_another_process_writes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command runs in a thread; it is stopped as Ctrl-C would stop it."""
    desk.seed(some_mail)
    printed: list[int] = []
    arrived = threading.Event()

    def print_json(value: dict[str, object]) -> None:
        printed.append(int(str(value["id"])))
        if value["type"] == "key.created":
            raise KeyboardInterrupt
        if len(printed) == 3:
            arrived.set()

    monkeypatch.setattr(tail_module, "print_json", print_json)
    monkeypatch.setattr(tail_module, "_LOOK_S", 0.01)
    follower = threading.Thread(target=lambda: desk.run("tail", "--json"))
    follower.start()
    assert arrived.wait(10)
    desk.seed(a_key_event)
    follower.join(10)
    assert not follower.is_alive()
    assert printed == [1, 2, 3, 4]


def test_every_event_of_the_catalogue_that_is_about_a_mail_has_words() -> None:
    from mailproof.cli.words import words

    told = {f"{each}" for each in EventType if each.startswith(("email.", "recipient."))}
    assert told <= set(words("en").events)
    assert told <= set(words("zh").events)
