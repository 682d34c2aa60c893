"""`<mail-status>` on an app's own page: it follows, offers what can be done, and stays in place."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailproof.gateway.status.telling import LANGUAGES, OF_STATE
from mailproof.mail.lifecycle import State
from tests.browser.app_page import DESK, PAGE, PHONE, App, VisitAs, button, element, text
from tests.browser.own_page import own_page
from tests.browser.visiting import Visit
from tests.gateway.status.reading import token_of
from tests.whole.house import House

pytestmark = pytest.mark.real

# What the reader meets, as in the pictures.
SITUATIONS = {
    State.SENDING: None,
    State.SENT: None,
    State.DELIVERED: None,
    State.HELD: None,
    State.BOUNCED: "mailbox_not_found",
    State.EXPIRED: None,
    State.FAILED: "sender_unverified",
}


# Whether anything but the button changes.
WATCH = """() => {
  window.changes = 0;
  const said = document.querySelector("mail-status").shadowRoot.querySelector("[role=status]");
  const watch = new MutationObserver(() => window.changes++);
  watch.observe(said, { childList: true, characterData: true, subtree: true });
}"""
TOLD_AGAIN = """(each) => new Promise((done) => {
  each.addEventListener("change", () => done(true));
  each.follow();
})"""
# What the browser itself counts as moved.
SHIFTS = """() => {
  window.shifts = [];
  const watch = (seen) => window.shifts.push(...seen.getEntries().map((each) => each.value));
  new PerformanceObserver((seen) => watch(seen)).observe({ type: "layout-shift" });
}"""
DRESS = """() => {
  const sheet = new CSSStyleSheet();
  const parts = ["line", "seal", "title", "text", "action"];
  const colour = (at) => `{ outline: 1px solid rgb(${11 + at}, 0, 0) }`;
  const rules = parts.map((part, at) => `mail-status::part(${part}) ${colour(at)}`);
  sheet.replaceSync(`mail-status { --mail-status-proven: rgb(1, 2, 3) } ${rules.join(" ")}`);
  document.adoptedStyleSheets = [sheet];
}"""
# As an app would lay them out.
BOARD = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`body { background: light-dark(#f5f6f5, #0e1311); font-family: sans-serif }
    main { display: grid; gap: 16px; max-width: 712px; margin: auto }`);
  document.adoptedStyleSheets = [sheet];
}"""


# ------------------------------------------------------------------ what it says


def test_it_follows_the_mail_on_the_apps_own_page(
    tmp_path: Path, visit: VisitAs, pictures: Path
) -> None:
    with House(tmp_path) as house:
        house.provider_key = "re_wrong_Br8kW2dQx9LmZ5tXv7Bn4Pc6DsEf"
        assert house.send(headers={"Mailproof-Purpose": "registration"}).state == "held"
        at = house.database.now() // 1000
        src = f"{house.url}/status/{token_of(house.key, 'ada@kunde.test', 'registration', at)}"
        filled = {"language": "ja", "dir": "ltr", "base": house.url, "elements": element(src)}
        with own_page(lambda _: PAGE.format(**filled)) as own:
            house.make_key("shop", origin=own.url)
            seen = visit(own.url, "ja", viewport=PHONE)
            seen.wait_for(text("delayed", "ja"))
            assert seen.page.get_by_role("link").is_hidden(), "what stood inside is still there"
            assert seen.axe() == []
            house.provider_key = house.sandbox.api_key
            house.reopen()
            seen.wait_for(text("sent", "ja"))
            assert seen.page.locator("mail-status").get_attribute("data-state") == "sent"
            assert not seen.complaints


def test_on_a_page_that_may_not_read_it_the_apps_own_link_stays(app: App, visit: VisitAs) -> None:
    app.mail(State.SENT)
    filled = {"language": "en", "dir": "ltr", "base": app.base, "elements": element(app.src())}
    with own_page(lambda _: PAGE.format(**filled)) as own:
        seen = visit(own.url)
        seen.page.wait_for_event("console", lambda said: "mail-status" in said.text)
        assert seen.page.get_by_role("link", name="How your mail stands").is_visible()


def test_without_javascript_there_is_a_link_that_leads_to_the_page(app: App) -> None:
    app.mail(State.SENT)
    seen = app.open(element(app.src()), java_script_enabled=False)
    seen.page.get_by_role("link", name="How your mail stands").click()
    seen.wait_for(text("sent"))


def test_a_token_that_is_over_is_told_too(app: App) -> None:
    app.mail(State.SENT)
    at = int(app.readers.clock.now())
    seen = app.open(element(app.src(exp=at - 60, iat=at - 7_200)), "zh")
    seen.wait_for(text("ended", "zh"))


def test_the_time_is_that_of_the_reader(app: App) -> None:
    app.mail(State.SENT)
    assert f"{datetime.fromtimestamp(app.readers.clock.now(), UTC):%H:%M}" == "08:00"
    for zone, told in (("Asia/Tokyo", "It left at 17:00."), ("America/New_York", "at 03:00.")):
        seen = app.open(element(app.src()), timezone_id=zone)
        seen.wait_for(text("sent"))
        assert told in seen.element("text").inner_text()


