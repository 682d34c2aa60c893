"""Wherever the reason of a held mail is told, one that a person has paused is told rightly."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailproof.alerts.conditions import conditions
from mailproof.diagnosis.guidance import Language, OperatorLanguage
from mailproof.gateway.passing import pass_on
from mailproof.gateway.status.telling import LANGUAGES, tell
from mailproof.mail.lifecycle import State
from mailproof.record.telling import remind
from mailproof.store.base import Database
from mailproof.store.console.pausing import pause
from mailproof.store.mails.listing import show
from mailproof.store.mails.status import Standing
from mailproof.store.records.picture import routes_closed, take_picture
from tests.store.mails import ONE, accepted, new_mail
from tests.store.seeding import open_for_mail


async def held_behind_a_pause(database: Database) -> str:
    await open_for_mail(database)
    assert await database.write(pause, "resend", "*", ONE, actor="cli:ada", note="re_" + "4" * 30)
    (email_id,) = await accepted(database, new_mail(database.now()), routing=ONE)
    return email_id


async def test_it_is_no_alert(database: Database) -> None:
    await held_behind_a_pause(database)
    picture = await database.read(take_picture, 60_000)
    assert picture.routes
    assert not conditions(picture)


async def test_its_mail_stands_there_as_held_for_that(database: Database) -> None:
    email_id = await held_behind_a_pause(database)
    shown = await database.read(show, email_id)
    assert shown
    assert (shown.mail.state, shown.mail.reason, shown.mail.failure) == (
        State.HELD,
        "paused",
        None,
    )


async def test_the_log_says_each_minute_who_must_resume_it(database: Database) -> None:
    await held_behind_a_pause(database)
    routes = await database.read(routes_closed)
    languages: tuple[OperatorLanguage, ...] = ("en", "zh")
    for language in languages:
        with capture_logs() as lines:
            remind(language, routes, [], database.now() + 90_000)
        (line,) = lines
        assert (line["event"], line["log_level"]) == ("route.paused", "warning")
        assert (line["reason"], line["closed_s"], line["waiting"]) == ("paused", 90, 1)
        assert "`mailproof routes resume NAME`" in line["fix"]


async def test_a_secret_in_the_note_is_kept_nowhere(database: Database, tmp_path: Path) -> None:
    await held_behind_a_pause(database)
    if database.name == "sqlite":
        await database.backup(str(tmp_path / "copy.db"))
        assert b"re_" + b"4" * 30 not in (tmp_path / "copy.db").read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_reader_hears_that_it_takes_longer(language: Language) -> None:
    paused = Standing(state=State.HELD, reason="paused", changed_at=0, due_at=None)
    other = Standing(state=State.HELD, reason=None, changed_at=0, due_at=None)
    assert tell(paused, language) == tell(other, language)


def test_who_wants_no_promise_may_repeat_it() -> None:
    assert pass_on(None, "paused", ()).answer().status == 503
