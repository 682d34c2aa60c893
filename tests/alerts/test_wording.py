"""What people read: complete in every language, and true for one, for many, for none."""

import re
from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest

from mailproof.alerts.wording import Text, text_of
from mailproof.alerts.words import words
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.diagnosis.reasons import Reason
from mailproof.store.records.alerts import DueMessage
from tests.alerts.world import unverified

LANGUAGES: tuple[OperatorLanguage, ...] = ("en", "zh")
AT = 1_800_000_000_000  # 2027-01-15 08:00:00 UTC
SHANGHAI = timezone(timedelta(hours=8))

ROUTE: dict[str, Any] = {
    "provider": "resend",
    "sender": "acme.test",
    "reason": "sender_unverified",
    "failure": msgspec.json.decode(unverified()),
}
FACTS: dict[str, dict[str, Any]] = {
    "route_closed": ROUTE,
    "no_provider": {"senders": ["acme.test", "b.test"], "reason": "credentials_missing"},
    "critical_waiting": {},
    "application_refused-placeholder": {"kind": "placeholder", "whose": "10.0.0.7"},
    "application_refused-once_valid": {"kind": "once_valid", "whose": "shop"},
    "application_refused-unknown_key": {"kind": "unknown_key", "whose": "10.0.0.7"},
    "application_refused-others": {"kind": "unknown_key", "whose": "others"},
    "other": {},
}


def message(name: str = "route_closed", **given: Any) -> DueMessage:
    facts = dict(FACTS[name])
    if name.startswith("application_refused"):
        facts |= {"path": "/emails", "name": "invalid_api_key", "clients": 35}
    about = f"{facts.get('kind')}:others" if name.endswith("-others") else "somebody"
    values: dict[str, Any] = {
        "id": 1,
        "channel": "chat",
        "kind": "opened",
        "tries": 0,
        "alert_id": 1,
        "name": name.partition("-")[0],
        "about": about,
        "severity": "CRITICAL",
        "count": 12,
        "most": 40,
        "since": AT,
        "until": None,
        "facts": facts,
        **given,
    }
    return DueMessage(**values)


def said(text: Text) -> str:
    return f"{text.title}\n{text.body}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FACTS)
def test_each_condition_is_told_whole_when_it_begins_and_when_it_is_over(
    name: str, language: OperatorLanguage
) -> None:
    labels = words(language).labels
    opened = text_of(message(name), language, SHANGHAI)
    resolved = text_of(message(name, kind="resolved", until=AT + 720_000), language, SHANGHAI)
    for label in ("since", "count", "cause", "fix"):
        assert f"\n{labels[label]}: " in opened.body
    for label in ("since", "until", "count", "cause"):
        assert f"\n{labels[label]}: " in resolved.body
    for text in (opened, resolved):
        assert not re.search(r"[{}]|None", said(text))
        assert "2027-01-15 16:00:00" in text.body
        assert "UTC+08:00" in text.body
    assert (opened.mood, resolved.mood) == ("failure", "success")


def test_both_languages_tell_of_the_same_conditions_with_the_same_facts() -> None:
    english, chinese = words("en"), words("zh")
    assert english.conditions.keys() == chinese.conditions.keys() == FACTS.keys()
    assert english.phrases.keys() == chinese.phrases.keys()
    assert english.labels.keys() == chinese.labels.keys()
    for name in FACTS:
        pairs = zip(
            msgspec.structs.astuple(english.conditions[name]),
            msgspec.structs.astuple(chinese.conditions[name]),
            strict=True,
        )
        assert all(blanks(one) == blanks(other) for one, other in pairs), name
    assert not any(re.search(r"[\u4e00-\u9fff]", text) for text in english.phrases.values())


def blanks(text: str) -> set[str]:
    return set(re.findall(r"{\w+}", text))


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "no mail waits so far"), (1, "1 mail waits"), (12, "12 mails wait"),
     (10_000, "more than 10000 mails wait")],
)  # fmt: skip
def test_the_number_is_told_as_people_say_it(count: int, told: str) -> None:
    assert f"How many: {told}\n" in text_of(message(count=count), "en").body


def test_the_good_news_says_how_long_it_took_and_the_highest_number() -> None:
    body = text_of(message(kind="resolved", count=0, until=AT + 720_000), "en", SHANGHAI).body
    assert "Until: 2027-01-15 16:12:00 (UTC+08:00), after 12 minutes" in body
    assert "How many: up to 40 mails had to wait" in body


def test_a_route_of_all_senders_is_called_so() -> None:
    every = message(facts={**ROUTE, "sender": "*"})
    assert text_of(every, "en").title.startswith(
        "Mail stopped: resend takes nothing from any sender"
    )
    assert "所有发件人" in text_of(every, "zh").title


@pytest.mark.parametrize("reason", Reason)
def test_a_route_whose_failure_was_not_kept_is_explained_by_its_reason(reason: Reason) -> None:
    bare = message(facts={**ROUTE, "reason": reason.value, "failure": None})
    body = text_of(bare, "en").body
    assert re.search(r"\nCause: .{20}", body)
    assert re.search(r"\nFix: .{10}", body)


def test_a_reason_of_a_newer_release_is_told_by_its_name() -> None:
    newer = message(facts={**ROUTE, "reason": "phase_of_moon", "failure": None})
    assert "Cause: phase_of_moon" in text_of(newer, "en").body


def test_an_unknown_key_is_a_warning_and_no_failure() -> None:
    text = text_of(message("application_refused-unknown_key", severity="WARNING"), "en")
    assert text.mood == "warning"
