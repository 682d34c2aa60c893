"""Which addresses get no mail, why and since when; adding one, and sending to one again."""

from typing import Any, Final

from mailproof.console.pages.asking import Done
from mailproof.console.pages.phrasing import Speech
from mailproof.console.visit import Answer, NotFound, Page, Visit
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.store.base import Tx
from mailproof.store.records.suppressions import (
    Cause,
    Suppression,
    SuppressionPage,
    add,
    list_suppressions,
    remove,
)

__all__ = ["PAGES"]

_ROWS: Final = 100
_NOTE_MAX: Final = 500
_HERE: Final = "/console/suppressions"
_DONE: Final = {"added": "quiet", "already": "quiet", "removed": "proven", "gone": "quiet"}


async def show(visit: Visit) -> Answer:
    query = visit.request.query
    asked = query.get("address", "").strip()
    address = _mailbox(asked) if asked else None
    lookup = None if address is None else visit.parts.installation.lookup(address)
    problem = visit.words["not_address"].format(text=asked) if asked and address is None else ""
    before = _number(query.get("before", ""))
    page = await visit.read(list_suppressions, lookup=lookup, before_id=before, limit=_ROWS)
    return _drawn(visit, page, asked=asked, problem=problem, found=address is not None)


async def take(visit: Visit) -> Answer:
    """Send no mail to an address any more."""
    form = await visit.form()
    address = _mailbox(form.get("address", [""])[0].strip())
    if address is None:
        page = await visit.read(list_suppressions, limit=_ROWS)
        return _drawn(visit, page, problem=visit.words["not_added"], status=422)
    added = await visit.write(
        add,
        address=address,
        lookup=visit.parts.installation.lookup(address),
        cause=Cause.MANUAL,
        actor=visit.actor,
        note=form.get("note", [""])[0].strip()[:_NOTE_MAX],
    )
    return visit.redirect(f"{_HERE}?done={'added' if added else 'already'}")


async def ask_first(visit: Visit) -> Answer:
    """What sending to it again would mean. Raises `NotFound`: it is not on the list any more."""
    row, facts = await visit.read(_fact, _number(visit.request.query.get("id", "")), visit)
    causes = {each.cause for each in facts}
    speech = Speech(visit.language, visit.zone, visit.now)
    context: dict[str, Any] = {
        "row": row,
        "facts": speech.counted(visit.words["ask"], len(facts), "facts"),
        "complained": Cause.COMPLAINT.value in causes,
    }
    if visit.request.header(b"hx-request") is not None:
        return visit.fragment("suppression_ask.html", **context)
    return visit.page("suppression_ask_page.html", **context)


async def let_go(visit: Visit) -> Answer:
    """Forget everything that speaks against the address. Raises `NotFound`."""
    form = await visit.form()
    row, _ = await visit.read(_fact, _number(form.get("id", [""])[0]), visit)
    count = await visit.write(
        remove, visit.parts.installation.lookup(row.address), actor=visit.actor
    )
    return visit.redirect(f"{_HERE}?done={'removed' if count else 'gone'}")


def _drawn(  # noqa: PLR0913 - what the page is drawn from
    visit: Visit,
    page: SuppressionPage,
    *,
    asked: str = "",
    problem: str = "",
    found: bool = False,
    status: int = 200,
) -> Answer:
    speech = Speech(visit.language, visit.zone, visit.now)
    rows = page.suppressions
    words = visit.words["sentence"]
    name = "found" if found else "listed"
    before = visit.request.query.get("before", "")
    if not rows and not found:
        fact = words["none"]
    elif page.has_more or before:
        fact = words["more"].format(count=f"{len(rows):,}")
    else:
        fact = speech.counted(words, len(rows), name)
    code = visit.request.query.get("done", "")
    done = Done(visit.words["done"][code], _DONE[code]) if code in _DONE else None
    return visit.page(
        "suppressions.html",
        status=status,
        fact=fact,
        rows=rows,
        has_more=page.has_more,
        asked=asked,
        problem=problem,
        is_later=bool(before),
        note_max=_NOTE_MAX,
        done=done,
    )


async def _fact(tx: Tx, number: int | None, visit: Visit) -> tuple[Suppression, list[Suppression]]:
    """The one with that number, and all that speak against its address."""
    page = None
    if number is not None:
        page = await list_suppressions(tx, before_id=number + 1, limit=1)
    row = next((each for each in page.suppressions if each.id == number), None) if page else None
    if row is None:
        raise NotFound
    lookup = visit.parts.installation.lookup(row.address)
    facts = await list_suppressions(tx, lookup=lookup, limit=_ROWS)
    return row, list(facts.suppressions)


def _mailbox(text: str) -> str | None:
    try:
        return Address.parse(text, where="address").mailbox
    except InvalidInput:  # said on the page, in its language
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


PAGES: Final[tuple[Page, ...]] = (
    Page(_HERE, "GET", show, words="suppressions"),
    Page(_HERE, "POST", take, role="admin", words="suppressions"),
    Page(f"{_HERE}/ask", "GET", ask_first, role="admin", words="suppressions"),
    Page(f"{_HERE}/remove", "POST", let_go, role="admin", words="suppressions"),
)
