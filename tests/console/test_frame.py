"""The frame: who gets in, what each page has around it, and what is answered when it goes wrong."""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from mailproof.console.sessions import hash_token
from mailproof.console.visit import Strip, Visit
from mailproof.console.zones import zone_named
from mailproof.mail.events import EventType
from mailproof.store.base import CommitUnknown, NewEvent, StoreUnavailable, Tx
from mailproof.store.console.people import remove_person, session
from tests.console.frame_world import Heard, World, clock, database, world

__all__ = ["clock", "database", "world"]


async def happen(tx: Tx) -> None:
    tx.tell(NewEvent(EventType.KEY_CREATED, None, {"app": "shop"}))


def heading(heard: Heard) -> str:
    found = re.search(r"<h1>(.*?)</h1>", heard.text)
    assert found is not None, heard.text
    return found[1]


async def test_who_is_not_signed_in_is_led_to_it_and_back(world: World) -> None:
    first = await world.ask("GET", "/console/hello/5?a=1&b=2")
    assert first.status == 303
    place = first.headers["location"]
    assert place == "/console/sign-in?next=%2Fconsole%2Fhello%2F5%3Fa%3D1%26b%3D2"
    await world.add("lena")
    after = await world.ask("POST", place, {"name": "lena", "password": "correct horse battery"})
    assert after.headers["location"] == "/console/hello/5?a=1&b=2"
    assert heading(await world.ask("GET", after.headers["location"])) == "Hello lena"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test", "/metrics", "/console/\\evil", "/console\r\nx: y"],
)
async def test_nobody_is_led_away_from_the_console(world: World, elsewhere: str) -> None:
    await world.add("lena")
    url = f"/console/sign-in?{urlencode({'next': elsewhere})}"
    heard = await world.ask("POST", url, {"name": "lena", "password": "correct horse battery"})
    assert (heard.status, heard.headers["location"]) == (303, "/console")


async def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(world: World) -> None:
    heard = await world.ask("GET", "/console/hello/5", hx_request="true")
    assert heard.status == 200
    assert heard.headers["hx-redirect"].startswith("/console/sign-in?next=")
    assert heard.text == ""


async def test_a_page_says_whose_it_is_and_in_which_zone(world: World) -> None:
    await world.signed_in("lena")
    world.cookies["mailproof_zone"] = "Asia%2FShanghai"
    heard = await world.ask("GET", "/console")
    assert "lena</a> (admin)" in heard.text
    assert "Times in Asia/Shanghai" in heard.text
    assert '<time datetime="2027-01-15T08:00:00.000Z"' in heard.text
    assert ">16:00:00</time>" in heard.text
    assert 'aria-current="page"' in heard.text


@pytest.mark.parametrize(
    "cookie",
    [
        *("", "Mars%2FOlympus", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "%00", "Europe"),
        *("x" * 99, "%C3%A9", "Europe%2FBerlin%2F", "."),
    ],
)
def test_a_zone_that_nobody_knows_is_utc(cookie: str) -> None:
    assert zone_named(cookie) == ZoneInfo("UTC")
    assert zone_named("America%2FArgentina%2FBuenos_Aires") != ZoneInfo("UTC")


async def test_the_language_is_chosen_once_and_kept(world: World) -> None:
    await world.signed_in()
    english = await world.ask("GET", "/console/hello/5?a=1")
    assert 'href="/console/hello/5?a=1&amp;lang=zh"' in english.text
    chosen = await world.ask("GET", "/console/hello/5?a=1&lang=zh")
    assert (chosen.status, chosen.headers["location"]) == (303, "/console/hello/5?a=1")
    chinese = await world.ask("GET", "/console/hello/5?a=1")
    assert '<html lang="zh-Hans">' in chinese.text
    assert "总览" in chinese.text
    assert "管理员" in chinese.text


async def test_a_strip_stands_on_every_page_but_the_overview(world: World) -> None:
    async def tell(visit: Visit) -> Strip:
        text = f"Resend refuses the key. {visit.language}"
        return Strip(tone="broken", seal="bang", text=text, href="/console", link="Mend it")

    world.restart(tell)
    await world.signed_in()
    assert "Resend refuses" not in (await world.ask("GET", "/console")).text
    other = await world.ask("GET", "/console/hello/5")
    assert 'class="strip broken"' in other.text
    assert "Resend refuses the key. en" in other.text


async def test_a_page_is_drawn_again_only_when_something_has_happened(world: World) -> None:
    await world.signed_in()
    page = await world.ask("GET", "/console")
    found = re.search(r'data-version="([^"]+)"', page.text)
    assert found is not None
    same = await world.ask("GET", "/console", console_version=found[1])
    assert (same.status, same.text) == (204, "")
    assert same.headers["console-time"] == str(world.database.now())
    await world.database.write(happen)
    world.clock.advance(1)
    assert (await world.ask("GET", "/console", console_version=found[1])).status == 200


async def test_what_is_no_event_is_seen_after_ten_seconds(world: World) -> None:
    await world.signed_in()
    page = await world.ask("GET", "/console")
    version = page.text.split('data-version="')[1].split('"')[0]
    world.clock.advance(9)
    assert (await world.ask("GET", "/console", console_version=version)).status == 204
    world.clock.advance(1)
    assert (await world.ask("GET", "/console", console_version=version)).status == 200


@pytest.mark.parametrize(
    "version", ["", "none", "7", "7.", "7.x", "x.7", "99999.1", "1.99999999999999"]
)
async def test_a_version_that_nobody_was_given_gets_the_page(world: World, version: str) -> None:
    await world.signed_in()
    assert (await world.ask("GET", "/console", console_version=version)).status == 200


