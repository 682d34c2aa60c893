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
from tests.docs.pages import ROOT

LANGUAGES: tuple[OperatorLanguage, ...] = ("en", "zh")
AT = 1_800_000_000_000  # 2027-01-15 08:00:00 UTC
SHANGHAI = timezone(timedelta(hours=8))

ROUTE: dict[str, Any] = {
    "provider": "resend",
    "sender": "acme.test",
    "reason": "sender_unverified",
    "failure": msgspec.json.decode(unverified()),
}
RATE: dict[str, Any] = {"bad": 10, "of": 40, "rate": "25%", "limit": "20%"}
FACTS: dict[str, dict[str, Any]] = {
    "route_closed": ROUTE,
    "route_closed-carried": {**ROUTE, "kind": "carried", "carried_by": "backup"},
    "no_provider": {"senders": ["acme.test", "b.test"], "reason": "credentials_missing"},
    "critical_waiting": {},
    "application_refused-placeholder": {"kind": "placeholder", "whose": "10.0.0.7"},
    "application_refused-once_valid": {"kind": "once_valid", "whose": "shop"},
    "application_refused-unknown_key": {"kind": "unknown_key", "whose": "10.0.0.7"},
    "application_refused-others": {"kind": "unknown_key", "whose": "others"},
    "application_refused-sender_invalid": {
        "kind": "sender_invalid",
        "whose": "shop",
        "message": "`from`: '1' is not an address.",
    },
    "critical_silent": {"app": "shop", "purpose": "otp", "usual_s": 36_000},
    "degraded": {"provider": "backup", "first": "resend"},
    "failure_rate": RATE,
    "bounce_rate": RATE,
    "complaint_rate": RATE,
    "volume_jump": {"app": "shop", "usual": 40},
    "quota_running_out-day": {"provider": "resend", "kind": "day", "limit": 100},
    "quota_running_out-month": {"provider": "resend", "kind": "month", "limit": 3_000},
    "feedback_failing-wrong_secret": {"provider": "resend", "kind": "wrong_secret"},
    "feedback_failing-silent": {"provider": "resend", "kind": "silent"},
    "mail_unverified": {"provider": "resend", "sent": 400},
    "cursor_stuck-failing": {"cursor": "metrics", "kind": "failing", "error": "RuntimeError"},
    "cursor_stuck-behind": {"cursor": "metrics", "kind": "behind", "error": ""},
    "heartbeat_failing": {"error": "The answer was HTTP 404."},
    "other": {},
}
# What is over at once, or has no number of its own.
UNCOUNTED = {"other", "cursor_stuck-failing", "cursor_stuck-behind"}


def message(name: str = "route_closed", **given: Any) -> DueMessage:
    facts = dict(FACTS[name])
    if name.startswith("application_refused"):
        facts = {"path": "/emails", "name": "invalid_api_key", "clients": 35, **facts}
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
    return f"{text.title}\n{text.whole}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FACTS)
def test_each_condition_is_told_whole_when_it_begins_and_when_it_is_over(
    name: str, language: OperatorLanguage
) -> None:
    labels = words(language).labels
    opened = text_of(message(name), language, SHANGHAI)
    resolved = text_of(message(name, kind="resolved", until=AT + 720_000), language, SHANGHAI)
    count = () if name in UNCOUNTED else ("count",)
    for label in ("since", *count, "cause", "fix"):
        assert f"\n{labels[label]}" in opened.body
    for label in ("since", "until", *count, "cause"):
        assert f"\n{labels[label]}" in resolved.body
    for text in (opened, resolved):
        assert not re.search(r"[{}]|None", said(text))
        assert "2027-01-15 16:00:00" in text.body
        assert "UTC+08:00" in text.body
    assert (opened.mood, resolved.mood) == ("failure", "success")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted({name.partition("-")[0] for name in FACTS} - {"other"}))
def test_each_message_names_the_page_about_it_which_is_there(
    name: str, language: OperatorLanguage
) -> None:
    facts_of = next(each for each in FACTS if each.partition("-")[0] == name)
    text = text_of(message(facts_of), language)
    assert text.tail.endswith(f"alerts/{name}.md")
    page = (ROOT / text.told.runbook).read_text(encoding="utf-8")
    assert page.startswith("# ")
    assert f"`{name}`" in page
    assert not text_of(message(facts_of, kind="resolved"), language).tail


def test_an_alert_of_a_newer_release_names_no_page() -> None:
    assert text_of(message("other"), "en").tail == ""


def test_a_program_gets_what_the_message_says_apart() -> None:
    told = text_of(message("degraded", severity="WARNING", about="backup"), "en").told
    assert (told.name, told.about, told.severity, told.state) == (
        "degraded",
        "backup",
        "WARNING",
        "open",
    )
    assert (told.since, told.until, told.count) == (AT, None, 12)
    assert "resend" in told.cause
    assert "mailproof routes" in told.fix
    over = text_of(message("degraded", kind="resolved", until=AT + 9), "en").told
    assert (over.state, over.until, over.count) == ("resolved", AT + 9, 40)


def test_a_way_whose_mail_another_provider_carries_is_not_called_stopped() -> None:
    english = text_of(message("route_closed-carried"), "en")
    assert english.title.startswith("Degraded: resend is closed for ")
    assert english.title.endswith(", backup carries its mail")
    assert "stopped" not in english.title
    chinese = text_of(message("route_closed-carried"), "zh")
    assert "由 backup 代发" in chinese.title
    assert "停发" not in chinese.title


def test_a_usual_pause_is_told_as_people_say_it() -> None:
    assert "with pauses of 10 hours at most" in text_of(message("critical_silent"), "en").body


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
