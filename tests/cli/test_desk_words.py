"""The words of the operator's commands: two languages of equal rank, tables that line up."""

import re
from datetime import timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from mailproof import cli
from mailproof.cli.tables import columns_of, local_time, table
from mailproof.cli.words import words
from mailproof.mail.lifecycle import State
from mailproof.store.mails.desk import Answer
from mailproof.store.records.suppressions import Cause

EN, ZH = words("en"), words("zh")
SECTIONS = [field.name for field in msgspec.structs.fields(EN)]


def names_in(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)", sentence))


@pytest.mark.parametrize("section", SECTIONS)
def test_both_languages_say_the_same_things_with_the_same_facts(section: str) -> None:
    english, chinese = getattr(EN, section), getattr(ZH, section)
    assert list(english) == list(chinese)
    for key in english:
        assert names_in(english[key]) == names_in(chinese[key]), key


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_and_every_answer_has_a_sentence(language: str) -> None:
    said = ZH if language == "zh" else EN
    assert set(said.states) == set(State)
    assert set(said.answers) >= set(Answer) - {Answer.DONE}
    assert set(said.phrases) >= set(Cause)


def test_no_phrase_is_left_over() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(cli.__file__).parent.glob("*.py")
    )
    used_by_value = {"accepted", "refused", "unknown", "good", "bad", "cannot_tell", *Cause}
    named = set(re.findall(r"[\"'](\w+)[\"']", source))
    assert not set(EN.phrases) - named - used_by_value
    assert not set(EN.columns) - named


def test_columns_line_up_in_chinese_too() -> None:
    head, first, second = table(["ID", "主题"], [["1", "a"], ["22", "邮件"]]).splitlines()
    assert columns_of(head.partition("主")[0]) == columns_of(first.partition("a")[0])
    assert columns_of(second.partition("邮")[0]) == columns_of(first.partition("a")[0])
    assert columns_of("邮件a") == 5


def test_a_subject_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in table(["SUBJECT"], [["\x1b[31mred\u202eder\n"]])
    assert len(table(["SUBJECT"], [["two\nlines"]]).splitlines()) == 2


def test_a_time_names_its_zone() -> None:
    zone = timezone(timedelta(hours=8))
    assert local_time(1_800_000_000_123, zone) == "2027-01-15 16:00:00+08:00"
    assert local_time(1_800_000_000_123, zone, precise=True) == "2027-01-15 16:00:00.123+08:00"
