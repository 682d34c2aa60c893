"""Looking at mails, moving the time of one, canceling one: real mails in a real store."""

from typing import Any

import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.mails.listing import content
from mailproof.store.shapes import NewRecipient
from tests.gateway.description import conforms
from tests.gateway.world import World, mail_id
from tests.store.mails import accepted, new_mail
from tests.store.seeding import NOT_VERIFIED, led_to, open_for_mail

PAYLOAD = (
    b'{"from":"Acme <hello@acme.test>","to":["ada@example.com"],"subject":"Hello",'
    b'"html":"<p>Hi</p>","reply_to":["help@acme.test"],'
    b'"tags":[{"name":"kind","value":"x"},{"name":"mailproof_id","value":"y"}]}'
)
RECIPIENTS = (
    NewRecipient("ada@example.com", "to", b"a" * 16),
    NewRecipient("bob@example.com", "cc", b"b" * 16),
)
# 09:00:00Z on 2027-01-15 lies 3,600 s after the clock's beginning.
LATER = "2027-01-15T09:00:00Z"


async def seeded(world: World, **given: Any) -> str:
    mail = new_mail(world.database.now(), **{"payload": PAYLOAD, "recipients": RECIPIENTS, **given})
    (id_,) = await accepted(world.database, mail)
    return id_


async def held(world: World) -> str:
    await open_for_mail(world.database)
    return await led_to(world.database, State.HELD, NOT_VERIFIED, closes=True, payload=PAYLOAD)


async def many(world: World, count: int) -> list[str]:
    return [await seeded(world) for _ in range(count)]


def scheduled(world: World, **given: Any) -> str:
    return world.run(seeded(world, scheduled_at=world.database.now() + 60_000, **given))


def test_a_mail_is_shown_in_resends_shape(world: World) -> None:
    id_ = world.run(seeded(world))
    answer = world.ask("GET", f"/emails/{id_.upper()}")
    conforms(answer.json, "Email")
    assert answer.json == {
        "object": "email",
        "id": id_,
        "from": "Acme <hello@acme.test>",
        "to": ["ada@example.com"],
        "cc": ["bob@example.com"],
        "bcc": [],
        "reply_to": ["help@acme.test"],
        "subject": "Hello",
        "created_at": "2027-01-15 08:00:00.000000+00",
        "scheduled_at": None,
        "last_event": "queued",
        "html": "<p>Hi</p>",
        "text": None,
        "tags": [{"name": "kind", "value": "x"}],
    }
    assert answer.headers["mailproof-state"] == "queued"


def test_a_held_mail_tells_its_state_beside_resends_shape(world: World) -> None:
    answer = world.ask("GET", f"/emails/{world.run(held(world))}")
    assert answer.json["last_event"] == "queued"
    assert answer.headers["mailproof-state"] == "held"
    assert answer.headers["mailproof-reason"] == "sender_unverified"


@pytest.mark.parametrize(("language", "word"), [("en", "domain"), ("zh", "域名")], ids=["en", "zh"])
def test_a_mail_in_full_tells_all_that_happened(tmp_path: Any, language: str, word: str) -> None:
    with World(tmp_path, language=language) as world:
        id_ = world.run(held(world))
        shown = world.ask("GET", f"/v1/emails/{id_}").json
    conforms(shown, "EmailInFull")
    assert (shown["id"], shown["state"], shown["purpose"]) == (id_, "held", "registration")
    assert (shown["created_at"], shown["status_url"]) == ("2027-01-15T08:00:00.000Z", None)
    assert shown["failure"]["reason"] == "sender_unverified"
    assert word in shown["failure"]["cause"]
    assert [each["type"] for each in shown["events"]][:2] == ["email.accepted", "email.sending"]
    (attempt,) = shown["attempts"]
    assert (attempt["provider"], attempt["outcome"]) == ("resend", "refused")
    assert attempt["failure"]["reason"] == "sender_unverified"
    assert shown["recipients"] == [
        {"address": "ada@example.com", "role": "to", "state": "open", "reason": None}
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/emails/{}"),
        ("GET", "/v1/emails/{}"),
        ("PATCH", "/emails/{}"),
        ("POST", "/emails/{}/cancel"),
    ],
)
def test_another_apps_mail_is_not_there(world: World, method: str, path: str) -> None:
    id_ = world.run(seeded(world, app="another", scheduled_at=world.database.now() + 60_000))
    body = {"scheduled_at": LATER} if method == "PATCH" else None
    for each in (id_, mail_id(404)):
        answer = world.ask(method, path.format(each), body)
        assert (answer.status, answer.name) == (404, "not_found")
    answer = world.ask(method, path.format("welcome"), body)
    assert (answer.status, answer.name) == (422, "invalid_parameter")
    assert world.ask(method, path.format(id_), body, key="").status == 401


