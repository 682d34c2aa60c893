"""The keys' page: which are good, a new one shown once, and one revoked after a question."""

import re
from typing import Final

from mailproof.store.nodes.keys import ApiKey, create_key, hash_key, list_keys, make_key
from mailproof.store.records.events import after
from tests.console.pages_world import PagesWorld, pages

__all__ = ["pages"]

FIELDS: Final = {"name": "web-eu", "scope": "send", "purpose": "registration", "wait": "2.5"}


async def make(pages: PagesWorld, name: str = "web-eu") -> ApiKey:
    return await pages.database.write(create_key, make_key(), name, actor="cli:ada")


async def did(pages: PagesWorld) -> list[tuple[str, str]]:
    events = await pages.database.read(after, 0, 1_000)
    return [(each.type, each.actor) for each in events if each.type.startswith("key.")]


async def test_without_a_key_it_is_said_what_a_key_is_for(pages: PagesWorld) -> None:
    told = await pages.look("/console/keys")
    assert "No application has a key." in told
    assert "Create one for each application." in told


async def test_each_key_stands_with_what_it_may_do_and_its_last_mail(pages: PagesWorld) -> None:
    used, unused = await make(pages), await make(pages)
    await pages.hold(1, app="web-eu", key_id=used.id)
    told = await pages.look("/console/keys")
    assert "2 keys are good. One application uses them." in told
    assert f"web-eu {used.id}… send, and read its own mails" in told
    assert "none yet" in told
    assert unused.id in told


async def test_a_new_key_is_shown_once_with_the_line_to_paste(pages: PagesWorld) -> None:
    heard = await pages.post("/console/keys/create", {**FIELDS, "origin": "https://app.acme.test/"})
    assert heard.status == 200
    assert heard.headers["cache-control"] == "no-store"
    (secret,) = set(re.findall(r"mp_[\w-]{43}", heard.text))
    assert f"RESEND_API_KEY={secret}" in heard.text
    (key,) = await pages.database.read(list_keys)
    assert key.id == hash_key(secret).hex()[:8]
    assert (key.name, key.purpose, key.wait_ms) == ("web-eu", "registration", 2_500)
    assert key.origin == "https://app.acme.test"
    assert await did(pages) == [("key.created", "console:lena")]
    assert secret not in (await pages.ask("GET", "/console/keys")).text


async def test_the_page_with_the_key_stays_while_it_is_copied_and_is_not_drawn_again(
    pages: PagesWorld,
) -> None:
    heard = await pages.ask("GET", "/console/keys/create", console_version="none")
    assert heard.status == 204
    heard = await pages.ask("GET", "/console/keys/create")
    assert (heard.status, heard.headers["location"]) == (303, "/console/keys")


async def test_a_form_that_cannot_be_meant_says_what_is_wrong_beside_each_field(
    pages: PagesWorld,
) -> None:
    wrong = {
        "name": " ",
        "scope": "all",
        "purpose": "nonsense",
        "wait": "soon",
        "origin": "app.acme.test",
    }
    heard = await pages.post("/console/keys/create", wrong)
    assert heard.status == 422
    for said in (
        "An application needs a name.",
        "A key may send, or do everything.",
        "No such purpose is configured.",
        "Seconds from 0 to 300, such as 5.",
        "An origin is https:// and a host",
    ):
        assert said in heard.text
    assert 'value="app.acme.test"' in heard.text, "what was typed is lost"
    assert await pages.database.read(list_keys) == []


async def test_a_wait_that_is_no_number_of_seconds_is_refused(pages: PagesWorld) -> None:
    for wait in ("nan", "inf", "-1", "301", "1e9"):
        heard = await pages.post("/console/keys/create", {**FIELDS, "wait": wait})
        assert heard.status == 422, wait


async def test_before_a_key_is_revoked_it_is_said_who_loses_what(pages: PagesWorld) -> None:
    key = await make(pages)
    await pages.hold(1, app="web-eu", key_id=key.id)
    pages.clock.advance(40)
    told = await pages.look(f"/console/keys/ask?id={key.id}")
    assert f"Revoke the key {key.id} of web-eu?" in told
    assert "web-eu has no other key: all its mail is turned away from then on." in told
    assert "A mail came with it 40 s ago." in told
    assert "What it has brought goes on: its mails are sent." in told
    await make(pages)
    told = await pages.look(f"/console/keys/ask?id={key.id}")
    assert "1 other key of web-eu stays good." in told
    assert [each for each in await did(pages) if each[0] == "key.revoked"] == []


async def test_a_revoked_key_stays_on_the_list_and_who_revoked_it_is_recorded(
    pages: PagesWorld,
) -> None:
    key = await make(pages)
    told = await pages.follow("/console/keys/revoke", {"id": key.id})
    assert f"The key {key.id} of web-eu is revoked." in told
    assert "Revoked 08:00:00" in told
    assert (await did(pages))[-1] == ("key.revoked", "console:lena")
    told = await pages.follow("/console/keys/revoke", {"id": key.id})
    assert "was revoked before" in told
    assert (await pages.ask("GET", f"/console/keys/ask?id={key.id}")).status == 404
    assert (await pages.post("/console/keys/revoke", {"id": "00000000"})).status == 404


async def test_a_viewer_sees_the_keys_and_makes_and_revokes_none(pages: PagesWorld) -> None:
    key = await make(pages)
    pages.cookies.clear()
    await pages.signed_in("vera", "viewer")
    told = await pages.look("/console/keys")
    assert key.id in told
    assert "Revoke…" not in told
    assert (await pages.post("/console/keys/create", FIELDS)).status == 403
    assert (await pages.post("/console/keys/revoke", {"id": key.id})).status == 403
    assert await did(pages) == [("key.created", "cli:ada")]
