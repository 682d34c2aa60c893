"""The routes' page: which is closed, why, for how many; and deeds that say first what they do."""

from pathlib import Path

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.providers.diagnose import diagnose
from mailproof.store.console.pausing import pause
from mailproof.store.records.checks import NewCheck
from mailproof.store.records.events import after
from mailproof.store.routes.board import RouteShown, board
from mailproof.testing import ManualClock
from tests.console.pages_world import (
    PagesWorld,
    make_pages_world,
    opened,
    pages,
    refused_key,
    relay,
    resend,
)

__all__ = ["pages"]

ASK = "/console/routes/ask?deed={}&provider=resend&sender=*"


async def the_route(pages: PagesWorld) -> RouteShown:
    (route,) = (await pages.database.read(board)).routes
    return route


async def did(pages: PagesWorld) -> list[tuple[str, str]]:
    """What was recorded of routes, and who did it."""
    events = await pages.database.read(after, 0, 1_000)
    return [(each.type, each.actor) for each in events if each.type.startswith("route.")]


async def test_an_open_route_is_said_to_be_open_and_nothing_that_cannot_help_is_offered(
    pages: PagesWorld,
) -> None:
    told = await pages.look("/console/routes")
    assert "The one route is open." in told
    assert "Pause…" in told
    assert "Reopen…" not in told
    assert "Resume…" not in told


async def test_a_closed_route_is_said_with_its_reason_and_what_waits(pages: PagesWorld) -> None:
    await pages.close()
    await pages.hold(3)
    told = await pages.look("/console/routes")
    assert "The one route is closed. 3 mails wait." in told
    assert "Resend refuses the API key ( credentials_invalid ). It opens by itself" in told
    assert "re_8fKd…q2vX" in told
    zh = await pages.look("/console/routes", "zh")
    assert "唯一的线路已关闭。 3 封邮件在等。" in zh


async def test_the_last_day_stands_in_72_marks(pages: PagesWorld) -> None:
    await pages.close()
    pages.clock.advance(60)
    heard = await pages.ask("GET", "/console/routes")
    marks = heard.text.split('class="health"')[1].split("</div>")[0]
    assert marks.count("<i ") == 72
    assert marks.rstrip().endswith('<i class="broken"></i>')


async def test_of_two_providers_each_has_its_route_and_a_login_is_no_key(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path, clock) as database:
        pages = await make_pages_world(database, clock, resend(), relay())
        await pages.close("backup")
        told = await pages.look("/console/routes")
    assert "1 of 2 routes is closed." in told
    assert "Login news%40acme.test@mail.acme.test" in told
    assert "hunter2" not in told


async def test_before_a_route_is_reopened_it_is_said_what_will_happen(pages: PagesWorld) -> None:
    await pages.close()
    await pages.hold(2)
    pages.clock.advance(60)
    told = await pages.look(ASK.format("reopen"))
    assert "Reopen Resend?" in told
    assert "2 mails go out now, critical ones first, a little at a time." in told
    assert "The first of them expires in 14 min." in told
    assert "It closes again with the first mail that meets the failure." in told
    assert "Recorded as done by lena." in told
    assert (await the_route(pages)).state == "closed", "asking has done it"


async def test_the_question_is_a_dialog_where_scripts_run(pages: PagesWorld) -> None:
    await pages.close()
    heard = await pages.ask("GET", ASK.format("reopen"), hx_request="true")
    assert heard.text.lstrip().startswith("<dialog")
    assert "data-harmless" in heard.text


async def test_reopening_opens_the_route_and_records_who_did_it(pages: PagesWorld) -> None:
    await pages.close()
    await pages.hold(1)
    fields = {"deed": "reopen", "provider": "resend", "sender": "*"}
    told = await pages.follow("/console/routes/deed", fields)
    assert "Resend is open. What waited goes out now." in told
    assert (await the_route(pages)).state == "open"
    assert ("route.opened", "console:lena") in await did(pages)


async def test_a_paused_route_says_who_paused_it_and_why_and_only_resuming_opens_it(
    pages: PagesWorld,
) -> None:
    fields = {"deed": "pause", "provider": "resend", "sender": "*", "note": "new templates"}
    told = await pages.follow("/console/routes/deed", fields)
    assert "Resend is paused." in told
    assert "Paused by lena: “new templates”. Mails for it go another way, or are held." in told
    assert "Resume…" in told
    assert "Reopen…" not in told
    await pages.follow("/console/routes/deed", {**fields, "deed": "reopen"})
    assert (await the_route(pages)).paused_at is not None
    told = await pages.follow("/console/routes/deed", {**fields, "deed": "resume"})
    assert "Resend is no longer paused." in told
    assert [name for name, _ in await did(pages)] == ["route.paused", "route.resumed"]
    assert {actor for _, actor in await did(pages)} == {"console:lena"}


