"""What the pages say is what the command does: options, checks, settings and the pasted output."""

import ast
import re
from pathlib import Path

import pytest

from mailproof.cli.doctor import doctor
from mailproof.doctor import settings
from mailproof.doctor.words import told, words
from tests.doctor.fault_table import FAULTS
from tests.doctor.world import World

ROOT = Path(__file__).parent.parent.parent
PAGES = {"en": ROOT / "docs" / "doctor.md", "zh": ROOT / "docs" / "zh" / "doctor.md"}
CHECK = re.compile(r"(?:api|dns|smtp|environment)\.[a-z_]+|key|sender|database|env_file|doctor")


def checks_in_the_source() -> set[str]:
    """Every name that a finding can have: the first argument of a call, or a constant for it."""
    found: set[str] = set()
    for path in (ROOT / "src" / "mailproof" / "doctor").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[ast.expr] = []
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                named = ast.unparse(target).lower()
                values = [node.value] if named.startswith(("check", "certificates")) else []
                if named.startswith("(check, "):
                    values = [node.value.elts[0]] if isinstance(node.value, ast.Tuple) else []
            elif isinstance(node, ast.Call) and node.args:
                values = [node.args[0]]
            for value in values:
                if isinstance(value, ast.Constant) and CHECK.fullmatch(str(value.value)):
                    found.add(str(value.value))
    return found


@pytest.mark.parametrize("language", PAGES)
def test_every_check_is_on_the_page_and_no_other(language: str) -> None:
    rows = [
        line for line in PAGES[language].read_text("utf-8").splitlines() if line.startswith("|")
    ]
    cells = " ".join(line.split("|")[1] for line in rows)
    told_of = {name for name in re.findall(r"`([a-z_.]+)`", cells) if CHECK.fullmatch(name)}
    assert told_of == checks_in_the_source()


@pytest.mark.parametrize("language", PAGES)
def test_every_option_and_every_setting_is_on_the_page(language: str) -> None:
    text = PAGES[language].read_text("utf-8")
    options = [option.opts[0] for option in doctor.params]
    names = [*settings.API_KEY, *settings.SENDER, *settings.BASE_URL]
    names += [*settings.SMTP_URL, *settings.DATABASE_URL]
    assert [each for each in (*options, *names) if each not in text] == []


@pytest.mark.parametrize("language", PAGES)
async def test_the_output_on_the_page_is_what_is_said(world: World, language: str) -> None:
    world.env |= {"RESEND_API_KEY": "1", "RESEND_FROM": "1"}
    findings = told(await world.examined(), language, {})
    text = re.sub(r"\s+", "", PAGES[language].read_text("utf-8"))
    assert re.sub(r"\s+", "", findings[0].what) in text
    assert re.sub(r"\s+", "", findings[0].fix) in text


def test_each_area_has_a_seeded_fault() -> None:
    areas = {fault.key.partition(".")[0] for fault in FAULTS}
    assert areas >= {"key", "sender", "base_url", "reach", "access", "domain", "quota", "rate"}
    assert areas >= {"dns", "spf", "dkim", "dmarc", "return_path", "proxy", "clock"}


@pytest.mark.parametrize("language", PAGES)
def test_every_check_has_a_name_for_the_summary(language: str) -> None:
    assert set(words(language).checks) == checks_in_the_source()
