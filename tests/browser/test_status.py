"""In a real browser: who waits sees the truth change, with JavaScript and without, at any width."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailproof.gateway.status.telling import LANGUAGES, OF_STATE, words
from mailproof.mail.lifecycle import State
from mailproof.testing import Sandbox
from tests.browser.visiting import DEADLINE_MS, Visit
from tests.gateway.status.reading import Readers, token_of
from tests.whole.house import House

pytestmark = pytest.mark.real

VisitAs = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 720}
ADA = "ada@kunde.test"


def text(name: str, language: Any = "en", part: str = "title") -> str:
    return str(words(language)[name][part])


def status_of(house: House, address: str = ADA) -> str:
    """Minted as the app would, for a mail of the purpose `registration`."""
    return f"{house.url}/status/{token_of(house.key, address, 'registration', now(house))}"


def now(house: House) -> int:
    return house.database.now() // 1000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as made:
        made.provider_key = "re_wrong_Br8kW2dQx9LmZ5tXv7Bn4Pc6DsEf"
        held = made.send(headers={"Mailproof-Purpose": "registration"})
        assert held.state == "held"
        yield made


def mend(house: House, sandbox: Sandbox) -> None:
    house.provider_key = sandbox.api_key
    house.reopen()


def test_a_page_goes_from_held_to_sent_without_a_reload(house: House, visit: VisitAs) -> None:
    seen = visit(status_of(house), "zh")
    seen.wait_for(text("delayed", "zh"))
    mend(house, house.sandbox)
    seen.wait_for(text("sent", "zh"))
    assert seen.page.title() == text("sent", "zh")
    assert seen.loads == 1
    assert not seen.complaints


def test_without_javascript_the_page_looks_again_by_itself(house: House, visit: VisitAs) -> None:
    seen = visit(status_of(house), java_script_enabled=False)
    seen.wait_for(text("delayed"))
    mend(house, house.sandbox)
    seen.page.wait_for_event("load", timeout=DEADLINE_MS)
    seen.wait_for(text("sent"))
    assert seen.loads > 1
    assert not [url for url in seen.asked if url.endswith(".js")]


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with Readers(tmp_path_factory.mktemp("browser")) as made:
        yield made


def url_of(readers: Readers, state: State) -> str:
    address = f"{state.value}@customer.test"
    email_id = readers.mail_to(address)
    at = readers.database.now()
    readers.put(email_id, state, changed_at=at - 180_000, due_at=at + 240_000)
    return f"http://127.0.0.1:{readers.public_port}/status/{readers.token(address)}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("state", [State.HELD, State.SENT, State.BOUNCED, State.EXPIRED])
def test_everybody_can_read_it_on_any_screen(
    readers: Readers,
    visit: VisitAs,
    pictures: Path,
    state: State,
    size: dict[str, int],
    scheme: str,
) -> None:
    for language in ("en", "zh"):
        seen = visit(url_of(readers, state), language, viewport=size, color_scheme=scheme)
        seen.wait_for(text(OF_STATE[state], language))
        assert seen.axe() == []
        wide = seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, "one must scroll sideways"
        assert not seen.complaints
        assert {url.partition("/status")[0] for url in seen.asked} - {"data:,"} == {
            f"http://127.0.0.1:{readers.public_port}"
        }
        name = f"status-{state.value}-{language}-{size['width']}-{scheme}.png"
        seen.page.screenshot(path=pictures / name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_the_same_before_and_after_its_script_has_run(
    readers: Readers, visit: VisitAs, language: str
) -> None:
    url = url_of(readers, State.DEFERRED)
    told = []
    for scripts in (False, True):
        seen = visit(url, language, java_script_enabled=scripts)
        if scripts:
            seen.wait_for_script()
        told.append([seen.element(part).inner_text() for part in ("title", "text", "times")])
    assert told[0] == told[1]
    assert told[0][0] == text("delayed", language)


def test_a_screen_reader_hears_a_change_politely_and_one_heading_is_there(
    readers: Readers, visit: VisitAs
) -> None:
    seen = visit(url_of(readers, State.HELD))
    seen.wait_for_script()
    assert seen.page.get_by_role("heading", level=1).all_inner_texts() == [text("delayed")]
    region = seen.page.get_by_role("status")
    assert region.count() == 1
    assert text("delayed") in region.inner_text()
    assert "Last change" not in region.inner_text(), "a time that moves is not announced"


def test_text_at_four_times_its_size_and_a_narrow_screen_lose_nothing(
    readers: Readers, visit: VisitAs
) -> None:
    seen = visit(url_of(readers, State.SENT), viewport={"width": 320, "height": 256})
    seen.wait_for(text("sent"))
    assert not seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_fourth_window_of_the_same_page_is_kept_up_to_date_too(
    readers: Readers, visit: VisitAs
) -> None:
    url = url_of(readers, State.HELD)
    seen = [visit(url) for _ in range(4)]
    for each in seen:
        each.wait_for_script()


# ------------------------------------------------------------------ the element on an app's page

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Sign up</title>
<meta http-equiv="content-security-policy"
 content="default-src 'none'; script-src {base}; connect-src {base}; style-src 'self'">
<main><h1>Almost there</h1>
<mailproof-status src="{src}"><p>Check your email.</p>
<button slot="action">Use another address</button></mailproof-status></main>
<script src="{base}/status.js" type="module"></script></html>"""


@contextmanager
def own_page(content: Callable[[], str]) -> Iterator[str]:
    """An app's own page, of another origin. Yields where it is."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content().encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_the_element_follows_the_mail_on_the_apps_own_page(
    house: House, visit: VisitAs, pictures: Path
) -> None:
    def content() -> str:
        return PAGE.format(language="ja", base=house.url, src=status_of(house))

    with own_page(content) as origin:
        house.make_key("shop", origin=origin)
        seen = visit(origin, "ja", viewport=PHONE)
        seen.wait_for(text("delayed", "ja"))
        assert seen.page.get_by_text("Check your email.").is_hidden()
        assert seen.page.get_by_role("button", name="Use another address").is_visible()
        assert seen.axe() == []
        seen.page.screenshot(path=pictures / "element-ja.png")
        mend(house, house.sandbox)
        seen.wait_for(text("sent", "ja"))
        assert seen.page.locator("mailproof-status").get_attribute("data-state") == "sent"
        assert not seen.complaints


def test_on_a_page_that_may_not_read_it_the_apps_own_words_stay(
    house: House, visit: VisitAs
) -> None:
    def content() -> str:
        return PAGE.format(language="en", base=house.url, src=status_of(house))

    with own_page(content) as origin:
        seen = visit(origin)
        seen.page.wait_for_event("console", lambda said: "mailproof-status" in said.text)
        assert seen.page.get_by_text("Check your email.").is_visible()


def test_a_token_that_is_over_is_told_on_the_apps_own_page_too(
    house: House, visit: VisitAs
) -> None:
    at = now(house)
    old = token_of(house.key, ADA, "registration", at - 7_200, exp=at - 60)

    def content() -> str:
        return PAGE.format(language="zh", base=house.url, src=f"{house.url}/status/{old}")

    with own_page(content) as origin:
        house.make_key("shop", origin=origin)
        seen = visit(origin, "zh")
        seen.wait_for(text("ended", "zh"))
