"""A failure as an answer."""

import json
from typing import Any

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.reasons import Reason
from mailproof.gateway.passing import SAID_AS, pass_on
from mailproof.mail.refusal import STATUS
from mailproof.providers.diagnose import diagnose

WORDS = {"statusCode": 403, "name": "validation_error", "message": "Not verified."}


def failure(status: int, body: Any) -> Failure:
    return diagnose(Evidence(HttpAnswer(status, body=body), provider="resend"))


def test_every_reason_can_be_said_in_resends_words() -> None:
    assert set(SAID_AS) == set(Reason)
    for status, name in SAID_AS.values():
        assert name in STATUS
        assert 400 <= status < 600


def test_no_reason_that_may_pass_is_said_as_if_it_were_final() -> None:
    """A network's trouble is answered by a 5xx, which callers may repeat."""
    for reason in (Reason.TIMED_OUT, Reason.CONNECTION_FAILED, Reason.PROVIDER_UNAVAILABLE):
        assert SAID_AS[reason][0] == 503


@pytest.mark.parametrize("body", [WORDS, json.dumps(WORDS)], ids=["decoded", "as it came"])
def test_the_providers_words_are_passed_on_to_the_letter(body: Any) -> None:
    said = pass_on(failure(403, body), "sender_unverified", ((b"a", b"b"),))
    assert (said.status, said.name, said.message) == (403, "validation_error", "Not verified.")
    assert said.headers == ((b"a", b"b"),)


@pytest.mark.parametrize(
    "body",
    [
        "<html>Blocked</html>",
        {"error": "no"},
        {"name": "", "message": "x"},
        {"name": "validation_error"},
        {"name": 7, "message": "x"},
        None,
    ],
)
def test_what_is_not_resends_shape_gets_our_cause(body: Any) -> None:
    seen = failure(422, body)
    said = pass_on(seen, None, ())
    assert (said.status, said.name) == SAID_AS[seen.reason]
    assert said.message == guidance("en").cause(seen)


def test_a_status_that_is_no_error_is_never_passed_on() -> None:
    said = pass_on(failure(302, WORDS), None, ())
    assert said.status >= 400


@pytest.mark.parametrize(
    ("reason", "status", "name"),
    [
        ("recipient_invalid", 422, "validation_error"),
        (None, 500, "application_error"),
        ("of_a_newer_release", 500, "application_error"),
    ],
)
def test_a_reason_alone_is_enough(reason: str | None, status: int, name: str) -> None:
    said = pass_on(None, reason, ())
    assert (said.status, said.name) == (status, name)
    assert (reason or "unknown") in said.message
