"""The whole story in two browsers: somebody signs up while the key is wrong, and reads the truth;
the operator sees in one look what to mend; once it is mended, everything resolves by itself.
"""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from playwright.sync_api import Page, expect

from mailproof.config.settings import Secret, Settings
from mailproof.diagnosis.guidance.language import OperatorLanguage
from tests.browser.visiting import DEADLINE_MS, Visit
from tests.examples.tidewell import Tidewell, running
from tests.whole.house import House

pytestmark = pytest.mark.real

VisitAs = Callable[..., Visit]
PASSWORD: Final = "correct horse battery staple"
TOLD_WITHIN_S: Final = 5.0
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
# What each language says where it is looked for.
SAID: Final = {
    "en": ("Almost there", "Check your email", "Resend refuses the API key", "All mail flows."),
    "zh": ("就差一步", "请查收邮件", "Resend 拒绝 API 密钥", "邮件都在正常发送。"),
}
LOCALES: Final = {"en": "en-GB", "zh": "zh-CN"}


def _with_password(settings: Settings) -> Settings:
    server = msgspec.structs.replace(
        settings.server, console_password=Secret("literal", lambda: PASSWORD)
    )
    return msgspec.structs.replace(settings, server=server)


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> OperatorLanguage:
    chosen: OperatorLanguage = request.param
    return chosen


@pytest.fixture
def house(tmp_path: Path, language: OperatorLanguage) -> Iterator[House]:
    folder = tmp_path / "gateway"
    folder.mkdir()
    wrong = "re_wrong_wrong_wrong_wrong"
    with House(folder, provider_key=wrong, language=language, adjust=_with_password) as made:
        yield made


@pytest.fixture
def tidewell(house: House, tmp_path: Path) -> Iterator[Tidewell]:
    folder = tmp_path / "tidewell"
    folder.mkdir()
    with running(house, folder) as made:
        yield made


def test_the_reader_reads_the_truth_the_operator_mends_and_everything_resolves_by_itself(
    house: House, tidewell: Tidewell, visit: VisitAs, language: str, pictures: Path
) -> None:
    late, check, refused, well = SAID[language]
    reader = visit(tidewell.url, language=LOCALES[language], viewport=PHONE)
    signed_up_at = _sign_up(reader.page, "ada@kunde.test")
    heading = reader.page.locator("h1")
    expect(heading).to_have_text(late)
    assert time.monotonic() - signed_up_at < TOLD_WITHIN_S
    assert check not in reader.page.locator("main").inner_text()
    expect(reader.page.locator("mail-status")).to_have_attribute("data-state", "delayed")
    assert reader.axe() == []
    reader.page.screenshot(path=pictures / f"story-reader-late-{language}.png")

    operator = _console(house, visit, language)
    sentence = operator.page.locator("h1")
    expect(sentence).to_contain_text(refused)
    expect(operator.page.locator("main")).to_contain_text("resend.com/api-keys")
    assert operator.axe() == []
    operator.page.screenshot(path=pictures / f"story-console-{language}.png", full_page=True)

    loads = (reader.loads, operator.loads)
    house.provider_key = house.sandbox.api_key
    expect(heading).to_have_text(check, timeout=DEADLINE_MS)
    expect(sentence).to_contain_text(well, timeout=DEADLINE_MS)
    assert (reader.loads, operator.loads) == loads, "nobody had to reload"
    assert reader.axe() == []
    reader.page.screenshot(path=pictures / f"story-reader-sent-{language}.png")

    (link,) = tidewell.links(1)
    assert _press(reader.page, link), "the link in the mail works"
    assert not _press(reader.page, link), "and it works once"
    assert [*reader.complaints, *operator.complaints] == [
        each for each in reader.complaints if "410" in each
    ]


def _sign_up(page: Page, address: str) -> float:
    page.locator("input[type=email], input[name=address]").fill(address)
    began = time.monotonic()
    page.locator("form button").last.click()
    return began


def _console(house: House, visit: VisitAs, language: str) -> Visit:
    url = f"{house.listeners.admin_url}/console"
    there = visit(url, language=LOCALES[language], viewport=DESK)
    there.page.locator("input[name=name]").fill("admin")
    there.page.locator("input[name=password]").fill(PASSWORD)
    there.page.keyboard.press("Enter")
    there.page.wait_for_url(re.compile(r"/console$"))
    return there


def _press(page: Page, link: str) -> bool:
    """Open it and press its button; did that lead into the account?"""
    answer = page.goto(link)
    if answer is None or answer.status != 200:
        return False
    page.locator("main form button").click()
    page.wait_for_url(re.compile(r"/home$"))
    return True
