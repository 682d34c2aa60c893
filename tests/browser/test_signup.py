"""In a real browser: the heading of the sign-up's page says what is true of its mail."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import DEADLINE_MS, Visit
from tests.examples.tidewell import Tidewell, running
from tests.whole.house import House

pytestmark = pytest.mark.real

VisitAs = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Tidewell]:
    with House(tmp_path) as house, running(house, tmp_path) as made:
        yield made


def test_check_your_email_is_said_only_once_it_was_sent(
    app: Tidewell, visit: VisitAs, pictures: Path
) -> None:
    app.house.sandbox.fail("unknown-key")
    seen = visit(app.url, viewport=PHONE)
    page, title = seen.page, seen.page.locator("h1")
    assert not seen.axe()
    page.get_by_label("Email address").fill("maya@harbour-books.example")
    page.get_by_role("button", name="Create account").click()
    expect(title).to_have_text("Almost there", timeout=DEADLINE_MS)
    page.screenshot(path=pictures / "signup-held.png")
    app.house.sandbox.heal()
    app.house.reopen()
    expect(title).to_have_text("Check your email", timeout=DEADLINE_MS)
    assert not seen.axe()
    assert not seen.complaints
    page.screenshot(path=pictures / "signup-sent.png")

    (link,) = app.links(1)
    page.goto(link)
    page.get_by_role("button", name="Confirm my address").click()
    expect(title).to_have_text("Your harbour")
    assert not seen.axe()


def test_the_elements_button_asks_for_another_mail(app: Tidewell, visit: VisitAs) -> None:
    app.house.sandbox.fail("unknown-key")
    seen = visit(app.url, "zh", viewport=PHONE)
    page = seen.page
    page.get_by_label("邮箱地址").fill("xiaoming@kunde.test")
    page.get_by_role("button", name="注册").click()
    expect(page.locator("h1")).to_have_text("就差一步", timeout=DEADLINE_MS)
    assert not re.search("请查收邮件", page.locator("main").inner_text())
    assert not seen.axe()
