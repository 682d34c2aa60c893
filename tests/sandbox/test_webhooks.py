"""Webhooks: signed, in time, tried again, and wrong when they are asked to be."""

from collections.abc import Callable
from datetime import datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from mailproof.sandbox.clock import SystemClock
from mailproof.sandbox.events.webhooks import RETRY_AFTER_S
from mailproof.testing import ManualClock, Sandbox, Settings
from tests.sandbox.api import Api, conforms
from tests.sandbox.receiver import Post, Receiver

STEP_S = 0.06  # a little more than the usual step


def verify(post: Post, secret: str) -> None:
    Webhook(secret).verify(
        post.raw,
        {name.replace("svix-", "webhook-"): value for name, value in post.headers.items()},
    )


def tries(api: Api, count: int) -> None:
    api.sandbox.wait_until(lambda: len(api.sandbox.deliveries) >= count)


def test_each_step_of_a_mail_is_posted_in_order(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url)
    mail_id = api.sent(tags=[{"name": "purpose", "value": "otp"}], headers={"X-Ref": "1"})
    clock.advance(STEP_S)
    receiver.wait_for(1)
    clock.advance(STEP_S)
    sent, delivered = receiver.wait_for(2)
    assert (sent.type, delivered.type) == ("email.sent", "email.delivered")
    for post in (sent, delivered):
        conforms(post.event, "event")
        assert post.event["data"]["email_id"] == mail_id
        assert post.event["data"]["tags"] == {"purpose": "otp"}
        assert post.event["data"]["headers"] == [{"name": "X-Ref", "value": "1"}]
    assert sent.headers["svix-id"] != delivered.headers["svix-id"]


@pytest.mark.parametrize(
    ("recipient", "events"),
    [
        ("bounced@resend.dev", ["email.sent", "email.bounced"]),
        ("complained@resend.dev", ["email.sent", "email.delivered", "email.complained"]),
        ("suppressed@resend.dev", ["email.suppressed"]),
        ("delayed@fault.test", ["email.sent", "email.delivery_delayed", "email.delivered"]),
        ("quota-failed@fault.test", ["email.failed"]),
        ("content-rejected@fault.test", ["email.sent", "email.bounced"]),
    ],
)
def test_the_events_of_each_end_are_those_of_the_published_api(
    api: Api, receiver: Receiver, clock: ManualClock, recipient: str, events: list[str]
) -> None:
    api.sandbox.add_webhook(receiver.url)
    api.sent(to=recipient)
    for number in range(1, len(events) + 1):
        clock.advance(STEP_S)
        receiver.wait_for(number)
    posts = receiver.wait_for(len(events))
    assert [post.type for post in posts] == events
    for post in posts:
        conforms(post.event, "event")


def test_a_receiver_can_verify_the_signature_with_its_secret(receiver: Receiver) -> None:
    with Sandbox(Settings(step_s=0), clock=SystemClock()) as sandbox:
        api = Api(sandbox)
        made = api.ask(
            "POST", "/webhooks", {"endpoint": receiver.url, "events": ["email.sent"]}
        ).json
        api.sent()
        (post,) = receiver.wait_for(1)
        verify(post, made["signing_secret"])

        sandbox.fail("badly-signed-webhooks")
        api.sent()
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            verify(receiver.wait_for(2)[1], made["signing_secret"])


def test_an_endpoint_gets_only_the_events_it_asked_for(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url, ("email.bounced",))
    api.sent()
    api.sent(to="bounced@resend.dev")
    clock.advance(1)
    assert [post.type for post in receiver.wait_for(1)] == ["email.bounced"]


