"""What the READMEs show is what the program says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh.md")
SHOWN = re.compile(
    r"<!-- run: (?P<env>\S+) -->\n```console\n\$ (?P<command>.+)\n"
    r"(?P<out>(?s:.*?))```"
)


def shown(name: str) -> list[re.Match[str]]:
    return list(SHOWN.finditer((ROOT / name).read_text(encoding="utf-8")))


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


@pytest.mark.parametrize("name", READMES)
def test_each_command_in_the_readme_prints_what_stands_below_it(name: str) -> None:
    blocks = shown(name)
    assert len(blocks) == 2
    for block in blocks:
        assert run(block["command"], block["env"]) == block["out"]


def test_both_readmes_have_the_same_parts() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    for part in (r"^#+ ", r"^```\w+", r"^\*\*`mailproof \w+`\*\*"):
        assert re.findall(part, english, re.MULTILINE) == re.findall(part, chinese, re.MULTILINE)


@pytest.mark.parametrize("name", READMES)
def test_every_file_that_the_readme_points_to_is_there(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]


if __name__ == "__main__":  # python tests/test_readme.py: paste the output anew
    for readme in READMES:
        path = ROOT / readme
        text = SHOWN.sub(
            lambda found: (
                f"<!-- run: {found['env']} -->\n```console\n$ {found['command']}\n"
                f"{run(found['command'], found['env'])}```"
            ),
            path.read_text(encoding="utf-8"),
        )
        path.write_text(text, encoding="utf-8")
