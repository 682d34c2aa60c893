"""Accepted mail: what is kept of it, read again, scheduled, canceled, sent in batches."""

from collections.abc import Callable
from typing import Any

import pytest

from mailproof.testing import ManualClock
from tests.sandbox.api import MAIL, Api, conforms


def batch(api: Api, items: Any, validation: str = "") -> Any:
    headers = {"x-batch-validation": validation} if validation else {}
    return api.ask("POST", "/emails/batch", items, headers=headers)


def test_an_accepted_mail_can_be_read_again(api: Api) -> None:
    mail_id = api.sent(
        cc="copy@kunde.test",
        reply_to=["help@acme.test"],
        headers={"X-Entity-Ref-ID": "1"},
        tags=[{"name": "purpose", "value": "registration"}],
    )
    seen = api.ask("GET", f"/emails/{mail_id}", kind="email").json
    assert seen["from"] == MAIL["from"]
    assert seen["to"] == MAIL["to"]
    assert seen["cc"] == ["copy@kunde.test"]
    assert seen["bcc"] == []
    assert seen["reply_to"] == ["help@acme.test"]
    assert seen["html"] == MAIL["html"]
    assert seen["text"] == "Hello"
    assert seen["tags"] == [{"name": "purpose", "value": "registration"}]
    assert seen["scheduled_at"] is None


def test_mails_are_listed_newest_first_page_by_page(api: Api) -> None:
    ids = [api.sent() for _ in range(5)]
    first = api.ask("GET", "/emails?limit=2", kind="email list").json
    assert [mail["id"] for mail in first["data"]] == [ids[4], ids[3]]
    assert first["has_more"]
    rest = api.ask("GET", f"/emails?limit=9&after={ids[3]}", kind="email list").json
    assert [mail["id"] for mail in rest["data"]] == [ids[2], ids[1], ids[0]]
    assert not rest["has_more"]
    before = api.ask("GET", f"/emails?limit=2&before={ids[2]}", kind="email list").json
    assert [mail["id"] for mail in before["data"]] == [ids[4], ids[3]]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "after=a&before=b", "after=a"]
)
def test_a_page_that_cannot_be_is_refused(api: Api, query: str) -> None:
    assert api.ask("GET", f"/emails?{query}").name == "validation_error"


def test_an_id_is_a_uuid_and_known(api: Api) -> None:
    assert api.ask("GET", "/emails/1").name == "invalid_parameter"
    unknown = api.ask("GET", "/emails/49a3999c-0ce1-4ea6-ab68-afcd6dc2e794")
    assert (unknown.status, unknown.name) == (404, "not_found")


def test_a_mail_gets_on_from_queued_to_sent_to_delivered(api: Api, clock: ManualClock) -> None:
    mail_id = api.sent()
    seen = [api.last_event(mail_id)]
    for _ in range(2):
        clock.advance(0.06)
        seen.append(api.last_event(mail_id))
    assert seen == ["queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("recipient", "end"),
    [
        ("delivered@resend.dev", "delivered"),
        ("delivered+label@resend.dev", "delivered"),
        ("bounced@resend.dev", "bounced"),
        ("Ada <bounced+1@resend.dev>", "bounced"),
        ("complained@resend.dev", "complained"),
        ("suppressed@resend.dev", "suppressed"),
        ("mailbox-full@fault.test", "bounced"),
        ("quota-failed@fault.test", "failed"),
        ("unconfirmed@fault.test", "sent"),
        ("ada@kunde.test", "delivered"),
    ],
)
def test_the_recipient_decides_how_a_mail_ends(
    api: Api, clock: ManualClock, recipient: str, end: str
) -> None:
    mail_id = api.sent(to=recipient)
    clock.advance(1)
    assert api.last_event(mail_id) == end


def test_a_scheduled_mail_waits_for_its_time(api: Api, clock: ManualClock) -> None:
    mail_id = api.sent(scheduled_at="in 10 minutes")
    clock.advance(599)
    assert api.last_event(mail_id) == "scheduled"
    clock.advance(2)
    assert api.last_event(mail_id) == "delivered"


