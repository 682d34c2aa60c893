"""The overview: a sentence with its proof, what is wrong with its fix, numbers that add up."""

import msgspec
import pytest

from mailproof.config.settings import Secret
from mailproof.mail.lifecycle import State
from mailproof.store.mails.duties import expire
from mailproof.store.records.checks import NewCheck
from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from mailproof.testing import ManualClock
from tests.console.pages_world import (
    KEY,
    PagesWorld,
    make_pages_world,
    opened,
    pages,
    read,
    refused_key,
    resend,
)
from tests.store.mails import claimed
from tests.store.seeding import recorded

__all__ = ["pages"]


async def test_before_the_first_mail_nothing_is_claimed_and_each_panel_says_what_comes(
    pages: PagesWorld,
) -> None:
    told = await pages.look("/console")
    assert "Nothing has been sent yet." in told
    assert "No critical mail yet." in told
    assert "Nothing waits. Mail that can’t leave is kept here" in told
    assert "None. A request that we turn away" in told
    assert "Nothing happened to mail in this time." in told
    assert "All mail flows" not in told


async def test_a_refused_key_is_said_with_its_cause_its_proof_and_its_fix(
    pages: PagesWorld,
) -> None:
    await pages.hold(4)
    await pages.close()
    await pages.hold(5)
    pages.clock.advance(60)
    told = await pages.look("/console")
    assert "Resend refuses the API key since 08:00. 5 mails held, nothing lost." in told
    assert "Resend does not know this API key" in told
    assert "401 validation_error “API key is invalid”" in told
    assert "Key re_8fKd…q2vX Read from RESEND_API_KEY" in told
    assert "First to expire Registration, in 14 min" in told
    assert "RESEND_API_KEY=re_… Copy" in told
    assert "The 5 mails leave by themselves, critical ones first." in told
    assert "Test the key now Copy as cURL" in told
    assert "Stopped at 08:00" in told
    assert "Held 5 Resend refuses the API key" in told


async def test_the_same_page_in_chinese_has_no_english_words_left(pages: PagesWorld) -> None:
    await pages.close()
    await pages.hold(5)
    told = await pages.look("/console", "zh")
    assert "自 08:00 起，Resend 拒绝 API 密钥。 暂存 5 封，没有丢失。" in told
    assert "5 封邮件会自动发出，关键邮件优先。" in told
    for word in ("Cause", "Fix", "Waiting", "Copy", "Held", "since"):
        assert word not in told.split("总览")[-1], word


async def test_no_key_is_ever_shown_whole(pages: PagesWorld) -> None:
    await pages.close()
    for path in ("/console", "/console/routes", "/console/settings"):
        heard = await pages.ask("GET", path)
        assert KEY not in heard.text
        assert KEY[7:-4] not in heard.text


