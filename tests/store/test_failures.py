"""Failures as they are kept: whole, without secrets, and no trap for an older release."""

from structlog.testing import capture_logs

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.providers.diagnose import diagnose
from mailproof.store.mails.failures import failure_from_json, failure_to_json
from tests.store.seeding import NOT_VERIFIED


def test_what_was_stored_comes_back_as_it_was() -> None:
    again = failure_from_json(failure_to_json(NOT_VERIFIED))
    assert again
    assert (again.reason, again.guide, again.closes) == (
        NOT_VERIFIED.reason,
        NOT_VERIFIED.guide,
        NOT_VERIFIED.closes,
    )
    assert failure_to_json(again) == failure_to_json(NOT_VERIFIED)


def test_no_secret_and_no_address_is_stored() -> None:
    body = {"message": "API key re_4242424242424242424242 is invalid for ada.lovelace@example.com"}
    stored = failure_to_json(diagnose(Evidence(HttpAnswer(401, body=body), provider="resend")))
    assert b"re_4242" not in stored
    assert b"ada.lovelace" not in stored
    assert b"example.com" in stored


def test_nothing_stored_is_no_failure() -> None:
    assert failure_from_json(None) is None


def test_a_reason_of_a_newer_release_is_said_in_the_log_and_breaks_nothing() -> None:
    stored = failure_to_json(NOT_VERIFIED).replace(b'"sender_unverified"', b'"sender_asleep"', 1)
    with capture_logs() as logs:
        assert failure_from_json(stored.decode()) is None
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("failure.unreadable", "warning")
    ]
