"""What apps are answered when they send."""

from typing import Any

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer, Raised, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import guidance
from mailproof.engine.receipts import Closed, KeyConflict, Overloaded, Receipt, Receipts
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.lifecycle import State
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import CommitUnknown, StoreUnavailable
from tests.gateway.world import MAIL, World, mail_id

NOT_VERIFIED = diagnose(
    Evidence(
        HttpAnswer(
            403,
            body={
                "statusCode": 403,
                "name": "validation_error",
                "message": "The acme.test domain is not verified.",
            },
        ),
        provider="resend",
    )
)
NO_LOGIN = diagnose(
    Evidence(SmtpReply(535, "5.7.8 Authentication credentials invalid", "auth"), provider="smtp")
)


def one(state: State, failure: Failure | None = None, reason: str | None = None) -> Receipts:
    told = reason or (None if failure is None else failure.reason.value)
    return Receipts((Receipt(id=mail_id(1), state=state, reason=told, failure=failure),))


def test_a_mail_that_the_provider_took_is_answered_by_its_id_alone(shared: World) -> None:
    answer = shared.send()
    assert (answer.status, answer.json) == (200, {"id": mail_id(1)})
    assert answer.headers["mailproof-state"] == "sent"
    (call,) = shared.counter.calls
    assert (call.caller.app, call.endpoint, call.wait_s) == ("shop", "/emails", 5.0)
    assert call.on_hold is None
    (email,) = call.emails
    assert email.subject == "Hello"


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.SENDING, State.SCHEDULED, State.UNCONFIRMED, State.SANDBOXED]
)
def test_a_mail_that_goes_on_says_where_it_is(shared: World, state: State) -> None:
    shared.counter.outcome = one(state)
    answer = shared.send()
    assert (answer.status, answer.json) == (200, {"id": mail_id(1)})
    assert answer.headers["mailproof-state"] == state.value
    assert "mailproof-reason" not in answer.headers


@pytest.mark.parametrize("state", [State.HELD, State.DEFERRED])
def test_a_mail_that_is_put_aside_says_why(shared: World, state: State) -> None:
    shared.counter.outcome = one(state, NOT_VERIFIED)
    answer = shared.send()
    aside = {"state": state.value, "reason": "sender_unverified", "status_url": None}
    assert (answer.status, answer.json) == (200, {"id": mail_id(1), "mailproof": aside})
    assert answer.headers["mailproof-state"] == state.value
    assert answer.headers["mailproof-reason"] == "sender_unverified"


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_a_refusal_is_passed_on_in_the_providers_own_words(world: World, state: State) -> None:
    world.counter.outcome = one(state, NOT_VERIFIED)
    answer = world.send()
    assert (answer.status, answer.name) == (403, "validation_error")
    assert answer.message == "The acme.test domain is not verified."
    assert answer.headers["mailproof-state"] == state.value
    assert answer.headers["mailproof-reason"] == "sender_unverified"
    assert answer.headers["mailproof-id"] == mail_id(1)
    assert not world.noted, "a mail that ended is no refusal: it has a timeline of its own"


def test_a_refusal_by_smtp_is_said_as_resend_would_with_our_cause(shared: World) -> None:
    shared.counter.outcome = one(State.FAILED, NO_LOGIN)
    answer = shared.send()
    assert (answer.status, answer.name) == (403, "invalid_api_key")
    assert answer.message == guidance("en").cause(NO_LOGIN)


def test_a_mail_that_was_canceled_by_hand_is_no_error_to_who_repeats_it(
    shared: World,
) -> None:
    shared.counter.outcome = one(State.CANCELED)
    answer = shared.send()
    assert (answer.status, answer.json) == (200, {"id": mail_id(1)})
    assert answer.headers["mailproof-state"] == "canceled"


