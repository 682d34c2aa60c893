"""Webhooks of providers at the door: answered well only when they are on disk."""

from pathlib import Path

import pytest

from mailproof.providers.base import WebhookRefused
from mailproof.store.base import CommitUnknown, StoreUnavailable
from mailproof.store.mails.feedback import Taken
from mailproof.store.mails.telling import Answer
from tests.gateway.world import World

SIGNED = {"svix-id": "msg_1", "svix-timestamp": "1", "svix-signature": "v1,x"}


def test_what_was_kept_is_answered_with_200_and_needs_no_key(shared: World) -> None:
    shared.taken = [Taken("msg_1", Answer.MOVED)]
    answer = shared.ask("POST", "/webhooks/resend", raw=b'{"a":1}', headers=SIGNED, key="")
    assert (answer.status, answer.json) == (200, {"events": 1})
    assert shared.hooks[-1] == ("resend", SIGNED, b'{"a":1}')


@pytest.mark.parametrize("path", ["/webhooks/other", "/webhooks", "/webhooks/resend/x"])
def test_a_provider_without_a_webhook_is_not_there(shared: World, path: str) -> None:
    answer = shared.ask("POST", path, raw=b"{}", headers=SIGNED)
    assert (answer.status, answer.name) == (404, "not_found")


@pytest.mark.parametrize(
    ("why", "status"),
    [("wrong_signature", 401), ("old", 401), ("unsigned", 401), ("unreadable", 400)],
)
def test_who_is_not_the_provider_is_told_why(shared: World, why: str, status: int) -> None:
    shared.taken = WebhookRefused(why, "The signature does not fit.")  # type: ignore[arg-type]
    answer = shared.ask("POST", "/webhooks/resend", raw=b"{}", headers=SIGNED)
    assert (answer.status, answer.message) == (status, "The signature does not fit.")


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), CommitUnknown("perhaps")])
def test_what_could_not_be_kept_is_answered_so_that_it_comes_again(
    shared: World, error: Exception
) -> None:
    shared.taken = error
    answer = shared.ask("POST", "/webhooks/resend", raw=b"{}", headers=SIGNED)
    assert answer.status == 503
    assert "retry-after" in answer.headers


def test_more_than_256_kb_are_no_event(shared: World) -> None:
    before = len(shared.hooks)
    answer = shared.ask("POST", "/webhooks/resend", raw=b" " * (256 * 1024 + 1), headers=SIGNED)
    assert answer.status == 413
    assert len(shared.hooks) == before
    shared.taken = ()
    answer = shared.ask("POST", "/webhooks/resend", raw=b" " * (256 * 1024), headers=SIGNED)
    assert answer.status == 200


def test_only_post_is_served_and_not_on_the_admin_port(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        assert world.ask("GET", "/webhooks/resend").status == 405
        answer = world.ask("POST", "/webhooks/resend", raw=b"{}", headers=SIGNED, admin=True)
        assert answer.status == 404
        assert world.noted == []
