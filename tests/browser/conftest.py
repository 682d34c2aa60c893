"""Debian's own Chromium, driven from outside; each test gets a profile of its own."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.app_page import App, VisitAs
from tests.browser.visiting import AXE, Visit
from tests.gateway.status.reading import Readers


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("NOT RUN: these tests need Chromium. `sh tests/real/install.sh` brings it.")
    if not AXE.exists():
        pytest.fail("NOT RUN: axe-core is missing. `make test-real`, or `npm ci` in tests/sdk/axe.")
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that containers do not have.
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[VisitAs]:
    """`visit(url, language="zh", …)`: a page in a context with these settings."""
    with ExitStack() as opened:

        def open_page(
            url: str, language: str = "en", at_s: float | None = None, **given: Any
        ) -> Visit:
            context: BrowserContext = browser.new_context(locale=language, **given)
            opened.callback(context.close)
            return Visit(context, url, at_s)

        yield open_page


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where what a page looked like is put, for people to look at."""
    folder = Path(__file__).parents[2] / "build" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def app(tmp_path: Path, visit: VisitAs) -> Iterator[App]:
    support = "mailto:help@tidewell.example"
    with Readers(tmp_path, support_url=support) as readers, App(readers, visit) as made:
        yield made
