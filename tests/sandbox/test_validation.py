"""What a mail must be: Resend's names and sentences."""

from collections.abc import Callable
from typing import Any

import pytest

from mailproof.testing import DomainStatus, Switches
from tests.sandbox.api import Api

Start = Callable[..., Api]
ADDRESS = (
    "The email address needs to follow the `email@example.com` or "
    "`Name <email@example.com>` format."
)


@pytest.mark.parametrize("field", ["to", "subject", "from"])
def test_a_missing_field_is_named(api: Api, field: str) -> None:
    without: dict[str, Any] = {field: None}
    answer = api.send(**without)
    assert (answer.status, answer.name) == (422, "missing_required_field")
    assert answer.message == f"Missing `{field}` field."


def test_a_mail_without_a_body_says_which_fields_it_could_have(api: Api) -> None:
    answer = api.send(html=None)
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message == "Missing `html` or `text` field."


def test_what_is_missing_is_told_in_the_order_of_the_real_api(api: Api) -> None:
    said = []
    body: dict[str, Any] = {}
    for field, value in [
        ("to", "delivered@resend.dev"),
        ("html", "<p>Hello</p>"),
        ("subject", "Hello"),
        ("from", "news@acme.test"),
    ]:
        said.append(api.ask("POST", "/emails", body).message)
        body[field] = value
    assert said == [
        "Missing `to` field.",
        "Missing `html` or `text` field.",
        "Missing `subject` field.",
        "Missing `from` field.",
    ]
    api.ask("POST", "/emails", body, kind="id")


@pytest.mark.parametrize(
    "address",
    [
        "1",
        "news",
        "@acme.test",
        "news@",
        "news@acme",
        "<news@acme.test",
        "a b@acme.test",
        "a@b@c.test",
    ],
)
@pytest.mark.parametrize("field", ["from", "to", "cc", "bcc", "reply_to"])
def test_what_is_no_address_is_refused_with_its_field(api: Api, field: str, address: str) -> None:
    answer = api.send(**{field: address})
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message == f"Invalid `{field}` field. {ADDRESS}"


@pytest.mark.parametrize(
    "address",
    ["ada@kunde.test", "Ada <ada@kunde.test>", "田中 <t@kunde.test>", '"A, B" <a@kunde.test>'],
)
def test_addresses_in_both_forms_and_any_language_are_taken(api: Api, address: str) -> None:
    api.sent(to=address)
    assert api.sandbox.mails[0].to == (address,)


@pytest.mark.parametrize("domain", ["example.com", "test.com"])
def test_recipients_at_example_domains_are_refused_as_documented(api: Api, domain: str) -> None:
    answer = api.send(to=f"ada@{domain}")
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message == (
        "Invalid `to` field. Please use our testing email address instead of domains like "
        f"`{domain}`."
    )


def test_example_domains_can_be_allowed(start: Start) -> None:
    start(switches=Switches(refuse_example_domains=False)).sent(to="ada@example.com")


def test_more_than_fifty_recipients_are_too_many(api: Api) -> None:
    some = [f"delivered+{number}@resend.dev" for number in range(51)]
    api.sent(to=some[:50])
    assert api.send(to=some).name == "validation_error"
    assert api.send(to=some[:25], cc=some[25:40], bcc=some[40:]).status == 422


@pytest.mark.parametrize(
    "status",
    [
        status
        for status in DomainStatus
        if status.value not in {"verified", "partially_verified", "temporary_failure"}
    ],
)
def test_a_domain_that_is_not_verified_cannot_send(start: Start, status: DomainStatus) -> None:
    api = start(domains=(("acme.test", status),))
    answer = api.send()
    assert (answer.status, answer.name) == (403, "validation_error")
    assert answer.message == (
        "The acme.test domain is not verified. "
        "Please, add and verify your domain on https://resend.com/domains"
    )


@pytest.mark.parametrize("sender", ["me@gmail.com", "news@mail.acme.test", "news@acme.testing"])
def test_only_the_very_domain_that_was_verified_may_send(api: Api, sender: str) -> None:
    answer = api.send(**{"from": sender})
    assert (answer.status, answer.name) == (403, "validation_error")
    assert f"The {sender.partition('@')[2]} domain is not verified." in answer.message


def test_a_verified_domain_can_send_at_once(start: Start) -> None:
    api = start(domains=())
    assert api.send().status == 403
    api.sandbox.verify_domain("acme.test")
    api.sent()


def test_the_testing_sender_reaches_only_the_owner_and_the_test_addresses(start: Start) -> None:
    api = start(owner="owner@kunde.test")
    api.sent(**{"from": "Acme <onboarding@resend.dev>"})
    api.sent(**{"from": "onboarding@resend.dev", "to": "Owner@Kunde.test"})
    answer = api.send(**{"from": "onboarding@resend.dev", "to": "ada@kunde.test"})
    assert (answer.status, answer.name) == (403, "validation_error")
    assert answer.message.startswith(
        "You can only send testing emails to your own email address (owner@kunde.test)."
    )


@pytest.mark.parametrize(
    "tags",
    [
        [{"name": "with space", "value": "x"}],
        [{"name": "ok", "value": "ö"}],
        [{"name": "a" * 257, "value": "x"}],
        [{"value": "x"}],
        ["registration"],
    ],
)
def test_tags_are_plain_words(api: Api, tags: Any) -> None:
    answer = api.send(tags=tags)
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message == (
        "Tags should only contain ASCII letters, numbers, underscores, or dashes."
    )


def test_an_attachment_needs_contents_or_a_path(api: Api) -> None:
    answer = api.send(attachments=[{"filename": "a.txt"}])
    assert (answer.status, answer.name) == (422, "invalid_attachment")
    assert answer.message == "Attachment must have either a `content` or `path`."


@pytest.mark.parametrize(
    "attachment",
    [
        {"filename": "a.txt", "content": "aGk="},
        {"filename": "a.txt", "content": [104, 105]},
        {"filename": "a.txt", "content": {"type": "Buffer", "data": [104, 105]}},
        {"filename": "a.txt", "path": "https://cdn.acme.test/a.txt"},
    ],
)
def test_an_attachment_comes_in_any_form_that_the_sdks_send(api: Api, attachment: Any) -> None:
    api.sent(attachments=[attachment])


def test_a_mail_over_forty_megabytes_is_refused(api: Api) -> None:
    assert api.send(html="x" * (40 * 1024 * 1024 + 1)).status == 422


@pytest.mark.parametrize("when", ["soon", "2026-99-99", "in 40 days", "0"])
def test_a_date_that_cannot_be_is_refused(api: Api, when: str) -> None:
    answer = api.send(scheduled_at=when)
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message.startswith("Invalid `scheduled_at` field.")


def test_a_template_that_does_not_exist_is_not_found(api: Api) -> None:
    answer = api.send(html=None, template={"id": "welcome"})
    assert (answer.status, answer.name, answer.message) == (404, "not_found", "Template not found")


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"to": "\\ud800"}', b"[" * 100_000])
def test_what_is_no_json_is_told_so(api: Api, raw: bytes) -> None:
    answer = api.ask("POST", "/emails", raw=raw)
    assert (answer.status, answer.name) == (400, "validation_error")
    assert answer.message == "Request body must be valid JSON."


def test_nobody_can_smuggle_a_header(api: Api) -> None:
    assert api.send(subject="Hello\r\nBcc: all@kunde.test").status == 422
    assert api.send(headers={"X-Note": "a\nBcc: all@kunde.test"}).status == 422
