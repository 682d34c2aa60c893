"""In a real browser: who waits sees the truth change, with JavaScript and without, at any width."""

from collections.abc import Callable, Iterator
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
    found = words(language)[name]
    return str({**found, **found.get("link", {})}[part])  # as of `registration`


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
        told.append([seen.element(part).inner_text() for part in ("title", "text")])
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
