"""`mailproof send`: one mail from the command line, accepted like any other."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Literal

import pytest

from mailproof.config.settings import Settings
from mailproof.engine.mailroom import Mailroom
from mailproof.engine.receipts import Caller, Closed, KeyConflict, Overloaded, Receipt, Receipts
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.store.base import Database
from mailproof.store.nodes.nodes import Node, enter
from mailproof.testing import Sandbox
from tests.cli.desk import KEY, Desk, desk
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import NOT_VERIFIED, led_to, open_for_mail

__all__ = ["desk"]

Answer = Receipts | KeyConflict | Closed | Overloaded
GIVEN = ["--from", "Acme <hello@acme.test>", "--to", "ada@mail.test", "--subject", "Hi"]


class Room:
    """A mailroom that leads each mail to `state`, or answers `answer`."""

    def __init__(self, state: State = State.SENT, answer: Answer | None = None) -> None:
        self.state = state
        self.answer = answer
        self.emails: list[Email] = []
        self.waits: list[float] = []
        self.database: Database | None = None

    async def accept(
        self,
        caller: Caller,
        emails: Sequence[Email],
        *,
        endpoint: str,
        wait_s: float,
        on_hold: Literal["promise", "refuse"] | None = None,
    ) -> Answer:
        assert self.database
        assert (caller.app, endpoint, on_hold) == ("cli", "/emails", None)
        self.emails += emails
        self.waits.append(wait_s)
        if self.answer is not None:
            return self.answer
        if self.state is State.QUEUED:
            (id_,) = await accepted(self.database, new_mail(self.database.now()), routing=ONE)
        else:
            await open_for_mail(self.database)
            held = self.state is State.HELD
            failure = NOT_VERIFIED if held else None
            id_ = await led_to(self.database, self.state, failure, closes=held)
        return Receipts((Receipt(id=id_, state=self.state),))


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    found = Room()

    @contextlib.asynccontextmanager
    async def open_mailroom(settings: Settings, database: Database) -> AsyncIterator[Mailroom]:
        assert settings.providers
        found.database = database
        yield found

    monkeypatch.setattr("mailproof.cli.errands.open_mailroom", open_mailroom)
    return found


def test_a_sent_mail_prints_its_id_and_says_where_it_is(desk: Desk, room: Room) -> None:
    said = desk.run("send", *GIVEN, "--text", "Hello", "--purpose", "otp", "--wait", "3")
    assert desk.json("emails", "show", said.stdout.strip())["state"] == "sent"
    assert said.stderr.startswith("Sent: resend took it at ")
    (email,) = room.emails
    assert (email.text, email.purpose, email.subject) == ("Hello", "otp", "Hi")
    assert room.waits == [3]


def test_a_script_gets_the_mail_as_it_is_listed(desk: Desk, room: Room) -> None:
    mail = desk.json("send", *GIVEN, "--html", "<p>Hello</p>")
    assert desk.json("emails", "list")["data"] == [mail]


def test_the_text_can_come_from_standard_input(desk: Desk, room: Room) -> None:
    desk.run("send", *GIVEN, "--text", "-", "--idempotency-key", "k-1", stdin="你好")
    assert (room.emails[0].text, room.emails[0].idempotency_key) == ("你好", "k-1")


def test_a_held_mail_exits_with_one_and_says_what_to_do(desk: Desk, room: Room) -> None:
    room.state = State.HELD
    said = desk.run("send", *GIVEN, "--text", "Hello", code=1)
    assert "Held since" in said.stderr
    assert "Fix: Open https://resend.com/domains" in said.stderr


def test_a_mail_that_nobody_sends_yet_says_so(desk: Desk, room: Room) -> None:
    room.state = State.QUEUED
    assert "No `mailproof serve` is sending" in desk.run("send", *GIVEN, "--text", "x").stderr

    async def a_server(database: Database) -> None:
        node = Node("n1", "all", engine=True, host="h", pid=1, version="0", started_at=0, seen_at=0)
        await database.write(enter, node)

    desk.seed(a_server)
    assert "No `mailproof serve`" not in desk.run("send", *GIVEN, "--text", "x").stderr


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (KeyConflict(), "belongs to an earlier mail with another content"),
        (Overloaded(2.5), "Try again in 2.5 s."),
        (Closed("acme.test", "sender_unverified", NOT_VERIFIED), "Open https://resend.com/domains"),
        (Closed("acme.test", "credentials_missing", None), "Nobody can send mail of acme.test now"),
    ],
)
def test_a_mail_that_was_not_accepted_exits_with_one_and_says_why(
    desk: Desk, room: Room, answer: Answer, says: str
) -> None:
    room.answer = answer
    said = desk.run("send", *GIVEN, "--text", "Hello", code=1)
    assert says in said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([*GIVEN], "--html or --text: the mail has no body."),
        ([*GIVEN, "--text", "x", "--to", "nonsense"], "--to: "),
        (["--from", "nonsense", *GIVEN[2:], "--text", "x"], "--from: "),
        (GIVEN[2:], "Missing option '--from'"),
    ],
)
def test_what_is_no_mail_is_a_misuse(desk: Desk, room: Room, given: list[str], says: str) -> None:
    said = desk.run("send", *given, code=2)
    assert says in said.stderr
    assert room.emails == []


@pytest.fixture
def sandbox(desk: Desk) -> Iterator[Sandbox]:
    """A real provider, which the desk's configuration names."""
    with Sandbox() as running:
        text = desk.config.read_text(encoding="utf-8").replace(KEY, running.api_key)
        url = f'base_url = "{running.url}"\n'
        desk.config.write_text(text + url, encoding="utf-8")
        yield running


def test_without_a_server_the_command_itself_sends_the_mail(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.verify_domain("acme.test")
    mail = desk.json("send", *GIVEN, "--text", "Hello")
    assert (mail["state"], mail["provider"]) == ("sent", "resend")
    (received,) = sandbox.mails
    assert (received.to, received.text) == (("ada@mail.test",), "Hello")


def test_an_unverified_domain_is_told_with_its_fix_and_the_mail_is_kept(
    desk: Desk, sandbox: Sandbox
) -> None:
    given = ["--from", "hello@nobody.test", *GIVEN[2:], "--text", "Hello"]
    said = desk.run("send", *given, code=1)
    assert "nobody.test" in said.stderr
    assert desk.json("emails", "list")["data"][0]["state"] == "held"


def test_the_same_key_never_sends_a_second_mail(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.verify_domain("acme.test")
    given = ["send", *GIVEN, "--text", "Hello", "--idempotency-key", "welcome-1"]
    assert desk.json(*given)["id"] == desk.json(*given)["id"]
    assert len(sandbox.mails) == 1


def test_another_configuration_than_the_servers_sends_nothing(desk: Desk, sandbox: Sandbox) -> None:
    """Its engine would take the server's provider for removed, and end the mail bound to it."""
    sandbox.verify_domain("acme.test")
    desk.run("send", *GIVEN, "--text", "Hello")
    text = desk.config.read_text(encoding="utf-8").replace('name = "resend"', 'name = "other"')
    desk.config.write_text(text, encoding="utf-8")
    said = desk.run("send", *GIVEN, "--text", "Hello", code=2)
    assert "This configuration does not name resend" in said.stderr
    assert len(sandbox.mails) == 1
    assert [route["provider"] for route in desk.json("routes")["data"]] == ["resend"]
