"""The current official Node SDK, unmodified, against the sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest

from mailproof.sandbox.errors import ERRORS
from mailproof.testing import Sandbox, Settings
from tests.sandbox.api import conforms
from tests.sandbox.receiver import Receiver
from tests.sdk.node import CURRENT, Call, declared, drive, error_names, last_events

MAIL: dict[str, Any] = {
    "from": "Acme <news@acme.test>",
    "to": "delivered@resend.dev",
    "subject": "Your sign-in link",
    "html": "<p>Hello</p>",
}
NAMES = sorted(ERRORS)


def send(**changes: Any) -> Call:
    return Call("emails.send", [{**MAIL, **changes}])


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Any]]:
    """What the SDK makes of every error name, from one run of Node."""
    with Sandbox() as sandbox:
        calls = [send(to=f"{name}@fault.test") for name in NAMES]
        yield dict(zip(NAMES, drive(CURRENT, sandbox, calls), strict=True))


def test_the_sandbox_knows_every_error_name_that_the_types_promise() -> None:
    promised = error_names(declared(CURRENT))
    assert len(promised) > 15
    assert set(promised) <= set(ERRORS)


@pytest.mark.parametrize("name", NAMES)
def test_an_error_has_the_name_status_and_message_that_the_types_promise(
    answers: dict[str, Any], name: str
) -> None:
    answer = answers[name]
    assert answer["data"] is None
    assert answer["error"] == {
        "name": name,
        "statusCode": ERRORS[name].status,
        "message": ERRORS[name].message,
    }
    assert answer["headers"]["content-type"].startswith("application/json")


def test_a_mail_is_sent_read_listed_and_its_state_is_one_that_the_types_know(
    sandbox: Sandbox,
) -> None:
    (sent,) = drive(CURRENT, sandbox, [send()])
    mail_id = sent["data"]["id"]
    assert sent["error"] is None
    got, listed = drive(CURRENT, sandbox, [Call("emails.get", [mail_id]), Call("emails.list", [])])
    conforms(got["data"], "email")
    assert got["data"]["last_event"] in last_events(declared(CURRENT))
    assert [mail["id"] for mail in listed["data"]["data"]] == [mail_id]


def test_each_endpoint_gives_the_sdk_data_and_no_error(sandbox: Sandbox) -> None:
    scheduled = {**MAIL, "scheduledAt": "in 1 hour"}
    made = drive(
        CURRENT,
        sandbox,
        [
            Call("emails.send", [scheduled]),
            Call("domains.create", [{"name": "shop.test"}]),
            Call("apiKeys.create", [{"name": "ci"}]),
            Call("webhooks.create", [{"endpoint": "https://a.test", "events": ["email.sent"]}]),
            Call("batch.send", [[MAIL, MAIL]]),
        ],
    )
    assert [answer["error"] for answer in made] == [None] * len(made)
    mail, domain, key, webhook, _ = [answer["data"].get("id") for answer in made]
    more = drive(
        CURRENT,
        sandbox,
        [
            Call("emails.update", [{"id": mail, "scheduledAt": "in 2 hours"}]),
            Call("emails.cancel", [mail]),
            Call("domains.list", []),
            Call("domains.get", [domain]),
            Call("domains.update", [{"id": domain, "openTracking": True}]),
            Call("domains.verify", [domain]),
            Call("domains.remove", [domain]),
            Call("apiKeys.list", []),
            Call("apiKeys.remove", [key]),
            Call("webhooks.list", []),
            Call("webhooks.get", [webhook]),
            Call("webhooks.update", [webhook, {"status": "disabled"}]),
            Call("webhooks.remove", [webhook]),
        ],
    )
    assert [answer.get("error", answer) for answer in more] == [None] * len(more)


def test_an_idempotency_key_sends_once(sandbox: Sandbox) -> None:
    call = Call("emails.send", [MAIL, {"idempotencyKey": "welcome/1"}])
    other = Call("emails.send", [{**MAIL, "subject": "Another"}, {"idempotencyKey": "welcome/1"}])
    first, second, third = drive(CURRENT, sandbox, [call, call, other])
    assert first["data"] == second["data"]
    assert third["error"]["name"] == "invalid_idempotent_request"
    assert len(sandbox.mails) == 1


def test_a_permissive_batch_gives_the_sdk_its_errors(sandbox: Sandbox) -> None:
    options = {"batchValidation": "permissive"}
    bad = {**MAIL, "to": "nobody"}
    (answer,) = drive(CURRENT, sandbox, [Call("batch.send", [[MAIL, bad], options])])
    assert len(answer["data"]["data"]) == 1
    assert answer["data"]["errors"][0]["index"] == 1


def test_limits_reach_the_sdk_with_their_headers() -> None:
    with Sandbox(Settings(rate_per_s=1, daily_quota=10)) as sandbox:
        first, second = drive(CURRENT, sandbox, [send(), send()])
    assert first["headers"]["x-resend-daily-quota"] == "1"
    assert second["error"]["name"] == "rate_limit_exceeded"
    assert second["headers"]["retry-after"] == "1"


@pytest.mark.parametrize(
    ("to", "status", "message"),
    [
        ("html@fault.test", 503, "Internal server error."),
        ("cloudflare-1010@fault.test", 403, "Internal server error."),
        ("reset-after@fault.test", None, "Unable to fetch data."),
        ("accept-reset@fault.test", None, "Unable to fetch data."),
        ("accept-truncated@fault.test", None, "Unable to fetch data."),
        ("captive-portal@fault.test", None, "Unable to fetch data."),
        ("broken-json@fault.test", None, "Unable to fetch data."),
    ],
)
def test_whatever_is_not_resend_becomes_an_application_error_that_says_little(
    sandbox: Sandbox, to: str, status: int | None, message: str
) -> None:
    (answer,) = drive(CURRENT, sandbox, [send(to=to)])
    assert answer["error"]["name"] == "application_error"
    assert answer["error"]["statusCode"] == status
    assert answer["error"]["message"].startswith(message)


def test_the_sdk_verifies_our_webhooks_and_refuses_a_wrong_signature(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    secret = sandbox.add_webhook(receiver.url, ("email.sent",))
    drive(CURRENT, sandbox, [send(), send(to="badly-signed-webhooks@fault.test")])
    calls = [
        Call(
            "webhooks.verify",
            [
                {
                    "payload": post.raw.decode(),
                    "headers": {
                        "id": post.headers["svix-id"],
                        "timestamp": post.headers["svix-timestamp"],
                        "signature": post.headers["svix-signature"],
                    },
                    "webhookSecret": secret,
                }
            ],
        )
        for post in receiver.wait_for(2)
    ]
    answers = drive(CURRENT, sandbox, calls)
    verified = [answer for answer in answers if answer.get("type") == "email.sent"]
    refused = [answer for answer in answers if "No matching signature" in answer.get("message", "")]
    assert len(verified) == len(refused) == 1
