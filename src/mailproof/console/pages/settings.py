"""The settings in force, each with where it comes from. They are changed there."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from mailproof.config.problems import ConfigInvalid
from mailproof.config.reading import Loaded, load
from mailproof.config.settings import Settings
from mailproof.config.showing import Row, rows_of
from mailproof.console.pages.phrasing import Speech
from mailproof.console.visit import Answer, Page, Visit
from mailproof.diagnosis.guidance.language import OperatorLanguage

__all__ = ["PAGES", "laid_beside"]


# What `serve` takes on its command line too: a value that differs comes from there.
_ON_COMMAND_LINE: Final = frozenset({"server.host", "server.port", "server.admin_port"})


class Shown(msgspec.Struct, frozen=True):
    """One setting. `now`: what stands at its place now, where that is something else; empty: the
    same. `by_hand`: it was given on the command line."""

    row: Row
    now: str = ""
    by_hand: bool = False


async def show(visit: Visit) -> Answer:
    settings = visit.parts.settings
    loaded, problem = _load(settings, os.environ, visit.language)
    shown = laid_beside(settings, loaded)
    speech = Speech(visit.language, visit.zone, visit.now)
    words = visit.words["sentence"]
    changed = [each for each in shown if each.now]
    given = sum(each.row.origin.kind != "default" for each in shown)
    fact = words["file"].format(file=settings.file) if settings.file else words["no_file"]
    if problem:
        rest, tone, seal = words["unreadable"].format(problem=problem), "broken", "bang"
    elif changed:
        rest, tone, seal = speech.counted(words, len(changed), "changed"), "waiting", "pause"
    else:
        rest, tone, seal = speech.counted(words, given, "given"), "proven", "tick"
    return visit.page(
        "settings.html",
        said={"fact": fact, "rest": rest, "tone": tone, "seal": seal},
        tables=_tables(shown, visit.words["general"]),
    )


def laid_beside(settings: Settings, loaded: Loaded | None) -> list[Shown]:
    """What is in force, with its origin, and what has become of it where it was read from."""
    if loaded is None:
        return [Shown(row) for row in rows_of(Loaded(settings, (), {}))]
    then = rows_of(Loaded(settings, (), loaded.origins))
    now = {row.path: row.value for row in rows_of(loaded)}
    return [_beside(row, now.get(row.path, row.value)) for row in then]


def _beside(row: Row, now: str) -> Shown:
    if now == row.value:
        return Shown(row)
    return Shown(row, by_hand=True) if row.path in _ON_COMMAND_LINE else Shown(row, now)


def _load(
    settings: Settings, environ: Mapping[str, str], language: OperatorLanguage
) -> tuple[Loaded | None, str]:
    """The configuration as it is now; else the first thing that is wrong with it."""
    try:
        path = settings.file or None
        return load(path=path, environ=environ, cwd=Path.cwd(), language=language), ""
    except ConfigInvalid as invalid:
        return None, str(invalid).splitlines()[0]


def _tables(shown: Iterable[Shown], general: str) -> list[dict[str, Any]]:
    """By table of the file, in the order of the documentation."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for each in shown:
        table, _, key = each.row.path.rpartition(".")
        if table.startswith("purposes.") and table.endswith(".match"):
            table, key = table.removesuffix(".match"), f"match.{key}"
        tables.setdefault(table, []).append(
            {
                "key": key,
                "value": each.row.value,
                "origin": each.row.origin,
                "now": each.now,
                "by_hand": each.by_hand,
            }
        )
    return [
        {"name": name or general, "rows": rows, "is_given": any(map(_is_given, rows))}
        for name, rows in tables.items()
    ]


def _is_given(row: Mapping[str, Any]) -> bool:
    return bool(row["origin"].kind != "default" or row["now"] or row["by_hand"])


PAGES: Final[tuple[Page, ...]] = (Page("/console/settings", "GET", show, words="settings"),)
