"""Who is let in, and how the others are refused."""

import pytest
from structlog.testing import capture_logs

from mailproof.store.nodes.keys import list_keys, revoke_key
from mailproof.store.records.refusals import RefusalKind
from tests.gateway.world import MAIL, PROVIDER_KEY, World


@pytest.mark.parametrize("header", ["", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer"])
def test_a_request_without_a_key_is_told_that_it_is_missing(world: World, header: str) -> None:
    answer = world.ask("POST", "/emails", MAIL, headers={"authorization": header})
    assert (answer.status, answer.name) == (401, "missing_api_key")
    assert "Authorization: Bearer" in answer.message


def test_an_unknown_key_is_refused_as_the_real_api_does(world: World) -> None:
    answer = world.ask("POST", "/emails", MAIL, key="mp_nobodys")
    assert (answer.status, answer.name) == (400, "validation_error")
    assert answer.message.startswith("API key is invalid")
    assert not world.counter.calls


def test_the_scheme_may_be_written_in_any_case(world: World) -> None:
    headers = {"authorization": f"bearer  {world.key}"}
    assert world.ask("POST", "/emails", MAIL, headers=headers).status == 200


def test_a_revoked_key_is_refused_and_its_app_is_named(world: World) -> None:
    key = world.make_key("old-app")
    assert world.ask("POST", "/emails", MAIL, key=key).status == 200
    world.run(_revoke(world, "old-app"))
    with capture_logs() as logs:
        assert world.ask("POST", "/emails", MAIL, key=key).status == 400
        assert world.heard.wait(5)
    (refusal,) = world.noted
    assert (refusal.kind, refusal.app) == (RefusalKind.ONCE_VALID, "old-app")
    (line,) = [log for log in logs if log["event"] == "application.refused"]
    assert (line["log_level"], line["app"]) == ("error", "old-app")
    assert key not in str(logs)


def test_a_placeholder_is_told_loudly_with_the_line_to_change(world: World) -> None:
    with capture_logs() as logs:
        answer = world.ask(
            "POST", "/emails", MAIL, key="1", headers={"user-agent": "resend-node:4"}
        )
        assert answer.status == 400
        assert world.heard.wait(5)
    (line,) = [log for log in logs if log["event"] == "application.refused"]
    assert (line["log_level"], line["kind"]) == ("error", "placeholder")
    assert (line["client"], line["user_agent"]) == ("127.0.0.1", "resend-node:4")
    assert line["fix"].startswith("RESEND_API_KEY is `1` in the app's environment, ")
    (refusal,) = world.noted
    assert refusal.kind is RefusalKind.PLACEHOLDER


def test_a_placeholder_for_the_sender_is_told_loudly_too(world: World) -> None:
    with capture_logs() as logs:
        assert world.send({**MAIL, "from": "1"}).status == 422
        assert world.ask("POST", "/emails/batch", [MAIL, {**MAIL, "from": "1"}]).status == 422
        assert world.heard.wait(5)
    lines = [log for log in logs if log["event"] == "application.refused"]
    assert [line["log_level"] for line in lines] == ["error", "error"]
    for line in lines:
        assert line["fix"].startswith("RESEND_FROM is `1` in the app's environment, ")


@pytest.mark.parametrize("sender", ["1", "Acme", "", None, "noreply@"])
def test_a_sender_that_is_none_is_a_kind_of_refusal_of_its_own(
    world: World, sender: str | None
) -> None:
    assert world.send({**MAIL, "from": sender}).status == 422
    assert world.heard.wait(5)
    (refusal,) = world.noted
    assert (refusal.kind, refusal.app) == (RefusalKind.SENDER_INVALID, "shop")


def test_a_recipient_that_is_none_is_the_mails_own_fault(world: World) -> None:
    assert world.send({**MAIL, "to": "1"}).status == 422
    assert world.heard.wait(5)
    (refusal,) = world.noted
    assert refusal.kind is RefusalKind.OTHER


def test_the_providers_own_key_opens_too_under_its_name(world: World) -> None:
    assert world.ask("POST", "/emails", MAIL, key=PROVIDER_KEY).status == 200
    (call,) = world.counter.calls
    assert call.caller.app == "resend"
    assert world.ask("GET", "/emails", key=PROVIDER_KEY).status == 200


def test_two_keys_of_one_name_are_one_app(world: World) -> None:
    for key in (world.key, world.make_key("shop")):
        world.ask("POST", "/emails", MAIL, key=key)
    apps = [call.caller.app for call in world.counter.calls]
    ids = {call.caller.key_id for call in world.counter.calls}
    assert (apps, len(ids)) == (["shop", "shop"], 2)


def test_health_and_the_description_need_no_key(world: World) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert world.ask("GET", path, key="").status == 200


async def _revoke(world: World, app: str) -> None:
    for key in await world.database.read(list_keys):
        if key.name == app:
            await world.database.write(revoke_key, key.id, actor="test")
    world.keys.refresh_if_changed(7)  # as the engine's tick does within a second
