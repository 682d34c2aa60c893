"""In a real browser: the sandbox's inbox lives without a reload, and every fault has a switch."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mailproof.testing import Sandbox
from tests.browser.visiting import Visit
from tests.sandbox.api import Api

pytestmark = pytest.mark.real

VisitAs = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 965}
HTML = (
    "<style>body{font:16px/1.5 Inter,sans-serif;margin:24px}a.b{background:#0f5f73;color:#fff;"
    "padding:8px 14px;border-radius:6px;display:inline-block}</style>"
    "<b>Welcome to Tidewell, Tom</b><p>Confirm your address to start planning shifts with your "
    "team. The link works once, until tomorrow.</p><p><a class=b href='http://127.0.0.1:9/confirm'>"
    "Confirm address</a></p>"
)


@pytest.fixture
def api() -> Iterator[Api]:
    with Sandbox(smtp_port=0) as sandbox:
        yield Api(sandbox)


def mail(api: Api, to: str, subject: str = "Confirm your address", **given: Any) -> Any:
    body = {"html": HTML, "text": "Welcome", "from": "Tidewell <hello@acme.test>"}
    return api.send(to=to, subject=subject, **{**body, **given})


def fill(api: Api) -> None:
    """As much as a morning brings."""
    mail(api, "desk@bureau-lumiere.test", "Votre lien de connexion", key="k/1")
    mail(api, "desk@bureau-lumiere.test", "Votre lien de connexion", key="k/1")
    mail(
        api,
        "konstantina.papadopoulou-lindqvist+rota@international-relations.university-hospital.test",
    )
    mail(api, "王小明 <xiaoming@qiming.test>", "登录 Tidewell 的链接")
    mail(api, "sora.kim@hanok.test", "Tidewell 초대장")
    mail(api, "tom@lakeside-cafe.test")
    api.sandbox.fail("unknown-key,status=401")
    for _ in range(3):
        mail(api, "maya@harbour-books.test")


def row(seen: Visit, text: str) -> Any:
    return seen.page.locator("#rows li", has_text=text)


def ready(seen: Visit) -> Visit:
    seen.page.locator("html[data-ready]").wait_for()
    return seen


def test_a_mail_appears_by_itself_and_what_is_read_stays(api: Api, visit: VisitAs) -> None:
    mail(api, "tom@lakeside.test", "First")
    seen = ready(visit(api.sandbox.url))
    seen.page.locator("h2", has_text="First").wait_for()
    mail(api, "maya@harbour.test", "Second")
    row(seen, "Second").wait_for()
    assert seen.page.locator("#title h2").text_content() == "First"
    row(seen, "Second").locator("a").click()
    seen.page.locator("#title h2", has_text="Second").wait_for()
    assert "mail=" in seen.page.url
    seen.page.go_back()
    seen.page.locator("#title h2", has_text="First").wait_for()
    assert [url for url in seen.asked if "/html" in url]
    assert not seen.complaints


def test_the_first_mail_to_arrive_is_opened_and_stays(api: Api, visit: VisitAs) -> None:
    seen = ready(visit(api.sandbox.url))
    for number in ("First", "Second", "Third"):
        mail(api, "tom@lakeside.test", number)
        row(seen, number).wait_for()
        assert seen.page.locator("#title h2").text_content() == "First"


def test_the_row_under_the_pointer_does_not_move(api: Api, visit: VisitAs) -> None:
    for number in range(30):
        mail(api, f"a{number}@kunde.test", f"Mail {number}")
    seen = ready(visit(api.sandbox.url, viewport=DESK))
    under = row(seen, "Mail 25")
    under.hover()
    before = under.bounding_box()
    mail(api, "new@kunde.test", "The new one")
    row(seen, "The new one").wait_for(state="attached")
    assert under.bounding_box() == before


def test_a_mail_in_its_frame_runs_nothing_and_asks_for_nothing(api: Api, visit: VisitAs) -> None:
    html = (
        "<b>Welcome</b><script>document.title='ran'</script><a href='/_sandbox/requests'>Go</a>"
        "<img src='/pixel.png' alt=''><iframe src='/_sandbox/mails'></iframe>"
        "<form action='/_sandbox/page/empty' method='post'><button>Empty</button></form>"
    )
    mail(api, "tom@lakeside.test", html=html.replace("'/", f"'{api.sandbox.url}/"))
    seen = ready(visit(api.sandbox.url))
    inside = seen.page.frame_locator("iframe")
    inside.locator("b", has_text="Welcome").wait_for()
    assert seen.page.title().startswith("Sandbox")
    assert [each for each in seen.complaints if "script" in each.lower()]
    inside.locator("button").click()
    assert len(api.sandbox.mails) == 1
    assert not [each for each in api.sandbox.requests if "pixel" in each.path]
    with seen.page.context.expect_page() as opened:
        inside.locator("a").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("/_sandbox/requests")
    assert opened.value.evaluate_handle("window.opener").json_value() is None


def test_a_switch_breaks_and_mends_without_a_reload(api: Api, visit: VisitAs) -> None:
    seen = ready(visit(api.sandbox.url))
    switch = seen.page.get_by_role("switch", name="API key is wrong")
    switch.click()
    seen.page.locator("[aria-checked=true]#switch-wrong").wait_for()
    assert mail(api, "maya@harbour.test").status == 401
    row(seen, "Refused, 401").wait_for()
    seen.page.get_by_text("1 call refused").wait_for()
    seen.page.get_by_role("button", name="Mend all").click()
    seen.page.locator("[aria-checked=false]#switch-wrong").wait_for()
    assert mail(api, "maya@harbour.test").status == 200
    assert seen.loads == 1


def test_the_focus_stays_on_the_switch_that_was_used(api: Api, visit: VisitAs) -> None:
    seen = ready(visit(api.sandbox.url))
    switch = seen.page.get_by_role("switch", name="Down")
    switch.focus()
    seen.page.keyboard.press("Space")
    seen.page.locator("#switch-down[aria-checked=true]:focus").wait_for()
    seen.page.keyboard.press("Enter")
    seen.page.locator("#switch-down[aria-checked=false]:focus").wait_for()


def test_emptying_asks_and_the_harmless_answer_has_the_focus(api: Api, visit: VisitAs) -> None:
    mail(api, "tom@lakeside.test", html=None)
    seen = ready(visit(api.sandbox.url))
    seen.page.get_by_role("button", name="Empty…").click()
    seen.page.locator("#ask-keep:focus").wait_for()
    seen.page.keyboard.press("Enter")
    seen.page.locator("dialog").wait_for(state="hidden")
    assert len(api.sandbox.mails) == 1
    seen.page.get_by_role("button", name="Empty…").click()
    seen.page.locator("#ask-do").click()
    seen.page.locator("#rows", has_text="Nothing has arrived yet.").wait_for()
    assert not api.sandbox.mails
    assert seen.loads == 1


def test_the_list_is_walked_by_keyboard(api: Api, visit: VisitAs) -> None:
    for number in range(3):
        mail(api, f"a{number}@kunde.test", f"Mail {number}")
    seen = ready(visit(api.sandbox.url))
    seen.page.keyboard.press("j")
    seen.page.keyboard.press("j")
    seen.page.keyboard.press("j")
    seen.page.keyboard.press("k")
    seen.page.keyboard.press("Enter")
    seen.page.locator("#title h2", has_text="Mail 1").wait_for()


def test_a_sandbox_that_has_stopped_is_told_as_not_live(visit: VisitAs) -> None:
    with Sandbox() as sandbox:
        seen = ready(visit(sandbox.url))
    seen.page.locator(".live.lost", has_text="Not live since").wait_for()


def test_without_javascript_the_page_works_by_links_and_forms(api: Api, visit: VisitAs) -> None:
    mail(api, "tom@lakeside.test", "First")
    mail(api, "maya@harbour.test", "Second")
    seen = visit(api.sandbox.url, java_script_enabled=False)
    row(seen, "First").locator("a").click()
    seen.page.locator("#title h2", has_text="First").wait_for()
    seen.page.get_by_role("link", name="Text").click()
    seen.page.locator("pre", has_text="Welcome").wait_for()
    seen.page.get_by_role("switch", name="Down").click()
    seen.page.locator("#switch-down[aria-checked=true]").wait_for()
    assert seen.page.locator("#title h2").text_content() == "First"
    seen.page.get_by_role("button", name="Empty…").click()
    seen.page.locator("#ask-do").click()
    seen.page.locator("#rows", has_text="Nothing has arrived yet.").wait_for()


@pytest.mark.parametrize("tab", ["mail", "call", "empty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_is_open_to_everybody(
    api: Api,
    visit: VisitAs,
    pictures: Path,
    tab: str,
    scheme: str,
    size: Mapping[str, int],
    language: str,
) -> None:
    if tab != "empty":
        fill(api)
    seen = ready(visit(api.sandbox.url, language, color_scheme=scheme, viewport=size))
    if tab == "mail":
        row(seen, "tom@").locator("a").click()
        seen.page.locator("#title", has_text="tom@").wait_for()
        seen.page.locator("#scan-0").click()
        seen.page.locator(".scan").wait_for()
    width = seen.page.evaluate_handle("document.documentElement.scrollWidth").json_value()
    assert width <= size["width"]
    wide = "desk" if size == DESK else "phone"
    where = pictures / f"sandbox-{tab}-{language[:2]}-{scheme}-{wide}.png"
    seen.page.screenshot(path=where, full_page=size == PHONE)
    assert seen.axe() == []
    assert not seen.complaints
