"""What is said to people: complete in both languages, and laid out to be read."""

from string import Formatter

import msgspec
import pytest

from mailproof.diagnosis.evidence import Context, Evidence, SdkError, SmtpReply
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.explain.by_hand import by_hand
from mailproof.explain.reading import RECOGNISERS, Reading
from mailproof.explain.telling import laid_out, tell, would
from mailproof.explain.words import words
from mailproof.providers.catalog import PROVIDERS
from mailproof.providers.diagnose import diagnose
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
    told = tell(reading_of(text), language, text)
    said = [told.headline, *(part for _, part in told.parts), *told.notes, told.command[1]]
    assert all(said)
    assert not [part for part in said[:-1] if "{}" in part or "None" in part]
    assert all(part.rstrip("`）)").endswith((".", "。", "}", "…")) for part in said[:-1])


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
    headline = tell(reading_of(text), "en", text).headline
    assert "recipient's server" in headline


def test_chinese_and_latin_words_are_set_apart() -> None:
    text = pasted("node-resend-domain-not-verified")
    assert tell(reading_of(text), "zh", text).headline.startswith("Resend 不接受")


def test_lines_keep_the_width_in_columns_also_in_chinese() -> None:
    text = pasted("node-resend-domain-not-verified")
    for language, width in (("en", 60), ("zh", 60)):
        told = tell(reading_of(text), language, text)  # type: ignore[arg-type]
        shown = laid_out(told, width=width, strong=str)
        body = shown[: shown.index(told.command[1])].splitlines()
        # A full stop may hang over: Chinese never begins a line with one.
        assert max(map(columns, body)) <= width + 2


def columns(line: str) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in line)


def test_an_unknown_failure_shows_its_evidence_and_says_what_to_paste() -> None:
    text = pasted("nothing-known")
    labels = [label for label, _ in tell(reading_of(text), "en", text).parts]
    assert labels[-2:] == ["Evidence", "Paste instead"]


@pytest.mark.parametrize("provider", [*PROVIDERS, "unknown"])
def test_every_reason_has_a_line_to_check_by_hand(provider: str) -> None:
    failure = diagnose(Evidence(SdkError({"message": "x"}), provider))
    for reason in Reason:
        line = by_hand(msgspec.structs.replace(failure, reason=reason), "")
        assert line
        assert "{" not in line


def test_the_line_to_check_names_the_server_of_the_paste() -> None:
    text = "smtp.exmail.qq.com said: 535 5.7.8 authentication failed"
    line = by_hand(reading_of(text).failure, text)
    assert line.startswith("swaks --server smtp.exmail.qq.com:587")
    assert "$SMTP_PASSWORD" in line


def test_the_line_to_check_names_the_recipients_domain() -> None:
    context = Context(to=("ada@example.org",))
    failure = diagnose(Evidence(SmtpReply(550, "5.1.1 no such user"), "smtp", context))
    assert by_hand(failure, "") == "dig +short MX example.org"


def test_every_recogniser_has_its_own_name() -> None:
    names = [name for name, _ in RECOGNISERS]
    assert len(names) == len(set(names))


def test_an_accepted_request_is_told_as_one() -> None:
    text = pasted("accepted")
    reading = reading_of(text)
    assert isinstance(reading, Reading)
    assert tell(reading, "en", text).headline.startswith("This is no failure")
