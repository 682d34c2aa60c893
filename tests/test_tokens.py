"""Colours, sizes and times have one value each, wherever a page names them.

The sandbox is used without the console, and the reader's status without either, so each brings its
own style sheet along.
"""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "mailproof"
CONSOLE = PACKAGE / "console" / "static" / "console.css"
SET_BY_THE_TONE = {"--mark", "--text", "--wash"}
OTHERS = {
    "sandbox": PACKAGE / "sandbox" / "page" / "static" / "sandbox.css",
    "status": PACKAGE / "gateway" / "status" / "card.css",
}


def tokens(file: Path) -> dict[str, str]:
    """The first value of each name, in its shortest writing."""
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    found: dict[str, str] = {}
    for name, value in re.findall(r"(--[a-z0-9-]+)\s*:\s*([^;}]+)", text):
        plain = re.sub(r"\s*([,()])\s*", r"\1", value.strip())
        short = re.sub(r"#([0-9a-f])\1([0-9a-f])\2([0-9a-f])\3\b", r"#\1\2\3", plain)
        # An app may give the element a value of its own; without one, this is it.
        found.setdefault(name, re.sub(r"var\(--mail-status-[a-z0-9-]+,(.*)\)", r"\1", short))
    return found


@pytest.mark.parametrize("page", OTHERS)
def test_a_token_means_the_same_on_every_page(page: str) -> None:
    ours, theirs = tokens(CONSOLE), tokens(OTHERS[page])
    both = theirs.keys() & ours.keys() - SET_BY_THE_TONE
    assert len(both) >= 4
    assert {name: theirs[name] for name in both} == {name: ours[name] for name in both}
