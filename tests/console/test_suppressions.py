"""The suppressions' page: who gets no mail and why; adding one, and sending to one again."""

from mailproof.store.records.events import after
from mailproof.store.records.suppressions import Cause, add, list_suppressions
from tests.console.pages_world import PagesWorld, pages

__all__ = ["pages"]

ADA = "ada@acme.test"


async def suppress(pages: PagesWorld, address: str = ADA, cause: Cause = Cause.HARD_BOUNCE) -> int:
    (mail,) = await pages.hold(1)
    lookup = pages.parts.installation.lookup(address)
    await pages.database.write(
        add, address=address, lookup=lookup, cause=cause, actor="", email_id=mail
    )
    page = await pages.database.read(list_suppressions, lookup=lookup)
    return page.suppressions[0].id


async def did(pages: PagesWorld) -> list[tuple[str, str]]:
    events = await pages.database.read(after, 0, 1_000)
    return [(each.type, each.actor) for each in events if each.type.startswith("suppression.")]


async def test_an_empty_list_says_what_would_stand_there(pages: PagesWorld) -> None:
    told = await pages.look("/console/suppressions")
    assert "No address is suppressed. An address that bounced" in told


async def test_each_address_stands_with_its_cause_and_the_way_to_its_mail(
    pages: PagesWorld,
) -> None:
    await suppress(pages)
    told = await pages.look("/console/suppressions")
    assert "1 address gets no mail." in told
    assert f"{ADA} Hard bounce" in told
    heard = await pages.ask("GET", "/console/suppressions")
    assert 'href="/console/mails/0198c0de-' in heard.text
    assert "硬退信" in await pages.look("/console/suppressions", "zh")


async def test_an_address_is_found_by_all_of_it(pages: PagesWorld) -> None:
    await suppress(pages)
    await suppress(pages, "grace@acme.test", Cause.COMPLAINT)
    told = await pages.look("/console/suppressions?address=Grace@acme.test")
    assert "1 fact speaks against this address." in told
    assert "Reported as spam" in told
    assert ADA not in told
    told = await pages.look("/console/suppressions?address=nobody@acme.test")
    assert "Nothing speaks against this address." in told


async def test_half_an_address_is_said_to_be_none(pages: PagesWorld) -> None:
    told = await pages.look("/console/suppressions?address=grace")
    assert "grace is no whole address." in told


async def test_an_address_is_added_by_hand_and_who_did_it_is_recorded(pages: PagesWorld) -> None:
    fields = {"address": "Eve@acme.test", "note": "asked for it"}
    told = await pages.follow("/console/suppressions", fields)
    assert "The address gets no mail any more." in told
    assert "Eve@acme.test By hand asked for it lena" in told
    assert await did(pages) == [("suppression.added", "console:lena")]
    found = await pages.look("/console/suppressions?address=eve@acme.test")
    assert "1 fact speaks against this address." in found, "mail would go to it all the same"
    told = await pages.follow("/console/suppressions", fields)
    assert "The address was there already." in told


async def test_what_is_no_address_is_not_added(pages: PagesWorld) -> None:
    heard = await pages.post("/console/suppressions", {"address": "not an address"})
    assert heard.status == 422
    assert "That is no whole address." in heard.text
    assert await did(pages) == []


async def test_before_mail_goes_out_again_it_is_said_what_that_means(pages: PagesWorld) -> None:
    number = await suppress(pages)
    told = await pages.look(f"/console/suppressions/ask?id={number}")
    assert f"Send to {ADA} again?" in told
    assert "1 fact against it is forgotten." in told
    assert "If the mailbox is still gone, the next mail bounces" in told
    assert await did(pages) == [("suppression.added", "")]
    heard = await pages.ask("GET", f"/console/suppressions/ask?id={number}", hx_request="true")
    assert heard.text.lstrip().startswith("<dialog")


async def test_who_complained_is_not_written_to_again_lightly(pages: PagesWorld) -> None:
    number = await suppress(pages, cause=Cause.COMPLAINT)
    told = await pages.look(f"/console/suppressions/ask?id={number}")
    assert "Send again only if they asked for it." in told


async def test_sending_again_forgets_every_fact_and_records_who_did_it(pages: PagesWorld) -> None:
    await suppress(pages)
    number = await suppress(pages, cause=Cause.COMPLAINT)
    told = await pages.follow("/console/suppressions/remove", {"id": str(number)})
    assert "Mail to the address goes out again." in told
    assert ADA not in told
    assert (await did(pages))[-1] == ("suppression.removed", "console:lena")


async def test_one_that_is_gone_is_answered_with_a_page(pages: PagesWorld) -> None:
    assert (await pages.ask("GET", "/console/suppressions/ask?id=77")).status == 404
    assert (await pages.post("/console/suppressions/remove", {"id": "x"})).status == 404


async def test_a_long_list_goes_on_on_the_next_page(pages: PagesWorld) -> None:
    for number in range(101):
        await suppress(pages, f"user{number}@acme.test")
    told = await pages.look("/console/suppressions")
    assert "At least 100 facts speak against addresses." in told
    heard = await pages.ask("GET", "/console/suppressions")
    older = heard.text.split('href="/console/suppressions?before=')[1].split('"')[0]
    told = await pages.look(f"/console/suppressions?before={older}")
    assert "user0@acme.test" in told
    assert "user100@acme.test" not in told


async def test_a_viewer_sees_the_list_and_changes_nothing(pages: PagesWorld) -> None:
    number = await suppress(pages)
    pages.cookies.clear()
    await pages.signed_in("vera", "viewer")
    assert "Remove…" not in await pages.look("/console/suppressions")
    assert (await pages.post("/console/suppressions", {"address": "a@b.test"})).status == 403
    assert (await pages.post("/console/suppressions/remove", {"id": str(number)})).status == 403
    assert await did(pages) == [("suppression.added", "")]
