"""Text is folded to the terminal without being changed, in both languages."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.demo.telling import fold

TEXTS = {
    "en": "    fix: Open https://resend.com/api-keys, create a key, and set it in the app.",
    "zh": "    修复：打开 https://resend.com/api-keys 新建密钥，把完整内容填进应用的环境里。",
}


def packed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("width", [30, 40, 60])
def test_what_follows_hangs_below_the_indent_and_nothing_is_lost(language: str, width: int) -> None:
    folded = fold(TEXTS[language], width)
    assert len(folded) > 1
    assert all(line.startswith("      ") for line in folded[1:])
    assert packed("".join(folded)) == packed(TEXTS[language])


def test_a_chinese_sign_never_begins_a_line() -> None:
    text = "邮件没有丢：修好之后，等待中的邮件会自动发出，除非在那之前过期。" * 3
    for width in range(10, 40):
        assert not [line for line in fold(text, width)[1:] if line.strip()[0] in "，。：、；"]


def test_a_short_line_and_an_empty_one_stay_as_they_are() -> None:
    assert fold("    two  spaces", 40) == ["    two  spaces"]
    assert fold("", 40) == [""]


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80))
def test_any_line_can_be_folded_and_keeps_all_its_characters(text: str) -> None:
    assert packed("".join(fold(text, 20))) == packed(text)
