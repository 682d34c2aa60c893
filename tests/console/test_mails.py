"""The list of mails, and deeds for many of them: first what would happen, then that."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.console.pages.asked import TABS, read_asked
from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.console import search as searching
from mailproof.store.mails.listing import show
from mailproof.testing import ManualClock
from tests.console.frame_world import clock, database  # noqa: F401 - fixtures
from tests.console.mail_world import KEY_REFUSED, MailWorld, make_mail_world, seed, seed_queued

MANY = 120


def ids_in(page: str) -> list[str]:
    return re.findall(r'href="/console/mails/([0-9a-f-]{36})"', page)


def fields_in(page: str) -> dict[str, list[str]]:
    """The hidden fields of the form that acts."""
    form = page.split('action="/console/mails/act"')[1].split("</form>")[0]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        assert name is not None
        fields.setdefault(name[1], []).append(value[1] if value else "")
    return fields


async def standing(world: MailWorld, email_id: str) -> State:
    shown = await world.database.read(show, email_id)
    assert shown is not None
    return shown.mail.state


def test_every_state_stands_in_exactly_one_tab() -> None:
    states = [state for tab in TABS.values() for state in tab]
    assert sorted(states) == sorted(State)


@given(st.dictionaries(st.sampled_from(["text", "tab", "state", "time", "before"]), st.text()))
def test_whatever_an_address_asks_for_it_is_read_the_same_again(fields: dict[str, str]) -> None:
    asked = read_asked(fields)
    again = {name: values[0] for name, values in parse_qs(urlsplit(asked.url()).query).items()}
    assert read_asked(again).fields == asked.fields


async def test_the_list_shows_where_each_mail_stands_and_why_with_codes_covered(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    sent = await seed(database, State.SENT, address="tom@lakeside.example")
    clock.advance(1)
    held = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in("vera", "viewer")
    page = await world.seen("/console/mails")
    assert ids_in(page) == [held, sent]
    for told in ("Held", "Key refused", "tom@lakeside.example", "Registration", "481 •••"):
        assert told in page
    assert "481 223" not in page
    assert "Only an admin may act on mails." in page


async def test_a_search_finds_by_address_id_or_subject_and_goes_to_the_page_of_each(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    tom = await seed(database, State.SENT, address="tom@lakeside.example")
    rota = await seed(database, State.SENT, content={"subject": "Rota for next week"})
    await world.signed_in()
    for text, found in (("LAKESIDE", tom), ("rota+for", rota), (tom, tom)):
        assert ids_in(await world.seen(f"/console/mails?text={text}"))[0] == found
    nothing = await world.seen("/console/mails?text=nobody")
    assert "Nothing fits." in nothing
    assert "Found for “nobody”." in nothing


async def test_a_search_that_has_read_its_share_says_how_far_it_came_and_goes_on(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await make_mail_world(database, clock)
    wanted = await seed(database, State.SENT, address="tom@lakeside.example")
    clock.advance(60)
    await seed_queued(database, 50)
    await world.signed_in()
    monkeypatch.setattr(searching, "_READ_MAX", 20)
    monkeypatch.setattr(searching, "_STEP", 10)
    page = await world.seen("/console/mails?text=lakeside")
    assert "Nothing found so far." in page
    assert "Searched back to 08:01:00." in page
    rows, steps = "", 0
    while go_on := re.search(r'hx-get="(/console/mails\?[^"]*)" hx-trigger="revealed"', page):
        url = go_on[1].replace("&amp;", "&")
        page = (await world.ask("GET", url, hx_request="true")).text
        assert page.lstrip().startswith("<tr")
        rows, steps = rows + page, steps + 1
    assert ids_in(rows) == [wanted]
    assert steps == 2


async def test_tabs_and_choices_narrow_the_list_and_keep_each_other(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    failed = await seed(database, State.FAILED, failure=KEY_REFUSED, purpose="otp")
    sent = await seed(database, State.SENT)
    await world.signed_in()
    assert ids_in(await world.seen("/console/mails?tab=bad")) == [failed]
    assert ids_in(await world.seen("/console/mails?tab=sent")) == [sent]
    assert ids_in(await world.seen("/console/mails?purpose=otp")) == [failed]
    assert ids_in(await world.seen("/console/mails?reason=credentials_invalid")) == [failed]
    assert "Nothing waits." in await world.seen("/console/mails?tab=waiting")
    clock.advance(3_700)
    assert ids_in(await world.seen("/console/mails?time=hour")) == []
    page = await world.seen("/console/mails?purpose=otp&time=week")
    assert 'href="/console/mails?tab=bad&amp;purpose=otp&amp;time=week"' in page
    assert '<option value="otp" selected>' in page


async def test_pages_lead_to_older_mails_and_back_and_show_each_mail_once(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    made = await seed_queued(database, MANY)
    await world.signed_in()
    seen: list[str] = []
    url = "/console/mails"
    while url:
        page = await world.seen(url)
        seen += ids_in(page)
        older = re.search(r'rel="next" href="([^"]*)"', page)
        last, url = url, older[1].replace("&amp;", "&") if older else ""
    assert seen == made[::-1]
    back = re.search(r'rel="prev" href="([^"]*)"', await world.seen(last))
    assert back is not None
    assert ids_in(await world.seen(back[1].replace("&amp;", "&"))) == made[::-1][50:100]


async def test_the_list_stands_still_and_a_button_counts_what_came_meanwhile(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    first = await seed(database, State.SENT)
    await world.signed_in()
    page = await world.seen("/console/mails")
    upto = re.search(r'data-upto="(\d+)"', page)
    assert upto is not None
    assert "new mail" not in page
    later = [await seed(database, State.QUEUED) for _ in range(3)]
    still = await world.seen(f"/console/mails?upto={upto[1]}")
    assert ids_in(still) == [first]
    assert 'href="/console/mails">3 new mails</a>' in still
    assert ids_in(await world.seen("/console/mails")) == [*later[::-1], first]


async def test_before_an_act_the_page_says_what_will_happen_and_changes_nothing(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    sent = await seed(database, State.SENT)
    failed = await seed(database, State.FAILED, failure=KEY_REFUSED)
    held = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in()
    ids = f"id={held}&id={failed}&id={sent}"
    page = await world.seen(f"/console/mails/ask?deed=retry&{ids}")
    assert "Retry 3 mails?" in page
    assert "1 of 3 go again." in page
    assert "Behind a closed route: 1." in page
    assert "Closed: resend/acme.test." in page
    assert "At an end: 1." in page
    assert "Nobody gets a second copy." in page
    assert "Recorded as done by lena" in page
    assert "Retry 1 mail</button>" in page
    assert await standing(world, failed) is State.FAILED


async def test_a_deed_that_can_help_nobody_has_no_button(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    held = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in()
    page = await world.seen(f"/console/mails/ask?deed=release&id={held}")
    assert "Releasing helps none of them." in page
    assert "they leave by themselves once the route is open" in page
    assert "<button" not in page.split('action="/console/mails/act"')[1].split("</form>")[0]


async def test_a_part_for_the_dialog_is_the_same_question(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.QUEUED)
    await world.signed_in()
    heard = await world.ask(
        "GET", f"/console/mails/ask?deed=cancel&id={email_id}", hx_request="true"
    )
    assert heard.text.lstrip().startswith("<dialog")
    assert "Cancel 1 mail?" in heard.text
    assert "data-harmless" in heard.text


async def test_what_is_chosen_is_done_recorded_and_told_in_numbers(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    sent = await seed(database, State.SENT)
    queued = await seed(database, State.QUEUED)
    await world.signed_in()
    page = await world.seen(f"/console/mails/ask?deed=cancel&id={queued}&id={sent}")
    heard = await world.post("/console/mails/act", fields_in(page))
    assert heard.status == 303
    told = await world.seen(heard.headers["location"])
    assert "1 mail canceled." in told
    assert "At an end: 1." in told
    assert await standing(world, queued) is State.CANCELED
    assert await standing(world, sent) is State.SENT
    last = (await world.mail_events(queued))[-1]
    assert (last.type, last.actor) == ("email.canceled", "console:lena")


async def test_thousands_are_done_in_steps_that_say_how_far_they_are(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    made = await seed_queued(database, 1_100)
    await world.signed_in()
    page = await world.seen("/console/mails/ask?deed=cancel&tab=waiting&all=1")
    assert "None of the 1,100 is sent." in page
    later = await seed(database, State.QUEUED)  # came after the question: it is not touched
    heard = await world.post("/console/mails/act", fields_in(page))
    assert heard.status == 200
    assert "1,000 of 1,100 looked at, 1,000 done." in heard.text
    assert 'hx-trigger="load"' in heard.text
    heard = await world.post("/console/mails/act", fields_in(heard.text))
    assert heard.status == 303
    assert "1,100 mails canceled." in await world.seen(heard.headers["location"])
    assert await standing(world, made[0]) is State.CANCELED
    assert await standing(world, later) is State.QUEUED


async def test_what_a_provider_may_have_is_sent_again_only_when_that_is_asked_for(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.UNCONFIRMED, failure=KEY_REFUSED, unknown=True)
    await world.signed_in()
    page = await world.seen(f"/console/mails/ask?deed=retry&id={email_id}&from=mail")
    assert "Perhaps with a provider already: 1." in page
    link = re.search(r'href="(/console/mails/ask\?[^"]*may_double=1)"', page)
    assert link is not None
    asked = await world.seen(link[1].replace("&amp;", "&"))
    assert "Some may get a second copy." in asked
    heard = await world.post("/console/mails/act", fields_in(asked))
    assert heard.headers["location"] == f"/console/mails/{email_id}"
    assert await standing(world, email_id) is State.QUEUED


async def test_a_viewer_can_neither_ask_nor_act(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.QUEUED)
    await world.signed_in("vera", "viewer")
    asked = await world.ask("GET", f"/console/mails/ask?deed=cancel&id={email_id}")
    done = await world.post("/console/mails/act", {"deed": "cancel", "id": email_id})
    assert (asked.status, done.status) == (403, 403)
    assert await standing(world, email_id) is State.QUEUED


@pytest.mark.parametrize(
    "query", ["", "deed=shred&all=1", "deed=cancel", "deed=cancel&id=nonsense", "deed=retry&id=%00"]
)
async def test_a_question_about_nothing_changes_nothing(
    query: str,
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    await world.signed_in()
    heard = await world.ask("GET", f"/console/mails/ask?{query}")
    assert heard.status in (303, 404)


async def test_the_rail_counts_to_a_thousand_and_says_when_there_are_more(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    await seed_queued(database, 999)
    await world.signed_in()
    assert ">999<" in await world.seen("/console/mails")
    await seed_queued(database, 2)
    assert ">1,000+<" in await world.seen("/console/mails")