def test_a_closed_lane_is_told_to_who_asks_to_be_refused(shared: World) -> None:
    shared.counter.outcome = Closed("acme.test", "sender_unverified", NOT_VERIFIED)
    answer = shared.send(prefer="handling=strict")
    assert (answer.status, answer.name) == (503, "application_error")
    assert "acme.test" in answer.message
    assert answer.headers["mailproof-reason"] == "sender_unverified"
    assert shared.counter.calls[0].on_hold == "refuse"


@pytest.mark.parametrize(
    ("outcome", "status", "name", "retry_after"),
    [
        (KeyConflict(), 409, "invalid_idempotent_request", None),
        (Overloaded(0.2), 503, "application_error", "1"),
        (Overloaded(3.2), 503, "application_error", "4"),
        (StoreUnavailable("/srv/secret/place.db: disk full"), 503, "application_error", "2"),
        (CommitUnknown("lost"), 503, "application_error", "2"),
        (
            InvalidInput("attachments[0].path", "no such host", "Mend."),
            422,
            "validation_error",
            None,
        ),
    ],
)
def test_what_the_engine_cannot_accept_has_an_answer(
    shared: World, outcome: Any, status: int, name: str, retry_after: str | None
) -> None:
    shared.counter.outcome = outcome
    answer = shared.send()
    assert (answer.status, answer.name) == (status, name)
    assert answer.headers.get("retry-after") == retry_after
    assert "/srv" not in answer.message


def test_who_cannot_know_is_told_to_repeat_with_the_same_key(shared: World) -> None:
    shared.counter.outcome = CommitUnknown("lost")
    assert "Idempotency-Key" in shared.send().message


@pytest.mark.parametrize(
    ("prefer", "wait_s", "applied"),
    [
        ("respond-async", 0.0, "respond-async"),
        ("wait=2", 2.0, "wait=2"),
        ("wait=999", 30.0, "wait=30"),
        ("respond-async, wait=3", 3.0, "respond-async, wait=3"),
        ("handling=strict", 5.0, "handling=strict"),
        ("return=minimal", 5.0, None),
    ],
)
def test_a_preference_is_heeded_and_said_to_be(
    shared: World, prefer: str, wait_s: float, applied: str | None
) -> None:
    answer = shared.send(prefer=prefer)
    assert shared.counter.calls[0].wait_s == wait_s
    assert answer.headers.get("preference-applied") == applied


def test_a_key_carries_what_its_app_cannot_say(shared: World) -> None:
    key = shared.make_key("old-app", purpose="registration", wait_ms=250, on_hold="refuse")
    shared.ask("POST", "/emails", MAIL, key=key)
    (call,) = shared.counter.calls
    assert (call.caller.app, call.caller.purpose, call.wait_s) == ("old-app", "registration", 0.25)
    assert call.caller.on_hold == "refuse"
    shared.ask("POST", "/emails", MAIL, key=key, headers={"prefer": "wait=1"})
    assert shared.counter.calls[1].wait_s == 1.0


def test_a_purpose_in_the_request_wins_over_one_in_the_mail(shared: World) -> None:
    in_mail = {**MAIL, "headers": {"Mailproof-Purpose": "otp"}}
    shared.send(in_mail)
    shared.send(in_mail, mailproof_purpose="registration")
    assert [call.emails[0].purpose for call in shared.counter.calls] == ["otp", "registration"]


def test_an_idempotency_key_goes_with_the_mail(shared: World) -> None:
    shared.send(idempotency_key="welcome/1")
    assert shared.counter.calls[0].emails[0].idempotency_key == "welcome/1"
    answer = shared.send(idempotency_key="k" * 257)
    assert (answer.status, answer.name) == (400, "invalid_idempotency_key")
    assert shared.send(idempotency_key="").name == "invalid_idempotency_key"


def test_bad_input_says_what_where_and_what_to_do(shared: World) -> None:
    answer = shared.send({**MAIL, "to": ["ada@example.com", "ada@example"]})
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message.startswith("to[1]: 'ada@example' is not one email address")
    assert shared.send({**MAIL, "subject": None}).name == "missing_required_field"
    assert not shared.counter.calls


