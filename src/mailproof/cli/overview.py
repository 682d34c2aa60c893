"""How things are, on one screen of a terminal: the sentence, its proof, and what happened last."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from mailproof.cli.mail_page import event_words
from mailproof.cli.spans import Line, Span, cut, padded, wrapped
from mailproof.cli.tables import columns_of
from mailproof.cli.tracks import TONES, TRACK_COLUMNS, track
from mailproof.cli.words import words
from mailproof.config.settings import Settings
from mailproof.console.pages.phrasing import Speech
from mailproof.console.pages.sentence import Sentence, sentence
from mailproof.console.pages.standing import Standing, take_standing, with_proof
from mailproof.console.words import words_of
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.mail.events import EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import Event, Tx
from mailproof.store.console.counts import Wait, counts, waits
from mailproof.store.console.minutes import PurposeNow, purposes_now
from mailproof.store.console.refused import RefusedApp, refused_apps
from mailproof.store.records import events
from mailproof.store.routes.board import RouteShown, board
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["Seen", "drawn", "drawn_away", "local_zone", "look"]

_HOUR_MS: Final = 3_600_000
_REFUSED_LOOKED: Final = 50
# As many events as a tall terminal can show.
_EVENTS_LOOKED: Final = 60
_EVENTS_LEAST: Final = 3
_LABEL_COLUMNS: Final = 12
_GAP: Final = "  "
_SEALS: Final[Mapping[str, str]] = {"tick": "✓", "pause": "‖", "bang": "!", "dots": "…"}
_TONES: Final[Mapping[str, str]] = {"quiet": "faint"}
_ID_SHOWN: Final = 8

# Cells of a row, each with its tone; the columns of a section line up.
Row = tuple[Span, ...]


class Seen(msgspec.Struct, frozen=True):
    """One view of the database."""

    standing: Standing
    purposes: tuple[PurposeNow, ...]
    routes: tuple[RouteShown, ...]
    refused: tuple[RefusedApp, ...]
    events: tuple[Event, ...]


class _Section(msgspec.Struct, frozen=True):
    label: str
    rows: tuple[Row, ...]
    most: int


async def look(tx: Tx, settings: Settings, zone: ZoneInfo) -> Seen:
    """All of it; reads a few rows of each table, however much mail there is."""
    now = datetime.fromtimestamp(tx.now / 1_000, zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day_began = int(midnight.timestamp() * 1_000)
    standing = await take_standing(tx, settings, await waits(tx))
    purposes = await purposes_now(tx, day_began_at=day_began)
    today = await counts(tx, day_began)
    order = {name: place for place, name in enumerate(settings.purposes)}
    found = await board(tx)
    last = await events.position_before(tx, _EVENTS_LOOKED)
    return Seen(
        await with_proof(tx, standing, today, purposes),
        tuple(
            sorted(
                (each for each in purposes if each.critical),
                key=lambda each: (order.get(each.purpose, len(order)), each.purpose),
            )
        ),
        tuple(sorted(found.routes, key=lambda each: each.state != "closed")),
        tuple(
            each
            for each in await refused_apps(tx, _REFUSED_LOOKED)
            if each.last_at > tx.now - _HOUR_MS and each.is_known
        ),
        tuple(await events.after(tx, last)),
    )


def drawn(
    seen: Seen, language: OperatorLanguage, zone: ZoneInfo, size: tuple[int, int]
) -> list[Line]:
    """What fits a terminal of this `size`: columns and lines."""
    columns, lines = size
    said = sentence(seen.standing, language, zone)
    head = _head(said, columns)
    foot = [_foot(language)]
    room = lines - len(head) - len(foot)
    sections = _sections(seen, Speech(language, zone, seen.standing.now))
    body = _body(sections, _happened(seen.events, language, zone), room, language)
    return [cut(line, columns) for line in [*head, *body, *foot]][-lines:]


def drawn_away(said: Sentence, language: OperatorLanguage, size: tuple[int, int]) -> list[Line]:
    """When nothing can be read: that, and why."""
    columns, _ = size
    return [cut(line, columns) for line in [*_head(said, columns), (), _foot(language)]]


def local_zone(environ: Mapping[str, str] = os.environ) -> ZoneInfo:
    """That of this machine: TZ, else what /etc/localtime is; UTC where neither says."""
    try:
        if name := environ.get("TZ", "").lstrip(":"):
            return ZoneInfo(name)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file, key="localtime")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")  # a TZ of another form, or a machine that keeps it elsewhere


# ---- its parts


def _head(said: Sentence, columns: int) -> list[Line]:
    tone = _TONES.get(said.tone, said.tone)
    strong = f"{tone} strong" if tone in {"broken", "waiting"} else "strong"
    width = columns - 2
    lines: list[Line] = []
    for number, text in enumerate(wrapped(said.fact, width, 2)):
        mark = (f"{_SEALS[said.seal]} ", strong if tone != "proven" else tone)
        lines.append((mark if not number else ("  ", ""), (text, strong)))
    for text in (f"{said.rest}", said.line):
        lines += [(("  ", ""), (part, "")) for part in wrapped(text, width, 2)]
    return lines


def _foot(language: OperatorLanguage) -> Line:
    return ((words(language).phrases["overview_quit"], "faint"),)


def _sections(seen: Seen, speech: Speech) -> list[_Section]:
    said = words(speech.language).phrases
    page = words_of(speech.language, "overview")
    found = [
        _Section(
            said["overview_purposes"],
            tuple(_purpose(each, seen, speech, page) for each in seen.purposes),
            6,
        ),
        _Section(
            said["overview_routes"], tuple(_route(each, speech, page) for each in seen.routes), 4
        ),
        _Section(
            said["overview_waits"],
            tuple(_wait(each, speech, page) for each in seen.standing.waits),
            4,
        ),
        _Section(
            said["overview_refused"],
            tuple(_refused(each, speech, page) for each in seen.refused),
            3,
        ),
    ]
    return [each for each in found if each.rows]


def _purpose(each: PurposeNow, seen: Seen, speech: Speech, page: Mapping[str, Any]) -> Row:
    said, head = words(speech.language).phrases, page["critical"]
    if each.stopped_since is not None:
        tone, now = "broken", head["stopped"].format(time=speech.moment(each.stopped_since))
    elif each.waiting:
        tone, now = "waiting", head["waits"]
    elif each.last_sent_at is None:
        tone, now = "faint", head["none"]
    elif each.last_sent_at < seen.standing.now - _HOUR_MS or seen.standing.picture.routes:
        tone, now = "faint", head["none_since"].format(time=speech.moment(each.last_sent_at))
    else:
        tone, now = "proven", head["flows"]
    waits_ = said["overview_waiting"].format(count=speech.number(each.waiting))
    expires = each.first_expires_at
    soon = "" if expires is None else said["overview_first"].format(soon=speech.soon(expires))
    return (
        (page["frame"]["purposes"].get(each.purpose or "none", each.purpose), ""),
        (f"● {now}", tone),
        (said["overview_today"].format(count=speech.number(each.today)), ""),
        (speech.pace(each.typical_ms), "faint"),
        (waits_ if each.waiting else "", "waiting"),
        (soon if each.waiting else "", "faint"),
    )


def _route(each: RouteShown, speech: Speech, page: Mapping[str, Any]) -> Row:
    said, head = words(speech.language).phrases, page["routes"]
    kind = "paused" if each.paused_at is not None else each.state
    tone = {"paused": "faint", "closed": "broken"}.get(kind, "proven")
    reason = page["frame"]["reasons"].get(each.reason, each.reason) if kind == "closed" else ""
    probe = each.next_probe_at
    soon = "" if probe is None else said["overview_probe"].format(soon=speech.soon(probe))
    count = said["overview_waiting"].format(count=speech.number(each.waiting))
    return (
        (each.provider + ("" if each.sender == EVERY_SENDER else f" {each.sender}"), ""),
        (f"● {head.get(kind, kind)}", tone),
        (head["since"].format(time=speech.moment(each.since)), "faint"),
        (reason or "", ""),
        (count if each.waiting else "", "waiting"),
        (soon if kind == "closed" else "", "faint"),
    )


def _wait(each: Wait, speech: Speech, page: Mapping[str, Any]) -> Row:
    said = words(speech.language).phrases
    state = State(each.state)
    reasons = page["frame"]["reasons"]
    why = page["waits"]["turn"] if each.reason is None else reasons.get(each.reason, each.reason)
    return (
        (f"{track(state)} {page['frame']['states'][state]}", TONES.get(state, "")),
        (speech.number(each.count), "strong"),
        (why, ""),
        (each.provider or "", "faint"),
        (said["overview_first"].format(soon=speech.soon(each.first_expires_at)), "faint"),
    )


def _refused(each: RefusedApp, speech: Speech, page: Mapping[str, Any]) -> Row:
    return (
        (each.app or each.client or page["refused"]["unknown"], "broken"),
        (each.name, ""),
        (speech.number(each.requests), "strong"),
        (speech.moment(each.last_at, "time"), "faint"),
    )


def _happened(
    found: Sequence[Event], language: OperatorLanguage, zone: ZoneInfo
) -> tuple[Row, ...]:
    """The last event last, as a log is read; how far its mail has come by it."""
    said = words(language)
    rows = []
    for each in found:
        state = _state_of(each.type)
        mark = (" " * TRACK_COLUMNS, "") if state is None else (track(state), TONES.get(state, ""))
        about = "" if each.email_id is None else each.email_id[-_ID_SHOWN:]
        time = datetime.fromtimestamp(each.at / 1_000, zone)
        what = event_words(each, said, zone)
        rows.append(((f"{time:%H:%M:%S}", "faint"), mark, (about, "faint"), (what, "")))
    return tuple(rows)


def _state_of(event: str) -> State | None:
    if event == EventType.EMAIL_ACCEPTED:
        return State.QUEUED
    kind, _, name = event.partition(".")
    return State(name) if kind == "email" and name in set(State) else None


# ---- put together


def _body(
    sections: Sequence[_Section], happened: Sequence[Row], room: int, language: OperatorLanguage
) -> list[Line]:
    """Every section a few rows, what happened the rest."""
    least = min(_EVENTS_LEAST, len(happened))
    counts_ = [min(len(each.rows), each.most) for each in sections]
    blank = True

    def height() -> int:
        parts = len(counts_) + bool(happened)
        return sum(counts_) + least + (parts if blank else 0)

    while counts_ and height() > room:
        largest = max(range(len(counts_)), key=counts_.__getitem__)
        if counts_[largest] > 2 or (not blank and counts_[largest] > 1):
            counts_[largest] -= 1
        elif blank:
            blank = False
        elif least:
            least -= 1
        else:
            counts_.pop()
    lines: list[Line] = []
    for section, count in zip(sections, counts_, strict=False):
        more = len(section.rows) - count
        lines += [()] if blank else []
        lines += _lines(section.label, section.rows[:count], more)
    left = room - len(lines) - blank
    if happened and left > 0:
        lines += [()] if blank else []
        lines += _lines(words(language).phrases["overview_events"], happened[-left:], 0)
    return lines


def _lines(label: str, rows: Sequence[Row], more: int) -> list[Line]:
    """The label before the first row, how many are left out before the second."""
    widths = [max(columns_of(row[at][0]) for row in rows) for at in range(len(rows[0]))]
    found = []
    for number, row in enumerate(rows):
        text = label if number == 0 else f"+{more}" if number == 1 and more else ""
        found.append(((padded(text, _LABEL_COLUMNS), "faint"), *_cells(row, widths)))
    return found


def _cells(row: Row, widths: Sequence[int]) -> list[Span]:
    """Filled to the widths of their columns, but for the last one that says something."""
    last = max((at for at, (text, _) in enumerate(row) if text), default=0)
    cells: list[Span] = []
    for at, ((text, tone), width) in enumerate(zip(row, widths, strict=True)):
        if at < last and width:
            cells += [(text + " " * (width - columns_of(text)), tone), (_GAP, "")]
        elif at == last:
            cells.append((text, tone))
    return cells
