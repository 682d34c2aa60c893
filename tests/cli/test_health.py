"""`mailproof health`: how the providers were, and how they are now."""

from collections.abc import Sequence

import pytest

from mailproof.config.settings import Settings
from mailproof.store.base import Database
from mailproof.store.records.checks import NewCheck, insert
from mailproof.store.records.feedback import Counted, count_feedback
from mailproof.testing import Sandbox
from tests.cli.desk import Desk, desk
from tests.store.seeding import NOT_VERIFIED

__all__ = ["desk"]

BAD = NewCheck(
    provider="resend",
    verdict="bad",
    took_ms=80,
    failure=NOT_VERIFIED,
    facts={"permission": "full_access"},
)


async def a_bad_check(database: Database) -> None:
    await database.write(insert, NewCheck(provider="gone", verdict="bad", took_ms=1))
    await database.write(insert, BAD)


def test_a_bad_provider_exits_with_one_and_says_what_to_do(desk: Desk) -> None:
    desk.seed(a_bad_check)
    page = desk.run("health", code=1).stdout
    assert "bad" in page
    assert "permission: full_access" in page
    assert "Fix: Open https://resend.com/domains" in page
    assert "异常" in desk.run("health", "--lang", "zh", code=1).stdout


def test_a_script_gets_the_failure_too(desk: Desk) -> None:
    desk.seed(a_bad_check)
    (check,) = desk.json("health", code=1)["data"]
    assert (check["provider"], check["verdict"], check["took_ms"]) == ("resend", "bad", 80)
    assert check["failure"]["reason"] == check["reason"] == "sender_unverified"


def test_a_provider_that_was_removed_is_not_shown(desk: Desk) -> None:
    desk.seed(a_bad_check)
    assert "gone" not in desk.run("health", code=1).stdout


def test_nothing_checked_yet_is_said_with_how_to_check(desk: Desk) -> None:
    desk.run("db", "migrate")
    assert "`mailproof health --now`" in desk.run("health").stderr


def test_now_asks_the_providers_and_keeps_what_they_say(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.seed(a_bad_check)

    async def check_providers(settings: Settings, database: Database) -> Sequence[NewCheck]:
        assert database.name == "sqlite"
        names = [each.name for each in settings.providers]
        return [NewCheck(provider=name, verdict="good", took_ms=9) for name in names]

    monkeypatch.setattr("mailproof.cli.errands.check_providers", check_providers)
    assert desk.json("health", "--now")["data"][0]["verdict"] == "good"
    assert desk.json("health")["data"][0]["verdict"] == "good"


def test_a_key_that_the_provider_does_not_know_is_bad_now(desk: Desk) -> None:
    with Sandbox() as sandbox:
        text = desk.config.read_text(encoding="utf-8")
        desk.config.write_text(f'{text}base_url = "{sandbox.url}"\n', encoding="utf-8")
        desk.run("db", "migrate")
        (check,) = desk.json("health", "--now", code=1)["data"]
    assert (check["verdict"], check["reason"]) == ("bad", "credentials_invalid")


async def a_good_check(database: Database) -> None:
    await database.write(insert, NewCheck(provider="resend", verdict="good", took_ms=9))


async def forged_webhooks(database: Database) -> None:
    await a_good_check(database)
    counted = [Counted(provider="resend", webhook=True, sent=3, confirmed=1, refused=7)]
    await database.write(count_feedback, counted)


async def telling_webhooks(database: Database) -> None:
    await a_good_check(database)
    counted = [Counted(provider="resend", webhook=True, sent=3, confirmed=2, events=5)]
    await database.write(count_feedback, counted)


def test_a_webhook_that_tells_is_good_news(desk: Desk) -> None:
    desk.seed(telling_webhooks)
    assert "2 of 3 told, 5 events" in desk.run("health").stdout
    (check,) = desk.json("health")["data"]
    told = check["feedback"]
    assert (told["sent"], told["confirmed"], told["trouble"]) == (3, 2, None)


def test_a_webhook_with_a_wrong_secret_is_bad_and_says_what_to_do(desk: Desk) -> None:
    desk.seed(forged_webhooks)
    page = desk.run("health", code=1).stdout
    assert "7 requests" in page
    assert "`webhook_secret`" in page
    assert "签名" in desk.run("health", "--lang", "zh", code=1).stdout
    (check,) = desk.json("health", code=1)["data"]
    assert check["feedback"]["trouble"] == "wrong_secret"
