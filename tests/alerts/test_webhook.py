"""Our own webhook: JSON that programs can rely on, signed so that they know whose it is."""

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from mailproof.alerts.webhook import WebhookChannel
from mailproof.alerts.wording import Text, text_of, text_of_test
from mailproof.clock import SystemClock
from mailproof.providers.http import Http
from tests.alerts.services import Services
from tests.alerts.test_wording import AT, message

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "s3cr3tTOKENs3cr3t"


def webhook(services: Services, http: Http, secret: str = SECRET) -> WebhookChannel:
    # What verifies a signature goes by the time of the machine.
    clock = SystemClock()
    url = f"{services.url}/hooks/{TOKEN}"
    return WebhookChannel("ops", lambda: url, lambda: secret, http, clock)


def alert() -> Text:
    return text_of(message("degraded", severity="WARNING", about="backup"), "en")


async def test_an_alert_is_posted_as_json_with_a_signature_that_verifies(
    services: Services, http: Http
) -> None:
    text = alert()
    assert await webhook(services, http).deliver(text) is None
    (asked,) = services.asked
    assert (asked.method, asked.path) == ("POST", f"/hooks/{TOKEN}")
    assert asked.headers["content-type"] == "application/json"
    told = Webhook(SECRET).verify(asked.raw, dict(asked.headers))
    assert told == {
        "name": "degraded",
        "about": "backup",
        "severity": "WARNING",
        "state": "open",
        "since": "2027-01-15T08:00:00.000Z",
        "until": None,
        "count": 12,
        "title": text.title,
        "text": text.whole,
        "cause": text.told.cause,
        "fix": text.told.fix,
        "runbook": "docs/alerts/degraded.md",
    }


async def test_one_byte_more_and_the_signature_does_not_verify(
    services: Services, http: Http
) -> None:
    await webhook(services, http).deliver(alert())
    (asked,) = services.asked
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(asked.raw + b" ", dict(asked.headers))


async def test_the_end_of_an_alert_and_a_test_have_their_own_state(
    services: Services, http: Http
) -> None:
    over = text_of(message("degraded", kind="resolved", until=AT + 60_000), "en")
    await webhook(services, http).deliver(over)
    await webhook(services, http).deliver(text_of_test("zh"))
    resolved, test = (asked.json for asked in services.asked)
    assert (resolved["state"], resolved["until"]) == ("resolved", "2027-01-15T08:01:00.000Z")
    assert (test["state"], test["name"], test["since"]) == ("test", "test", None)


async def test_a_message_that_is_tried_again_keeps_its_id(services: Services, http: Http) -> None:
    services.status = 500
    channel = webhook(services, http)
    for _ in range(2):
        why = await channel.deliver(alert())
        assert why is not None
        assert "HTTP 500" in why
        assert TOKEN not in why
    first, second = (asked.headers["webhook-id"] for asked in services.asked)
    assert first == second
    await channel.deliver(text_of_test("en"))
    assert services.asked[-1].headers["webhook-id"] != first


async def test_a_redirect_is_no_yes(services: Services, http: Http) -> None:
    services.status = 302
    why = await webhook(services, http).deliver(alert())
    assert why is not None
    assert "302" in why
    assert len(services.asked) == 1


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64 at all!"])
async def test_without_a_secret_nothing_is_sent(
    secret: str, services: Services, http: Http
) -> None:
    why = await webhook(services, http, secret).deliver(alert())
    assert why == "The channel's secret is not set, or is no signing secret (whsec_…)."
    assert not services.asked


async def test_a_place_that_is_not_there_is_told_without_its_token(http: Http) -> None:
    async with Services() as gone:
        channel = webhook(gone, http)
    why = await channel.deliver(alert())
    assert why is not None
    assert why.startswith("It could not be reached: ")
    assert TOKEN not in why
