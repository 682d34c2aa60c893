"""`mailproof emails`: what a person sees of mails and does with them, and what a script gets."""

import time
from datetime import datetime, timedelta

import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.desk import cancel
from mailproof.store.mails.listing import show
from tests.cli.desk import Desk, desk
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import NO_SUCH_FIELD, NOT_VERIFIED, led_to, open_for_mail

__all__ = ["desk"]

NOBODY = "0198c0de-ffff-7000-8000-00000000dead"

SHOWN = {
    "id", "state", "purpose", "from", "to", "subject", "created_at", "expires_at", "provider",
    "provider_message_id", "failure", "recipients", "attempts", "events", "status_url",
}  # fmt: skip
FAILURE = {
    "reason", "origin", "next", "closes", "retryable", "retry_after_s", "ambiguous",
    "failover_helps", "severity", "cause", "fix", "reader_action", "evidence",
}  # fmt: skip


async def a_held_mail(database: Database) -> str:
    await open_for_mail(database)
    return await led_to(database, State.HELD, NOT_VERIFIED, closes=True)


async def a_failed_mail(database: Database) -> str:
    await open_for_mail(database)
    return await led_to(database, State.FAILED, NO_SUCH_FIELD, subject="你好 Ada")


async def a_sent_mail(database: Database) -> str:
    await open_for_mail(database)
    return await led_to(database, State.SENT)


async def an_unconfirmed_mail(database: Database) -> str:
    await open_for_mail(database)
    return await led_to(database, State.UNCONFIRMED, unknown=True)


async def canceled_mails(database: Database) -> tuple[str, str]:
    """The first while a provider may have it, the other before anybody had it."""
    await open_for_mail(database)
    unknown = await led_to(database, State.DEFERRED, unknown=True)
    (waiting,) = await accepted(database, new_mail(database.now()), routing=ONE)
    await database.write(cancel, [unknown, waiting], actor="cli:ops")
    return unknown, waiting


async def three_queued_mails(database: Database) -> list[str]:
    await open_for_mail(database)
    now = database.now()
    return await accepted(database, *(new_mail(now) for _ in range(3)), routing=ONE)


def state_of(desk: Desk, email_id: str) -> State:
    async def look(database: Database) -> State:
        shown = await database.read(show, email_id)
        assert shown
        return shown.mail.state

    return desk.seed(look)


def test_a_held_mail_is_told_with_where_why_and_what_to_do(desk: Desk) -> None:
    email_id = desk.seed(a_held_mail)
    page = desk.run("emails", "show", email_id, code=1).stdout
    first, why, todo, *_ = page.splitlines()
    assert first.startswith("Held since 20")
    assert "It goes out by itself" in first
    assert why.startswith("Why: Resend refuses to send from acme.test")
    assert todo.startswith("What to do: Open https://resend.com/domains, add acme.test")
    assert "held: nobody can carry it now" in page
    assert "and its route was closed" in page
    assert "Attempts" in page


def test_what_a_provider_may_have_is_not_said_to_be_unsent(desk: Desk) -> None:
    email_id, other = desk.seed(canceled_mails)
    for language, unknown, unsent in (
        ("en", "Nobody knows whether resend sent it", "It was not sent."),
        ("zh", "无法确定是否已发出：resend 可能已收下。", "没有发出。"),
    ):
        page = desk.run("emails", "show", email_id, "--lang", language).stdout
        assert unknown in page.splitlines()[0]
        assert unsent not in page
        page = desk.run("emails", "show", other, "--lang", language).stdout
        assert page.splitlines()[0].endswith(unsent)


def test_a_mail_is_told_in_chinese_too(desk: Desk) -> None:
    email_id = desk.seed(a_held_mail)
    page = desk.run("emails", "show", email_id, "--lang", "zh", code=1).stdout
    first, why, todo, *_ = page.splitlines()
    assert "起暂存：目前没有线路能发" in first
    assert why.startswith("原因：Resend 拒绝用 acme.test 发信")
    assert todo.startswith("怎么办：打开 https://resend.com/domains")


