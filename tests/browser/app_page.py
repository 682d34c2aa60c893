"""An app whose page has `<mail-status>` on it: its mails, their links, and its visitors."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Locator

from mailproof.gateway.status.telling import words
from mailproof.mail.lifecycle import State
from tests.browser.own_page import Own, own_page
from tests.browser.visiting import Visit
from tests.gateway.status.reading import Readers, token_of

__all__ = ["DESK", "PAGE", "PHONE", "App", "VisitAs", "button", "element", "text"]

VisitAs = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 720}
# Its policy lets in nothing but the script, and no style at all.
PAGE = """<!doctype html><html lang="{language}" dir="{dir}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>Sign up</title>
<meta http-equiv="content-security-policy" content="default-src 'none'; img-src data:;
 script-src {base}; connect-src {base} 'self'; style-src 'none';
 require-trusted-types-for 'script'">
<main><h1>Almost there</h1>
{elements}
<p id="below">What stands below.</p></main>
<script src="{base}/status.js" type="module"></script></html>"""


def text(name: str, language: Any = "en", part: str = "title") -> str:
    found = words(language)[name]
    return str({**found, **found.get("link", {})}[part])


def element(src: str, attributes: str = "", inside: str = "") -> str:
    inside = inside or f'<a href="{src}">How your mail stands</a>'
    return f'<mail-status src="{src}" {attributes}>{inside}</mail-status>'


def button(seen: Visit) -> Locator:
    return seen.page.locator("mail-status").get_by_role("button")


class App:
    """One app with its page, its mails and its visitors."""

    def __init__(self, readers: Readers, visit: VisitAs) -> None:
        self.readers = readers
        self.base = f"http://127.0.0.1:{readers.public_port}"
        self._visit = visit
        self._opened = ExitStack()
        self._count = self._opens = 0
        self.own: Own

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def mail(self, state: State = State.SENDING, *, local: str = "maya", **given: Any) -> str:
        """Its id; each goes to an address that was not used before."""
        self._count += 1
        self.address = given.pop("address", f"{local}{self._count}a@customer.test")
        email_id = self.readers.mail_to(self.address, given.pop("purpose", "registration"))
        values = {"changed_at": self.readers.database.now(), **given}
        self.readers.put(email_id, state, values.pop("reason", None), **values)
        self.last = email_id
        return email_id

    def src(self, purpose: str = "registration", **given: Any) -> str:
        """For the last mail."""
        at = given.pop("iat", int(self.readers.clock.now()))
        token = token_of(self.readers.key, self.address, purpose, at, **given)
        return f"{self.base}/status/{token}"

    def open(self, elements: str, language: str = "en", **given: Any) -> Visit:
        """The app's page with these elements, in a browser whose clock is ours."""
        filled = {"language": language, "dir": given.pop("dir", "ltr"), "base": self.base}
        page = PAGE.format(elements=elements, **filled)
        self.own = self._opened.enter_context(own_page(lambda own: page))
        self.readers.make_key("shop", origin=self.own.url)
        self._opens += 1
        self.readers.keys.refresh_if_changed(-self._opens)
        return self._visit(self.own.url, language, at_s=self.readers.clock.now(), **given)
