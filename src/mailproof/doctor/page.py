"""Lay findings out for a person: the worst first, grouped, aligned."""

import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from mailproof.doctor.finding import Finding, Status
from mailproof.doctor.words import Words, words

__all__ = ["page"]

Paint = Callable[[str, Status], str]

_MARKS: Final = {
    Status.FAILED: "✗",
    Status.WARNING: "!",
    Status.CANNOT_TELL: "?",
    Status.SKIPPED: "-",
    Status.OK: "✓",
}
_SUMMED_UP: Final = (
    (Status.FAILED, "failed"),
    (Status.WARNING, "warning"),
    (Status.CANNOT_TELL, "unclear"),
)
_BAD: Final = (Status.FAILED, Status.WARNING, Status.CANNOT_TELL)
_INDENT: Final = "      "
_WIDTH_MIN: Final = 40  # narrower, a terminal may break the lines as it likes


def page(findings: Sequence[Finding], language: str, *, width: int, paint: Paint) -> str:
    """The summary, then each area. `width` in columns; `paint` colours a text by its status.

    `findings` come the worst first; an area stands where its worst finding puts it.
    """
    spoken = words(language)
    width = max(width, _WIDTH_MIN)
    lines = [paint(_summary(findings, spoken), _worst(findings)), ""]
    for area, group in _by_area(findings, spoken):
        lines.append(area)
        for finding in group:
            lines += _told(finding, spoken, width=width, paint=paint)
        lines.append("")
    return "\n".join(lines)


def _summary(findings: Sequence[Finding], spoken: Words) -> str:
    for status, name in _SUMMED_UP:
        checks = [spoken.checks[each.check] for each in findings if each.status is status]
        if checks:
            number = "one" if len(checks) == 1 else "many"
            named = spoken.summary["separator"].join(dict.fromkeys(checks))
            return spoken.summary[f"{name}_{number}"].format(count=len(checks), checks=named)
    return spoken.summary["ok"].format(count=len(findings))


def _worst(findings: Sequence[Finding]) -> Status:
    return findings[0].status if findings else Status.OK


def _by_area(findings: Sequence[Finding], spoken: Words) -> Iterator[tuple[str, Sequence[Finding]]]:
    def area(finding: Finding) -> str:
        return spoken.areas[finding.check.partition(".")[0]]

    order = {name: place for place, name in reversed(list(enumerate(map(area, findings))))}
    ordered = sorted(findings, key=lambda finding: order[area(finding)])
    for name, group in groupby(ordered, area):
        yield name, list(group)


def _told(finding: Finding, spoken: Words, *, width: int, paint: Paint) -> Iterator[str]:
    mark = paint(_MARKS[finding.status], finding.status)
    first, *rest = _wrapped(finding.what, width - len(_INDENT)) or [""]
    yield f"  {mark}   {first}"
    yield from (_INDENT + line for line in rest)
    if finding.status not in _BAD:
        return
    label_width = max(map(_columns, spoken.labels.values())) + 2
    said = (
        (spoken.labels["seen"], finding.evidence),
        (spoken.labels["fix"], finding.fix),
        (spoken.labels["by_hand"], finding.command),
    )
    for label, text in said:
        if not text:
            continue
        padded = label + " " * (label_width - _columns(label))
        # A command is one line, so that it can be copied.
        room = width - len(_INDENT) - label_width
        lines = [text] if text is finding.command else _paragraphs(text, room)
        yield _INDENT + padded + lines[0]
        yield from (_INDENT + " " * label_width + line for line in lines[1:])


def _paragraphs(text: str, width: int) -> list[str]:
    """Each paragraph wrapped by itself; an indented one is a record to copy, and stays whole."""
    lines = list[str]()
    for paragraph in text.split("\n"):
        lines += [paragraph] if paragraph.startswith("  ") else _wrapped(paragraph, width)
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Break lines at blanks, and between Chinese characters, which are two columns wide."""
    if _columns(text) == len(text):
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    lines, line = list[str](), ""
    for piece in _pieces(text):
        if line and _columns(line + piece.rstrip()) > width and piece[0] not in "，。；：、）」":
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        if _columns(char) == 2:
            if word:
                yield word
            word = ""
            yield char
        else:
            word += char
            if char == " ":
                yield word
                word = ""
    if word:
        yield word


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
