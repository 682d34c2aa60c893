"""`mailproof routes pause` and `resume`: a way that a person closes, and opens again."""

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.listing import listing
from tests.cli.desk import Desk, desk
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import NOT_VERIFIED, led_to, open_for_mail

__all__ = ["desk"]


async def one_that_waits(database: Database) -> None:
    await open_for_mail(database)
    await accepted(database, new_mail(database.now()), routing=ONE)


async def a_closed_route(database: Database) -> None:
    await open_for_mail(database)
    await led_to(database, State.HELD, NOT_VERIFIED, closes=True)


async def states(database: Database) -> list[tuple[str, str | None]]:
    mails = (await database.read(listing)).mails
    return [(mail.state, mail.reason) for mail in mails]


def test_a_route_is_paused_with_a_note_and_resumed(desk: Desk) -> None:
    desk.seed(one_that_waits)
    said = desk.run("routes", "pause", "resend", "--note", "moving house").stdout
    assert said.startswith("resend is paused: no mail goes that way.")
    (whole,) = desk.json("routes")["data"]
    assert (whole["state"], whole["reason"]) == ("closed", "paused")
    assert (whole["paused_note"], whole["next_probe_at"]) == ("moving house", None)
    assert whole["paused_by"].startswith("cli:")
    page = desk.run("routes").stdout
    assert "paused" in page
    assert ": moving house" in page
    assert desk.run("routes", "resume", "resend").stdout.startswith("Mail goes by resend again.")
    (whole,) = desk.json("routes")["data"]
    assert (whole["state"], "paused_by" in whole) == ("open", False)


def test_mail_that_comes_meanwhile_is_held_as_paused(desk: Desk) -> None:
    desk.seed(open_for_mail)
    desk.json("routes", "pause", "resend")
    desk.seed(one_that_waits)
    assert desk.seed(states) == [(State.HELD, "paused")]


def test_reopening_says_that_only_resuming_helps(desk: Desk) -> None:
    desk.seed(a_closed_route)
    desk.run("routes", "pause", "resend/acme.test")
    said = desk.run("routes", "reopen", "resend").stdout
    assert "resend/acme.test is paused by hand since" in said
    assert "Only `mailproof routes resume resend/acme.test` opens it." in said
    said = desk.run("routes", "resume", "resend/acme.test").stdout
    assert "still closed (sender_unverified)" in said


def test_what_cannot_be_done_is_said_and_exits_1(desk: Desk) -> None:
    desk.seed(open_for_mail)
    desk.run("routes", "pause", "resend")
    assert "resend is paused already" in desk.run("routes", "pause", "resend", code=1).stdout
    desk.run("routes", "resume", "resend")
    assert "resend is not paused." in desk.run("routes", "resume", "resend", code=1).stdout
    assert "no route 'pigeon'" in desk.run("routes", "pause", "pigeon", code=1).stderr


def test_it_is_said_in_chinese_too(desk: Desk) -> None:
    desk.seed(open_for_mail)
    assert desk.run("routes", "pause", "resend", "--lang", "zh").stdout.startswith("resend 已暂停")
    assert desk.run("routes", "resume", "resend", "--lang", "zh").stdout.startswith("resend 已恢复")
