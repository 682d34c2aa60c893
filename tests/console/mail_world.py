"""A console with mails in it: an installation with one provider, and mails led to each state."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from mailproof.config.settings import NO_SECRET, ProviderSettings, Secret, Settings
from mailproof.console.pages import letter, mail, mails, selection
from mailproof.console.serving import Console
from mailproof.console.sessions import hash_token, new_token
from mailproof.console.visit import Page, Parts
from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.mail.lifecycle import State
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import Database, Event
from mailproof.store.console.people import Role, add_person, begin_session
from mailproof.store.mails.desk import cancel
from mailproof.store.nodes.installation import installation
from mailproof.store.records import events as event_log
from mailproof.store.shapes import NewRecipient
from mailproof.testing import ManualClock
from tests.console.frame_world import World
from tests.store.mails import ONE, accepted, claimed, new_mail
from tests.store.seeding import open_for_mail, recorded

__all__ = [
    "CONTENT",
    "KEY_REFUSED",
    "MAIL_PAGES",
    "MailWorld",
    "mail_settings",
    "make_mail_world",
    "seed",
    "seed_queued",
]

MAIL_PAGES: Final[tuple[Page, ...]] = (*mails.PAGES, *selection.PAGES, *mail.PAGES, *letter.PAGES)

KEY_REFUSED: Final[Failure] = diagnose(
    Evidence(
        HttpAnswer(
            401,
            headers={"content-type": "application/json", "date": "Wed, 25 Nov 2026 10:02:07 GMT"},
            body={"statusCode": 401, "message": "API key is invalid", "name": "validation_error"},
        ),
        provider="resend",
    )
)

CONTENT: Final = {
    "from": "Tidewell <hello@acme.test>",
    "to": ["maya@harbour-books.example"],
    "subject": "481 223 is your code",
    "html": (
        "<h1>Welcome to Tidewell, Maya</h1><p>Confirm your address to start.</p>"
        '<p><a href="https://app.tidewell.example/confirm?token=s3cr3t-t0ken">Confirm address</a>'
        "</p><p>Your code is <b>481</b> <b>223</b>.</p>"
        '<script>document.title = "broken out"</script>'
        '<img src="https://pixel.tidewell.example/open/s3cr3t.gif" alt="logo">'
    ),
    "text": "Open https://app.tidewell.example/confirm?token=s3cr3t-t0ken or type 481223.",
}


class MailWorld(World):
    """`checked`: the providers whose health somebody asked for."""

    checked: list[str]

    async def mail_events(self, email_id: str) -> list[Event]:
        return await self.database.read(event_log.of_email, email_id)

    async def signed_in(self, name: str = "lena", role: Role = "admin") -> None:
        """Somebody is there, and looks at the mails."""
        token = new_token()
        # How people sign in is tested elsewhere, and slow on purpose.
        await self.database.write(add_person, name, role, "no password", actor="test")
        await self.database.write(begin_session, hash_token(token), name)
        self.cookies[f"mailproof_session_{self.parts.installation.id[:8]}"] = token
        await self.seen("/console/mails")

    async def seen(self, url: str) -> str:
        """A page that is there."""
        heard = await self.ask("GET", url)
        assert heard.status == 200, (heard.status, heard.text[:500])
        return heard.text


def mail_settings(language: str = "en") -> Settings:
    """One provider, which is Resend."""
    provider = ProviderSettings(
        name="resend",
        type="resend",
        api_key=Secret("env:RESEND_API_KEY", lambda: "re_test"),
        base_url="https://api.resend.com",
        rate=None,
        webhook_secrets=(),
        accept_as_app_key=False,
        url=NO_SECRET,
    )
    return Settings(
        file="",
        language="zh" if language == "zh" else "en",
        store_url=Secret("default", lambda: ""),
        providers=(provider,),
    )


async def make_mail_world(
    database: Database, clock: ManualClock, language: str = "en"
) -> MailWorld:
    checked: list[str] = []

    async def check(name: str) -> None:
        checked.append(name)

    parts = Parts(
        database=database,
        settings=mail_settings(language),
        installation=await database.write(installation),
        clock=lambda: datetime.fromtimestamp(clock.now(), UTC),
        version="1.2.3",
        check=check,
    )
    world = MailWorld(database, clock, parts)
    world.checked = checked
    world.console = Console(parts, MAIL_PAGES)
    await open_for_mail(database)
    return world


async def seed(
    database: Database,
    state: State,
    *,
    failure: Failure | None = None,
    closes: bool = False,
    address: str = "maya@harbour-books.example",
    content: dict[str, Any] | None = None,
    **given: Any,
) -> str:
    """A mail in this state, by the store's own transactions."""
    payload = {**CONTENT, "to": [address], **(content or {})}
    values: dict[str, Any] = {
        "sender": "Tidewell <hello@acme.test>",
        "subject": payload["subject"],
        "recipients": (NewRecipient(address, "to", address.encode()[:16].ljust(16)),),
        "payload": json.dumps(payload).encode(),
        "app": "web-prod",
        **given,
    }
    due_at = values.pop("due_at", None)
    unknown = values.pop("unknown", False)
    (email_id,) = await accepted(database, new_mail(database.now(), **values), routing=ONE)
    if state in (State.QUEUED, State.SCHEDULED):
        return email_id
    if state is State.CANCELED:
        await database.write(cancel, [email_id], actor="console:lena")
        return email_id
    found = {each.id: each for each in await claimed(database)}
    if state is not State.SENDING:
        how = {"due_at": due_at, "unknown": unknown, "closes": closes}
        await recorded(database, found[email_id], state, failure, **how)
    return email_id


async def seed_queued(database: Database, count: int) -> list[str]:
    """So many mails that nobody has claimed yet, in the order of their arrival."""
    mails = [new_mail(database.now(), payload=json.dumps(CONTENT).encode()) for _ in range(count)]
    return await accepted(database, *mails, routing=ONE)
