"""What a mail says: its preview with links and codes covered, its source, and what is revealed."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mailproof.console.pages.markup import mask_markup
from mailproof.console.pages.masking import mask
from mailproof.console.pages.preview import CSP, SHOWN_MAX, Letter, draw, letter_of
from mailproof.console.pages.telling import Teller
from mailproof.console.visit import HTML, Answer, NotFound, Page, Visit
from mailproof.mail.events import EventType
from mailproof.mail.lifecycle import PROGRESS, State
from mailproof.store.base import NewEvent, Tx
from mailproof.store.mails.ids import as_id
from mailproof.store.mails.listing import Mail, Shown, content, show

__all__ = ["PAGES", "Kept", "kept_of"]

_SENT: Final = PROGRESS | {State.BOUNCED, State.COMPLAINED}
_STAMP: Final = "mailproof_id"
# What is said of the mail elsewhere on the page, or has its own place in the source.
_OWN_PLACE: Final = frozenset({"from", "to", "cc", "bcc", "subject", "html", "text", "attachments"})


class Kept(msgspec.Struct, frozen=True):
    """Is what the mail says still kept? `why`: since when it is not, and why."""

    is_kept: bool = True
    why: str = ""


class Attached(msgspec.Struct, frozen=True):
    name: str
    size: str


def kept_of(shown: Shown, contents_ms: int, teller: Teller) -> Kept:
    """Why the contents of this mail are gone. `contents_ms`: for how long any are kept."""
    words, mail = teller.words["preview"], shown.mail
    if not mail.critical:
        until = teller.moment(mail.created_at + contents_ms)
        told = words["gone_old"].format(days=teller.span(contents_ms), until=until)
    elif mail.state in _SENT:
        told = words["gone_sent"].format(since=teller.moment(_sent_at(shown)))
    else:
        told = words["gone_over"].format(since=teller.moment(mail.changed_at))
    return Kept(is_kept=False, why=teller.tidy(told))


def _sent_at(shown: Shown) -> int:
    sent = (event.at for event in shown.events if event.type == EventType.EMAIL_SENT)
    return next(sent, shown.mail.changed_at)


async def _preview(visit: Visit) -> Answer:
    mail, letter = await _letter(visit)
    title = mask(mail.subject, letter.codes)
    body = await asyncio.to_thread(draw, letter, masked=True, lang=_lang(visit), title=title)
    return _framed(body)


async def _source(visit: Visit) -> Answer:
    mail, letter = await _letter(visit)
    payload = await visit.read(content, mail.id) or {}
    return visit.page(
        "mail_source.html",
        mail=mail,
        subject=mask(letter.subject, letter.codes),
        text=mask(letter.text, letter.codes),
        html=await asyncio.to_thread(mask_markup, letter.html, letter.codes),
        cut=SHOWN_MAX if letter.cut else 0,
        fields=_fields(payload, letter),
        attached=[_attached(each, visit) for each in payload.get("attachments") or ()],
    )


async def _ask(visit: Visit) -> Answer:
    mail, letter = await _letter(visit)
    return visit.page("mail_reveal.html", mail=mail, subject=mask(mail.subject, letter.codes))


async def _reveal(visit: Visit) -> Answer:
    """The event is on disk before anything is shown."""
    mail, letter = await _letter(visit)
    await visit.write(_tell, mail.id, visit.actor)
    note = visit.words["reveal"]["shown"].format(name=visit.person.name)
    shown = msgspec.structs.replace(letter, subject=f"{letter.subject} · {note}")
    title = shown.subject
    body = await asyncio.to_thread(draw, shown, masked=False, lang=_lang(visit), title=title)
    return _framed(body)


async def _tell(tx: Tx, email_id: str, actor: str) -> None:
    tx.tell(NewEvent(EventType.EMAIL_REVEALED, email_id, {}, actor))


async def _letter(visit: Visit) -> tuple[Mail, Letter]:
    """Raises `NotFound`: there is no such mail, or what it said is erased."""
    email_id = as_id(visit.request.email_id)
    shown = None if email_id is None else await visit.read(show, email_id)
    payload = None if shown is None else await visit.read(content, shown.mail.id)
    if shown is None or payload is None:
        raise NotFound
    expected = shown.mail.critical
    return shown.mail, await asyncio.to_thread(letter_of, payload, expected=expected)


def _framed(body: bytes) -> Answer:
    headers = ((b"content-security-policy", CSP), (b"cache-control", b"no-store"))
    return Answer(200, body, headers, HTML)


def _fields(payload: Mapping[str, Any], letter: Letter) -> list[tuple[str, str]]:
    """What else the app gave, as JSON, covered."""
    return [
        (name, mask(msgspec.json.encode(_shown(name, value)).decode(), letter.codes))
        for name, value in payload.items()
        if name not in _OWN_PLACE and value not in (None, [], {}, "")
    ]


def _shown(name: str, value: Any) -> Any:
    """Without the stamp that is ours."""
    if name == "tags" and isinstance(value, list):
        return [tag for tag in value if not (isinstance(tag, dict) and tag.get("name") == _STAMP)]
    return value


def _attached(given: Any, visit: Visit) -> Attached:
    words = visit.words["preview"]
    name = given.get("filename") if isinstance(given, dict) else None
    data = given.get("content") if isinstance(given, dict) else None
    # Base64: four signs for three bytes.
    size = f"{len(data) * 3 // 4:,} B" if isinstance(data, str) else words["size_unknown"]
    return Attached(str(name or "?"), size)


def _lang(visit: Visit) -> str:
    return "zh-Hans" if visit.language == "zh" else "en"


PAGES: Final = (
    Page("/console/mails/{id}/preview", "GET", _preview, words="mail"),
    Page("/console/mails/{id}/source", "GET", _source, words="mail"),
    Page("/console/mails/{id}/reveal", "GET", _ask, role="admin", words="mail"),
    Page("/console/mails/{id}/reveal", "POST", _reveal, role="admin", words="mail"),
)
