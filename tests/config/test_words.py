"""What is said: in both languages, all of it, and nothing that is never said."""

import re
from pathlib import Path
from string import Formatter

import pytest

import mailproof.config
from mailproof.config.words import page_words, words

SOURCE = Path(str(mailproof.config.__file__)).parent
_UNSEEN = ("unset", "name", "file", "empty")
# Built from two parts in the source.
BUILT = {
    "api_key.absent_resend",
    "api_key.absent_sandbox",
    *(f"{what}.{name}" for what in ("api_key", "smtp_url") for name in _UNSEEN),
}
# Of the same form: a log's event, a setting.
NOT_SAID = {"secret.unreadable", "store.url"}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things() -> None:
    assert words("en").keys() == words("zh").keys()
    assert page_words("en").keys() == page_words("zh").keys()


@pytest.mark.parametrize("key", words("en"))
def test_both_languages_name_the_same_facts(key: str) -> None:
    english, chinese = words("en")[key], words("zh")[key]
    assert fields(english.what) == fields(chinese.what)
    assert fields(english.fix) == fields(chinese.fix)


@pytest.mark.parametrize("key", words("en"))
def test_each_sentence_ends_as_sentences_do(key: str) -> None:
    english, chinese = words("en")[key], words("zh")[key]
    assert english.what.endswith(".")
    assert english.fix.endswith((".", "?"))
    assert chinese.what.endswith("。")
    assert chinese.fix.endswith(("。", "？"))


def test_what_is_written_is_said_somewhere_and_what_is_said_is_written() -> None:
    source = "".join(path.read_text("utf-8") for path in SOURCE.glob("*.py"))
    areas = {key.partition(".")[0] for key in words("en")}
    quoted = re.findall(r'"([a-z_]+)\.([a-z_]+)"', source)
    said = {f"{area}.{name}" for area, name in quoted if area in areas}
    assert (said | BUILT) - NOT_SAID == words("en").keys()