@pytest.mark.parametrize(
    ("key", "shown"),
    [("", "not set"), ("re_short_key", "set, too short to be hinted at"), ("re_xxxxxxxx", "re_xx")],
)
async def test_a_key_that_is_missing_short_or_a_placeholder_says_so(
    key: str, shown: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock = ManualClock()
    async with opened(tmp_path_factory.mktemp("store"), clock) as database:
        pages = await make_pages_world(database, clock, resend(key=key))
        await pages.close()
        assert f"Key {shown}" in await pages.look("/console")


async def test_a_key_from_a_file_needs_no_restart_and_that_is_said(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    clock = ManualClock()
    secret = Secret("file:/run/secrets/resend", lambda: KEY)
    async with opened(tmp_path_factory.mktemp("store"), clock) as database:
        pages = await make_pages_world(database, clock, resend(api_key=secret))
        await pages.close()
        told = await pages.look("/console")
    assert "From /run/secrets/resend it is read again by itself, without a restart." in told
    assert "RESEND_API_KEY=re_…" not in told


async def test_the_test_of_a_key_asks_the_provider_once_and_says_what_came_of_it(
    pages: PagesWorld,
) -> None:
    await pages.close()
    failure = refused_key()
    pages.verdict = NewCheck(provider="resend", verdict="bad", took_ms=80, failure=failure)
    told = await pages.follow("/console/test", {"provider": "resend"})
    assert pages.asked == ["resend"]
    assert "Resend was asked at 08:00:00, and nothing has changed: key refused." in told
    pages.clock.advance(600)
    told = await pages.look("/console?asked=resend")
    assert "Resend was asked a moment ago." in told, "an old answer is told as a new one"


async def test_a_viewer_sees_the_fix_but_no_button_and_cannot_ask(pages: PagesWorld) -> None:
    await pages.close()
    pages.cookies.clear()
    await pages.signed_in("vera", "viewer")
    told = await pages.look("/console")
    assert "RESEND_API_KEY=re_…" in told
    assert "Test the key now" not in told
    assert (await pages.post("/console/test", {"provider": "resend"})).status == 403
    assert pages.asked == []


async def test_nobody_asks_a_provider_that_is_not_there(pages: PagesWorld) -> None:
    assert (await pages.post("/console/test", {"provider": "nobody"})).status == 404
    assert "was asked" not in await pages.look("/console?asked=nobody")


async def test_mail_that_flows_is_said_with_the_last_proof(pages: PagesWorld) -> None:
    await pages.send(3)
    await pages.count()
    pages.clock.advance(4)
    told = await pages.look("/console")
    assert "All mail flows. 3 mails accepted today; nothing waits." in told
    assert "Last proof 4 s ago: a registration, sent." in told
    assert "Registration Flows" in told


async def test_the_chart_has_its_numbers_in_words_and_in_a_table(pages: PagesWorld) -> None:
    await pages.send(7)
    await pages.close()
    await pages.hold(2, expires_at=pages.database.now() + 1_000)
    pages.clock.advance(2)
    await pages.database.write(expire, 100, pages.routing)
    await pages.count()
    pages.clock.advance(1_800)
    heard = await pages.ask("GET", "/console")
    assert "7 sent, 2 came to wait, 2 ended badly from" in heard.text
    assert "08:00:00 7 2 2" in read(heard.text)
    assert "style=" not in heard.text, "the policy of the pages forbids it"
    assert "7 sent, 2 came to wait" in (await pages.ask("GET", "/console?span=day")).text
    pages.clock.advance(7_100)
    assert "Nothing happened to mail in this time." in await pages.look("/console")


async def test_the_numbers_behind_the_chart_can_be_had_as_json(pages: PagesWorld) -> None:
    await pages.send(3)
    await pages.count()
    minute = pages.database.now() // 60_000
    heard = await pages.ask("GET", "/console/minutes.json?span=day")
    told = msgspec.json.decode(heard.text)
    assert told["until"] == minute
    assert (told["minute"], told["sent"], told["waiting"]) == ([minute], [3], [0])
    pages.cookies.clear()
    assert (await pages.ask("GET", "/console/minutes.json")).status == 303


async def test_an_application_that_is_refused_stands_on_the_overview(pages: PagesWorld) -> None:
    refusal = NewRefusal(
        at=pages.database.now(),
        kind=RefusalKind.PLACEHOLDER,
        app="",
        key_fingerprint="f" * 16,
        client="10.0.3.17",
        path="/emails",
        name="invalid_api_key",
        status=401,
    )
    stranger = msgspec.structs.replace(refusal, kind=RefusalKind.UNKNOWN_KEY, client="192.0.2.7")
    await pages.database.write(note, [refusal] * 186 + [stranger])
    told = await pages.look("/console")
    assert "1 application is being refused. 186 requests since 08:00" in told
    assert "Unknown application 186 Placeholder key, from 10.0.3.17" in told
    assert "192.0.2.7" not in told, "a stranger is no application"


async def test_what_waits_for_another_reason_is_said_by_its_plain_name(pages: PagesWorld) -> None:
    await pages.hold(1)
    (mail,) = await claimed(pages.database)
    failure = refused_key()
    due = pages.database.now() + 60_000
    await recorded(pages.database, mail, State.DEFERRED, failure, due_at=due)
    told = await pages.look("/console")
    assert "Deferred 1 Key refused" in told


async def test_the_strip_says_it_on_other_pages_but_not_where_it_is_mended(
    pages: PagesWorld,
) -> None:
    assert 'class="strip' not in (await pages.ask("GET", "/console/keys")).text
    await pages.close()
    heard = await pages.ask("GET", "/console/keys")
    assert 'class="strip broken"' in heard.text
    assert "Resend refuses the API key since 08:00." in heard.text
    assert 'class="strip' not in (await pages.ask("GET", "/console/routes")).text
