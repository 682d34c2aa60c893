"""What Resend tells: its signed webhooks, its answer when it is asked, and the webhook it keeps."""

import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.fate import Fate
from mailproof.providers.base import ProviderEvent, Tells, WebhookRefused
from mailproof.providers.http import open_http
from mailproof.providers.resend import Resend
from mailproof.providers.resend_webhook import answered, events_in, verified
from mailproof.sandbox.events.outcomes import OUTCOMES
from mailproof.testing import Sandbox
from mailproof.testing.provider_suite import sample
from tests.providers.resend_world import SENDING_ONLY, resend, settings

SECRET = "whsec_" + base64.b64encode(b"the secret of now, 24 b.").decode()
OLD = "whsec_" + base64.b64encode(b"the one before, 24 bytes").decode()
NOW_S = 1_800_000_000
NOW = NOW_S * 1000 + 250
MAIL = "0198c0de-0000-7000-8000-000000000001"
HOOK = "https://mail.acme.test/webhooks/resend"


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {
        "type": f"email.{kind}",
        "created_at": "2026-10-06T23:47:56.678Z",
        "data": {
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "from": "Acme <hello@acme.test>",
            "to": ["Ada <ada@customer.test>"],
            "subject": "The secret of the day",
            "tags": {"mailproof_id": MAIL, "kind": "welcome"},
            **data,
        },
    }


def bounce(kind: str = "Permanent", *codes: str) -> dict[str, Any]:
    said = list(codes) or ["smtp; 550 5.1.1 user unknown"]
    return {"type": kind, "subType": "General", "message": "It bounced.", "diagnosticCode": said}


def signed(
    body: bytes, secret: str = SECRET, *, at: int = NOW_S, prefix: str = "svix"
) -> dict[str, str]:
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode())
    return {
        f"{prefix}-id": "msg_1",
        f"{prefix}-timestamp": str(at),
        f"{prefix}-signature": signature,
    }


def check(headers: Mapping[str, str], body: bytes, *secrets: str) -> str:
    """The event's id, or why it was refused."""
    found = verified(headers, body, secrets or (SECRET,), now=NOW)
    return found.why if isinstance(found, WebhookRefused) else found


def read(posted: Any) -> ProviderEvent:
    found = events_in(json.dumps(posted).encode(), "msg_1", now=NOW)
    assert not isinstance(found, WebhookRefused)
    (only,) = found
    return only


# ---- who posted it ----


@pytest.mark.parametrize("prefix", ["svix", "webhook"])
def test_a_right_signature_gives_the_events_id(prefix: str) -> None:
    assert check(signed(b"{}", prefix=prefix), b"{}") == "msg_1"


def test_two_secrets_serve_while_one_is_changed() -> None:
    assert check(signed(b"{}", OLD), b"{}", SECRET, OLD) == "msg_1"
    assert check(signed(b"{}", SECRET), b"{}", OLD, SECRET) == "msg_1"
    both = signed(b"{}", OLD)
    both["svix-signature"] += " " + signed(b"{}", SECRET)["svix-signature"]
    assert check(both, b"{}", SECRET) == "msg_1"


