"""One message to one channel: it arrives, or the reason is told without the channel's secrets."""

import pytest

from mailproof.alerts.channels import AppriseChannel
from mailproof.alerts.wording import Text
from tests.alerts.receiver import Receiver

TEXT = Text("Mail stopped", "line one\nline two: 完成", "failure")
TOKEN = "s3cr3tTOKENs3cr3t"


async def test_a_message_arrives_as_it_was_written(receiver: Receiver) -> None:
    assert await AppriseChannel("chat", receiver.url).deliver(TEXT) is None
    (message,) = receiver.messages
    assert (message["title"], message["message"]) == ("Mail stopped", "line one\nline two: 完成")
    assert message["type"] == "failure"


async def test_what_the_service_answered_is_the_reason(receiver: Receiver) -> None:
    receiver.status = 403
    why = await AppriseChannel("chat", lambda: receiver.url(f"/hooks/{TOKEN}")).deliver(TEXT)
    assert why is not None
    assert "403" in why
    assert TOKEN not in why


async def test_a_closed_port_is_named_as_such() -> None:
    async with Receiver() as gone:
        url = gone.url(f"/{TOKEN}").replace("json://", f"json://ada:{TOKEN}@")
    why = await AppriseChannel("chat", lambda: url).deliver(TEXT)
    assert why is not None
    assert "refused" in why
    assert "127.0.0.1" in why
    assert TOKEN not in why


@pytest.mark.parametrize("url", [f"nonsense://{TOKEN}", TOKEN, "slack://short"])
async def test_a_url_that_apprise_does_not_know_is_said_to_be_one(url: str) -> None:
    why = await AppriseChannel("chat", lambda: url).deliver(TEXT)
    assert why == "Apprise does not know this kind of URL, or a part of it is missing."


async def test_a_secret_that_is_not_set_is_said_to_be_missing() -> None:
    assert (
        await AppriseChannel("chat", lambda: " ").deliver(TEXT) == "The channel's URL is not set."
    )


async def test_a_secret_that_cannot_be_read_is_said_to_be_so() -> None:
    def read() -> str:
        raise PermissionError(13, "Permission denied", "/run/secrets/alert")

    why = await AppriseChannel("chat", read).deliver(TEXT)
    assert why == "The channel's URL cannot be read: Permission denied."


async def test_a_service_that_says_nothing_is_left_after_the_deadline(receiver: Receiver) -> None:
    receiver.hang()
    why = await AppriseChannel("chat", receiver.url).deliver(TEXT, deadline_s=0.2)
    assert why == "No answer within 0.2 s."


def test_a_channel_shows_its_name_and_never_its_url() -> None:
    assert repr(AppriseChannel("chat", lambda: TOKEN)) == "<AppriseChannel chat>"
