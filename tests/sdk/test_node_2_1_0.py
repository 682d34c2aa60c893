"""The official Node SDK 2.1.0, as SaaSFly pins it, unmodified, against the sandbox."""

import re
from typing import Any

import pytest

from mailproof.sandbox.errors import ERRORS
from mailproof.testing import Sandbox
from tests.sdk.node import OLD, Call, declared, drive, error_names, run

MAIL: dict[str, Any] = {
    "from": "Acme <news@acme.test>",
    "to": "delivered@resend.dev",
    "subject": "Your sign-in link",
    "html": "<p>Hello</p>",
}
# Its types say 403 where the documentation of today says otherwise; and one name has a slip.
TODAY = {"validation_error": 400, "invalid_from_address": 422}


def promised() -> dict[str, int]:
    """Each error name in its types, with the status they give it."""
    text = declared(OLD)
    return {
        name: int(re.search(rf"readonly {name}: (\d+)", text)[1])  # type: ignore[index]
        for name in error_names(text)
    }


def test_an_error_has_the_name_status_and_message_that_the_types_promise(sandbox: Sandbox) -> None:
    names = {name: name.lower() for name in promised()}
    calls = [Call("emails.send", [{**MAIL, "to": f"{name}@fault.test"}]) for name in names.values()]
    for (old, name), answer in zip(names.items(), drive(OLD, sandbox, calls), strict=True):
        assert answer == {
            "data": None,
            "error": {
                "name": name,
                "statusCode": TODAY.get(name, promised()[old]),
                "message": ERRORS[name].message,
            },
        }


def test_a_mail_is_sent_and_read(sandbox: Sandbox) -> None:
    (sent,) = drive(OLD, sandbox, [Call("emails.send", [MAIL])])
    mail_id = sent["data"]["id"]
    got, batch, domains, keys = drive(
        OLD,
        sandbox,
        [
            Call("emails.get", [mail_id]),
            Call("batch.send", [[MAIL, MAIL]]),
            Call("domains.list", []),
            Call("apiKeys.list", []),
        ],
    )
    assert got["data"]["object"] == "email"
    assert len(batch["data"]["data"]) == 2
    assert [answer["error"] for answer in (got, batch, domains, keys)] == [None] * 4


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("html@fault.test", "SyntaxError"),
        ("captive-portal@fault.test", "SyntaxError"),
        ("cloudflare-1010@fault.test", "SyntaxError"),
        ("reset-after@fault.test", "TypeError"),
    ],
)
def test_what_is_no_json_is_thrown_at_the_caller(sandbox: Sandbox, to: str, name: str) -> None:
    (thrown,) = drive(OLD, sandbox, [Call("emails.send", [{**MAIL, "to": to}])])
    assert thrown["name"] == name


def test_saasflys_sign_in_mail_is_refused_and_nobody_is_told(sandbox: Sandbox) -> None:
    env = {**sandbox.env, "RESEND_API_KEY": "1", "RESEND_FROM": "1"}
    seen = run("saasfly.mjs", str(OLD), "delivered@resend.dev", env=env)
    assert seen["thrown"] is None
    assert seen["printed"] == []
    assert seen["lost"] == {
        "data": None,
        "error": {
            "statusCode": 400,
            "name": "validation_error",
            "message": "API key is invalid",
        },
    }
    assert not sandbox.mails


def test_with_a_good_key_it_is_the_sender_that_is_refused_as_silently(sandbox: Sandbox) -> None:
    seen = run(
        "saasfly.mjs", str(OLD), "delivered@resend.dev", env={**sandbox.env, "RESEND_FROM": "1"}
    )
    assert seen["thrown"] is None
    assert seen["printed"] == []
    assert seen["lost"]["error"]["name"] == "validation_error"
    assert seen["lost"]["error"]["message"].startswith("Invalid `from` field.")


def test_with_a_good_key_and_sender_it_arrives_rendered_from_react(sandbox: Sandbox) -> None:
    env = {**sandbox.env, "RESEND_FROM": "Acme <news@acme.test>"}
    seen = run("saasfly.mjs", str(OLD), "ada@kunde.test", env=env)
    assert seen["lost"]["error"] is None
    (mail,) = sandbox.mails
    assert mail.to == ("ada@kunde.test",)
    assert "Activate your account</a>" in mail.html
    assert "X-Entity-Ref-ID" in mail.headers