@pytest.mark.parametrize("off_s", [-301, 301])
def test_a_recording_from_longer_ago_than_five_minutes_is_refused(off_s: int) -> None:
    assert check(signed(b"{}", at=NOW_S + off_s), b"{}") == "old"
    assert check(signed(b"{}", at=NOW_S + off_s // abs(off_s) * 299), b"{}") == "msg_1"


def test_whoever_changes_a_byte_is_refused() -> None:
    headers = signed(b'{"a":1}')
    assert check(headers, b'{"a":2}') == "wrong_signature"
    assert check({**headers, "svix-id": "msg_2"}, b'{"a":1}') == "wrong_signature"
    later = {**headers, "svix-timestamp": str(NOW_S + 1)}
    assert check(later, b'{"a":1}') == "wrong_signature"
    assert check(headers, b'{"a":1}', OLD) == "wrong_signature"
    assert check(headers, b"\xff") == "wrong_signature"


def test_without_a_usable_secret_nothing_is_let_in() -> None:
    assert verified(signed(b"{}"), b"{}", [], now=NOW) != "msg_1"
    assert check(signed(b"{}"), b"{}", "whsec_", "not base64!") == "wrong_signature"


@pytest.mark.parametrize("missing", ["svix-id", "svix-timestamp", "svix-signature"])
def test_a_request_without_a_signature_is_a_strangers(missing: str) -> None:
    headers = signed(b"{}")
    del headers[missing]
    assert check(headers, b"{}") == "unsigned"


TEXTS = st.text(max_size=40)


@given(st.dictionaries(st.sampled_from(sorted(signed(b""))), TEXTS), st.binary(max_size=40))
def test_no_request_whatever_it_holds_gets_in_or_crashes(
    headers: dict[str, str], body: bytes
) -> None:
    assert isinstance(verified(headers, body, [SECRET], now=NOW), WebhookRefused)


# ---- what it tells ----


@pytest.mark.parametrize(
    ("kind", "fate"),
    [
        ("sent", Fate.SENT),
        ("delivery_delayed", Fate.DELAYED),
        ("delivered", Fate.DELIVERED),
        ("complained", Fate.COMPLAINED),
        ("failed", Fate.FAILED),
        ("suppressed", Fate.SUPPRESSED),
    ],
)
def test_each_kind_of_event_is_a_fate(kind: str, fate: Fate) -> None:
    found = read(event(kind))
    assert found.fate is fate
    assert found.email_id == MAIL
    assert found.provider_message_id == "56761188-7520-42d8-8898-ff6fc54ce618"
    assert found.recipients == ("ada@customer.test",)
    assert found.at == 1_791_330_476_678
    assert (found.failure is None) is (fate in {Fate.SENT, Fate.DELIVERED})


@pytest.mark.parametrize("kind", ["opened", "clicked", "scheduled", "received"])
def test_what_moves_no_mail_is_genuine_and_tells_nothing(kind: str) -> None:
    assert events_in(json.dumps(event(kind)).encode(), "msg_1", now=NOW) == ()
    domain = json.dumps({"type": "domain.created", "data": {}}).encode()
    assert events_in(domain, "msg_1", now=NOW) == ()


def test_only_a_permanent_bounce_is_hard_and_both_are_diagnosed() -> None:
    hard = read(event("bounced", bounce=bounce()))
    assert hard.hard
    assert hard.failure is not None
    assert hard.failure.reason is Reason.MAILBOX_NOT_FOUND
    soft = read(event("bounced", bounce=bounce("Transient", "smtp; 452 4.2.2 mailbox full")))
    assert not soft.hard
    assert soft.failure is not None
    assert soft.failure.reason is Reason.MAILBOX_FULL


def test_of_several_recipients_those_who_bounced_are_named_or_nobody_is() -> None:
    people = ["ada@customer.test", "bob@customer.test"]
    named = bounce("Permanent", "smtp; 550 5.1.1 <bob@customer.test>: user unknown")
    found = read(event("bounced", to=people, bounce=named))
    assert (found.recipients, found.sure) == (("bob@customer.test",), True)
    each = bounce("Permanent", "smtp; 550 5.1.1 unknown", "smtp; 550 5.1.1 unknown")
    assert read(event("bounced", to=people, bounce=each)).recipients == tuple(people)
    nobody = read(event("bounced", to=people, bounce=bounce()))
    assert (nobody.recipients, nobody.sure) == (tuple(people), False)


def test_a_stamp_is_found_in_a_list_of_tags_too_and_may_be_missing() -> None:
    as_list = [{"name": "kind", "value": "x"}, {"name": "mailproof_id", "value": MAIL}]
    assert read(event("sent", tags=as_list)).email_id == MAIL
    assert read(event("sent", tags=None)).email_id == ""
    assert read(event("sent", tags="?")).email_id == ""


def test_what_is_kept_of_an_event_holds_no_address_and_no_subject() -> None:
    kept = json.dumps(read(event("bounced", bounce=bounce())).raw)
    assert "ada@" not in kept
    assert "secret of the day" not in kept
    assert "550 5.1.1" in kept


NO_EVENTS = (
    *(b"", b"[]", b'"x"', b'{"type":1}', b"\xff", b"[" * 100_000),
    *(b'{"type":"email.sent"}', b'{"type":"email.sent","data":[]}'),
)


@pytest.mark.parametrize("body", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_what_is_no_event_is_refused(body: bytes) -> None:
    found = events_in(body, "msg_1", now=NOW)
    assert isinstance(found, WebhookRefused)
    assert found.why == "unreadable"


# ---- against the sandbox ----


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings()) as made:
        yield made


@pytest.fixture
async def adapter(sandbox: Sandbox) -> AsyncIterator[Resend]:
    async with open_http("test/1", {}) as http:
        yield resend(http, sandbox.url, webhook_secrets=[SECRET], webhook_url=HOOK)


async def test_it_can_be_asked_what_became_of_a_mail(sandbox: Sandbox, adapter: Resend) -> None:
    assert isinstance(adapter, Tells)
    sent = await adapter.send(adapter.encode(sample()), key="e-1.0", deadline_s=5)
    assert not isinstance(sent, Failure)
    message_id = sent.provider_message_id
    sandbox.wait_until(lambda: sandbox.mails[0].last_event == "delivered")
    found = await adapter.look_up(message_id, deadline_s=5)
    assert isinstance(found, ProviderEvent)
    assert (found.fate, found.provider_message_id) == (Fate.DELIVERED, message_id)
    assert found.email_id == sample().stamp
    assert await adapter.look_up("00000000-0000-4000-8000-000000000000", deadline_s=5) is None


async def test_a_key_that_may_only_send_cannot_ask(sandbox: Sandbox) -> None:
    async with open_http("test/1", {}) as http:
        found = await resend(http, sandbox.url, SENDING_ONLY).look_up(MAIL, deadline_s=5)
    assert isinstance(found, Failure)
    assert found.reason is Reason.CREDENTIALS_RESTRICTED


async def test_who_cannot_be_reached_is_a_failure() -> None:
    async with open_http("test/1", {}) as http:
        found = await resend(http, "http://127.0.0.1:1").look_up(MAIL, deadline_s=5)
    assert isinstance(found, Failure)
    assert found.reason is Reason.CONNECTION_FAILED


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"last_event":"canceled"}'])
def test_an_answer_that_is_no_fate_tells_nothing(body: str) -> None:
    assert answered("m1", body) is None


async def test_health_says_how_the_webhook_stands(sandbox: Sandbox, adapter: Resend) -> None:
    async def fact() -> str:
        return (await adapter.check(deadline_s=5)).facts["webhook"]

    assert await fact() == "missing"
    sandbox.add_webhook("https://elsewhere.test/webhooks/resend")
    assert await fact() == "missing"
    sandbox.add_webhook(HOOK, ("email.sent", "email.delivered", "email.failed"))
    assert await fact() == "lacks: email.bounced email.complained email.suppressed"
    sandbox.add_webhook(HOOK)
    assert await fact() == "enabled"


def test_every_event_that_the_sandbox_can_post_is_understood() -> None:
    for steps in OUTCOMES.values():
        for step in steps:
            found = read(event(step.event, **step.detail))
            assert found.failure is None or found.failure.reason is not Reason.UNKNOWN
