"""`mailproof alerts`: what people were told, and whether a channel can be reached."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mailproof.store.base import Database, Tx
from mailproof.store.records.alerts import Condition, settle
from mailproof.store.records.picture import open_alerts
from tests.cli.desk import Desk, desk

__all__ = ["desk"]


class Receiver(BaseHTTPRequestHandler):
    """Takes every message."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is overridden
        """Say nothing: the test looks at what arrived."""


@pytest.fixture
def receiver() -> Iterator[tuple[int, list[bytes]]]:
    handler = type("Own", (Receiver,), {"bodies": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], handler.bodies  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def with_channels(desk: Desk, **urls: str) -> None:
    text = desk.config.read_text(encoding="utf-8")
    for name, url in urls.items():
        text += f'[[alerts.channels]]\nname = "{name}"\nurl = "{url}"\n'
    desk.config.write_text(text, encoding="utf-8")


def test_a_test_message_reaches_the_channel(desk: Desk, receiver: tuple[int, list[bytes]]) -> None:
    port, bodies = receiver
    with_channels(desk, chat=f"json://127.0.0.1:{port}")
    said = desk.run("alerts", "test").stdout
    assert said.startswith("chat: the test message was accepted in ")
    assert len(bodies) == 1


def test_a_channel_that_cannot_be_reached_exits_with_one_and_the_others_are_told(
    desk: Desk, receiver: tuple[int, list[bytes]]
) -> None:
    port, bodies = receiver
    with_channels(desk, chat=f"json://127.0.0.1:{port}", pager="json://127.0.0.1:1")
    tested = desk.json("alerts", "test", code=1)["data"]
    errors = {each["channel"]: each["error"] for each in tested}
    assert errors["chat"] is None
    assert "refused" in errors["pager"].lower()
    assert len(bodies) == 1
    assert desk.json("alerts", "test", "chat")["data"][0]["error"] is None
    assert len(bodies) == 2


def test_no_channel_is_said_with_how_to_add_one(desk: Desk) -> None:
    said = desk.run("alerts", "test", code=1)
    assert "[[alerts.channels]]" in said.stderr


def test_a_channel_that_is_not_configured_is_a_misuse(desk: Desk) -> None:
    with_channels(desk, chat="json://127.0.0.1:1")
    said = desk.run("alerts", "test", "caht", code=2)
    assert "There is no alert channel 'caht'." in said.stderr
    assert "There are: chat." in said.stderr


BEGAN = 1_800_000_000_000  # 2027-01-15 08:00:00 UTC


async def an_alert(database: Database) -> None:
    facts = {"provider": "resend", "sender": "acme.test", "reason": "sender_unverified"}
    condition = Condition("route_closed", "resend/acme.test", "ERROR", 3, BEGAN, facts)
    await database.write(settle, [condition], ["chat"])


def test_alerts_are_listed_with_when_they_began_and_why_and_where_to_read_more(desk: Desk) -> None:
    desk.seed(an_alert)
    (row,) = desk.json("alerts", "list")["data"]
    assert (row["name"], row["about"], row["count"]) == ("route_closed", "resend/acme.test", 3)
    assert (row["since"], row["resolved_at"]) == ("2027-01-15T08:00:00.000Z", None)
    assert "verified" in row["cause"]
    assert row["runbook"] == "docs/alerts/route_closed.md"
    page = desk.run("alerts", "list").stdout
    assert re.search(r"route_closed +resend/acme.test +3 +2027-01-1\d \S+ +open\n", page)
    assert f"Why: {row['cause']}" in page
    assert "More: docs/alerts/route_closed.md" in page


def test_the_cause_and_the_page_are_in_the_readers_language(desk: Desk) -> None:
    desk.seed(an_alert)
    (row,) = desk.json("alerts", "list", "--lang", "zh")["data"]
    assert "验证" in row["cause"]
    assert row["runbook"] == "docs/zh/alerts/route_closed.md"


async def an_alert_that_is_over(database: Database) -> None:
    await an_alert(database)
    (alert,) = await database.read(open_alerts)
    await database.write(_resolve, alert.id)


async def _resolve(tx: Tx, alert_id: int) -> None:
    await tx.run("records/resolve_alert", id=alert_id, now=tx.now)


def test_an_alert_that_is_over_needs_no_explanation(desk: Desk) -> None:
    desk.seed(an_alert_that_is_over)
    page = desk.run("alerts", "list").stdout
    assert "route_closed" in page
    assert "Why: " not in page


def test_a_webhook_gets_a_signed_test_message(
    desk: Desk, receiver: tuple[int, list[bytes]]
) -> None:
    port, bodies = receiver
    text = desk.config.read_text(encoding="utf-8")
    text += (
        f'[[alerts.channels]]\ntype = "webhook"\nurl = "http://127.0.0.1:{port}/hook"\n'
        'secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"\n'
    )
    desk.config.write_text(text, encoding="utf-8")
    assert desk.json("alerts", "test")["data"][0]["error"] is None
    assert b'"state":"test"' in bodies[0]


def test_no_alert_yet_is_said(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "There was no alert yet." in desk.run("alerts", "list").stderr