async def test_before_a_pause_it_is_said_where_new_mail_goes(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path, clock) as database:
        pages = await make_pages_world(database, clock, resend(), relay())
        assert "New mail goes by backup." in await pages.look(ASK.format("pause"))
    alone = tmp_path / "alone"
    alone.mkdir()
    async with opened(alone, clock) as database:
        pages = await make_pages_world(database, clock)
        told = await pages.look(ASK.format("pause"))
    assert "New mail is held, because no other provider is configured." in told


async def test_what_is_done_already_is_said_and_no_button_is_offered(pages: PagesWorld) -> None:
    told = await pages.look(ASK.format("reopen"))
    assert "It is open already. Nothing need be done." in told
    assert "Reopen Resend Back" not in told
    fields = {"deed": "resume", "provider": "resend", "sender": "*"}
    assert "nothing was changed" in await pages.follow("/console/routes/deed", fields)


async def test_a_route_that_a_failure_has_closed_too_says_both(pages: PagesWorld) -> None:
    await pages.close()
    await pages.database.write(pause, "resend", "*", pages.routing, actor="console:ada", note="")
    told = await pages.look("/console/routes")
    assert "Paused by ada." in told
    assert "A failure has closed it too: Key refused." in told
    assert "It is probed at once." in await pages.look(ASK.format("resume"))


async def test_a_test_asks_the_provider_and_says_what_it_answered(pages: PagesWorld) -> None:
    told = await pages.follow("/console/routes/test", {"provider": "resend"})
    assert pages.asked == ["resend"]
    assert "Resend was asked at 08:00:00, and all is well there." in told
    failure = refused_key()
    pages.verdict = NewCheck(provider="resend", verdict="bad", took_ms=80, failure=failure)
    told = await pages.follow("/console/routes/test", {"provider": "resend"})
    assert "and nothing has changed: key refused." in told
    assert "0 s ago, bad: key refused" in told or "Next probe" in told


async def test_cannot_tell_is_said_as_such(pages: PagesWorld) -> None:
    pages.verdict = NewCheck(
        provider="resend", verdict="cannot_tell", took_ms=80, failure=_restricted()
    )
    told = await pages.follow("/console/routes/test", {"provider": "resend"})
    assert "it cannot be told by that" in told
    assert "can’t tell (key may not send this)" in told
    assert "Its health cannot be told" in told


async def test_a_deed_for_what_is_not_there_is_answered_with_a_page(pages: PagesWorld) -> None:
    for path, fields in (
        ("/console/routes/test", {"provider": "nobody"}),
        ("/console/routes/deed", {"deed": "pause", "provider": "nobody", "sender": "*"}),
        ("/console/routes/deed", {"deed": "explode", "provider": "resend", "sender": "*"}),
    ):
        assert (await pages.post(path, fields)).status == 404
    assert pages.asked == []
    assert (await pages.ask("GET", ASK.format("explode"))).status == 404


async def test_a_viewer_sees_the_routes_and_can_do_nothing(pages: PagesWorld) -> None:
    pages.cookies.clear()
    await pages.signed_in("vera", "viewer")
    assert "Pause…" not in await pages.look("/console/routes")
    fields = {"deed": "pause", "provider": "resend", "sender": "*"}
    assert (await pages.post("/console/routes/deed", fields)).status == 403
    assert (await pages.ask("GET", ASK.format("pause"))).status == 403
    assert await did(pages) == []


async def test_words_of_a_deed_never_come_from_the_address(pages: PagesWorld) -> None:
    told = await pages.look("/console/routes?done=<b>paid</b>&provider=resend&sender=*")
    assert "paid" not in told
    assert "is paused" not in await pages.look("/console/routes?done=paused&provider=x&sender=*")


def _restricted() -> Failure:
    message = "This API key is restricted to only send emails"
    body = {"statusCode": 401, "name": "restricted_api_key", "message": message}
    return diagnose(Evidence(HttpAnswer(401, body=body), provider="resend"))
