"""What a reader does with `<mail-status>`: ask again, mend the address, write to us."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route

from mailproof.gateway.status.telling import words
from mailproof.mail.lifecycle import State
from tests.browser.app_page import App, VisitAs, button, element, text
from tests.browser.visiting import Visit
from tests.examples.snippet_server import served
from tests.whole.house import House

pytestmark = pytest.mark.real

# The clock of the page goes on while a busy machine looks.
WAITS = re.compile(r"^Send again in (1:00|0:[45]\d)$")
# Notes what it hears, and does it in the element's place unless `lets`.
LISTEN = """() => {
  window.told = [];
  document.querySelector("mail-status").addEventListener("NAME", (event) => {
    window.told.push(event.detail);
    if (!window.lets) event.preventDefault();
  });
}"""

# It has read the answer, and knows when it asks again.
UNTIL_PLANNED = """async () => {
  const status = document.querySelector("mail-status");
  while (!status.later) await new Promise((done) => setTimeout(done, 10));
}"""


def test_another_mail_can_be_asked_for_once_the_time_has_come(app: App) -> None:
    app.mail(State.SENT)
    seen = app.open(element(app.src(), 'resend="/again" csrf="t0ken"'))
    assert button(seen).is_disabled()
    seen.page.clock.run_for(18_100)
    assert re.fullmatch(r"Send again in 0:(4\d|3[5-9])", button(seen).inner_text())
    seen.page.clock.run_for(43_000)
    assert button(seen).inner_text() == "Send again"
    assert button(seen).is_enabled()
    app.readers.clock.advance(61)
    app.mail(State.SENDING)
    app.own.answer = lambda: (200, {"status": app.src()})
    button(seen).press("Enter")
    seen.wait_for(text("on_its_way"))
    (posted,) = app.own.posted
    assert (posted.path, posted.body) == ("/again", b"{}")
    assert posted.headers["x-csrf-token"] == "t0ken"
    assert posted.headers["accept"] == posted.headers["content-type"] == "application/json"
    assert posted.headers["origin"] == app.own.url
    assert seen.page.evaluate("document.activeElement.localName") == "mail-status", "focus is lost"
    assert not seen.complaints


def test_where_the_app_gives_no_new_link_the_old_one_is_followed_and_it_waits_again(
    app: App,
) -> None:
    app.mail(State.SENT, created_at=1_800_000_000_000 - 120_000)
    seen = app.open(element(app.src(), 'resend="/again"'))
    button(seen).click()
    expect_label(seen, WAITS)
    assert button(seen).is_disabled()
    assert len(app.own.posted) == 1
    assert "x-csrf-token" not in app.own.posted[0].headers


def test_no_link_of_a_server_runs_in_the_apps_page(app: App) -> None:
    app.mail(State.SENT)
    seen = app.open(element(app.src()))
    seen.wait_for(text("sent"))
    seen.page.evaluate("""() => {
      const status = document.querySelector("mail-status");
      const hrefs = ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "https://ok.test/"];
      const buttons = hrefs.map((href) => ({ act: "support", label: href, href }));
      status.show({ ...status.told, buttons });
    }""")
    links = seen.page.locator("mail-status .act").get_by_role("link")
    assert [each.get_attribute("href") for each in links.all()] == ["https://ok.test/"]


@pytest.mark.parametrize("wait", ["-5", "99999999999"])
def test_what_is_no_status_is_not_shown_and_seldom_asked_again(app: App, wait: str) -> None:
    app.mail(State.SENT)
    seen = app.open(element(app.src()))
    seen.wait_for(text("sent"))
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        headers = {"access-control-allow-origin": "*", "retry-after": wait}
        headers["access-control-expose-headers"] = "retry-after"
        route.fulfill(json={"title": "Not found"}, headers=headers)

    seen.page.route("**/status/**", answer)
    with seen.page.expect_response(lambda each: each.request.resource_type == "fetch"):
        seen.page.evaluate("document.querySelector('mail-status').follow()")
    seen.page.evaluate(UNTIL_PLANNED)
    seen.page.clock.run_for(900)
    assert len(asked) == 2, "a stream, and an ordinary request for why there is none"
    assert seen.page.locator("mail-status").get_by_text(text("sent")).first.is_visible()


@pytest.mark.parametrize("status", [302, 403, 404, 429, 500, 503])
def test_what_is_no_yes_is_told_and_can_be_asked_again(app: App, status: int) -> None:
    app.mail(State.SENT, created_at=1_800_000_000_000 - 120_000)
    seen = app.open(element(app.src(), 'resend="/again"'))
    app.own.answer = lambda: (status, {"status": "https://evil.test/"})
    button(seen).click()
    alert = seen.page.locator("mail-status").get_by_role("alert")
    alert.filter(has_text=words("en")["buttons"]["failed"]).wait_for()
    assert button(seen).inner_text() == "Send again"
    app.own.answer = lambda: (204, None)
    button(seen).click()
    expect_label(seen, WAITS)
    assert alert.count() == 0, "it is still said"


def test_when_the_apps_server_is_away_that_is_told_too(app: App) -> None:
    app.mail(State.SENT, created_at=1_800_000_000_000 - 120_000)
    seen = app.open(element(app.src(), f'resend="{app.base}/nowhere"'))
    button(seen).click()
    seen.page.locator("mail-status").get_by_role("alert").filter(has_text="not get").wait_for()


def expect_label(seen: Visit, label: str | re.Pattern[str]) -> None:
    seen.page.locator("mail-status").get_by_role("button", name=label, exact=True).wait_for()


def test_an_app_that_listens_asks_in_its_own_way(app: App) -> None:
    app.mail(State.SENT, created_at=1_800_000_000_000 - 120_000)
    seen = app.open(element(app.src(), 'resend="/again"'))
    seen.wait_for(text("sent"))
    seen.page.evaluate(LISTEN.replace("NAME", "resend"))
    button(seen).click()
    assert seen.page.evaluate("window.told") == [None]
    assert not app.own.posted


def test_without_somebody_who_can_do_it_nothing_is_offered(app: App) -> None:
    app.mail(State.SENT, created_at=1_800_000_000_000 - 120_000)
    seen = app.open(element(app.src()))
    seen.wait_for(text("sent"))
    assert button(seen).count() == 0
    seen.page.evaluate(LISTEN.replace("NAME", "resend"))
    expect_label(seen, "Send again")


def test_the_right_domain_is_one_click_away(app: App) -> None:
    app.mail(State.BOUNCED, address="maya@gmail.comm", reason="mailbox_not_found")
    seen = app.open(element(app.src(), 'change-address="/sign-up?plan=a"'))
    seen.wait_for(text("unreachable"))
    said = seen.element("text").inner_html()
    assert said.endswith('m•••a@gmail.comm. Did you mean <b class="">gmail.com</b>?')
    links = seen.page.locator("mail-status").get_by_role("link")
    assert links.all_inner_texts() == ["Use gmail.com", "Other address"]
    other = links.nth(1).get_attribute("href")
    assert other == f"{app.own.url}/sign-up?plan=a"
    seen.page.evaluate(LISTEN.replace("NAME", "changeaddress"))
    for link in links.all():
        link.click()
    assert seen.page.evaluate("window.told") == [{"domain": "gmail.com"}, {"domain": None}]
    assert seen.page.url == f"{app.own.url}/", "it was canceled, and followed"
    seen.page.evaluate("window.lets = true")
    links.first.click()
    seen.page.wait_for_url("**/sign-up?plan=a&domain=gmail.com")


def test_only_who_listens_gets_a_button_in_place_of_a_link(app: App) -> None:
    app.mail(State.BOUNCED, address="maya@gmial.com", reason="mailbox_not_found")
    seen = app.open(element(app.src()))
    seen.wait_for(text("unreachable"))
    assert button(seen).count() == 0
    seen.page.evaluate(LISTEN.replace("NAME", "changeaddress"))
    button(seen).first.click()
    assert seen.page.evaluate("window.told") == [{"domain": "gmail.com"}]


def test_where_the_fault_is_ours_there_is_somebody_to_write_to(app: App) -> None:
    app.mail(State.FAILED, reason="sender_unverified")
    seen = app.open(element(app.src()))
    seen.wait_for(text("not_sent"))
    link = seen.page.locator("mail-status").get_by_role("link")
    assert link.inner_text() == "help@tidewell.example"
    assert link.get_attribute("href") == "mailto:help@tidewell.example"


def test_the_page_of_better_auth_asks_and_shows(tmp_path: Path, visit: VisitAs) -> None:
    with House(tmp_path) as house:
        env = {
            "MAILPROOF_PUBLIC_URL": house.url,
            "RESEND_API_KEY": house.key,
            "RESEND_BASE_URL": house.url,
            "MAIL_FROM": "Acme <news@acme.test>",
            "SECRET": "a-secret-for-sessions-of-32-characters",
        }
        with served("better-auth", tmp_path / "app", env) as url:
            house.make_key("shop", origin=url)
            seen = visit(url)
            seen.page.get_by_label("Email").fill("ada@kunde.test")
            seen.page.get_by_role("button", name="Sign in").click()
            seen.wait_for(text("sent"))
            expect_label(seen, WAITS)
