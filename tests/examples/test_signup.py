"""The sign-up example, run against a real gateway and its sandbox."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.examples.tidewell import Browser, Tidewell, heading, running, status_of
from tests.whole.house import House

ADA = "ada@kunde.test"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tidewell]:
    with running(house, tmp_path_factory.mktemp("tidewell")) as made:
        yield made


@pytest.fixture
def app(lasting: Tidewell) -> Iterator[Tidewell]:
    """Without a cooldown; its inbox empty."""
    lasting.house.sandbox.forget()
    yield lasting
    lasting.house.sandbox.heal()
    lasting.settle()


def address(test: str) -> str:
    """One that no other test has."""
    return f"{re.sub('[^a-z]', '', test.lower())[-40:]}@kunde.test"


@pytest.fixture
def ada(request: pytest.FixtureRequest) -> str:
    return address(request.node.name)


def told(app: Tidewell, page: httpx.Response, *, once: str) -> str:
    """What the reader is told as soon as the newest mail is in this state."""
    newest = "SELECT state FROM emails ORDER BY seq DESC LIMIT 1"
    app.house.log.until(lambda: app.house.rows(newest) == [(once,)], f"it is {once}")
    return str(status_of(page)["state"])


def test_who_registers_confirms_by_the_mailed_link_and_is_signed_in(
    app: Tidewell, ada: str
) -> None:
    with Browser(app) as browser:
        page = browser.register(ada)
        assert page.url.path == "/waiting"
        assert heading(page) == "One moment", "nothing is known yet"
        assert told(app, page, once="sent") == "sent"
        (link,) = app.links(1)
        home = browser.press(link)
        assert heading(home) == "Your harbour"
        assert ada in home.text


def test_no_page_says_that_a_mail_was_sent_before_it_was(app: Tidewell, ada: str) -> None:
    app.house.sandbox.fail("unknown-key")
    with Browser(app) as browser:
        page = browser.register(ada)
        assert told(app, page, once="held") == "delayed"
        assert "Check your email" not in re.sub(r'data-heads="[^"]*"', "", page.text)
    app.house.sandbox.heal()
    app.house.reopen()
    assert told(app, page, once="sent") == "sent"


def test_a_link_works_once_and_only_the_newest_does(app: Tidewell, ada: str) -> None:
    with Browser(app) as browser, Browser(app) as other:
        browser.register(ada)
        app.links(1)
        browser.register(ada)
        older, newer = app.links(2)
        assert browser.get(older).status_code == 410
        assert heading(browser.press(newer)) == "Your harbour"
        assert other.get(newer).status_code == 410
        csrf = other.csrf()
        assert other.post(newer, data={"csrf": csrf}).status_code == 410


def test_a_mail_scanner_uses_nothing_up(app: Tidewell, ada: str) -> None:
    with Browser(app) as browser, httpx.Client() as scanner:
        browser.register(ada)
        (link,) = app.links(1)
        for _ in range(3):
            assert scanner.head(link).status_code == 200
            assert scanner.get(link).status_code == 200
            assert scanner.post(link, data={"csrf": "guessed"}).status_code == 403
        assert heading(browser.press(link)) == "Your harbour"


def test_who_has_an_account_signs_in_by_link_and_out_again(app: Tidewell, ada: str) -> None:
    with Browser(app) as browser:
        browser.register(ada)
        browser.press(app.links(1)[0])
        assert browser.submit("/home", "/sign-out").url.path == "/sign-in"
        assert browser.get("/home").url.path == "/sign-in"
        page = browser.sign_in(ada)
        assert page.url.path == "/waiting"
        assert heading(browser.press(app.links(2)[1])) == "Your harbour"


def test_at_sign_in_a_stranger_gets_the_same_page_and_no_mail(app: Tidewell, ada: str) -> None:
    with Browser(app) as browser, Browser(app) as stranger:
        browser.register(ada)
        browser.press(app.links(1)[0])
        known = browser.sign_in(ada)
        unknown = stranger.sign_in(f"no{ada}")
        assert _bare(known, ada) == _bare(unknown, f"no{ada}")
        app.links(2)
        answers = [status_of(page) for page in (known, unknown)]
        for each in answers:
            each.pop("again_at", None)
            each.pop("now", None)
        assert answers[0] == answers[1]
    assert len(app.house.sandbox.mails) == 2


def test_whoever_registers_a_known_address_learns_nothing_and_its_owner_is_told(
    app: Tidewell, ada: str
) -> None:
    with Browser(app) as browser, Browser(app) as stranger:
        first = browser.register(ada)
        browser.press(app.links(1)[0])
        again = stranger.register(ada)
        assert _bare(first, ada) == _bare(again, ada)
        assert app.links(2)[1] == f"{app.url}/sign-in"
        assert app.house.sandbox.mails[1].subject == "You already have a Tidewell account"


def test_an_address_changes_only_when_the_link_to_the_new_one_is_used(
    app: Tidewell, ada: str
) -> None:
    with Browser(app) as browser:
        browser.register(ada)
        browser.press(app.links(1)[0])
        browser.submit("/home", "/change", address=f"new{ada}")
        link = app.links(2)[1]
        assert app.house.sandbox.mails[1].to == (f"new{ada}",)
        assert f"new{ada}" not in browser.get("/home").text
        assert f"new{ada}" in browser.press(link).text
        assert f"new{ada}" in browser.get("/home").text


def test_a_mistyped_new_address_gives_the_account_to_no_stranger(app: Tidewell, ada: str) -> None:
    with Browser(app) as browser, Browser(app) as stranger:
        browser.register(ada)
        browser.press(app.links(1)[0])
        browser.submit("/home", "/change", address=f"slip{ada}")
        link = app.links(2)[1]
        answer = stranger.press(link)
        assert (answer.status_code, heading(answer)) == (403, "Please sign in first")
        assert stranger.get("/home").url.path == "/sign-in"
        assert f"slip{ada}" not in browser.get("/home").text
        assert browser.press(link).status_code == 200, "it was not used up"


def test_an_address_that_somebody_took_meanwhile_is_not_taken_from_them(
    app: Tidewell, ada: str
) -> None:
    with Browser(app) as one, Browser(app) as two:
        one.register(ada)
        one.press(app.links(1)[0])
        one.submit("/home", "/change", address=f"new{ada}")
        two.register(f"new{ada}")
        change, register = app.links(3)[1:]
        two.press(register)
        assert one.press(change).status_code == 409
        assert ada in one.get("/home").text


@pytest.mark.parametrize("wrong", ["", "ada", "ada@", "a@b.test, c@d.test", "A <a@b.test>"])
def test_what_is_no_address_is_said_in_the_form(app: Tidewell, wrong: str) -> None:
    with Browser(app) as browser:
        page = browser.register(wrong)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
    assert app.house.sandbox.mails == []


@pytest.mark.parametrize("path", ["/register", "/sign-in", "/change", "/again", "/sign-out"])
def test_a_form_of_another_site_changes_nothing(app: Tidewell, path: str, ada: str) -> None:
    with Browser(app) as browser:
        browser.get("/")
        for theirs in ("theirs", "它们的"):
            answer = browser.post(path, data={"csrf": theirs, "address": ada})
            assert answer.status_code == 403
    assert app.house.sandbox.mails == []


def test_a_cookie_that_somebody_wrote_themselves_is_no_session(app: Tidewell) -> None:
    with Browser(app) as browser:
        browser.get("/")
        forged = "eyJjc3JmIjoiIiwidXNlcl9pZCI6MX0.x"
        browser.cookies.set("tidewell", forged, domain="127.0.0.1")
        assert browser.get("/home").url.path == "/sign-in"
        odd = httpx.get(f"{app.url}/", headers={b"cookie": b"tidewell=eyJ9.\xe9"})
        assert odd.status_code == 200


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("zh", "注册账户"),
        ("ja", "アカウントを作成"),
        ("ko", "계정 만들기"),
        ("en", "Create your account"),
    ],
)
def test_pages_and_mails_speak_the_readers_language(
    app: Tidewell, language: str, title: str, ada: str
) -> None:
    with Browser(app, language) as browser:
        assert heading(browser.get("/")) == title
        browser.register(f"{language}{ada}")
        app.links(1)
    subjects = {"zh": "完成 Tidewell 注册", "en": "Finish signing up at Tidewell"}
    if language in subjects:
        assert app.house.sandbox.mails[0].subject == subjects[language]
    assert app.house.sandbox.mails[0].to == (f"{language}{ada}",)


def test_the_language_link_leads_nowhere_else(app: Tidewell) -> None:
    with Browser(app) as browser:
        elsewhere = ("//evil.test", "https://evil.test", "/\\evil.test", "/\t/evil.test", "//[")
        for back in elsewhere:
            answer = browser.get("/language/zh", params={"back": back}, follow_redirects=False)
            assert answer.headers["location"] == "/"
        assert heading(browser.get("/")) == "注册账户"


def _bare(page: httpx.Response, typed: str) -> str:
    """A page without what differs between any two visits."""
    text = page.text.replace(typed, "ADDRESS")
    text = re.sub(r'(src|href)="http[^"]*/status/[^"]+"', "STATUS", text)
    return re.sub(r'(name="csrf" value|csrf)="[^"]+"', "CSRF", text)