def test_the_times_of_a_page_have_their_zone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    email_id = desk.seed(a_sent_mail)
    time.tzset()
    try:
        assert "+08:00" in desk.run("emails", "show", email_id).stdout.splitlines()[0]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_script_gets_the_documented_object(desk: Desk) -> None:
    email_id = desk.seed(a_failed_mail)
    shown = desk.json("emails", "show", email_id, code=1)
    assert set(shown) == SHOWN
    assert set(shown["failure"]) == FAILURE
    assert (shown["id"], shown["state"], shown["to"]) == (email_id, "failed", ["ada@example.com"])
    assert [event["type"] for event in shown["events"]] == [
        "email.accepted",
        "email.sending",
        "email.failed",
    ]
    assert shown["attempts"][0]["failure"]["reason"] == "message_invalid"


def test_the_failure_of_a_sent_mail_is_null(desk: Desk) -> None:
    email_id = desk.seed(a_sent_mail)
    shown = desk.json("emails", "show", email_id)
    assert (shown["state"], shown["failure"]) == ("sent", None)


@pytest.mark.parametrize("email_id", [NOBODY, "nonsense"])
def test_an_unknown_id_exits_with_one_and_a_hint(desk: Desk, email_id: str) -> None:
    desk.seed(a_sent_mail)
    said = desk.run("emails", "show", email_id, code=1)
    assert said.stdout == ""
    assert f"There is no mail with the id {email_id}." in said.stderr
    assert "`mailproof emails list`" in said.stderr


def test_mails_are_listed_newest_first_with_columns_that_line_up(desk: Desk) -> None:
    failed = desk.seed(a_failed_mail)
    sent = desk.seed(a_sent_mail)
    head, first, second = desk.run("emails", "list").stdout.splitlines()
    assert (first.split()[0], second.split()[0]) == (sent, failed)
    assert head.index("STATE") == first.index("sent") == second.index("failed")


def test_a_script_pages_through_a_list(desk: Desk) -> None:
    mails = desk.seed(three_queued_mails)
    first = desk.json("emails", "list", "--limit", "2")
    assert ([each["id"] for each in first["data"]], first["has_more"]) == (mails[:0:-1], True)
    assert set(first["data"][0]) == SHOWN - {"recipients", "attempts", "events"}
    last = desk.json("emails", "list", "--before", mails[1])
    assert ([each["id"] for each in last["data"]], last["has_more"]) == (mails[:1], False)


def test_a_list_can_be_narrowed(desk: Desk) -> None:
    failed = desk.seed(a_failed_mail)
    desk.seed(a_sent_mail)
    for given in (
        ["--state", "failed"],
        ["--reason", "message_invalid"],
        ["--state", "failed", "--app", "shop", "--purpose", "registration", "--since", "1h"],
    ):
        assert [each["id"] for each in desk.json("emails", "list", *given)["data"]] == [failed]
    for given in (["--app", "blog"], ["--since", "2099-01-01T00:00:00Z"]):
        assert desk.json("emails", "list", *given) == {"data": [], "has_more": False}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--state", "helt"], "There is no state 'helt'."),
        (["--since", "yesterday"], "'yesterday' is neither a time nor a span."),
    ],
)
def test_a_wrong_filter_is_a_misuse_that_says_what_is_right(
    desk: Desk, given: list[str], says: str
) -> None:
    desk.seed(a_sent_mail)
    said = desk.run("emails", "list", *given, code=2)
    assert says in said.stderr
    assert said.stdout == ""


def test_an_empty_list_says_so_on_stderr_and_exits_with_zero(desk: Desk) -> None:
    desk.seed(open_for_mail)
    said = desk.run("emails", "list")
    assert (said.stdout, said.stderr.startswith("No mail fits.")) == ("", True)


def test_looking_at_a_store_that_does_not_exist_makes_none(desk: Desk) -> None:
    said = desk.run("emails", "list", code=2)
    assert f"There is no store at {desk.store} yet." in said.stderr
    assert not desk.store.exists()


