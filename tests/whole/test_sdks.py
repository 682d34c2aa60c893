"""Apps that change nothing but the base URL: official SDKs through the gateway to the provider."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
import resend

from mailproof.sandbox.errors import ERRORS
from tests.sdk.node import CURRENT, OLD, run
from tests.whole.house import MAIL, House
from tests.whole.sdks import Node, Python, Said, Sdk, Talk

# One worker builds its world for all of them.
pytestmark = pytest.mark.xdist_group("whole-sdks")

# What becomes of a mail whose provider answers with an error of this name.
ENDS = {
    "invalid_attachment",
    "invalid_from_address",
    "invalid_idempotency_key",
    "invalid_parameter",
    "missing_required_field",
    "security_error",
    "validation_error",
}
HOLDS = {
    "daily_quota_exceeded",
    "invalid_access",
    "invalid_api_key",
    "invalid_permission",
    "invalid_region",
    "method_not_allowed",
    "missing_api_key",
    "monthly_quota_exceeded",
    "not_found",
    "restricted_api_key",
    "suspended_api_key",
}
TRIES_AGAIN = {
    "application_error",
    "concurrent_idempotent_requests",
    "internal_server_error",
    "rate_limit_exceeded",
    "resource_locked",
    "service_unavailable",
}
UNKNOWN = {"invalid_idempotent_request"}
NAMES = ("current", "old", "python")


class World(msgspec.Struct, frozen=True):
    house: House
    sdks: Mapping[str, Sdk]
    current: Node
    python: Python
    strict: str

    def recover(self) -> None:
        """The fault is mended: whatever waits is canceled, and the next mail goes."""
        house = self.house
        for (email_id,) in house.rows(
            "SELECT id FROM emails WHERE state IN ('held', 'deferred', 'queued') AND app = 'shop'"
        ):
            house.ask("POST", f"/emails/{email_id}/cancel")
        house.reopen()
        assert house.send().state == "sent"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with (
        House(tmp_path_factory.mktemp("sdks")) as house,
        Talk(house.env) as talk,
        pytest.MonkeyPatch.context() as patch,
    ):
        current, old, python = Node(talk, "current"), Node(talk, "old"), Python(patch, house.url)
        sdks: dict[str, Sdk] = {"current": current, "old": old, "python": python}
        strict = house.make_key("strict", on_hold="refuse")
        yield World(house, sdks, current, python, strict)


def to(name: str) -> dict[str, Any]:
    return {**MAIL, "to": f"{name}@fault.test"}


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_sent_and_read(world: World, name: str) -> None:
    sdk, house = world.sdks[name], world.house
    sent = sdk.send(world.house.key, MAIL)
    got = sdk.get(house.key, sent.data["id"])
    assert (got.data["object"], got.data["last_event"]) == ("email", "sent")
    assert got.data["to"] == ["ada@kunde.test"]
    assert any(mail.tags.get("mailproof_id") == sent.data["id"] for mail in house.sandbox.mails)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_gets_an_id_for_each_mail_and_all_of_them_go_out(world: World, name: str) -> None:
    house = world.house
    before = len(house.sandbox.mails)
    said = world.sdks[name].batch(house.key, [MAIL, MAIL])
    assert len({each["id"] for each in said.data}) == 2
    house.sandbox.wait_for(before + 2)


@pytest.mark.parametrize("name", ["current", "python"])
def test_an_idempotency_key_sends_once_and_refuses_another_mail(world: World, name: str) -> None:
    sdk, house = world.sdks[name], world.house
    before, key = len(house.sandbox.mails), f"welcome/{name}"
    first, second = (sdk.send(house.key, MAIL, key) for _ in range(2))
    other = sdk.send(house.key, {**MAIL, "subject": "Another"}, key)
    assert first.data["id"] == second.data["id"]
    assert (other.name, other.status) == ("invalid_idempotent_request", 409)
    assert len(house.sandbox.mails) == before + 1


def test_a_scheduled_mail_is_listed_moved_and_canceled_by_the_node_sdk(world: World) -> None:
    key, call = world.house.key, world.current.call
    made = call(key, "emails.send", {**MAIL, "scheduledAt": "in 1 hour"})
    email_id = made.data["id"]
    listed = call(key, "emails.list")
    assert listed.data["data"][0]["id"] == email_id
    assert call(key, "emails.update", {"id": email_id, "scheduledAt": "in 2 hours"}).data
    assert call(key, "emails.cancel", email_id).data["id"] == email_id
    assert call(key, "emails.get", email_id).data["last_event"] == "canceled"
    assert call(key, "emails.update", {"id": email_id, "scheduledAt": "in 1 hour"}).status == 422


def test_a_scheduled_mail_is_listed_moved_and_canceled_by_the_python_sdk(world: World) -> None:
    key, call = world.house.key, world.python.call
    email_id = call(key, resend.Emails.send, {**MAIL, "scheduled_at": "in 1 hour"}).data["id"]
    assert call(key, resend.Emails.list).data["data"][0]["id"] == email_id
    later = {"id": email_id, "scheduled_at": "in 2 hours"}
    assert call(key, resend.Emails.update, later).data["id"] == email_id
    assert call(key, resend.Emails.cancel, email_id).data["id"] == email_id
    assert call(key, resend.Emails.get, email_id).data["last_event"] == "canceled"


def test_the_python_sdk_finds_the_gateway_by_its_own_variable(world: World) -> None:
    code = (
        "import resend; print(resend.Emails.send({'from': 'a@acme.test', 'to': 'eve@kunde.test',"
        " 'subject': 'Hi', 'text': 'Hi'})['id'])"
    )
    env = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**env, **world.house.env},
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert world.house.state_of(done.stdout.strip()) == "sent"


@pytest.mark.parametrize("folder", [CURRENT, OLD], ids=lambda folder: folder.name)
def test_a_react_element_arrives_rendered(world: World, folder: Any) -> None:
    env = {**world.house.env, "RESEND_FROM": "Acme <news@acme.test>"}
    seen = run("saasfly.mjs", str(folder), "grace@kunde.test", env=env)
    assert seen["lost"]["error"] is None
    mail = world.house.sandbox.mails[-1]
    assert mail.to == ("grace@kunde.test",)
    assert "Activate your account</a>" in mail.html


def test_every_error_name_of_the_provider_has_its_place_here() -> None:
    groups = (ENDS, HOLDS, TRIES_AGAIN, UNKNOWN)
    assert set().union(*groups) == set(ERRORS)
    assert sum(map(len, groups)) == len(ERRORS)


@pytest.mark.parametrize("error", sorted(ENDS))
def test_an_error_that_ends_the_mail_reaches_every_sdk_as_the_provider_said_it(
    world: World, error: str
) -> None:
    for sdk in world.sdks.values():
        assert sdk.send(world.house.key, to(error)) == _as_the_provider_says(error)
        world.recover()


@pytest.mark.parametrize("error", sorted(HOLDS))
def test_an_error_that_holds_mail_is_a_promise_or_as_the_provider_said_it(
    world: World, error: str
) -> None:
    for sdk in world.sdks.values():
        kept = sdk.send(world.house.key, to(error))
        assert kept.data["mailproof"]["state"] == "held"
        assert world.house.state_of(kept.data["id"]) == "held"
        world.recover()
        assert sdk.send(world.strict, to(error)) == _as_the_provider_says(error)
        world.recover()


@pytest.mark.parametrize("error", sorted(TRIES_AGAIN))
def test_an_error_that_passes_is_tried_again_and_the_mail_is_ours(world: World, error: str) -> None:
    for sdk in world.sdks.values():
        for key in (world.house.key, world.strict):
            kept = sdk.send(key, to(error))
            assert kept.data["mailproof"]["state"] == "deferred"
            world.house.ask("POST", f"/emails/{kept.data['id']}/cancel", key=key)
        world.recover()


@pytest.mark.parametrize("error", sorted(UNKNOWN))
def test_an_error_that_may_mean_that_it_was_sent_is_never_told_as_a_failure(
    world: World, error: str
) -> None:
    for sdk in world.sdks.values():
        kept = sdk.send(world.house.key, to(error))
        assert world.house.state_of(kept.data["id"]) == "unconfirmed"


def test_a_request_can_ask_to_be_refused_where_its_key_does_not(world: World) -> None:
    answer = world.house.send(
        headers={"prefer": "handling=strict"}, to="invalid_api_key@fault.test"
    )
    assert (answer.status, answer.json["name"]) == (403, "invalid_api_key")
    assert answer.headers["preference-applied"] == "handling=strict"
    assert answer.state == "canceled"
    world.recover()


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_nobody_knows_is_refused_as_resend_refuses_it(world: World, name: str) -> None:
    said = world.sdks[name].send("re_12345678_nobodyknowsthiskey", MAIL)
    assert (said.data, said.status, said.name) == (None, 400, "validation_error")
    assert said.message.startswith("API key is invalid")


def _as_the_provider_says(error: str) -> Said:
    return Said(None, error, ERRORS[error].status, ERRORS[error].message)
