"""The refusals' page: which application is turned away, why, and what to change in it."""

from typing import Any

from mailproof.store.records.refusals import NewRefusal, RefusalKind, note
from tests.console.pages_world import PagesWorld, pages

__all__ = ["pages"]


async def refuse(pages: PagesWorld, count: int = 1, **given: Any) -> None:
    values: dict[str, Any] = {
        "at": pages.database.now(),
        "kind": RefusalKind.PLACEHOLDER,
        "app": "",
        "key_fingerprint": "f" * 16,
        "client": "10.0.3.17",
        "path": "/emails",
        "name": "invalid_api_key",
        "status": 401,
        **given,
    }
    await pages.database.write(note, [NewRefusal(**values)] * count)


async def test_where_nobody_is_refused_it_is_said_what_would_stand_there(
    pages: PagesWorld,
) -> None:
    told = await pages.look("/console/refusals")
    assert "No application is being refused." in told
    assert "Nothing was refused. A wrong key" in told


async def test_a_placeholder_is_said_with_the_line_to_set_and_how_often(pages: PagesWorld) -> None:
    await refuse(pages, 186, recipient="m…@posteo.example", purpose="registration")
    told = await pages.look("/console/refusals")
    assert "1 application is being refused. 186 requests since 08:00" in told
    assert "It sends a placeholder instead of a key." in told
    assert "RESEND_API_KEY=mp_…" in told
    assert "401 invalid_api_key last 08:00:00, for m…@posteo.example, registration" in told
    assert "Unknown application 10.0.3.17, /emails 186 since 08:00" in told
    zh = await pages.look("/console/refusals", "zh")
    assert "1 个应用正在被拒。 自 08:00 起有 186 个请求没有成为邮件" in zh


async def test_a_sender_without_a_domain_is_said_in_the_words_that_were_answered(
    pages: PagesWorld,
) -> None:
    await refuse(
        pages,
        28,
        kind=RefusalKind.SENDER_INVALID,
        app="staging-web",
        name="validation_error",
        status=422,
        message="from: 'noreply' is not one email address.",
    )
    told = await pages.look("/console/refusals")
    assert "staging-web 10.0.3.17, /emails 28" in told
    assert "from: 'noreply' is not one email address." in told
    assert 'RESEND_FROM="Acme <hello@acme.com>"' in told


async def test_a_key_for_a_known_application_is_created_under_its_name(pages: PagesWorld) -> None:
    await refuse(pages, kind=RefusalKind.ONCE_VALID, app="web-eu")
    heard = await pages.ask("GET", "/console/refusals")
    assert 'href="/console/keys/new?name=web-eu"' in heard.text


async def test_a_stranger_with_an_unknown_key_is_no_application_of_ours(pages: PagesWorld) -> None:
    await refuse(pages, kind=RefusalKind.UNKNOWN_KEY, client="192.0.2.7")
    told = await pages.look("/console/refusals")
    assert "1 client uses a key that nobody here knows." in told
    assert "If it is not, nothing need be done." in told


async def test_a_request_without_a_key_needs_nobody(pages: PagesWorld) -> None:
    await refuse(pages, kind=RefusalKind.NO_KEY, name="missing_api_key")
    told = await pages.look("/console/refusals")
    assert "No application is being refused." in told
    assert "10.0.3.17 It sends no key 401 missing_api_key 1" in told


async def test_what_has_been_quiet_for_an_hour_is_a_line_of_a_table(pages: PagesWorld) -> None:
    await refuse(pages, 3, kind=RefusalKind.ONCE_VALID, app="import-job")
    pages.clock.advance(3_700)
    told = await pages.look("/console/refusals")
    assert "No application is being refused." in told
    assert "Quiet for an hour or more" in told
    assert "import-job It sends a revoked key 401 invalid_api_key 3 08:00:00" in told


async def test_what_an_application_wrote_cannot_become_a_part_of_the_page(
    pages: PagesWorld,
) -> None:
    message = "`<b>` <script>1</script>"
    await refuse(pages, kind=RefusalKind.OTHER, app="<img src=x>", message=message)
    heard = await pages.ask("GET", "/console/refusals")
    assert "<img" not in heard.text
    assert "<script>1" not in heard.text
    assert "<code>&lt;b&gt;</code>" in heard.text
