"""The current official Python SDK, unmodified, against the sandbox."""

import os
import subprocess
import sys
from typing import Any

import pytest
import resend
from resend.exceptions import ERRORS as SDK_ERRORS
from resend.exceptions import ResendError

from mailproof.sandbox.errors import ERRORS
from mailproof.testing import Sandbox, Settings
from tests.sandbox.receiver import Receiver

MAIL: Any = {
    "from": "Acme <news@acme.test>",
    "to": "delivered@resend.dev",
    "subject": "Your sign-in link",
    "html": "<p>Hello</p>",
}


def mail(**changes: Any) -> Any:
    return {**MAIL, **changes}


@pytest.fixture(autouse=True)
def pointed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "api_url", sandbox.url)
    monkeypatch.setattr(resend, "api_key", sandbox.api_key)


def refused(to: str) -> ResendError:
    with pytest.raises(ResendError) as caught:
        resend.Emails.send(mail(to=to))
    return caught.value


def test_it_reads_its_own_variable_for_the_base_url(sandbox: Sandbox) -> None:
    code = (
        "import resend; resend.Emails.send({'from': 'a@acme.test', 'to': 'delivered@resend.dev',"
        " 'subject': 'Hi', 'text': 'Hi'})"
    )
    env = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    subprocess.run([sys.executable, "-c", code], check=True, env={**env, **sandbox.env}, timeout=60)
    assert len(sandbox.mails) == 1


def test_an_error_has_the_name_status_and_message_of_resend(sandbox: Sandbox) -> None:
    for name, known in ERRORS.items():
        error = refused(f"{name}@fault.test")
        assert (error.code, error.error_type) == (known.status, name)
        assert error.message == known.message


def test_an_error_is_of_the_class_that_the_sdk_has_for_it(sandbox: Sandbox) -> None:
    classes = {
        name: kind
        for status, names in SDK_ERRORS.items()
        for name, kind in names.items()
        if name in ERRORS and status == str(ERRORS[name].status)
    }
    assert len(classes) >= 8
    for name, kind in classes.items():
        assert type(refused(f"{name}@fault.test")) is kind


def test_a_mail_is_sent_read_and_listed(sandbox: Sandbox) -> None:
    mail_id = resend.Emails.send(MAIL)["id"]
    got: Any = resend.Emails.get(mail_id)
    assert (got["id"], got["object"], got["subject"]) == (mail_id, "email", "Your sign-in link")
    assert [mail["id"] for mail in resend.Emails.list()["data"]] == [mail_id]


def test_a_scheduled_mail_is_moved_and_canceled(sandbox: Sandbox) -> None:
    mail_id = resend.Emails.send(mail(scheduled_at="in 1 hour"))["id"]
    resend.Emails.update({"id": mail_id, "scheduled_at": "2026-12-01T09:00:00Z"})
    resend.Emails.cancel(mail_id)
    assert resend.Emails.get(mail_id)["last_event"] == "canceled"


def test_an_attachment_as_a_list_of_bytes_arrives(sandbox: Sandbox) -> None:
    resend.Emails.send(mail(attachments=[{"filename": "a.txt", "content": list(b"hi")}]))
    assert len(sandbox.mails) == 1


def test_an_idempotency_key_sends_once(sandbox: Sandbox) -> None:
    options: Any = {"idempotency_key": "welcome/1"}
    assert resend.Emails.send(MAIL, options)["id"] == resend.Emails.send(MAIL, options)["id"]
    assert len(sandbox.mails) == 1


def test_a_permissive_batch_names_what_it_left_out(sandbox: Sandbox) -> None:
    answer = resend.Batch.send([MAIL, mail(to="nobody")], {"batch_validation": "permissive"})
    assert len(answer["data"]) == 1
    assert answer["errors"][0]["index"] == 1


def test_domains_keys_and_webhooks_are_made_and_removed(sandbox: Sandbox) -> None:
    domain: Any = resend.Domains.create({"name": "shop.test"})
    assert {record["record"] for record in domain["records"]} == {"SPF", "DKIM"}
    resend.Domains.verify(domain["id"])
    assert resend.Domains.get(domain["id"])["status"] == "pending"
    resend.Domains.remove(domain["id"])

    key = resend.ApiKeys.create({"name": "ci"})
    assert key["token"].startswith("re_")
    resend.ApiKeys.remove(key["id"])

    webhook = resend.Webhooks.create({"endpoint": "https://a.test", "events": ["email.sent"]})
    resend.Webhooks.remove(webhook["id"])


@pytest.mark.parametrize(
    ("to", "code", "message"),
    [
        ("html@fault.test", 503, "Expected JSON response but got: text/html"),
        ("captive-portal@fault.test", 500, "Expected JSON response but got: text/html"),
        ("broken-json@fault.test", 500, "Failed to decode JSON response"),
        ("cloudflare-1010@fault.test", 403, "Expected JSON response but got: text/plain"),
        ("reset-after@fault.test", 500, "Request failed: ('Connection aborted.'"),
    ],
)
def test_whatever_is_not_resend_is_told_by_the_sdk_in_its_own_words(
    sandbox: Sandbox, to: str, code: int, message: str
) -> None:
    error = refused(to)
    assert error.code == code
    assert error.message.startswith(message)


def test_limits_reach_the_sdk_with_their_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(Settings(rate_per_s=1)) as limited:
        monkeypatch.setattr(resend, "api_url", limited.url)
        resend.Emails.send(MAIL)
        error = refused("delivered@resend.dev")
    assert isinstance(error, resend.exceptions.RateLimitError)
    assert error.headers["retry-after"] == "1"


def test_the_sdk_verifies_our_webhooks(sandbox: Sandbox, receiver: Receiver) -> None:
    secret = sandbox.add_webhook(receiver.url, ("email.sent",))
    resend.Emails.send(MAIL)
    (post,) = receiver.wait_for(1)
    headers: Any = {name: post.headers[f"svix-{name}"] for name in ("id", "timestamp", "signature")}
    resend.Webhooks.verify(
        {"payload": post.raw.decode(), "headers": headers, "webhook_secret": secret}
    )
