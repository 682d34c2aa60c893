"""`mailproof routes`: the ways out, and opening one by hand."""

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.shapes import Routing
from tests.cli.desk import Desk, desk
from tests.store.mails import accepted, new_mail
from tests.store.seeding import NOT_VERIFIED, led_to, open_for_mail

__all__ = ["desk"]


async def a_closed_route(database: Database) -> str:
    await open_for_mail(database)
    return await led_to(database, State.HELD, NOT_VERIFIED, closes=True)


async def mail_for_nobody(database: Database) -> None:
    await accepted(database, new_mail(database.now()), routing=Routing(order=()))


def test_a_script_gets_the_documented_objects(desk: Desk) -> None:
    desk.seed(a_closed_route)
    whole, sender = desk.json("routes")["data"]
    assert set(whole) == {
        "provider",
        "sender",
        "state",
        "reason",
        "since",
        "waiting",
        "next_probe_at",
    }
    assert (whole["sender"], whole["state"], whole["next_probe_at"]) == ("*", "open", None)
    assert (sender["sender"], sender["state"], sender["reason"], sender["waiting"]) == (
        "acme.test",
        "closed",
        "sender_unverified",
        1,
    )
    assert sender["next_probe_at"] > sender["since"]


def test_a_person_gets_cause_and_fix_of_each_closed_route(desk: Desk) -> None:
    desk.seed(a_closed_route)
    page = desk.run("routes").stdout
    assert "resend/all senders" in page
    assert "Why: Resend refuses to send from acme.test" in page
    assert "Fix: Open https://resend.com/domains" in page
    assert "解决：打开 https://resend.com/domains" in desk.run("routes", "--lang", "zh").stdout


def test_a_route_is_opened_by_hand(desk: Desk) -> None:
    desk.seed(a_closed_route)
    said = desk.run("routes", "reopen", "resend/acme.test").stdout
    assert said.startswith("resend/acme.test is open again; it was closed for sender_unverified.")
    assert [route["state"] for route in desk.json("routes")["data"]] == ["open", "open"]
    assert "resend is open already." in desk.run("routes", "reopen", "resend").stdout


def test_options_before_the_subcommand_hold_for_it_too(desk: Desk) -> None:
    desk.seed(a_closed_route)
    (opened,) = desk.json("routes", "--lang", "zh", "reopen", "resend")["data"]
    assert opened["sender"] == "acme.test"


def test_an_unknown_route_exits_with_one_and_a_hint(desk: Desk) -> None:
    desk.seed(a_closed_route)
    said = desk.run("routes", "reopen", "pigeon", code=1)
    assert "There is no route 'pigeon'." in said.stderr
    assert "`mailproof routes`" in said.stderr


def test_another_configuration_than_the_servers_opens_nothing(desk: Desk) -> None:
    desk.seed(a_closed_route)
    text = desk.config.read_text(encoding="utf-8").replace('name = "resend"', 'name = "other"')
    desk.config.write_text(text, encoding="utf-8")
    said = desk.run("routes", "reopen", "resend", code=2)
    assert "This configuration does not name resend" in said.stderr
    assert desk.json("routes")["data"][1]["state"] == "closed"


def test_mail_that_nobody_is_configured_for_is_told(desk: Desk) -> None:
    desk.seed(mail_for_nobody)
    desk.config.write_text('language = "en"\n', encoding="utf-8")
    said = desk.run("routes")
    assert "No provider is configured" in said.stderr
    assert "Mail of acme.test cannot leave since" in said.stdout
    (stranded,) = desk.json("routes")["data"]
    assert (stranded["provider"], stranded["reason"]) == (None, "credentials_missing")