def test_a_state_is_said_aloud_once_and_the_seconds_are_not(app: App) -> None:
    app.mail(State.SENT)
    seen = app.open(element(app.src(), 'resend="/again"'))
    seen.wait_for(text("sent"))
    region = seen.page.locator("mail-status").get_by_role("status")
    assert region.count() == 1
    assert text("sent") in region.inner_text()
    assert "0:" not in region.inner_text()
    seen.page.evaluate(WATCH)
    seen.page.clock.run_for(5_000)
    assert re.fullmatch(r"Send again in 0:5[0-5]", button(seen).inner_text())
    seen.page.locator("mail-status").evaluate(TOLD_AGAIN)
    assert seen.page.evaluate("window.changes") == 0


# ------------------------------------------------------------------ what it looks like


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_situations_can_be_read_by_everybody(
    app: App, pictures: Path, language: str, size: dict[str, int], scheme: str
) -> None:
    elements = []
    for state, reason in SITUATIONS.items():
        to = {"address": "maya@gmial.com"} if state is State.BOUNCED else {}
        app.mail(state, reason=reason, purpose="magic_link", **to)
        m = app.last
        elements.append(element(app.src("magic_link", m=m), 'resend="/again" change-address="/"'))
    seen = app.open("\n".join(elements), language, viewport=size, color_scheme=scheme)
    for state in SITUATIONS:
        seen.wait_for(text(OF_STATE[state], language))
    assert seen.axe() == []
    assert not seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not seen.complaints
    name = f"mail-status-{language}-{size['width']}-{scheme}.png"
    seen.page.evaluate(BOARD)
    seen.page.screenshot(path=pictures / name, full_page=True)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_what_stands_below_never_moves(app: App, size: dict[str, int]) -> None:
    sources = []
    for state, reason in SITUATIONS.items():
        app.mail(state, reason=reason)
        sources.append((app.src(), text(OF_STATE[state])))
    seen = app.open(element(sources[0][0], 'resend="/again" change-address="/"'), viewport=size)
    seen.wait_for(sources[0][1])
    seen.page.evaluate(SHIFTS)
    for src, title in sources:
        seen.page.locator("mail-status").evaluate(
            "(each, src) => each.setAttribute('src', src)", src
        )
        seen.wait_for(title)
    assert seen.page.evaluate("window.shifts") == []


def test_from_right_to_left_it_is_mirrored(app: App, pictures: Path) -> None:
    app.mail(State.SENT)
    boxes = {}
    for side in ("ltr", "rtl"):
        seen = app.open(element(app.src(), 'resend="/again"'), dir=side, viewport=PHONE)
        seen.wait_for(text("sent"))
        boxes[side] = [box(seen, name) for name in (".seal", ".title", ".line i:first-child")]
        assert styled(seen, ".title", "text-align") == {"ltr": "left", "rtl": "right"}[side]
        assert not seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        seen.page.screenshot(path=pictures / f"mail-status-{side}.png")
    seal, title, first = boxes["ltr"]
    assert seal["x"] < title["x"]
    middle = PHONE["width"] / 2
    assert first["x"] < middle
    seal, title, first = boxes["rtl"]
    assert seal["x"] > title["x"]
    assert first["x"] > middle


def box(seen: Visit, selector: str) -> Any:
    return seen.page.locator(f"mail-status {selector}").bounding_box()


def test_with_the_readers_own_colours_every_mark_is_still_there(app: App, pictures: Path) -> None:
    app.mail(State.BOUNCED)
    seen = app.open(element(app.src()), forced_colors="active", viewport=PHONE)
    seen.wait_for(text("unreachable"))
    seen.page.screenshot(path=pictures / "mail-status-forced.png")
    assert styled(seen, ".seal", "border-top-width") == "1px"
    assert styled(seen, ".seal", "background-color") != styled(seen, ".card", "background-color")
    assert styled(seen, ".line .done", "background-color") != styled(
        seen, ".card", "background-color"
    )


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "breathe")])
def test_nothing_moves_for_whoever_wants_it_still(app: App, motion: str, name: str) -> None:
    app.mail(State.SENDING)
    seen = app.open(element(app.src()), reduced_motion=motion)
    seen.wait_for(text("on_its_way"))
    assert styled(seen, ".seal path", "animation-name") == name


def styled(seen: Visit, selector: str, name: str) -> str:
    ask = "(each, name) => getComputedStyle(each).getPropertyValue(name)"
    return str(seen.page.locator(f"mail-status {selector}").first.evaluate(ask, name))


def test_an_app_dresses_it_by_variables_and_parts(app: App) -> None:
    app.mail(State.SENT)
    seen = app.open(element(app.src(), 'resend="/again"'))
    seen.wait_for(text("sent"))
    seen.page.evaluate(DRESS)
    assert styled(seen, ".seal", "background-color") == "rgb(1, 2, 3)"
    for number, part in enumerate(("line", "seal", "title", "text", "action"), start=11):
        assert styled(seen, f"[part~={part}]", "outline-color") == f"rgb({number}, 0, 0)"