def test_a_batch_is_accepted_whole_and_never_waits(shared: World) -> None:
    headers = {"idempotency-key": "batch/1", "prefer": "wait=9, handling=strict"}
    answer = shared.ask("POST", "/emails/batch", [MAIL, MAIL], headers=headers)
    assert (answer.status, answer.json) == (
        200,
        {"data": [{"id": mail_id(1)}, {"id": mail_id(2)}]},
    )
    (call,) = shared.counter.calls
    assert (call.endpoint, call.wait_s, call.on_hold) == ("/emails/batch", 0.0, "refuse")
    assert [email.idempotency_key for email in call.emails] == ["batch/1", None]
    assert answer.headers["preference-applied"] == "handling=strict"


def test_a_held_mail_of_a_batch_says_so(shared: World) -> None:
    held = Receipt(id=mail_id(2), state=State.HELD, reason="sender_unverified")
    shared.counter.outcome = Receipts((Receipt(id=mail_id(1), state=State.QUEUED), held))
    data = shared.ask("POST", "/emails/batch", [MAIL, MAIL]).json["data"]
    assert data[0] == {"id": mail_id(1)}
    assert data[1]["mailproof"]["reason"] == "sender_unverified"


def test_a_mistake_in_a_batch_is_told_with_its_place_and_nothing_is_accepted(shared: World) -> None:
    answer = shared.ask("POST", "/emails/batch", [MAIL, MAIL, {**MAIL, "to": "ada"}, MAIL])
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message.startswith("[2].to: ")
    assert shared.ask("POST", "/emails/batch", [MAIL, 7]).message.startswith("[1]: ")
    assert not shared.counter.calls


def test_a_permissive_batch_accepts_what_is_valid_and_notes_the_rest(world: World) -> None:
    answer = world.ask(
        "POST",
        "/emails/batch",
        [{**MAIL, "to": "ada"}, MAIL, {**MAIL, "from": ""}],
        headers={"x-batch-validation": "permissive", "idempotency-key": "k"},
    )
    assert answer.status == 200
    assert answer.json["data"] == [{"id": mail_id(1)}]
    assert [each["index"] for each in answer.json["errors"]] == [0, 2]
    assert answer.json["errors"][1]["message"].startswith("[2].from: ")
    (call,) = world.counter.calls
    assert call.emails[0].idempotency_key == "k"
    assert world.heard.wait(5)


def test_a_permissive_batch_without_a_valid_mail_accepts_nothing(shared: World) -> None:
    answer = shared.ask("POST", "/emails/batch", [{}], headers={"x-batch-validation": "permissive"})
    assert (answer.status, answer.json["data"]) == (200, [])
    assert not shared.counter.calls


@pytest.mark.parametrize("body", [[], {}, [MAIL] * 101, None, "x"])
def test_what_is_no_batch_is_refused(shared: World, body: Any) -> None:
    answer = shared.ask("POST", "/emails/batch", body)
    assert (answer.status, answer.name) == (422, "validation_error")


def test_an_unknown_batch_mode_is_refused(shared: World) -> None:
    answer = shared.ask("POST", "/emails/batch", [MAIL], headers={"x-batch-validation": "lax"})
    assert (answer.status, answer.name) == (422, "validation_error")
    assert "strict" in answer.message


def test_mailproof_talking_to_itself_is_stopped(shared: World) -> None:
    own = shared.send(mailproof_installation=shared.installation.id)
    adapter = shared.send(user_agent="mailproof/1.0")
    for answer in (own, adapter):
        assert (answer.status, answer.name) == (508, "application_error")
        assert "base_url" in answer.message
    assert shared.send(mailproof_installation="another", user_agent="resend-node").status == 200
    assert len(shared.counter.calls) == 1


def test_a_provider_that_hangs_up_is_said_as_unavailable(shared: World) -> None:
    failure = diagnose(Evidence(Raised("ConnectionRefusedError"), provider="resend"))
    shared.counter.outcome = one(State.CANCELED, failure)
    answer = shared.send()
    assert (answer.status, answer.name) == (503, "application_error")
