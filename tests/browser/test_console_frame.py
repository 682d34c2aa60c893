"""The console's frame in a real browser: it lives without jumping, and is used without a mouse."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from mailproof.config.settings import Secret, Settings
from mailproof.console.passwords import hash_password
from mailproof.console.serving import Console
from mailproof.console.visit import Answer, Page, Parts, Strip
from mailproof.console.visit import Visit as Asked
from mailproof.gateway.server import Gateway
from mailproof.mail.events import EventType
from mailproof.store.base import NewEvent, Tx
from mailproof.store.console.people import add_person
from tests.browser.visiting import DEADLINE_MS, Visit
from tests.gateway.world import World as GatewayWorld

pytestmark = pytest.mark.real

VisitAs = Callable[..., Visit]
PASSWORD: Final = "correct horse battery"
SIZES: Final = {"desk": {"width": 1280, "height": 720}, "phone": {"width": 390, "height": 844}}
ROWS: Final = ["ada@x.test", "bob@x.test", "cy@x.test"]

_LIVE: Final = """{% extends "frame.html" %}
{% from "parts.html" import sentence, panel, when, state, csrf, code, ask, mend with context %}
{% block title %}Live{% endblock %}
{% block main %}
{% call sentence("tick", "proven", fact, "Nothing waits.") %}<p>{{ when(at) }}</p>{% endcall %}
{{ mend("The key was deleted.", ["Create a key.", ("Put it there.", "RESEND_API_KEY=re_…")]) }}
<details id="more"><summary>More</summary><p>Inside</p></details>
<form><label for="note">Note</label><input class="input" id="note" name="note">
<button type="button" class="btn" data-ask="cancel">Cancel…</button></form>
{% call ask("cancel", "Cancel 2 mails?") %}<ul><li>They will not go.</li></ul>
<form method="post" action="/console/deed">{{ csrf() }}<div class="btns">
<button class="btn danger">Cancel 2 mails</button>
<button class="btn primary" type="button" data-harmless>Keep them</button></div></form>{% endcall %}
{% call panel("Mails") %}<table class="table stack">
<thead><tr><th>Pick</th><th>State</th><th>To</th></tr></thead>
<tbody>{% for row in rows %}<tr id="{{ row }}"><td class="off">
<input class="check" type="checkbox" aria-label="Pick {{ row }}"></td>
<td class="first">{{ state("held") }}</td>
<td class="wide"><a class="row" href="/console/mails/{{ row }}">{{ row }}</a></td></tr>
{% endfor %}</tbody></table>{% endcall %}{% endblock %}"""


class World(GatewayWorld):
    """A gateway whose console has one page, which shows what a test puts into it."""

    fact = "All mail flows."

    def _gateway(self) -> Gateway:
        self.rows = list(ROWS)

        async def live(visit: Asked) -> Answer:
            return visit.page("live.html", fact=self.fact, rows=self.rows, at=visit.now)

        async def tell(visit: Asked) -> Strip:
            return Strip(
                tone="broken", seal="bang", text=self.fact, href="/console", link="Mend it"
            )

        async def check(provider: str) -> None:
            raise LookupError(provider)

        parts = Parts(
            database=self.database,
            settings=Settings(file="", language="en", store_url=Secret("default", lambda: "")),
            installation=self.installation,
            clock=lambda: NotImplemented,
            version="1.2.3",
            check=check,
        )
        pages = [
            Page("/console", "GET", live),
            Page("/console/mails", "GET", live),
            Page("/console/mails/{id}", "GET", live),
            Page("/console/deed", "POST", live, role="admin"),
        ]
        console = Console(parts, pages, tell)
        environment = console._shelf._environment
        assert environment.loader is not None
        environment.loader = ChoiceLoader([DictLoader({"live.html": _LIVE}), environment.loader])
        self.given["console"] = console.answer
        return super()._gateway()

    @property
    def url(self) -> str:
        return self.listeners.admin_url

    def happen(self) -> None:
        """Time passes, and something is written into the log."""

        async def tell(tx: Tx) -> None:
            tx.tell(NewEvent(EventType.KEY_CREATED, None, {"app": "shop"}))

        self.run(self.database.write(tell))
        self.clock.advance(2)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        hashed = hash_password(PASSWORD)
        made.run(made.database.write(add_person, "lena", "admin", hashed, actor="test"))
        yield made


@pytest.fixture
def signed_in(world: World, visit: VisitAs) -> Callable[..., Visit]:
    def come(path: str = "/console", **given: Any) -> Visit:
        there = visit(f"{world.url}{path}", **given)
        sign_in(there.page)
        there.page.wait_for_url(f"**{path}")
        return there

    return come


def sign_in(tab: Tab, password: str = PASSWORD) -> None:
    tab.get_by_label("Name").fill("lena")
    tab.get_by_label("Password").fill(password)
    tab.keyboard.press("Enter")


def test_times_are_those_of_the_browser_from_the_first_page_on(signed_in: VisitAs) -> None:
    there = signed_in(timezone_id="Asia/Shanghai")
    expect(there.page.locator("#zone")).to_have_text("Times in Asia/Shanghai")
    expect(there.page.locator("main time")).to_have_text("16:00:00")
    expect(there.page.locator("main time")).to_have_attribute(
        "datetime", "2027-01-15T08:00:00.000Z"
    )
    there.page.context.clear_cookies(name="mailproof_zone")
    there.page.reload()  # comes in UTC, and is drawn anew without being loaded again
    expect(there.page.locator("main time")).to_have_text("16:00:00")
    assert there.loads == 5  # to the console, the sign-in, in, the console, and once more


def test_a_page_changes_in_place_and_leaves_what_a_person_does(
    world: World, signed_in: VisitAs
) -> None:
    tab = signed_in(timezone_id="UTC").page
    tab.locator("#more summary").click()
    tab.get_by_label("Pick bob@x.test").check()
    tab.get_by_label("Note").fill("half a wo")
    row = tab.locator("tr[id='cy@x.test']").element_handle()
    loads = tab.evaluate("performance.timeOrigin")
    world.fact, world.rows[:] = "Resend refuses the API key.", ["new@x.test", *ROWS]
    world.happen()
    expect(tab.locator("h1")).to_contain_text("Resend refuses the API key.")
    expect(tab.locator("tbody tr")).to_have_count(4)
    assert tab.locator("#more").get_attribute("open") is not None
    assert tab.get_by_label("Pick bob@x.test").is_checked()
    assert not tab.get_by_label("Pick ada@x.test").is_checked()
    expect(tab.get_by_label("Note")).to_be_focused()
    assert tab.get_by_label("Note").input_value() == "half a wo"
    assert row.evaluate("(row) => row.isConnected && row === document.getElementById('cy@x.test')")
    expect(tab.locator("#said")).to_have_text("Resend refuses the API key. Nothing waits.")
    assert tab.evaluate("performance.timeOrigin") == loads


def test_a_page_without_news_is_not_sent_again(world: World, signed_in: VisitAs) -> None:
    there = signed_in(timezone_id="UTC")
    with there.page.expect_response(lambda answer: answer.status == 204):
        pass
    assert not there.complaints


def test_a_lost_connection_is_said_with_its_time_and_found_again(
    world: World, signed_in: VisitAs
) -> None:
    tab = signed_in(timezone_id="UTC").page
    expect(tab.locator("#live")).to_have_text("Live · 08:00:00 Reload", use_inner_text=False)
    assert not tab.locator("#live a").is_visible()
    tab.context.set_offline(True)
    expect(tab.locator("#live")).to_contain_text("Not live since 08:00:00.", timeout=DEADLINE_MS)
    assert tab.locator("#live a").is_visible()
    tab.context.set_offline(False)
    expect(tab.locator("#live")).to_contain_text("Live · 08:00:00", timeout=DEADLINE_MS)
    assert not tab.locator("#live a").is_visible()


def test_who_is_signed_out_elsewhere_is_led_to_the_sign_in(
    world: World, signed_in: VisitAs
) -> None:
    tab = signed_in(timezone_id="UTC").page
    tab.context.clear_cookies()
    expect(tab.get_by_label("Password")).to_be_visible(timeout=DEADLINE_MS)


def test_everything_is_reached_by_keys(signed_in: VisitAs) -> None:
    tab = signed_in().page
    tab.keyboard.press("/")
    expect(tab.locator("#find")).to_be_focused()
    tab.keyboard.type("jkx/")
    assert tab.locator("#find").input_value() == "jkx/"
    tab.keyboard.press("Escape")
    expect(tab.locator("#find")).not_to_be_focused()
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="bob@x.test")).to_be_focused()
    tab.keyboard.press("x")
    assert tab.get_by_label("Pick bob@x.test").is_checked()
    tab.keyboard.press("k")
    expect(tab.get_by_role("link", name="ada@x.test")).to_be_focused()
    tab.keyboard.press("k")
    expect(tab.get_by_role("link", name="ada@x.test")).to_be_focused()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/console/mails/ada@x.test")


def test_the_first_stop_of_the_tab_key_leads_past_the_rail(signed_in: VisitAs) -> None:
    tab = signed_in().page
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="To the content")).to_be_focused()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_a_question_has_the_harmless_answer_in_focus_and_gives_it_back(
    world: World, signed_in: VisitAs
) -> None:
    tab = signed_in(timezone_id="UTC").page
    opener = tab.get_by_role("button", name="Cancel…")
    opener.focus()
    for closing in ("Escape", "Enter"):
        tab.keyboard.press("Enter")
        keep = tab.get_by_role("button", name="Keep them")
        expect(keep).to_be_focused()
        for _ in range(3):  # round the dialog, and not out of it
            tab.keyboard.press("Tab")
            inside = "!document.activeElement.closest('.page > :not(main), .rail')"
            assert tab.evaluate(inside)
        keep.focus()
        tab.keyboard.press(closing)
        expect(tab.locator("dialog")).not_to_be_visible()
        expect(opener).to_be_focused()


def test_nothing_changes_under_a_question(world: World, signed_in: VisitAs) -> None:
    there = signed_in(timezone_id="UTC", at_s=1_800_000_000.0)
    tab = there.page
    tab.get_by_role("button", name="Cancel…").click()
    expect(tab.locator("dialog")).to_be_visible()
    world.fact = "Resend refuses the API key."
    world.happen()
    asked = len(there.asked)
    tab.clock.run_for(60_000)  # much longer than it takes to ask
    assert there.asked[asked:] == []
    expect(tab.locator("h1")).to_contain_text("All mail flows.")
    tab.keyboard.press("Escape")
    tab.clock.run_for(60_000)
    expect(tab.locator("h1")).to_contain_text("Resend refuses", timeout=DEADLINE_MS)


def test_a_line_is_copied_and_that_is_said(signed_in: VisitAs) -> None:
    tab = signed_in(permissions=["clipboard-read", "clipboard-write"]).page
    tab.get_by_role("button", name="Copy").click()
    expect(tab.locator("#said")).to_have_text("Copied")
    assert tab.evaluate("navigator.clipboard.readText()") == "RESEND_API_KEY=re_…"
    expect(tab.get_by_role("button", name="Copy", exact=True)).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_of_the_frame_shuts_anybody_out(
    world: World, visit: VisitAs, pictures: Path, size: str, theme: str, language: str
) -> None:
    phone = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
    there = visit(f"{world.url}/console", viewport=SIZES[size], color_scheme=theme, **phone)
    tab = there.page

    def look(name: str) -> None:
        assert there.axe() == [], name
        wide = tab.locator("html").evaluate("(page) => page.scrollWidth - page.clientWidth")
        assert wide == 0, name
        tab.screenshot(path=pictures / f"console-{name}-{size}-{theme}-{language}.png")

    sign_in(tab, "wrong")
    expect(tab.locator("#problem")).to_be_visible()
    if language == "zh":
        tab.get_by_role("link", name="中文").click()
        expect(tab.get_by_role("button", name="登录")).to_be_visible()
        tab.get_by_label("名字").fill("lena")
        tab.get_by_label("密码").fill("wrong")
        tab.keyboard.press("Enter")
        expect(tab.locator("#problem")).to_be_visible()
    look("sign-in")
    tab.locator("#password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    tab.locator("main h1").wait_for()
    look("page")
    for path in ("password", "nothing", "mails"):
        tab.goto(f"{world.url}/console/{path}")
        look(path)
    tab.get_by_role("button", name="Cancel…").click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    look("question")
    unexpected = [each for each in there.complaints if "403" not in each and "404" not in each]
    assert not unexpected


def test_the_console_is_used_without_javascript(world: World, visit: VisitAs) -> None:
    tab = visit(f"{world.url}/console", java_script_enabled=False).page
    sign_in(tab)
    tab.locator("main h1").wait_for()
    tab.locator("#find").fill("ada")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/console/mails?text=ada")
    assert tab.locator("#find").input_value() == "ada"
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_label("Password")).to_be_visible()
    tab.goto(f"{world.url}/console")
    expect(tab.get_by_label("Password")).to_be_visible()
