"""The console's words: everything has a name, in both languages, with the same facts."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest

from mailproof.console.words import LANGUAGES, words_of
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.lifecycle import State
from mailproof.mail.purposes import PURPOSES

WORDS = files("mailproof.console") / "words"
PAGES = sorted(each.name.removesuffix(".toml") for each in (WORDS / "en").iterdir())


def leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{key}.")
        elif isinstance(value, list):
            yield from ((f"{path}{key}.{place}", each) for place, each in enumerate(value))
        else:
            yield f"{path}{key}", value


def of(language: str, page: str) -> dict[str, str]:
    words = {key: value for key, value in words_of(language, page).items() if key != "frame"}
    return dict(leaves(words))


def facts(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)", text))


def test_both_languages_have_the_same_pages() -> None:
    assert sorted(each.name.removesuffix(".toml") for each in (WORDS / "zh").iterdir()) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_say_the_same_things_with_the_same_facts(page: str) -> None:
    english, chinese = of("en", page), of("zh", page)
    assert english
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert facts(text) == facts(chinese[key]), key
        if not key.startswith("glue."):  # what stands between words may be a blank, or nothing
            assert text.strip(), key
            assert chinese[key].strip(), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_purpose_and_reason_has_a_name(language: str) -> None:
    frame = words_of(language, "")["frame"]
    assert set(frame["states"]) == set(State)
    assert set(frame["purposes"]) == {*PURPOSES, "none"}
    assert set(frame["reasons"]) == {*Reason, "paused"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_states_or_reasons_never_have_one_name(language: str) -> None:
    frame = words_of(language, "")["frame"]
    for table in ("states", "purposes", "nav"):
        assert len(set(frame[table].values())) == len(frame[table]), table
    assert len(set(frame["reasons"].values())) == len(frame["reasons"])


@pytest.mark.parametrize("page", PAGES)
def test_no_word_excuses_itself_or_shouts(page: str) -> None:
    for key, text in of("en", page).items():
        assert not re.search(
            r"!|oops|sorry|please try again|something went wrong", text, re.IGNORECASE
        ), key
    for key, text in of("zh", page).items():
        assert not re.search(r"[!！]|抱歉|出错了", text), key


@pytest.mark.parametrize("page", PAGES)
def test_chinese_takes_full_width_punctuation(page: str) -> None:
    for key, text in of("zh", page).items():
        assert not re.search(r"[\u4e00-\u9fff][,;:?]|[,;?][\u4e00-\u9fff]", text), key


def test_a_page_without_words_has_the_frames() -> None:
    assert set(words_of("en", "")) == {"frame"}
    with pytest.raises(FileNotFoundError):
        words_of("en", "nothing")