def test_a_scheduled_mail_can_be_moved(api: Api, clock: ManualClock) -> None:
    mail_id = api.sent(scheduled_at="in 10 minutes")
    answer = api.ask("PATCH", f"/emails/{mail_id}", {"scheduled_at": "in 1 hour"})
    conforms(answer.json, "email reference")
    clock.advance(3_599)
    assert api.last_event(mail_id) == "scheduled"
    clock.advance(2)
    assert api.last_event(mail_id) == "delivered"


def test_a_scheduled_mail_can_be_canceled_and_never_goes(api: Api, clock: ManualClock) -> None:
    mail_id = api.sent(scheduled_at="2027-02-01T09:00:00Z")
    answer = api.ask("POST", f"/emails/{mail_id}/cancel")
    conforms(answer.json, "email reference")
    clock.advance(10_000_000)
    assert api.last_event(mail_id) == "canceled"


def test_what_is_on_its_way_can_be_neither_moved_nor_canceled(api: Api) -> None:
    mail_id = api.sent()
    assert api.ask("POST", f"/emails/{mail_id}/cancel").status == 422
    moved = api.ask("PATCH", f"/emails/{mail_id}", {"scheduled_at": "in 1 hour"})
    assert moved.status == 422


def test_a_batch_has_an_id_for_each_mail_in_order(api: Api) -> None:
    answer = batch(api, [{**MAIL, "subject": f"Mail {number}"} for number in range(3)])
    conforms(answer.json, "batch")
    assert "errors" not in answer.json
    ids = [entry["id"] for entry in answer.json["data"]]
    assert ids == [mail.id for mail in api.sandbox.mails]
    assert [mail.subject for mail in api.sandbox.mails] == ["Mail 0", "Mail 1", "Mail 2"]


def test_one_bad_mail_refuses_a_strict_batch_as_a_whole(api: Api) -> None:
    answer = batch(api, [MAIL, {**MAIL, "to": "nobody"}])
    assert (answer.status, answer.name) == (422, "validation_error")
    assert not api.sandbox.mails


def test_a_permissive_batch_takes_the_good_ones_and_names_the_others(api: Api) -> None:
    bad = {**MAIL, "to": None}
    answer = batch(api, [MAIL, bad, MAIL], "permissive")
    assert answer.status == 200
    conforms(answer.json, "batch")
    assert len(answer.json["data"]) == len(api.sandbox.mails) == 2
    assert answer.json["errors"] == [{"index": 1, "message": "Missing `to` field."}]


def test_a_permissive_batch_without_errors_says_so(api: Api) -> None:
    assert batch(api, [MAIL], "permissive").json["errors"] == []


@pytest.mark.parametrize(
    "item",
    [
        {**MAIL, "attachments": [{"filename": "a.txt", "content": "aGk="}]},
        {**MAIL, "scheduled_at": "in 1 hour"},
    ],
    ids=["attachments", "scheduled_at"],
)
def test_a_batch_takes_neither_attachments_nor_schedules(api: Api, item: Any) -> None:
    answer = batch(api, [item])
    assert (answer.status, answer.name) == (422, "validation_error")


@pytest.mark.parametrize("items", [[], {}, [MAIL] * 101], ids=["empty", "object", "101"])
def test_a_batch_has_one_to_a_hundred_mails(api: Api, items: Any) -> None:
    assert batch(api, items).status == 422


def test_a_sandbox_that_is_full_says_so(start: Any) -> None:
    api = start(mails_max=1)
    api.sent()
    answer = api.send()
    assert (answer.status, answer.name) == (503, "service_unavailable")
    assert "DELETE /_sandbox/mails" in answer.message


def test_it_is_full_by_the_bytes_it_keeps_too(start: Callable[..., Api]) -> None:
    api = start(bytes_max=1_000)
    api.sent(html="x" * 300)  # and as long a text, made of it
    answer = api.send(html="x" * 300)
    assert (answer.status, answer.name) == (503, "service_unavailable")
    assert "DELETE /_sandbox/mails" in answer.message
    api.sandbox.forget()
    api.sent(html="x" * 300)
