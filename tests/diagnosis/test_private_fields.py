"""What people wrote to each other is shown as its length, wherever clients and webhooks hand it
back; what a provider answered is not.
"""

from typing import Any, Final

import msgspec
import pytest

from mailproof.diagnosis.evidence import Context, Event, Evidence, HttpAnswer, Raised, SdkError
from mailproof.diagnosis.redaction.redact import redact_evidence, redact_text

CANARY: Final = "Dear Mary, CANARY"
HIDDEN: Final = f"[{len(CANARY)} characters]"


def shown(error: Any) -> Any:
    clean = redact_evidence(Evidence(SdkError(error)))
    assert redact_evidence(clean) == clean
    assert isinstance(clean.seen, SdkError)
    return clean.seen.error


@pytest.mark.parametrize(
    "mail",
    [
        {"from": "a@acme.test", "to": "b@acme.test", "text": CANARY},
        {"from": "a@acme.test", "subject": "Hello", "html": CANARY, "body": CANARY},
        {"From": "a@acme.test", "To": "b@acme.test", "HtmlBody": CANARY, "TextBody": CANARY},
        {"RecordType": "Bounce", "From": "a@acme.test", "Subject": "Hello", "Content": CANARY},
        {"sender": {"email": "a@acme.test"}, "to": [], "htmlContent": CANARY},
        {"from": {}, "personalizations": [], "content": [{"type": "text/html", "value": CANARY}]},
        {
            "FromEmailAddress": "a@acme.test",
            "Destination": {},
            "Content": {"Simple": {"Body": {"Html": {"Data": CANARY, "Charset": "UTF-8"}}}},
        },
        {"Source": "a@acme.test", "Destinations": [], "RawMessage": {"Data": CANARY}},
        {"mail": {"source": "a@acme.test"}, "content": CANARY},
        {"attachments": [{"filename": "cv.pdf", "content": CANARY}]},
        {"Attachments": [{"Name": "cv.pdf", "Content": CANARY, "ContentType": "text/plain"}]},
        {"dynamic_template_data": {"name": CANARY, "lines": [CANARY, {"text": CANARY}]}},
        {"TemplateModel": {"reset": {"link": CANARY}}},
        {"body-plain": CANARY, "stripped-html": CANARY},
    ],
)
def test_the_content_of_a_mail_is_shown_as_its_length(mail: dict[str, Any]) -> None:
    """As a mapping, in a request's JSON, in JSON within JSON, and posted by a webhook."""
    once = msgspec.json.encode(mail).decode()
    twice = msgspec.json.encode({"config": {"data": once}}).decode()
    for holder in (mail, {"config": {"data": once}}, [twice]):
        text = msgspec.json.encode(shown(holder)).decode()
        assert "CANARY" not in text
        assert HIDDEN in text
    assert "CANARY" not in repr(redact_evidence(Evidence(Event(mail))))


def test_what_describes_an_attachment_stays() -> None:
    attachment = {"filename": "cv.pdf", "content": CANARY, "type": "application/pdf", "size": 7}
    assert shown({"attachments": [attachment]}) == {
        "attachments": [attachment | {"content": HIDDEN}]
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "Too many requests", "text": "slow down", "body": "{}"},
        {"response": {"body": {"errors": [{"message": "bad", "field": "html"}]}}},
        {"errors": {"html": ["The html field is required."], "attachments": ["Too many."]}},
        {"errors": {"to": ["The to field is malformed: <a…@acme.test>"]}},
        {"message": "The text body is empty", "name": "validation_error"},
        {"message": {"html": "required", "attachments": "must be a list"}},
        'Validation error: {"message":{"html":"required"}}',
        {"Name": "Hard bounce", "Email": "a…@acme.test", "TypeCode": 1},
        {"content": "Forbidden", "status_code": 403},
    ],
)
def test_what_a_provider_answered_stays(answer: Any) -> None:
    assert shown(answer) == answer


def test_a_persons_name_and_phone_are_hidden_and_a_things_name_is_not() -> None:
    assert shown(
        {
            "to": [{"email": "mary@acme.test", "name": "Mary Jane"}],
            "first_name": "Mary",
            "phone": "+86 138 0013 8000",
            "name": "validation_error",
            "tags": [{"name": "category", "value": "welcome"}],
        }
    ) == {
        "to": [{"email": "m…@acme.test", "name": "M…"}],
        "first_name": "M…",
        "phone": "[redacted]",
        "name": "validation_error",
        "tags": [{"name": "category", "value": "welcome"}],
    }


def test_the_context_holds_no_names() -> None:
    context = Context("acme shop <a@acme.test>", ("李四光先生 <l@acme.test>", "b@acme.test"))
    assert redact_evidence(Evidence(Raised(), context=context)).context == Context(
        "a… <a…@acme.test>", ("李… <l…@acme.test>", "b…@acme.test")
    )


def test_json_that_holds_nothing_private_stays_as_it_was_written() -> None:
    text = '{ "error" : "rate_limited",\n "limit": 1.0 }'
    assert redact_evidence(Evidence(HttpAnswer(429, body=text))).seen == HttpAnswer(429, body=text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("{ subject: 'Hi', text: 'CANARY, 1234', to: 'x' }", ", to: 'x' }"),
        ('{"subject":"Hi","html":"<p>CANARY', ""),
        ("data: 'from=a&html=%3Cp%3ECANARY%3C%2Fp%3E&to=b'", "&to=b'"),
        ('"type":"text/plain","value":"CANARY \\" x"}', "}"),
        (r"{\"HtmlBody\":\"<p>CANARY</p>\",\"Tag\":1}", r",\"Tag\":1}"),
        ("html: <p>CANARY</p>\nto: x", "\nto: x"),
    ],
)
def test_content_in_text_that_cannot_be_decoded_is_hidden_too(text: str, rest: str) -> None:
    clean = redact_text(text)
    assert "CANARY" not in clean
    assert " characters]" in clean
    assert clean.endswith(rest)
    assert redact_text(clean) == clean
