"""The page of one mail: what happened, what comes next, whether anybody must do anything."""

import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.testing import ManualClock
from tests.console.frame_world import clock, database  # noqa: F401 - fixtures
from tests.console.mail_world import KEY_REFUSED, make_mail_world, seed
from tests.store.seeding import NO_SUCH_FIELD

HELD = {"failure": KEY_REFUSED, "closes": True}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Held: Resend refuses the API key."), ("zh", "已暂存：Resend 拒绝了 API 密钥。")],
)
async def test_the_page_of_a_held_mail_says_why_and_how_to_mend_it(
    language: str,
    sentence: str,
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock, language)
    email_id = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in()
    page = await world.seen(f"/console/mails/{email_id}")
    assert sentence in page
    assert "credentials_invalid" in page
    assert "resend.com/api-keys" in page
    assert "API key is invalid" in page
    assert "maya@harbour-books.example" in page
    assert "481 ••• is your code" in page
    assert "481 223" not in page
    assert "s3cr3t" not in page


async def test_others_that_wait_for_the_same_cause_are_counted_and_linked(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in()
    assert "for the same cause" not in await world.seen(f"/console/mails/{email_id}")
    for n in range(3):
        await seed(database, State.QUEUED, address=f"r{n}@x.test")  # into the closed lane
    page = await world.seen(f"/console/mails/{email_id}")
    assert "3 other mails wait for the same cause" in page
    href = "/console/mails?tab=waiting&amp;state=held&amp;reason=credentials_invalid"
    assert href in page
    assert (await world.seen(href.replace("&amp;", "&"))).count("<tr id=") == 4


async def test_acts_that_cannot_help_are_not_offered(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    failed = await seed(database, State.FAILED, failure=NO_SUCH_FIELD)
    sent = await seed(database, State.SENT)
    due_at = database.now() + 60_000
    deferred = await seed(database, State.DEFERRED, failure=KEY_REFUSED, due_at=due_at)
    held = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in()
    offered = {
        email_id: {
            deed for deed in ("retry", "release", "cancel") if f'name="deed" value="{deed}"' in page
        }
        for email_id in (held, failed, sent, deferred)
        if (page := await world.seen(f"/console/mails/{email_id}"))
    }
    assert offered == {
        held: {"cancel"},  # its route is closed: releasing it would change nothing
        failed: {"retry"},
        sent: set(),
        deferred: {"release", "cancel"},
    }


async def test_a_viewer_sees_the_same_and_can_press_nothing(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in("vera", "viewer")
    page = await world.seen(f"/console/mails/{email_id}")
    assert 'value="cancel" hx-get="/console/mails/ask"' in page
    cancel = page.split('value="cancel"')[1].split(">")[0]
    assert "disabled" in cancel
    assert "/check" not in page
    for path in ("check", "reveal"):
        assert (await world.post(f"/console/mails/{email_id}/{path}")).status == 403
    assert world.checked == []


async def test_the_button_under_the_fix_asks_the_provider_that_the_mail_waits_for(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.HELD, failure=KEY_REFUSED, closes=True)
    await world.signed_in()
    assert "Test Resend now" in await world.seen(f"/console/mails/{email_id}")
    heard = await world.post(f"/console/mails/{email_id}/check", {"provider": "resend"})
    assert heard.status == 303
    assert world.checked == ["resend"]
    await world.seen(heard.headers["location"])
    nobody = await world.post(f"/console/mails/{email_id}/check", {"provider": "nobody"})
    assert nobody.status == 404
    assert world.checked == ["resend"]


async def test_what_a_stranger_wrote_is_text_on_the_page(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    evil = "<script>alert(1)</script>"
    email_id = await seed(
        database,
        State.QUEUED,
        content={"subject": evil, "html": "", "text": evil},
        sender=f'"{evil}" <a@acme.test>',
        app=evil,
    )
    await world.signed_in()
    for page in ("", "/source", "/preview", "/reveal"):
        assert evil not in await world.seen(f"/console/mails/{email_id}{page}")
    assert evil not in await world.seen("/console/mails")


@pytest.mark.parametrize("name", ["nonsense", "0198c0de-0000-7000-8000-ffffffffffff", "..%2f"])
async def test_a_mail_that_there_is_not_is_answered_with_a_way_on(
    name: str,
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    await world.signed_in()
    for page in ("", "/preview", "/source", "/reveal"):
        heard = await world.ask("GET", f"/console/mails/{name}{page}")
        assert heard.status == 404
        assert "/console" in heard.text


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.SENDING, State.SENT, State.FAILED, State.CANCELED, State.HELD]
)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_kind_of_mail_has_a_page(
    state: State,
    language: str,
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock, language)
    failure = KEY_REFUSED if state in (State.FAILED, State.HELD) else None
    email_id = await seed(database, state, failure=failure, purpose="", critical=False)
    await world.signed_in()
    page = await world.seen(f"/console/mails/{email_id}")
    assert page.count("<h1>") == 1
    assert email_id in page
