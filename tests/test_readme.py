"""What the READMEs show is what the program says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.demo.told import tell

ROOT = Path(__file__).parent.parent
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}
SHOWN = re.compile(
    r"<!-- run: (?P<env>\S+) -->\n```console\n\$ (?P<command>.+)\n"
    r"(?P<out>(?s:.*?))```"
)
TOLD = re.compile(r"<!-- demo: (?P<name>\w+) -->\n```console\n(?P<out>(?s:.*?))```")
# What is another at each run, or on each machine.
TIMES = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "2026-01-01T00:00:00.000000Z"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "2026-01-01 00:00:00"),
)
# Headings, examples, commands, and what changes for the reader.
PARTS = (r"^#+ ", r"^```\w+", r"^\*\*`mailproof \w+`\*\*", r"^\| `mailproof \w+`", r"^> - ")


def run(command: str, env: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "mailproof"
    key, _, value = env.partition("=")
    done = subprocess.run(
        [sys.executable, "-m", "mailproof", *arguments],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, key: value, "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def excerpts(language: str) -> Mapping[str, str]:
    """What log and alert say of the unverified domain, as the demo shows it."""
    told = tell(language).stdout
    shown = told.partition("$ echo re_… > resend.key\n")[2].partition("$ mailproof routes")[0]
    log, _, alert = shown.partition("\n\n")
    return {name: _dedented(text) for name, text in (("log", log), ("alert", alert))}


def _dedented(text: str) -> str:
    return "".join(f"{line.removeprefix('    ')}\n" for line in text.strip("\n").splitlines())


def at_any_time(text: str) -> str:
    for pattern, stand_in in TIMES:
        text = pattern.sub(stand_in, text)
    return text


@pytest.mark.parametrize("language", READMES)
def test_each_command_in_the_readme_prints_what_stands_below_it(language: str) -> None:
    blocks = list(SHOWN.finditer(READMES[language].read_text(encoding="utf-8")))
    assert len(blocks) == 1
    for block in blocks:
        assert run(block["command"], block["env"]) == block["out"]


@pytest.mark.xdist_group("demo")
@pytest.mark.parametrize("language", READMES)
def test_log_and_alert_in_the_readme_are_what_the_demo_shows(language: str) -> None:
    blocks = {found["name"]: found["out"] for found in TOLD.finditer(
        READMES[language].read_text(encoding="utf-8"))}  # fmt: skip
    assert blocks.keys() == {"log", "alert"}
    for name, out in excerpts(language).items():
        assert "sender_unverified" in out
        assert at_any_time(blocks[name]) == at_any_time(out)


def test_both_readmes_have_the_same_parts() -> None:
    english, chinese = (path.read_text(encoding="utf-8") for path in READMES.values())
    for part in (
        r"^#+ ",
        r"^```\w+",
        r"^\*\*`mailproof \w+`\*\*",
        r"^\| `mailproof \w+`",
        r"^> - ",
    ):
        found = re.findall(part, english, re.MULTILINE)
        assert found == re.findall(part, chinese, re.MULTILINE)
        assert found


@pytest.mark.parametrize("language", READMES)
def test_every_file_that_the_readme_points_to_is_there(language: str) -> None:
    text = READMES[language].read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]


if __name__ == "__main__":  # python -m tests.test_readme: paste the output anew
    for spoken, readme in READMES.items():
        said = excerpts(spoken)
        text = SHOWN.sub(
            lambda found: (
                f"<!-- run: {found['env']} -->\n```console\n$ {found['command']}\n"
                f"{run(found['command'], found['env'])}```"
            ),
            readme.read_text(encoding="utf-8"),
        )
        text = TOLD.sub(
            lambda found, said=said: (  # type: ignore[misc]
                f"<!-- demo: {found['name']} -->\n```console\n{at_any_time(said[found['name']])}```"
            ),
            text,
        )
        readme.write_text(text, encoding="utf-8")
