"""The little app has the bug that the story is about, and no other."""

import logging

import pytest

from mailproof.demo.signup import post_mail, send_activation
from mailproof.demo.stage import SENDER, USER, WRONG_KEY, provider


def settings(url: str, key: str) -> dict[str, str]:
    return {"RESEND_BASE_URL": url, "RESEND_API_KEY": key, "RESEND_FROM": SENDER}


def test_a_refusal_is_an_answer_that_nobody_looks_at(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with provider() as sandbox, caplog.at_level(logging.DEBUG):
        for name, value in settings(sandbox.url, WRONG_KEY).items():
            monkeypatch.setenv(name, value)
        send_activation(USER)
        status, _ = post_mail(USER)
    assert status == 400
    assert not caplog.records


def test_a_mail_with_a_good_key_arrives_as_a_whole() -> None:
    with provider() as sandbox:
        sandbox.verify_domain("acme.test")
        assert post_mail(USER, settings(sandbox.url, sandbox.api_key))[0] == 200
        (mail,) = sandbox.wait_for(1)
    assert (mail.sender, mail.to, mail.subject) == (SENDER, (USER,), "Activate your account")


def test_only_an_exception_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in settings("http://127.0.0.1:1", WRONG_KEY).items():
        monkeypatch.setenv(name, value)
    send_activation(USER)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
