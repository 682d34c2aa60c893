"""SaaSFly's call with the current SDK: no better heard."""

from mailproof.testing import Sandbox
from tests.sdk.node import CURRENT, run


def test_the_same_call_with_the_current_sdk_is_refused_as_silently(sandbox: Sandbox) -> None:
    env = {**sandbox.env, "RESEND_API_KEY": "1", "RESEND_FROM": "1"}
    seen = run("saasfly.mjs", str(CURRENT), "delivered@resend.dev", env=env)
    assert seen["thrown"] is None
    assert seen["printed"] == []
    assert seen["lost"]["error"] == {
        "statusCode": 400,
        "name": "validation_error",
        "message": "API key is invalid",
    }


def test_the_same_call_with_the_current_sdk_arrives_rendered_from_react(sandbox: Sandbox) -> None:
    env = {**sandbox.env, "RESEND_FROM": "news@acme.test"}
    run("saasfly.mjs", str(CURRENT), "ada@kunde.test", env=env)
    (mail,) = sandbox.mails
    assert "Activate your account</a>" in mail.html