async def test_many_open_pages_cost_one_look_a_second(world: World) -> None:
    await world.signed_in()
    looks = 0
    read = world.database.read

    async def counted(body: Any, *args: Any, **kw: Any) -> Any:
        nonlocal looks
        looks += body.__name__ == "newest"
        return await read(body, *args, **kw)

    world.clock.advance(2)
    world.database.read = counted  # type: ignore[method-assign]
    await asyncio.gather(*(world.ask("GET", "/console") for _ in range(10)))
    assert looks == 1


async def test_a_form_carries_the_token_of_its_session(world: World) -> None:
    await world.signed_in()
    done = await world.post("/console/deed", {"id": ["1", "2"], "empty": ""})
    assert done.status == 200
    assert "{&#39;id&#39;: [&#39;1&#39;, &#39;2&#39;], &#39;empty&#39;: [&#39;&#39;]}" in done.text
    assert "csrf" not in done.text.split('id="told"')[1].split("</p>")[0]


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
async def test_a_form_without_its_token_does_nothing(world: World, token: str | None) -> None:
    await world.signed_in()
    fields = {} if token is None else {"csrf": token}
    heard = await world.ask("POST", "/console/deed", fields)
    assert heard.status == 400
    assert heading(heard) == "The form did not come from this page"


async def test_a_token_of_another_session_is_none(world: World) -> None:
    await world.signed_in("lena")
    theirs = world.csrf
    world.cookies.clear()
    await world.signed_in("tom")
    assert world.csrf != theirs
    assert (await world.ask("POST", "/console/deed", {"csrf": theirs})).status == 400


async def test_a_viewer_sees_and_is_told_who_may_act(world: World) -> None:
    await world.add("lena", "admin")
    await world.add("mia", "admin")
    await world.signed_in("tom", "viewer")
    assert (await world.ask("GET", "/console/hello/5")).status == 200
    refused = await world.post("/console/deed")
    assert refused.status == 403
    assert heading(refused) == "Your role does not allow this"
    assert "lena, mia" in refused.text
    assert (await world.post("/console/seen")).status == 200


async def test_who_was_removed_is_out_with_the_next_request(world: World) -> None:
    await world.add("mia", "admin")
    await world.signed_in("lena")
    await world.database.write(remove_person, "lena", actor="cli:mia")
    assert (await world.ask("GET", "/console")).status == 303


@pytest.mark.parametrize("path", ["/console/nothing", "/console/lost", "/console/hello/5/6"])
async def test_a_page_that_is_not_there_leads_on(world: World, path: str) -> None:
    await world.signed_in()
    heard = await world.ask("GET", path)
    assert heard.status == 404
    assert heading(heard) == "There is no such page"
    assert 'href="/console"' in heard.text


async def test_another_method_is_told_which_there_are(world: World) -> None:
    await world.signed_in()
    heard = await world.ask("DELETE", "/console/deed")
    assert (heard.status, heard.headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("path", ["/console/broken", "/console/undrawn"])
async def test_a_broken_page_is_loud_in_the_log_and_says_nothing_of_itself(
    world: World, path: str
) -> None:
    await world.signed_in()
    with capture_logs() as lines:
        heard = await world.ask("GET", path)
    assert heard.status == 500
    assert "request-1" in heard.text
    assert "secret" not in heard.text
    assert "Traceback" not in heard.text
    (line,) = lines
    assert (line["log_level"], line["event"], line["path"]) == ("critical", "page.crashed", path)
    assert isinstance(line["exc_info"], Exception)


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (StoreUnavailable("postgresql://m:hush@db/x is away"), 503, "cannot be used now"),
        (CommitUnknown("no answer"), 503, "did not confirm"),
    ],
)
async def test_a_store_that_is_away_is_said_without_its_password(
    world: World, error: Exception, status: int, says: str
) -> None:
    await world.signed_in()

    async def fail(*_: Any, **__: Any) -> Any:
        raise error

    world.database.read = fail  # type: ignore[method-assign]
    with capture_logs() as lines:
        heard = await world.ask("GET", "/console/hello/5?a=1")
    assert heard.status == status
    assert says in heard.text
    assert "hush" not in heard.text
    assert 'href="/console/hello/5?a=1"' in heard.text  # to try it again
    assert [line["event"] for line in lines] == ["page.failed"]


async def test_a_part_of_a_page_that_fails_is_no_whole_page(world: World) -> None:
    await world.signed_in()
    with capture_logs():
        heard = await world.ask("GET", "/console/broken", hx_request="true")
    assert heard.status == 500
    assert heard.text.lstrip().startswith('<p class="err broken" role="alert">')


async def test_a_form_that_is_too_large_is_refused_before_it_is_read(world: World) -> None:
    await world.signed_in()
    heard = await world.post("/console/deed", {"id": "x" * 1_100_000})
    assert (heard.status, heading(heard)) == (413, "That was too much at once")


async def test_a_form_of_too_many_fields_is_refused(world: World) -> None:
    await world.signed_in()
    heard = await world.post("/console/deed", {"i": ["1"] * 20_001})
    assert heard.status == 413


async def test_a_page_escapes_what_others_have_written(world: World) -> None:
    await world.signed_in()
    heard = await world.ask("GET", "/console/hello/5")
    assert "<script>@" not in heard.text
    assert "&lt;script&gt;@x.test" in heard.text


async def test_a_session_is_written_as_used_twice_a_minute_at_most(world: World) -> None:
    await world.signed_in()
    began = await seen_at(world)
    world.clock.advance(29)
    await world.ask("GET", "/console")
    assert await seen_at(world) == began
    world.clock.advance(1)
    await world.ask("GET", "/console")
    assert await seen_at(world) == began + 30_000


async def seen_at(world: World) -> int:
    (token,) = world.cookies.values()
    found = await world.database.read(session, hash_token(token))
    assert found is not None
    return found.seen_at
