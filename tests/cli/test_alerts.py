"""`mailproof alerts`: what people were told, and whether a channel can be reached."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mailproof.store.base import Database
from mailproof.store.records.alerts import Condition, settle
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


async def an_alert(database: Database) -> None:
    condition = Condition("route_closed", "resend/acme.test", "ERROR", 3, database.now())
    await database.write(settle, [condition], ["chat"])


def test_alerts_are_listed_with_their_times(desk: Desk) -> None:
    desk.seed(an_alert)
    (row,) = desk.json("alerts", "list")["data"]
    assert (row["name"], row["about"], row["resolved_at"]) == (
        "route_closed",
        "resend/acme.test",
        None,
    )
    page = desk.run("alerts", "list").stdout
    assert "route_closed" in page
    assert page.rstrip().endswith("open")


def test_no_alert_yet_is_said(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "There was no alert yet." in desk.run("alerts", "list").stderr
