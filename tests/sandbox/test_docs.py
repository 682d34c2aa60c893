"""docs/sandbox.md and its Chinese twin tell all there is, and their examples run."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mailproof.cli.sandbox import sandbox
from mailproof.sandbox.api.admin import ADMIN_ROUTES
from mailproof.sandbox.events.outcomes import OUTCOMES
from mailproof.sandbox.faults.kinds import Act
from mailproof.sandbox.faults.table import FAULTS
from mailproof.sandbox.settings import Switches

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "sandbox.md", DOCS / "zh" / "sandbox.md"]
pytestmark = pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def rows(page: Path) -> list[list[str]]:
    return [line.strip("|").split("|") for line in text_of(page).splitlines() if line[:1] == "|"]


def test_every_fault_is_in_the_table_with_whether_the_mail_is_accepted(page: Path) -> None:
    told = {
        name: cells[2].strip() in {"yes", "是"}
        for cells in rows(page)
        if len(cells) == 3 and cells[2].strip() in {"yes", "no", "是", "否"}
        for name in re.findall(r"`([\w-]+)`", cells[0])
    }
    accepted = {name: kind.stage.accepts or kind.act is Act.SLOW for name, kind in FAULTS.items()}
    assert {name: told.get(name) for name in FAULTS} == accepted


@pytest.mark.parametrize("name", [name for name, kind in FAULTS.items() if kind.reason])
def test_every_fault_of_smtp_is_told_with_its_reason(page: Path, name: str) -> None:
    (told,) = [cells[1] for cells in rows(page) if f"`{name}`" in cells[0]]
    assert f"`{FAULTS[name].reason}`" in told


@pytest.mark.parametrize("outcome", list(OUTCOMES))
def test_every_end_that_a_recipient_can_ask_for_is_told(page: Path, outcome: str) -> None:
    assert re.search(rf"`{outcome}(@resend\.dev)?`", text_of(page))


@pytest.mark.parametrize("switch", list(Switches.__struct_fields__))
def test_every_switch_is_told_with_its_default(page: Path, switch: str) -> None:
    defaults = {cells[0].strip(): cells[2].strip() for cells in rows(page) if len(cells) == 3}
    default = getattr(Switches(), switch)
    assert defaults[f"`{switch}`"] == f"`{str(default).lower()}`"


def test_every_option_of_the_command_is_told(page: Path) -> None:
    options = [option.opts[0] for option in sandbox.params if isinstance(option, click.Option)]
    assert not [option for option in options if f"`{option}" not in text_of(page)]


def test_every_request_to_the_sandbox_itself_is_told(page: Path) -> None:
    for route in ADMIN_ROUTES:
        assert f"{route.path}`" in text_of(page)
        methods = {"GET", "POST", "PUT", "DELETE"} & set(route.methods or ())
        assert all(f"`{method}" in text_of(page) for method in methods)


def test_the_example_tests_pass_as_they_stand(page: Path, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", text_of(page), re.DOTALL)
    (tmp_path / "test_example.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
