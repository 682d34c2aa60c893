"""The pages over a real store with mail in it: a browser signed in as lena, a clock by hand."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from mailproof.config.settings import ProviderSettings, Secret, Settings
from mailproof.console.pages import alerts, keys, overview, refusals, routes, suppressions
from mailproof.console.pages import settings as settings_page
from mailproof.console.pages.strip import tell_strip
from mailproof.console.serving import Console
from mailproof.console.visit import Parts
from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.providers.diagnose import diagnose
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.following import Counting
from mailproof.store.base import Database, Tx
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.mails.record import record
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Node, enter
from mailproof.store.records.checks import NewCheck, insert
from mailproof.store.routes.breakers import close_route, open_route, start_routes
from mailproof.store.routes.lanes import settle_lanes
from mailproof.store.shapes import Closing, Routing
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock
from tests.console.frame_world import World
from tests.store.mails import accepted, claimed, new_mail, sent

KEY: Final = "re_8fKdAbCd_EfGhIjKlMnOpQrStUvWq2vX"
PAGES: Final = (
    *overview.PAGES,
    *routes.PAGES,
    *refusals.PAGES,
    *suppressions.PAGES,
    *alerts.PAGES,
    *keys.PAGES,
    *settings_page.PAGES,
)


def resend(name: str = "resend", key: str = KEY, **given: Any) -> ProviderSettings:
    values: dict[str, Any] = {
        "name": name,
        "type": "resend",
        "api_key": Secret("env:RESEND_API_KEY", lambda: key),
        "base_url": "https://api.resend.com",
        "rate": None,
        "webhook_secrets": (),
        "accept_as_app_key": False,
        **given,
    }
    return ProviderSettings(**values)


def relay(name: str = "backup") -> ProviderSettings:
    url = "smtps://news%40acme.test:hunter2hunter2@mail.acme.test:465"
    return resend(name, "", type="smtp", url=Secret("env:SMTP_URL", lambda: url))


def refused_key() -> Failure:
    body = {"statusCode": 401, "name": "validation_error", "message": "API key is invalid"}
    return diagnose(Evidence(HttpAnswer(401, body=body), provider="resend"))


class PagesWorld(World):
    """`asked`: the providers whose health was asked for."""

    asked: list[str]
    verdict: NewCheck

    @property
    def routing(self) -> Routing:
        return Routing(order=tuple(each.name for each in self.parts.settings.providers))

    async def hold(self, count: int, **given: Any) -> list[str]:
        """Accept so many; they wait as their lane has it."""
        values = {"expires_at": self.database.now() + 900_000, **given}
        mails = [new_mail(self.database.now(), **values) for _ in range(count)]
        return await accepted(self.database, *mails, routing=self.routing)

    async def send(self, count: int, **given: Any) -> list[str]:
        """Accept so many, and the provider takes them."""
        ids = await self.hold(count, **given)
        mails = await claimed(self.database, 200)
        outcomes = [sent(mail, self.database.now()) for mail in mails]
        await self.database.write(record, outcomes, self.routing)
        return ids

    async def count(self) -> None:
        """As the follower of the event log does, a second or so after it happened."""
        known = Known(purposes=frozenset(self.parts.settings.purposes), providers=frozenset())
        await Counting(self.database, known, self.clock, lambda: True).catch_up()

    async def close(
        self, provider: str = "resend", sender: str = "*", failure: Failure | None = None
    ) -> None:
        failure = failure or refused_key()
        told = failure_to_json(failure)

        async def body(tx: Tx) -> None:
            closing = Closing(provider, sender, failure.reason, failure.severity, told)
            await close_route(tx, closing, self.routing)
            await settle_lanes(tx, self.routing)

        await self.database.write(body)

    async def open(self, provider: str = "resend", sender: str = "*") -> None:
        async def body(tx: Tx) -> None:
            await open_route(tx, provider, sender)
            await settle_lanes(tx, self.routing)

        await self.database.write(body)

    async def look(self, path: str, language: str = "en") -> str:
        """What stands on a page, as a person reads it: no marks, single spaces."""
        self.cookies["mailproof_language"] = language
        heard = await self.ask("GET", path)
        assert heard.status == 200, (heard.status, path, read(heard.text))
        return read(heard.text)

    async def follow(self, path: str, fields: dict[str, Any]) -> str:
        """Post a form and read the page to which it leads."""
        heard = await self.post(path, fields)
        assert heard.status == 303, heard
        return await self.look(heard.headers["location"])


def read(text: str) -> str:
    """The text of a page's `main`."""
    main = text[text.index("<main") : text.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[PagesWorld]:
    """One provider, Resend; nothing has happened yet."""
    clock = ManualClock()
    async with opened(tmp_path, clock) as database:
        yield await make_pages_world(database, clock)


@asynccontextmanager
async def opened(folder: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """A fresh SQLite database on that clock."""
    database = await open_sqlite(folder / "mailproof.db", now_ms=lambda: int(clock.now() * 1_000))
    yield database
    await database.close()


async def make_pages_world(
    database: Database, clock: ManualClock, *providers: ProviderSettings, **settings: Any
) -> PagesWorld:
    chosen = Settings(
        file="mailproof.toml",
        language="en",
        store_url=Secret("default", lambda: "sqlite:///mailproof.db"),
        providers=providers or (resend(),),
        **settings,
    )

    async def check(name: str) -> None:
        world.asked.append(name)
        await database.write(insert, world.verdict)

    parts = Parts(
        database=database,
        settings=chosen,
        installation=await database.write(installation),
        clock=lambda: datetime.fromtimestamp(clock.now(), UTC),
        version="1.2.3",
        check=check,
    )
    world = PagesWorld(database, clock, parts)
    world.asked = []
    world.verdict = NewCheck(provider="resend", verdict="good", took_ms=80)
    world.console = Console(parts, PAGES, tell_strip)
    prints = {each.name: "f" for each in chosen.providers}
    await database.write(start_routes, prints, world.routing)
    node = Node("n1", "all", True, "host", 4242, "1.2.3", 0, 0)  # noqa: FBT003 - its order
    await database.write(enter, node)
    await world.signed_in()
    return world