def test_a_failed_mail_is_sent_again(desk: Desk) -> None:
    email_id = desk.seed(a_failed_mail)
    said = desk.run("emails", "retry", email_id)
    assert said.stdout == f"{email_id}  queued; it was failed\n"
    assert state_of(desk, email_id) is State.QUEUED


def test_sending_again_renews_the_expiry_by_the_purpose(desk: Desk) -> None:
    desk.config.write_text(
        desk.config.read_text(encoding="utf-8") + '[purposes.registration]\nexpires = "48h"\n',
        encoding="utf-8",
    )
    email_id = desk.seed(a_failed_mail)
    desk.run("emails", "retry", email_id)
    shown = desk.json("emails", "show", email_id)
    created, expires = (
        datetime.fromisoformat(shown[name]) for name in ("created_at", "expires_at")
    )
    assert timedelta(hours=48) <= expires - created < timedelta(hours=48, minutes=5)


def test_what_could_not_be_sent_again_says_why_and_exits_with_one(desk: Desk) -> None:
    held, sent = desk.seed(a_held_mail), NOBODY
    said = desk.run("emails", "retry", held, sent, code=1)
    assert "it stays held (sender_unverified)" in said.stdout
    assert f"{NOBODY}  there is no such mail" in said.stdout
    assert "0 done, 2 not." in said.stderr


def test_an_unconfirmed_mail_is_sent_again_only_when_two_copies_are_allowed(desk: Desk) -> None:
    email_id = desk.seed(an_unconfirmed_mail)
    assert "--may-double" in desk.run("emails", "retry", email_id, code=1).stdout
    assert state_of(desk, email_id) is State.UNCONFIRMED
    assert "got it before" in desk.run("emails", "retry", email_id, "--may-double").stdout
    assert state_of(desk, email_id) is State.QUEUED


def test_many_mails_are_chosen_by_a_filter(desk: Desk) -> None:
    mails = desk.seed(three_queued_mails)
    done = desk.json("emails", "cancel", "--state", "queued", "--yes")
    assert [each["id"] for each in done["data"]] == mails
    assert {(each["done"], each["was"], each["state"]) for each in done["data"]} == {
        (True, "queued", "canceled")
    }
    assert "No mail fits" in desk.run("emails", "cancel", "--state", "queued", "--yes").stderr


def test_many_mails_are_not_touched_without_a_yes(desk: Desk) -> None:
    mails = desk.seed(three_queued_mails)
    said = desk.run("emails", "cancel", "--state", "queued", code=2)
    assert "Cancel 3 mails?" in said.stderr
    assert "--yes" in said.stderr
    assert state_of(desk, mails[0]) is State.QUEUED


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "Which mails?"),
        (["--app", "shop"], "Which mails?"),
        ([NOBODY, "--state", "held"], "exclude each other"),
    ],
)
def test_mails_are_named_or_described_but_not_both(desk: Desk, given: list[str], says: str) -> None:
    desk.seed(three_queued_mails)
    assert says in desk.run("emails", "retry", *given, "--yes", code=2).stderr


def test_a_waiting_mail_is_canceled_and_the_event_names_the_user(desk: Desk) -> None:
    email_id = desk.seed(three_queued_mails)[0]
    assert "canceled; it was queued" in desk.run("emails", "cancel", email_id).stdout
    event = desk.json("emails", "show", email_id)["events"][-1]
    assert event["type"] == "email.canceled"
    assert event["actor"].startswith("cli:")


def test_a_sent_mail_cannot_be_canceled(desk: Desk) -> None:
    email_id = desk.seed(a_sent_mail)
    said = desk.run("emails", "cancel", email_id, code=1)
    assert "it is sent: nothing is left to do" in said.stdout


def test_canceling_twice_is_no_failure(desk: Desk) -> None:
    email_id = desk.seed(three_queued_mails)[0]

    async def stop(database: Database) -> None:
        await database.write(cancel, [email_id], actor="cli:eve")

    desk.seed(stop)
    assert "it is canceled already" in desk.run("emails", "cancel", email_id).stdout
