"""An email of the library is refused for the same reasons and with the same words as at HTTP."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailproof import Email, InvalidInput
from mailproof.mail.message import Email as Message
from mailproof.testing import ManualClock

GOOD: dict[str, Any] = {"to": "ada@kunde.test", "subject": "Hello", "text": "Hi"}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"to": "ada@"}, "to"),
        ({"to": ["ada@kunde.test", "bob"]}, "to[1]"),
        ({"to": ()}, "to"),
        ({"text": None}, "html"),
        ({"subject": "two\nlines"}, "subject"),
        ({"sender": "nobody"}, "from"),
        ({"headers": {"X Y": "1"}}, "headers"),
        ({"tags": {"a b": "1"}}, "tags[0].name"),
        ({"attachments": [{"filename": "x.exe", "content": b"MZ"}]}, "attachments[0].filename"),
        ({"scheduled_at": datetime(2026, 12, 1, 9)}, "scheduled_at"),  # noqa: DTZ001
        ({"idempotency_key": ""}, "idempotency_key"),
    ],
)
def test_a_wrong_mail_is_refused_where_it_is_made(wrong: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        Email(**{**GOOD, **wrong})
    assert raised.value.where == where
    assert raised.value.fix.endswith(".")


def test_its_parts_are_those_that_the_gateway_reads() -> None:
    email = Email(
        **GOOD,
        sender="Acme <hello@acme.test>",
        cc=["bob@kunde.test"],
        reply_to="help@acme.test",
        headers={"X-Entity-Ref-ID": "1"},
        tags={"kind": "welcome"},
        attachments=[{"filename": "a.txt", "content": b"\x00\xff"}],
        purpose="receipt",
    )
    message = email.message()
    assert message.attachments[0].content == b"\x00\xff"
    tree = message.to_json()
    assert tree["attachments"][0]["content"] == base64.b64encode(b"\x00\xff").decode()
    again = Message.from_json(tree, clock=lambda: datetime.fromtimestamp(0, UTC), purpose="receipt")
    assert again == message


def test_in_five_minutes_counts_from_when_it_is_sent() -> None:
    clock = ManualClock()
    message = Email(**GOOD, scheduled_at="in 5 minutes").message("a@acme.test", clock)
    assert message.scheduled_at == datetime.fromtimestamp(clock.now(), UTC) + timedelta(minutes=5)


def test_a_stray_log_line_does_not_tell_whom_it_is_to() -> None:
    assert "ada" not in repr(Email(**GOOD, purpose="registration"))
