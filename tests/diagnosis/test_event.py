"""Who speaks in an event, and what is left of it once its envelope is open."""

import json
from typing import Any

import pytest

from mailproof.diagnosis.evidence import Event, Evidence, Origin
from mailproof.diagnosis.reading.event import read_event
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.providers.diagnose import diagnose

BOUNCE: dict[str, Any] = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": "ann@inbox.example", "diagnosticCode": "smtp; 550 5.1.1 User unknown"}
        ],
    },
    "mail": {"commonHeaders": {"subject": "Mailbox full?"}},
}
TOPIC = "arn:aws:sns:eu-west-1:111122223333:mail"


@pytest.mark.parametrize(
    "envelope",
    [
        BOUNCE,
        [BOUNCE],
        json.dumps(BOUNCE),
        {"Type": "Notification", "TopicArn": TOPIC, "Message": json.dumps(BOUNCE)},
        {"Records": [{"Sns": {"TopicArn": TOPIC, "Message": json.dumps(BOUNCE)}}]},
        {"detail-type": "Email Bounced", "source": "aws.ses", "detail": BOUNCE},
        {
            "Records": [
                {
                    "eventSource": "aws:sqs",
                    "body": json.dumps({"TopicArn": TOPIC, "Message": json.dumps(BOUNCE)}),
                }
            ]
        },
    ],
    ids=["bare", "list", "text", "sns", "lambda", "eventbridge", "sqs"],
)
def test_an_event_reads_the_same_in_any_envelope(envelope: Any) -> None:
    told = read_event(envelope)
    assert told.found.messages == ("smtp; 550 5.1.1 User unknown",)
    assert told.origin is Origin.RECEIVER
    failure = diagnose(Evidence(Event(envelope), provider="ses"))
    assert failure.reason is Reason.MAILBOX_NOT_FOUND


@pytest.mark.parametrize(
    ("provider", "event"),
    [
        ("ses", {"eventType": "Reject", "reject": {"reason": "Bad content"}}),
        ("ses", {"eventType": "Rendering Failure", "failure": {"errorMessage": "x"}}),
        ("sendgrid", {"event": "dropped", "reason": "Bounced Address"}),
        ("postmark", {"RecordType": "Bounce", "Type": "BadEmailAddress"}),
        ("mailgun", {"event-data": {"event": "failed", "reason": "suppress-bounce"}}),
        ("brevo", {"event": "blocked", "reason": "blocked : due to blacklist user"}),
        ("unknown", [{"msys": {"gen_event": {"type": "generation_failure"}}}]),
    ],
)
def test_what_the_provider_did_itself_is_its_own_word(provider: str, event: Any) -> None:
    assert diagnose(Evidence(Event(event), provider=provider)).origin is Origin.PROVIDER


def test_a_drop_for_want_of_credits_holds_the_mail_and_closes_the_provider() -> None:
    event = {"event": "dropped", "reason": "Recipient List over Package Quota"}
    failure = diagnose(Evidence(Event(event), provider="sendgrid"))
    assert failure.next is Next.HOLD
    assert str(failure.closes) == "provider"


def test_a_receiver_that_speaks_of_an_account_closes_nothing() -> None:
    event = {
        "event": "bounce",
        "status": "5.2.1",
        "reason": "550 5.2.1 The account has been suspended, please upgrade your plan",
    }
    for provider in ("sendgrid", "mailgun", "brevo", "mailersend", "unknown"):
        failure = diagnose(Evidence(Event(event), provider=provider))
        assert failure.origin is Origin.RECEIVER
        assert failure.closes is None
        assert failure.reason is Reason.MAILBOX_DISABLED


def test_the_examples_in_postmarks_description_are_not_what_the_receiver_said() -> None:
    told = read_event(
        {
            "RecordType": "Bounce",
            "Type": "HardBounce",
            "Description": "The server was unable to deliver (ex: mailbox not found).",
            "Details": "smtp;554 5.7.1 blocked",
        }
    )
    assert told.found.messages == ("smtp;554 5.7.1 blocked",)


def test_a_legacy_mailgun_drop_after_a_hard_failure_is_the_receivers_word() -> None:
    event = {"event": "dropped", "reason": "hardfail", "code": "550", "description": "No such user"}
    assert read_event(event).origin is Origin.RECEIVER
