"""What the pages say is what the command does: options, fields, channels and the pasted output."""

import re
import shlex
from pathlib import Path

import msgspec
import pytest

from mailproof.cli.explain import explain
from mailproof.diagnosis.evidence import Evidence
from mailproof.diagnosis.reasons import Next, Reader, Severity
from mailproof.diagnosis.report import Report
from mailproof.explain.intake import BYTES_MAX
from mailproof.explain.winnow import WHOLE_MAX
from mailproof.explain.words import words
from mailproof.providers.catalog import PROVIDERS
from tests.cli.running import mailproof

ROOT = Path(__file__).parent.parent.parent
PAGES = {"en": ROOT / "docs" / "explain.md", "zh": ROOT / "docs" / "zh" / "explain.md"}
BLOCK = re.compile(r"```console\n\$ (mailproof [^\n]+)\n(.*?)```", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")


def page(language: str) -> str:
    return PAGES[language].read_text("utf-8")


@pytest.mark.parametrize("language", PAGES)
def test_the_output_on_the_page_is_what_is_printed(language: str) -> None:
    blocks = BLOCK.findall(page(language))
    assert len(blocks) == 4
    for command, shown in blocks:
        arguments = shlex.split(command)[1:]
        if "--jsonl" in arguments:
            case, answer = shown.splitlines()
            printed = mailproof(*arguments, stdin=case.encode()).stdout.decode()
            assert printed.startswith(answer.removesuffix("…}"))
        else:
            assert mailproof(*arguments, env={"COLUMNS": "80"}).stdout.decode() == shown


@pytest.mark.parametrize("language", PAGES)
def test_every_option_field_and_name_is_on_the_page(language: str) -> None:
    said = " ".join(CODE.findall(page(language)))
    names = [option.opts[0] for option in explain.params if option.param_type_name == "option"]
    names += [*Report.__struct_fields__, *Next, *Reader, *Severity, *PROVIDERS]
    assert [name for name in names if name not in said] == []


@pytest.mark.parametrize("language", PAGES)
def test_every_channel_is_on_the_page_with_its_fields(language: str) -> None:
    seen = msgspec.structs.fields(Evidence)[0].type
    rows = dict(re.findall(r"^\| `(\w+)` \| ((?:`\w+`[,、 ]*)+) \|$", page(language), re.MULTILINE))
    for kind in seen.__args__:
        told = set(CODE.findall(rows[kind.__struct_config__.tag]))
        assert told == set(kind.__struct_fields__)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_label_and_limit_is_on_the_page(language: str) -> None:
    labels = words(language).labels
    text = page(language)
    assert [labels[key] for key in ("cause", "fix", "would", "read_as", "by_hand")] == [
        label
        for key in ("cause", "fix", "would", "read_as", "by_hand")
        if f"| {(label := labels[key])} |" in text
    ]
    assert (f"{WHOLE_MAX:,}" if language == "en" else f"{WHOLE_MAX // 10_000} 万字符") in text
    assert f"{BYTES_MAX >> 20} MB" in text
