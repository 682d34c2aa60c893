"""What `docs/semantics.md` promises stands in the tables that the program goes by."""

import re
from pathlib import Path

import pytest

from mailproof.mail.lifecycle import MOVES, State
from mailproof.mail.purposes import PURPOSES, UNSPECIFIED, Purpose
from tests.docs.pages import LANGUAGES, ROOT, code_of, heads, page, tables

YES = {"en": {True: "yes", False: "no"}, "zh": {True: "是", False: "否"}}
UNITS = {"min": 60, "h": 3_600, "d": 86_400}


def rows_with(name: str, language: str) -> list[list[str]]:
    for rows in tables(page("semantics", language)):
        if any(name in code_of(row[0]) for row in rows):
            return rows
    pytest.fail(f"no table has {name}")


def seconds(text: str) -> int:
    number, unit = text.split()
    return int(number) * UNITS[unit]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_explained_once(language: str) -> None:
    told = [code for row in rows_with("held", language) for code in code_of(row[0])]
    assert told == list(State)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_operator_may_send_again_is_told(language: str) -> None:
    again = [state for state, to in MOVES.items() if to == {State.QUEUED}]
    assert len(again) == 3
    lines = page("semantics", language).splitlines()
    (line,) = [line for line in lines if "`mailproof emails retry ID`" in line]
    assert not set(again) - set(code_of(line))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_purpose_stands_there_with_what_hangs_on_it(language: str) -> None:
    rows = rows_with("magic_link", language)
    purposes: list[Purpose] = [*PURPOSES.values(), UNSPECIFIED]
    assert len(rows) == len(purposes)
    yes = YES[language]
    for row, purpose in zip(rows, purposes, strict=True):
        assert code_of(row[0]) == ([purpose.name] if purpose.name else [])
        assert row[1] == yes[purpose.critical], purpose.name
        assert seconds(row[2]) == purpose.expires_s, purpose.name
        assert row[3] == yes[purpose.newest_wins], purpose.name
        assert code_of(row[4]) == [purpose.on_unknown.value], purpose.name


def test_both_pages_have_the_same_parts() -> None:
    english, chinese = (page("semantics", language) for language in LANGUAGES)
    assert heads(english) == heads(chinese)
    assert [len(rows) for rows in tables(english)] == [len(rows) for rows in tables(chinese)]


def anchor(head: str) -> str:
    """As GitHub makes it of a heading."""
    kept = re.sub(r"[^\w\- ]", "", head.strip().lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/**/*.md")) + sorted(ROOT.glob("*.md")),
                         ids=lambda path: path.relative_to(ROOT).as_posix())  # fmt: skip
def test_every_link_between_pages_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target, part in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
        there = path.parent / target if target else path
        assert there.exists(), target
        if part:
            found = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in {anchor(head) for head in found}, f"{target}#{part}"
