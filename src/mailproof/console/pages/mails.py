"""The list of mails: where each stands and why, found by address, id or subject."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from mailproof.console.pages.asked import TABS, TIMES, Asked, read_asked
from mailproof.console.pages.masking import mask_subject
from mailproof.console.visit import Answer, Page, Visit
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.console.counts import COUNT_MAX, Counts, counts, total
from mailproof.store.console.search import COUNTED_MAX, Found, Query, count_newer, search
from mailproof.store.mails.listing import Mail
from mailproof.store.shapes import PAUSED

__all__ = ["PAGES", "ROWS"]

# Mails on one page.
ROWS: Final = 50
# Up to here a number is told whole.
_EXACT_MAX: Final = 1_000
_TONES: Final = {"waiting": "waiting", "bad": "broken"}


class Row(msgspec.Struct, frozen=True):
    """A mail in the list. `subject` with codes covered; `more`: how many other addresses."""

    mail: Mail
    to: str
    more: int
    subject: str
    note: str


class Tab(msgspec.Struct, frozen=True):
    """`count` empty: it is not known for what was asked."""

    name: str
    href: str
    current: bool
    count: str
    tone: str


class Listed(msgspec.Struct, frozen=True):
    """What one page of the list shows."""

    found: Found
    newer: int
    counted: Counts | None
    total: int


async def _list(visit: Visit) -> Answer:
    asked = read_asked(visit.request.query)
    # A page that goes on where the search had stopped is a part of the list that is there.
    if visit.request.header(b"hx-request") is not None and asked.before is not None:
        query = asked.query(visit.now, visit.zone)
        found = await visit.read(search, query, before_seq=asked.before, limit=ROWS)
        return visit.fragment("mails_rows.html", **_rows_shown(visit, asked, found))
    listed = await visit.read(_read, asked, asked.query(visit.now, visit.zone), visit)
    found, mails = listed.found, listed.found.mails
    return visit.page(
        "mails.html",
        **_rows_shown(visit, asked, found),
        tabs=_tabs(asked, listed.counted),
        selects=_selects(asked, visit, mails),
        new=_many(listed.newer, COUNTED_MAX),
        total=listed.total,
        about=_about,
        upto=_upto(asked, mails),
        newer_url=_newer_url(asked, found),
        older_url=asked.url(before=found.older) if found.older is not None else "",
        fit=_fit(asked, listed),
    )


async def _read(tx: Tx, asked: Asked, query: Query, visit: Visit) -> Listed:
    """All that the page shows, in one view of the store."""
    is_first = asked.before is None and asked.after is None
    before = asked.before
    if is_first and asked.upto is not None:
        before = asked.upto + 1
    found = await search(tx, query, before_seq=before, after_seq=asked.after, limit=ROWS)
    newer = 0
    if is_first and asked.upto is not None:
        newer = await count_newer(tx, query, asked.upto)
    counted = None if asked.is_narrow else await counts(tx, asked.since(visit.now, visit.zone))
    return Listed(found, newer, counted, await total(tx))


def _rows_shown(visit: Visit, asked: Asked, found: Found) -> dict[str, Any]:
    return {
        "asked": asked,
        "rows": [_row(mail, visit) for mail in found.mails],
        "found": found,
        "go_on": asked.url(before=found.older) if found.searched_to is not None else "",
        "paused": PAUSED,
    }


def _row(mail: Mail, visit: Visit) -> Row:
    to = mail.addresses("to") or [each.address for each in mail.recipients]
    note = ""
    if mail.state is State.SCHEDULED and mail.due_at is not None:
        note = visit.words["goes"].format(due=visit.time(mail.due_at))
    subject = mask_subject(mail.subject, expected=mail.critical)
    return Row(mail, to[0] if to else "", max(0, len(mail.recipients) - 1), subject, note)


def _tabs(asked: Asked, counted: Counts | None) -> list[Tab]:
    tabs = []
    for name in TABS:
        count, tone = "", ""
        if counted is not None:
            n = getattr(counted, name)
            count = f"{n:,}" if counted.exact or n < COUNT_MAX else f"{_about(n):,}"
            tone = _TONES.get(name, "") if n else ""
        href = asked.url(tab=name, state="")
        tabs.append(Tab(name, href, name == asked.tab, count, tone))
    return tabs


def _selects(asked: Asked, visit: Visit, mails: Sequence[Mail]) -> list[dict[str, Any]]:
    """The three choices: each a name, its options (value and word), and the one that is chosen."""
    frame, words = visit.words["frame"], visit.words
    purposes = [*visit.parts.settings.purposes, *(mail.purpose for mail in mails if mail.purpose)]
    if asked.purpose not in ("", "-"):
        purposes.append(asked.purpose)
    reasons = [*sorted(Reason, key=lambda name: frame["reasons"].get(name, name)), PAUSED]
    if asked.reason and asked.reason not in reasons:
        reasons.append(asked.reason)
    named = {name: frame["purposes"].get(name, name) for name in dict.fromkeys(purposes)}
    return [
        {
            "name": "purpose",
            "options": [("", words["any"]), *named.items(), ("-", frame["purposes"]["none"])],
        },
        {
            "name": "reason",
            "options": [
                ("", words["any"]),
                *((str(name), frame["reasons"].get(name, name)) for name in reasons),
            ],
        },
        {"name": "time", "options": [(name, words["times"][name]) for name in TIMES]},
    ]


def _upto(asked: Asked, mails: Sequence[Mail]) -> int | None:
    """Where the list begins, for as long as somebody looks at it; an empty one begins anywhere."""
    if asked.before is not None or asked.after is not None:
        return None
    return asked.upto if asked.upto is not None else mails[0].seq if mails else None


def _newer_url(asked: Asked, found: Found) -> str:
    if (asked.before is None and asked.after is None) or not found.newer:
        return ""
    if found.mails:
        return asked.url(after=found.mails[0].seq)
    # The search found nothing on its last steps: back to where it began.
    return asked.url()


def _fit(asked: Asked, listed: Listed) -> str:
    """How many fit, for "Select all"; empty: nobody has counted."""
    found, is_one_page = listed.found, listed.found.older is None and not listed.found.newer
    if is_one_page and found.searched_to is None:
        return f"{len(found.mails):,}"
    if listed.counted is None:
        return ""
    n = getattr(listed.counted, asked.tab)
    return f"{n:,}" if listed.counted.exact else ""


def _about(n: int) -> int:
    """Two figures of a large number that is about right: what stands behind them nobody knows."""
    if n <= _EXACT_MAX:
        return n
    step = int(10 ** max(0, len(str(n)) - 2))
    return round(n / step) * step


def _many(n: int, most: int) -> str:
    return "" if n == 0 else f"{n:,}+" if n >= most else f"{n:,}"


PAGES: Final = (Page("/console/mails", "GET", _list, words="mails"),)
