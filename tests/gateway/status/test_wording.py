"""The readers' sentences: the same in four languages, whole, and without what is for machines."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.guidance import Language
from mailproof.gateway.status.telling import LOOKS
from mailproof.gateway.status.wording import (
    LANGUAGES,
    Facts,
    Sentences,
    kind_of,
    masked,
    pick_reader_language,
    span_of,
    words,
)
from mailproof.mail.purposes import PURPOSES

MINUTE = 60_000
EVERYTHING = Facts(address="m•••a@a.test", time="10:02 UTC", span="1 hour", domain="gmail.com")


def shape(tree: Any) -> Any:
    """Names, and the places to be filled."""
    if isinstance(tree, dict):
        return {name: shape(each) for name, each in tree.items()}
    if isinstance(tree, list):
        return [shape(each) for each in tree]
    return sorted(re.findall(r"{\w+}", tree))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_each_language_are_those_of_the_table_and_no_others(
    language: Language,
) -> None:
    assert set(words(language)) == {*LOOKS, "page", "buttons", "on_its_way_if_known"}
    assert shape(words(language)) == shape(words("en"))
    for name in set(words(language)) - {"page", "buttons"}:
        assert {"title", "text", "action"} <= set(words(language)[name])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["", "link", "code", "nobody"])
@pytest.mark.parametrize("facts", [Facts(), EVERYTHING], ids=["nothing", "everything"])
def test_no_sentence_is_left_unfilled_or_speaks_of_machines(
    language: Language, kind: str, facts: Facts
) -> None:
    for name in set(words(language)) - {"page", "buttons"}:
        found = Sentences.of(name, language, facts, kind)
        said = f"{found.title} {found.text} {found.action}".lower()
        for word in ("resend", "smtp", "http", "provider", "error", "{", "_", "!", "！"):
            assert word not in said, (language, name)


def test_a_known_fact_is_said_and_an_unknown_one_is_not_missed() -> None:
    assert "a@a.test" in Sentences.of("delivered", "en", EVERYTHING).text
    assert Sentences.of("delivered", "en", Facts()).text == "It is in your mailbox."


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("maya@harbour-books.example", "m•••a@harbour-books.example"),
        ("bob@a.test", "b•••b@a.test"),
        ("al@a.test", "a•••@a.test"),
        ("x@a.test", "x•••@a.test"),
        ("用户名@例子.test", "用•••名@例子.test"),
        ('"a@b"@a.test', '"•••"@a.test'),
        ("erased", ""),
        ("@a.test", ""),
        ("", ""),
    ],
)
def test_an_address_is_masked_so_that_its_owner_knows_it_again(address: str, shown: str) -> None:
    assert masked(address) == shown


@given(st.text(min_size=1).filter(lambda text: "@" not in text))
def test_a_mask_is_as_wide_for_every_name(local: str) -> None:
    assert len(masked(f"{local}@a.test")) in {len("x•••@a.test"), len("x•••x@a.test")}


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (15 * MINUTE, "15 minutes"),
        (MINUTE, "1 minute"),
        (60 * MINUTE, "1 hour"),
        (90 * MINUTE, "90 minutes"),
        (24 * 60 * MINUTE, "24 hours"),
        (72 * 60 * MINUTE, "3 days"),
        (90_000, ""),
        (0, ""),
    ],
)
def test_a_span_is_told_in_its_largest_unit_or_not_at_all(length: int, told: str) -> None:
    assert span_of(length, "en") == told


@pytest.mark.parametrize(("language", "told"), [("zh", "15 分钟"), ("ja", "15 分"), ("ko", "15분")])
def test_a_span_is_told_in_the_readers_language(language: Language, told: str) -> None:
    assert span_of(15 * MINUTE, language) == told


def test_what_a_mail_brings_hangs_on_its_purpose() -> None:
    kinds = {name: kind_of(name) for name in PURPOSES}
    assert kinds["magic_link"] == "link"
    assert kinds["otp"] == "code"
    assert {name for name, kind in kinds.items() if not kind} == {"receipt", "notification", "bulk"}
    assert kind_of("") == kind_of("never_heard_of") == ""


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr-FR, ja;q=0.7", "ja"),
        ("ko", "zh", "ko"),
        ("ko-KR", "", "ko"),
        ("xx", "KO", "ko"),
        ("", "fr, de", "en"),
        ("", "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_browsers_else_english(
    asked: str, accepted: str, language: str
) -> None:
    assert pick_reader_language(asked, accepted) == language
