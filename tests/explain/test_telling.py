"""What is said to people: complete in both languages, and laid out to be read."""

from string import Formatter

import pytest

from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.explain.reading import RECOGNISERS
from mailproof.explain.telling import laid_out, tell, would
from mailproof.explain.words import words
from tests.explain.pasting import expected_readings, pasted, reading_of

LANGUAGES: tuple[OperatorLanguage, ...] = ("en", "zh")
PASTED = [pasted(row.paste) for row in expected_readings()]


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_headline(language: OperatorLanguage) -> None:
    assert set(words(language).headlines) == set(Reason)


def test_both_languages_say_the_same_things_with_the_same_facts() -> None:
    english, chinese = words("en"), words("zh")
    for part in ("headlines", "labels", "shapes", "phrases"):
        ours, theirs = getattr(english, part), getattr(chinese, part)
        assert ours.keys() == theirs.keys()
    assert {key: holes(text) for key, text in english.phrases.items()} == {
        key: holes(text) for key, text in chinese.phrases.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", PASTED)
def test_whatever_was_read_can_be_told(text: str, language: OperatorLanguage) -> None:
    told = tell(reading_of(text), language)
    said = [told.headline, *(part for _, part in told.parts), *told.notes]
    assert all(said)
    assert told.command is None or told.command[1]
    assert not [part for part in said if "{}" in part or "None" in part]
    assert all(part.rstrip("`）)").endswith((".", "。", "}", "…")) for part in said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_mailproof_would_do_follows_from_the_failure(language: OperatorLanguage) -> None:
    unverified = reading_of(pasted("node-resend-domain-not-verified")).failure
    limited = reading_of(pasted("curl-i-429")).failure
    gone = reading_of(pasted("smtp-line")).failure
    assert [each.next for each in (unverified, limited, gone)] == [Next.HOLD, Next.RETRY, Next.END]
    said = [would(each, language) for each in (unverified, limited, gone)]
    assert ("1 s" if language == "en" else "1 秒") in said[1]
    assert len(set(said)) == 3


def test_a_receivers_word_is_not_put_into_the_providers_mouth() -> None:
    text = (
        "Final-Recipient: rfc822; a@example.org\nAction: delayed\nStatus: 4.7.0\nRemote-MTA: dns;"
    )
    text += " mx.example.org\nDiagnostic-Code: smtp; 421 4.7.0 too many messages, slow down"
    headline = tell(reading_of(text), "en").headline
    assert "recipient's server" in headline


def test_chinese_and_latin_words_are_set_apart() -> None:
    text = pasted("node-resend-domain-not-verified")
    assert tell(reading_of(text), "zh").headline.startswith("Resend 不接受")


def test_lines_keep_the_width_in_columns_also_in_chinese() -> None:
    text = pasted("node-resend-domain-not-verified")
    for language, width in (("en", 60), ("zh", 60)):
        told = tell(reading_of(text), language)  # type: ignore[arg-type]
        shown = laid_out(told, width=width, strong=str)
        assert told.command is not None
        body = shown[: shown.index(told.command[1])].splitlines()
        # A full stop may hang over: Chinese never begins a line with one.
        assert max(map(columns, body)) <= width + 2


def columns(line: str) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in line)


def test_an_unknown_failure_shows_its_evidence_and_says_what_to_paste() -> None:
    text = pasted("nothing-known")
    labels = [label for label, _ in tell(reading_of(text), "en").parts]
    assert labels[-2:] == ["Evidence", "Paste instead"]


def test_every_recogniser_has_its_own_name() -> None:
    names = [name for name, _ in RECOGNISERS]
    assert len(names) == len(set(names))


def test_further_failures_are_counted_in_plain_words() -> None:
    assert "one more failure" in tell(reading_of(pasted("two-failures")), "en").notes[-1]
