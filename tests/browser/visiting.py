"""One visit to a page: what went wrong, what it asked for, what a screen reader would find."""

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

__all__ = ["AXE", "DEADLINE_MS", "Visit"]

AXE = Path(__file__).parents[1] / "sdk" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
DEADLINE_MS = 15_000
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Visit:
    """`complaints`: what the browser said on its console; `asked`: each URL it asked for;
    `loads`: how often the page itself was loaded. `at_s`: the time on the reader's own clock when
    it begins, seconds since 1970; None: that of the machine."""

    def __init__(self, context: BrowserContext, url: str, at_s: float | None = None) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.loads = 0
        self.page: Page = context.new_page()
        self.page.set_default_timeout(DEADLINE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        if at_s is not None:
            self.page.clock.install(time=at_s)
        self.page.goto(url)

    def __repr__(self) -> str:
        return f"<Visit {self.page.title()}: {self.complaints}>"

    def element(self, name: str) -> Locator:
        """A part of the card, whoever has drawn it: the page, or the element in its shadow."""
        return self.page.locator(f".{name}").locator("visible=true")

    def wait_for(self, title: str) -> None:
        self.page.locator(".title", has_text=title).locator("visible=true").wait_for()

    def wait_for_script(self) -> None:
        """Until the element has drawn itself. A locator, because the policy forbids `eval`."""
        self.page.locator("mail-status[data-state]").wait_for()

    def axe(self) -> list[tuple[str, list[str]]]:
        """What is wrong for people who cannot see it well, or not at all."""
        # Past the page's policy, which rightly lets no other script run.
        session = self.page.context.new_cdp_session(self.page)
        world = session.send("Page.createIsolatedWorld", {"frameId": self._frame(session)})
        where = {"contextId": world["executionContextId"]}
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8"), **where})
        ask = f"axe.run({{runOnly: {_RULES}}}).then((found) => found.violations)"
        answer = session.send(
            "Runtime.evaluate",
            {"expression": ask, "awaitPromise": True, "returnByValue": True, **where},
        )
        assert "exceptionDetails" not in answer, answer
        violations: list[dict[str, Any]] = answer["result"]["value"]
        return [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]

    @staticmethod
    def _frame(session: Any) -> str:
        tree: dict[str, Any] = session.send("Page.getFrameTree")
        return str(tree["frameTree"]["frame"]["id"])

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        self.asked.append(request.url)
        self.loads += request.is_navigation_request()
