"""What the guide shows is what the commands print: run here, or taken from the demo's own run."""

import re
import sys
from collections.abc import Mapping

import pytest

from tests.demo.told import tell
from tests.docs.pages import LANGUAGES, fences, heads, page
from tests.test_readme import SHOWN, TOLD, at_any_time, excerpts, run

pytestmark = pytest.mark.xdist_group("demo")

COMMANDS = ("routes", "emails show")
# What is another at each run.
PASSING = (
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "0198c0de-…"),
    (re.compile(r"\.\d{3}\+00:00"), ".000+00:00"),
    (re.compile(r"\d+\.\d s"), "0.0 s"),
)


def settled(text: str) -> str:
    """The text as it is at any time, on any machine, and however its lines were broken."""
    text = at_any_time(text)
    for pattern, stand_in in PASSING:
        text = pattern.sub(stand_in, text)
    return " ".join(text.split())


def shown(language: str) -> Mapping[str, str]:
    """What each command prints in the demo, and the log and the alert of the unverified domain."""
    told = tell(language).stdout
    found = dict(excerpts(language))
    for command in COMMANDS:
        block = told.partition(f"$ mailproof {command}")[2].partition("\n")[2]
        lines = re.match(r"(?:(?:    .*)?\n)+", block)
        assert lines, command
        found[command.replace(" ", "_")] = "".join(
            f"{line.removeprefix('    ')}\n" for line in lines[0].rstrip().splitlines()
        )
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_command_prints_what_stands_below_it(language: str) -> None:
    blocks = list(SHOWN.finditer(page("guide", language)))
    assert len(blocks) == 2
    for block in blocks:
        assert run(block["command"], block["env"]) == block["out"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_demo_shows_is_what_the_guide_shows(language: str) -> None:
    blocks = {found["name"]: found["out"] for found in TOLD.finditer(page("guide", language))}
    told = shown(language)
    assert blocks.keys() == told.keys()
    for name, out in told.items():
        assert settled(blocks[name]) == settled(out), name


def test_both_guides_have_the_same_parts() -> None:
    english, chinese = (page("guide", language) for language in LANGUAGES)
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)


if __name__ == "__main__":  # python -m tests.docs.test_guide LANGUAGE: what to paste
    for name, out in shown(sys.argv[1]).items():
        sys.stdout.write(f"<!-- demo: {name} -->\n```console\n{at_any_time(out)}```\n\n")