def test_a_failed_post_is_tried_again_on_resends_schedule(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    assert list(RETRY_AFTER_S) == [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]
    receiver.answers = [500, 404, 302]
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    api.sent()
    clock.advance(STEP_S)
    tries(api, 1)
    for number, wait_s in enumerate(RETRY_AFTER_S[:3], start=2):
        clock.advance(wait_s - 1)
        assert len(api.sandbox.deliveries) == number - 1
        clock.advance(1)
        tries(api, number)
    posts = receiver.wait_for(4)
    assert [one.status for one in api.sandbox.deliveries] == [500, 404, 302, 200]
    assert len({post.headers["svix-id"] for post in posts}) == 1
    assert len({post.headers["svix-timestamp"] for post in posts}) == 4


def test_after_eight_tries_it_is_given_up(api: Api, clock: ManualClock) -> None:
    api.sandbox.add_webhook("http://127.0.0.1:9/nobody", ("email.sent",))
    api.sent()
    clock.advance(STEP_S)
    for number, wait_s in enumerate((*RETRY_AFTER_S, 1_000_000.0), start=1):
        tries(api, number)
        clock.advance(wait_s)
    deliveries = api.sandbox.deliveries
    assert [one.number for one in deliveries] == list(range(1, 9))
    assert all(one.status == 0 and "ClientConnectorError" in one.error for one in deliveries)


def test_a_canceled_mail_posts_nothing_more(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url)
    mail_id = api.sent(scheduled_at="in 1 hour")
    receiver.wait_for(1)
    api.ask("POST", f"/emails/{mail_id}/cancel")
    # Later mail is the sign that all that was due before it has gone.
    for number in (3, 5):
        clock.advance(7_200)
        api.sent()
        clock.advance(1)
        posts = receiver.wait_for(number)
    assert [post.type for post in posts if post.event["data"]["email_id"] == mail_id] == [
        "email.scheduled"
    ]


def test_a_moved_mail_posts_at_its_new_time(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url)
    mail_id = api.sent(scheduled_at="in 1 hour")
    api.ask("PATCH", f"/emails/{mail_id}", {"scheduled_at": "in 2 hours"})
    clock.advance(3_601)
    assert len(receiver.wait_for(1)) == 1
    clock.advance(3_600)
    assert receiver.wait_for(3)[0].type == "email.scheduled"


def test_a_mail_moved_to_where_it_was_posts_each_event_once(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    mail_id = api.sent(scheduled_at="in 1 hour")
    api.ask("PATCH", f"/emails/{mail_id}", {"scheduled_at": "in 1 hour"})
    clock.advance(3_601)
    receiver.wait_for(1)
    later = api.sent()  # the sign that all that was due before it has gone
    clock.advance(1)
    api.sandbox.wait_until(lambda: api.sandbox.deliveries[-1].mail_id == later)
    assert [one.mail_id for one in api.sandbox.deliveries] == [mail_id, later]


def test_a_moved_mail_keeps_what_goes_wrong_with_it(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    mail_id = api.sent(scheduled_at="in 1 hour", to="no-webhooks@fault.test")
    api.ask("PATCH", f"/emails/{mail_id}", {"scheduled_at": "in 2 hours"})
    clock.advance(7_300)
    other = api.sent()
    clock.advance(1)
    (post,) = receiver.wait_for(1)
    assert post.event["data"]["email_id"] == other


def test_an_endpoint_made_after_a_mail_gets_what_happens_from_then_on(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sent(scheduled_at="in 1 hour")
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    clock.advance(3_601)
    assert receiver.wait_for(1)[0].type == "email.sent"


def test_a_forgotten_mail_posts_nothing_more(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    receiver.answers = [500]
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    api.sent()
    clock.advance(STEP_S)
    tries(api, 1)
    api.sent()
    api.sandbox.forget()
    kept = api.sent()
    clock.advance(60)
    posts = receiver.wait_for(2)
    assert posts[1].event["data"]["email_id"] == kept
    assert len(api.sandbox.deliveries) == 2


def test_a_disabled_or_deleted_endpoint_gets_nothing(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    paths = []
    for _ in range(2):
        body = {"endpoint": receiver.url, "events": ["email.sent"]}
        paths.append(
            f"/webhooks/{api.ask('POST', '/webhooks', body, kind='new webhook').json['id']}"
        )
    api.ask("PATCH", paths[0], {"status": "disabled"}, kind="changed")
    api.ask("DELETE", paths[1], kind="deleted")
    assert api.ask("GET", paths[0], kind="webhook").json["status"] == "disabled"
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    api.sent()
    clock.advance(1)
    receiver.wait_for(1)
    assert len(api.ask("GET", "/webhooks", kind="webhook list").json["data"]) == 2
    assert len(api.sandbox.deliveries) == 1


def test_events_can_be_kept_back_for_ever(api: Api, receiver: Receiver, clock: ManualClock) -> None:
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    silent = api.sent(to="no-webhooks@fault.test")
    api.sent()
    clock.advance(1)
    (post,) = receiver.wait_for(1)
    assert post.event["data"]["email_id"] != silent
    assert api.last_event(silent) == "delivered"


def test_events_can_come_late(api: Api, receiver: Receiver, clock: ManualClock) -> None:
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    late = api.sent(to="late-webhooks=90@fault.test")
    api.sent()
    clock.advance(90)
    (first,) = receiver.wait_for(1)
    assert first.event["data"]["email_id"] != late
    clock.advance(STEP_S)
    assert receiver.wait_for(2)[1].event["data"]["email_id"] == late


def test_events_can_come_twice_under_one_id(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url, ("email.sent",))
    api.sent(to="doubled-webhooks@fault.test")
    clock.advance(1)
    first, second = receiver.wait_for(2)
    assert first.headers["svix-id"] == second.headers["svix-id"]
    assert first.raw == second.raw


def test_events_can_come_in_the_wrong_order(
    api: Api, receiver: Receiver, clock: ManualClock
) -> None:
    api.sandbox.add_webhook(receiver.url)
    api.sent(to="reordered-webhooks@fault.test")
    clock.advance(STEP_S)
    receiver.wait_for(1)
    clock.advance(STEP_S)
    first, second = receiver.wait_for(2)
    assert (first.type, second.type) == ("email.delivered", "email.sent")
    created = [datetime.fromisoformat(post.event["created_at"]) for post in (first, second)]
    assert created[0] > created[1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"endpoint": "https://acme.test/hooks"},
        {"endpoint": "acme", "events": ["email.sent"]},
        {"endpoint": "https://acme.test/hooks", "events": []},
    ],
)
def test_a_webhook_needs_a_url_and_events(start: Callable[..., Api], body: object) -> None:
    answer = start().ask("POST", "/webhooks", body)
    assert answer.status == 422
    conforms(answer.json, "error")
