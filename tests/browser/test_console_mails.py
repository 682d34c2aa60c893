"""The console's mails in a real browser: chosen together, asked about first, and never jumping."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import expect

from mailproof.console.serving import Console
from mailproof.console.sessions import hash_token, new_token
from mailproof.console.visit import Parts
from mailproof.gateway.server import Gateway
from mailproof.mail.lifecycle import State
from mailproof.store.console import search as searching
from mailproof.store.console.people import add_person, begin_session
from mailproof.store.mails.listing import show
from tests.browser.visiting import DEADLINE_MS, Visit
from tests.console.mail_world import (
    KEY_REFUSED,
    MAIL_PAGES,
    mail_settings,
    seed,
    seed_queued,
)
from tests.gateway.world import World as GatewayWorld
from tests.store.seeding import open_for_mail

pytestmark = pytest.mark.real

VisitAs = Callable[..., Visit]
SIZES: Final = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


class World(GatewayWorld):
    """A gateway whose console has the pages of mails."""

    def _gateway(self) -> Gateway:
        async def check(provider: str) -> None:
            raise LookupError(provider)

        parts = Parts(
            database=self.database,
            settings=mail_settings(),
            installation=self.installation,
            clock=lambda: NotImplemented,
            version="1.2.3",
            check=check,
        )
        self.given["console"] = Console(parts, MAIL_PAGES).answer
        return super()._gateway()

    def seed(self, state: State, **given: Any) -> str:
        return self.run(seed(self.database, state, **given))

    def standing(self, email_id: str) -> State:
        shown = self.run(self.database.read(show, email_id))
        assert shown is not None
        return shown.mail.state


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        made.run(open_for_mail(made.database))
        made.run(made.database.write(add_person, "lena", "admin", "no password", actor="test"))
        yield made


@pytest.fixture
def come(world: World, visit: VisitAs) -> VisitAs:
    """Somebody who is signed in comes to a page."""

    def open_page(path: str, **given: Any) -> Visit:
        token = new_token()
        world.run(world.database.write(begin_session, hash_token(token), "lena"))
        there = visit("about:blank", **given)
        url = world.listeners.admin_url
        name = f"mailproof_session_{world.installation.id[:8]}"
        there.page.context.add_cookies([{"name": name, "value": token, "url": url}])
        there.page.goto(f"{url}{path}")
        return there

    return open_page


def test_rows_are_picked_by_a_range_and_counted(world: World, come: VisitAs) -> None:
    world.run(seed_queued(world.database, 6))
    page = come("/console/mails").page
    boxes = page.locator("tbody .check")
    expect(page.locator("#bulk")).to_be_hidden()
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("#picked")).to_have_text("4 selected")
    page.locator("#pick-all").click()
    expect(page.locator("#picked")).to_have_text("6 selected")
    page.locator("#pick-all").click()
    expect(page.locator("#bulk")).to_be_hidden()


def test_a_deed_is_asked_about_and_the_harmless_answer_has_the_focus(
    world: World, come: VisitAs
) -> None:
    queued = world.seed(State.QUEUED)
    there = come("/console/mails")
    page = there.page
    page.locator("tbody .check").first.click()
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel 1 mail?")
    expect(page.get_by_text("Keep them")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert world.standing(queued) is State.QUEUED
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel 1 mail").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 mail canceled.")
    assert world.standing(queued) is State.CANCELED
    assert there.complaints == []


def test_thousands_go_on_by_themselves_and_end_with_their_number(
    world: World, come: VisitAs
) -> None:
    world.run(seed_queued(world.database, 2_300))
    page = come("/console/mails?tab=waiting").page
    page.locator("tbody .check").first.click()
    page.get_by_label("that fit").check()
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel all that fit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "2,300 mails canceled.", timeout=DEADLINE_MS
    )


def test_without_scripts_mails_are_chosen_asked_about_and_canceled(
    world: World, come: VisitAs
) -> None:
    queued = world.seed(State.QUEUED)
    page = come("/console/mails", java_script_enabled=False).page
    page.locator("tbody .check").first.check()
    page.get_by_role("button", name="Cancel…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel 1 mail?")
    page.get_by_role("button", name="Cancel 1 mail").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 mail canceled.")
    assert world.standing(queued) is State.CANCELED


def test_new_mails_wait_behind_a_button_and_what_is_picked_stays_picked(
    world: World, come: VisitAs
) -> None:
    first = world.seed(State.QUEUED)
    page = come("/console/mails").page
    page.wait_for_url(re.compile("upto="))
    page.locator("tbody .check").first.click()
    for _ in range(3):
        world.seed(State.QUEUED)
    world.clock.advance(2)
    button = page.get_by_role("link", name="3 new mails")
    expect(button).to_be_visible(timeout=DEADLINE_MS)
    assert page.locator("tbody tr").count() == 1
    expect(page.locator("tbody .check").first).to_be_checked()
    expect(page.locator("#picked")).to_have_text("1 selected")
    button.click()
    expect(page.locator("tbody tr")).to_have_count(4)
    assert page.locator(f'a[href="/console/mails/{first}"]').count() == 1


def test_a_search_goes_on_by_itself_and_what_it_found_stays(
    world: World, come: VisitAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = world.seed(State.SENT, address="tom@lakeside.example")
    world.run(seed_queued(world.database, 50))
    monkeypatch.setattr(searching, "_READ_MAX", 20)
    monkeypatch.setattr(searching, "_STEP", 10)
    there = come("/console/mails?text=lakeside")
    found = there.page.locator(f'a.row[href="/console/mails/{wanted}"]')
    expect(found).to_be_visible()
    world.seed(State.QUEUED)
    world.clock.advance(2)
    expect(there.page.locator("#live")).to_contain_text("08:00:02", timeout=DEADLINE_MS)
    expect(found).to_be_visible()
    assert there.complaints == []


def test_a_choice_is_taken_when_it_is_made(world: World, come: VisitAs) -> None:
    world.seed(State.SENT)
    failed = world.seed(State.FAILED, failure=KEY_REFUSED, purpose="otp")
    page = come("/console/mails").page
    page.get_by_label("Purpose").select_option("otp")
    page.wait_for_url(re.compile("purpose=otp"))
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.locator(f'a[href="/console/mails/{failed}"]').count() == 1


def test_the_letter_in_its_frame_can_neither_act_nor_leave(world: World, come: VisitAs) -> None:
    held = world.seed(State.HELD, failure=KEY_REFUSED, closes=True)
    there = come(f"/console/mails/{held}")
    page = there.page
    page.locator("iframe").scroll_into_view_if_needed()
    letter = page.frame_locator("iframe")
    expect(letter.locator("body")).to_contain_text("Welcome to Tidewell, Maya")
    expect(letter.locator("body")).to_contain_text("481 •••")
    assert letter.locator("a, script, img").count() == 0
    assert "broken out" not in page.title()
    host = world.listeners.admin_url
    assert not [url for url in there.asked if not url.startswith((host, "about:"))]
    assert there.complaints == []


def test_what_is_revealed_comes_once_and_into_a_frame(world: World, come: VisitAs) -> None:
    held = world.seed(State.HELD, failure=KEY_REFUSED, closes=True)
    there = come(f"/console/mails/{held}/reveal")
    page = there.page
    page.get_by_role("button", name="Reveal").click()
    letter = page.frame_locator("iframe")
    expect(letter.locator("body")).to_contain_text("confirm?token=s3cr3t-t0ken")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Show what this mail says?")
    assert "s3cr3t" not in (page.frames[-1].content() + page.content())


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out_of_the_pages_of_mails(
    size: str, scheme: str, world: World, come: VisitAs, pictures: Path
) -> None:
    world.seed(State.SENT, address="konstantinopolitanis@international-relations.example")
    failed = world.seed(State.FAILED, failure=KEY_REFUSED)
    held = world.seed(State.HELD, failure=KEY_REFUSED, closes=True)
    paths = {
        "mails": "/console/mails",
        "mail": f"/console/mails/{held}",
        "mail-source": f"/console/mails/{held}/source",
        "mail-reveal": f"/console/mails/{held}/reveal",
        "mails-ask": f"/console/mails/ask?deed=retry&id={held}&id={failed}",
        "mails-done": "/console/mails/done?deed=retry&done=2&n_ended=1",
    }
    there = come("/console/mails", viewport=SIZES[size], color_scheme=scheme)
    for name, path in paths.items():
        there.page.goto(f"{world.listeners.admin_url}{path}")
        assert there.axe() == [], path
        root = there.page.locator("html")
        assert root.evaluate("(page) => page.scrollWidth <= innerWidth"), path
        there.page.screenshot(path=pictures / f"{name}-{size}-{scheme}.png", full_page=True)
    # axe knocks at the frame of the letter, which is of no origin and hears nobody.
    assert not [said for said in there.complaints if "postMessage" not in said]
