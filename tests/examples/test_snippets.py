"""The snippets for frameworks, run with the real packages: a mail goes out, and is followed."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mailproof.mail.status_token import read
from tests.docs.pages import heads, tables
from tests.examples.snippet_server import COMMANDS, PACKAGES, SNIPPETS, served
from tests.whole.house import House

ADA = "Ada@kunde.test"
SIGN_UP = ("fastapi", "flask", "django", "express")


@pytest.fixture(autouse=True, scope="session")
def installed() -> None:
    if not (PACKAGES / "express").exists():
        pytest.fail("Run `make test`, or `npm ci` in tests/sdk/snippets-node, before these tests.")


class App:
    """A snippet and a browser without JavaScript."""

    def __init__(self, house: House, url: str) -> None:
        self.house = house
        self.url = url
        # A server closes its connection after an error, and may do so while the next request comes.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(
            base_url=url, follow_redirects=True, timeout=30, trust_env=False, limits=limits
        )

    def status(self, page: httpx.Response) -> str:
        """Where the element on that page looks."""
        assert page.status_code == 200, page.text
        found = re.search(r'<mail-status src="([^"]+)"', page.text)
        assert found is not None, page.text
        assert f'<script src="{self.house.url}/status.js" type="module">' in page.text
        assert f'<a href="{found[1]}">' in page.text, "there is nothing without JavaScript"
        return found[1]

    def told(self, status: str) -> dict[str, Any]:
        answer = httpx.get(status, headers={"accept": "application/json"}, trust_env=False)
        assert answer.status_code == 200
        tree: dict[str, Any] = answer.json()
        return tree

    def form(self, page: httpx.Response, email: str) -> httpx.Response:
        """Fill in its only form, and send it."""
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        fields = {name: unescape(value) for name, value in hidden}
        url = page.url.join(unescape(action[1])) if action else page.url
        return self.http.post(url, data={**fields, "email": email})

    def ask_again(self, page: httpx.Response) -> httpx.Response:
        """As the element does."""
        assert 'resend="/again"' in page.text
        headers = {"accept": "application/json", "origin": self.url}
        if csrf := re.search(r'csrf="(\w+)"', page.text):
            headers["x-csrf-token"] = csrf[1]
        return self.http.post("/again", json={}, headers=headers)

    def mails(self) -> list[Any]:
        return list(self.house.sandbox.mails)


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, str]]:
    """One gateway and one server of the snippet for all tests of it."""
    folder = tmp_path_factory.mktemp(request.param)
    with House(folder) as house:
        env = {
            "MAILPROOF_URL": house.url,
            "MAILPROOF_PUBLIC_URL": house.url,
            "RESEND_API_KEY": house.key,
            "RESEND_API_URL": house.url,
            "RESEND_BASE_URL": house.url,
            "MAIL_FROM": "Acme <news@acme.test>",
            "SECRET": "a-secret-for-sessions-of-32-characters",
        }
        with served(request.param, folder / "app", env) as url:
            yield house, url


@pytest.fixture
def app(running: tuple[House, str]) -> Iterator[App]:
    """With another browser, for somebody who has not been here yet."""
    made = App(*running)
    with made.http:
        yield made


def of(*names: str) -> pytest.MarkDecorator:
    """Tests of one snippet stay together, so that it is started once."""
    group = pytest.mark.xdist_group
    each = [pytest.param(name, marks=group(f"snippet-{name}")) for name in names]
    return pytest.mark.parametrize("running", each, indirect=True)


@of(*SIGN_UP)
def test_who_signs_up_sees_how_the_mail_stands_and_asks_again_in_time(app: App) -> None:
    page = app.form(app.http.get("/"), ADA)
    status = app.status(page)
    told = app.told(status)
    assert (told["state"], told["address"]) == ("sent", "A•••a@kunde.test")
    assert read(status.rpartition("/")[2]).claims.p == "registration"
    assert app.mails()[-1].to == (ADA,)
    before = len(app.mails())
    assert app.ask_again(page).status_code == 429, "it was asked again before its time"
    assert len(app.mails()) == before
    app.house.change("UPDATE emails SET created_at = created_at - 60000")
    answer = app.ask_again(page)
    assert answer.status_code == 200, answer.text
    assert app.told(answer.json()["status"])["state"] == "sent"
    assert len(app.mails()) == before + 1
    assert set(app.house.rows("SELECT purpose FROM emails")) == {("registration",)}


@of(*SIGN_UP)
def test_who_has_not_signed_up_gets_neither_a_mail_nor_a_status(app: App) -> None:
    before = len(app.mails())
    assert app.http.post("/again", json={}).status_code == 403
    assert "<mail-status" not in app.http.get("/sent").text
    assert len(app.mails()) == before


@of(*SIGN_UP)
def test_what_mailproof_refuses_is_an_error_and_not_a_page_that_says_wait(app: App) -> None:
    answer = app.form(app.http.get("/"), "not an address")
    assert answer.status_code == 500
    assert "<mail-status" not in app.http.get("/sent").text


@of("django")
def test_without_djangos_token_a_foreign_page_cannot_ask(app: App) -> None:
    app.form(app.http.get("/"), "grace@kunde.test")
    app.house.change("UPDATE emails SET created_at = created_at - 60000")
    before = len(app.mails())
    assert app.http.post("/again", json={}).status_code == 403
    assert len(app.mails()) == before


@of("auth-js")
def test_auth_js_leads_to_a_page_that_knows(app: App) -> None:
    page = app.form(app.http.get("/auth/signin"), ADA.lower())
    assert urlsplit(str(page.url)).path == "/sent"
    told = app.told(app.status(page))
    assert (told["state"], told["address"]) == ("sent", "a•••a@kunde.test")
    assert "/auth/callback/email?" in unescape(app.mails()[-1].html or "")


@of("auth-js")
def test_to_whom_auth_js_sends_no_mail_it_gives_no_status(app: App) -> None:
    before = len(app.mails())
    app.http.post("/auth/signin/email", data={"email": ADA, "csrfToken": "forged"})
    assert "mail-status" not in app.http.cookies
    assert "<mail-status" not in app.http.get("/sent").text
    assert len(app.mails()) == before


@of("better-auth")
def test_better_auth_gives_the_status_to_the_page_that_asked(app: App) -> None:
    page = app.http.get("/")
    assert '<mail-status src="about:blank" resend hidden>' in page.text
    asked = {"email": ADA.lower()}
    headers = {"origin": app.url}
    answer = app.http.post("/api/auth/sign-in/magic-link", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    told = app.told(answer.headers["mail-status"])
    assert (told["state"], told["address"]) == ("sent", "a•••a@kunde.test")
    assert "/api/auth/magic-link/verify?token=" in unescape(app.mails()[-1].html or "")


def test_both_pages_name_each_snippet_and_how_it_is_run() -> None:
    english, chinese = (
        (SNIPPETS / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")
    )
    assert heads(english) == heads(chinese)
    assert [len(rows) for rows in tables(english)] == [len(rows) for rows in tables(chinese)]
    for file in SNIPPETS.glob("*.[mp]*[sy]"):
        assert f"]({file.name})" in english
        assert f"]({file.name})" in chinese
    assert len(tables(english)[0]) == len(COMMANDS)
