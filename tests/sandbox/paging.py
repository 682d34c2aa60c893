"""The sandbox's page as a browser asks for it, and what a person reads on it."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlencode

from tests.sandbox.api import Answer, Api

__all__ = ["BROWSER", "do", "look", "plain", "text_of_inbox"]

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def look(api: Api, query: str = "", **headers: str) -> str:
    answer = api.ask("GET", f"/?{query}", headers={**BROWSER, **headers})
    assert answer.status == 200, answer
    return unescape(answer.raw.decode())


def plain(page: str) -> str:
    """What is read of it."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def do(api: Api, deed: str, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
    """Send one of the page's forms, as its own browser would."""
    given = {
        **BROWSER,
        "origin": api.sandbox.url,
        "content-type": "application/x-www-form-urlencoded",
        **(headers or {}),
    }
    body = urlencode(fields).encode()
    return api.ask("POST", f"/_sandbox/page/{deed}", raw=body, headers=given)


def text_of_inbox(page: str) -> str:
    found = re.search(r'<section class="inbox".*?</section>', page, re.DOTALL)
    assert found
    return plain(found[0])