def test_mails_are_listed_by_pages_with_the_newest_first(world: World) -> None:
    ids = world.run(many(world, 5))[::-1]
    world.run(seeded(world, app="another"))
    first = world.ask("GET", "/emails?limit=2")
    conforms(first.json, "EmailList")
    assert ([each["id"] for each in first.json["data"]], first.json["has_more"]) == (ids[:2], True)
    after = world.ask("GET", f"/emails?limit=3&after={ids[1]}").json
    assert ([each["id"] for each in after["data"]], after["has_more"]) == (ids[2:], False)
    before = world.ask("GET", f"/emails?limit=1&before={ids[2]}").json
    assert ([each["id"] for each in before["data"]], before["has_more"]) == (ids[1:2], True)
    assert len(world.ask("GET", "/emails").json["data"]) == 5


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit: "),
        ("limit=101", "limit: "),
        ("limit=many", "limit: "),
        ("limit=²", "limit: "),
        ("limit=", "limit: "),
        ("after=1&before=2", "after: "),
        ("after=1", "after: there is no mail with this id"),
        ("before=0198c0de-0000-7000-8000-00000000ffff", "before: there is no mail with this id"),
    ],
)
def test_a_page_that_makes_no_sense_is_refused(world: World, query: str, said: str) -> None:
    answer = world.ask("GET", "/emails?" + query.replace("²", "%C2%B2"))
    assert (answer.status, answer.name) == (422, "validation_error")
    assert answer.message.startswith(said)


def test_a_scheduled_mail_gets_another_time(world: World) -> None:
    id_ = scheduled(world)
    assert (
        world.ask("GET", f"/emails/{id_}").json["scheduled_at"] == "2027-01-15 08:01:00.000000+00"
    )
    answer = world.ask("PATCH", f"/emails/{id_}", {"scheduled_at": LATER})
    assert (answer.status, answer.json) == (200, {"object": "email", "id": id_})
    assert (
        world.ask("GET", f"/emails/{id_}").json["scheduled_at"] == "2027-01-15 09:00:00.000000+00"
    )
    last = world.ask("GET", f"/v1/emails/{id_}").json["events"][-1]
    assert last["type"] == "email.rescheduled"
    assert last["actor"].startswith("key:")


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        ({}, 422, "missing_required_field"),
        ({"scheduled_at": "tomorrow"}, 422, "invalid_parameter"),
        ({"scheduled_at": 7}, 422, "validation_error"),
        (7, 422, "validation_error"),
        (None, 422, "validation_error"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(
    world: World, body: Any, status: int, name: str
) -> None:
    answer = world.ask("PATCH", f"/emails/{scheduled(world)}", body)
    assert (answer.status, answer.name) == (status, name)


def test_a_mail_that_is_not_scheduled_gets_no_other_time(world: World) -> None:
    answer = world.ask("PATCH", f"/emails/{world.run(seeded(world))}", {"scheduled_at": LATER})
    assert (answer.status, answer.name) == (422, "validation_error")
    assert "it is queued" in answer.message


def test_what_waits_can_be_canceled_once(world: World) -> None:
    for id_ in (scheduled(world), world.run(seeded(world))):
        answer = world.ask("POST", f"/emails/{id_}/cancel")
        assert (answer.status, answer.json) == (200, {"object": "email", "id": id_})
        assert world.ask("GET", f"/emails/{id_}").json["last_event"] == "canceled"
        again = world.ask("POST", f"/emails/{id_}/cancel")
        assert (again.status, again.name) == (422, "validation_error")
        assert "it is canceled already" in again.message


def test_a_mail_whose_content_is_erased_is_still_shown(world: World) -> None:
    id_ = world.run(_erased(world))
    answer = world.ask("GET", f"/emails/{id_}")
    assert answer.status == 200
    assert (answer.json["subject"], answer.json["html"]) == ("Hello", None)


async def _erased(world: World) -> str:
    id_ = await seeded(world, content_stored=True)
    assert await world.database.read(content, id_) is None
    return id_
