"""The sentence at the top: the worst first, in plain words, and never more than is known."""

import re
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from mailproof.console.pages.sentence import Sentence, sentence, store_away, troubles
from mailproof.console.pages.standing import Standing
from mailproof.console.words import words_of
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.diagnosis.reasons import FACTS, Reason
from mailproof.mail.lifecycle import State
from mailproof.store.console.counts import COUNT_MAX, Wait
from mailproof.store.console.messages import Undelivered
from mailproof.store.nodes.nodes import Node
from mailproof.store.records.alerts import AlertRow
from mailproof.store.records.checks import Check
from mailproof.store.records.picture import (
    ClosedLane,
    ClosedRoute,
    CriticalWaiting,
    Picture,
    Refused,
)

BERLIN: Final = ZoneInfo("Europe/Berlin")
# 25 November 2026, 10:14:32 in Berlin.
NOW: Final = 1_795_598_072_000
SINCE: Final = NOW - 12 * 60_000 - 25_000
SENDS: Final = Node("n1", "all", True, "host", 42, "1.2.3", 0, NOW)  # noqa: FBT003 - its order


def closed(**given: Any) -> ClosedRoute:
    values: dict[str, Any] = {
        "provider": "resend",
        "sender": "*",
        "reason": "credentials_invalid",
        "severity": "CRITICAL",
        "failure": None,
        "since": SINCE,
        "met": 1,
        "waiting": 37,
        **given,
    }
    return ClosedRoute(**values)


def held(count: int = 37, expires_in_s: int = 7_200, **given: Any) -> Wait:
    values: dict[str, Any] = {
        "state": State.HELD,
        "reason": "credentials_invalid",
        "provider": None,
        "count": count,
        "first_expires_at": NOW + expires_in_s * 1_000,
        "oldest_at": SINCE,
        **given,
    }
    return Wait(**values)


def standing(**given: Any) -> Standing:
    picture = {
        name: given.pop(name)
        for name in ("routes", "lanes", "critical", "refused")
        if name in given
    }
    values: dict[str, Any] = {
        "now": NOW,
        "providers": {"resend": "resend"},
        "picture": Picture(now=NOW, **picture),
        "nodes": (SENDS,),
        "pid": 42,
        **given,
    }
    return Standing(**values)


def said(language: OperatorLanguage = "en", **given: Any) -> Sentence:
    return sentence(standing(**given), language, BERLIN)


def alert(name: str, severity: str = "ERROR", **facts: Any) -> AlertRow:
    return AlertRow(1, name, "about", severity, SINCE, None, 3, SINCE, facts)


def refused(kind: str, app: str = "", count: int = 186) -> Refused:
    began = NOW - 27 * 60_000
    return Refused(
        kind, app, "10.0.3.17", "/emails", "invalid_api_key", "No.", count, began, NOW - 3_000
    )


def test_a_refused_key_is_said_with_since_when_and_that_nothing_is_lost() -> None:
    told = said(routes=(closed(),), waits=(held(),))
    assert told.text == "Resend refuses the API key since 10:02. 37 mails held, nothing lost."
    assert (told.tone, told.seal, told.href) == ("broken", "bang", "/console#mend")


def test_the_same_is_said_in_chinese_without_spaces_between_sentences() -> None:
    told = said("zh", routes=(closed(),), waits=(held(),))
    assert told.text == "自 10:02 起，Resend 拒绝 API 密钥。暂存 37 封，没有丢失。"


@pytest.mark.parametrize(
    ("waiting", "rest"),
    [
        (0, "Nothing waits for it yet."),
        (1, "1 mail held, nothing lost."),
        (1_204, "1,204 mails held, nothing lost."),
        (COUNT_MAX, "at least 10,000 mails held, nothing lost."),
    ],
)
def test_a_number_is_exact_only_where_it_was_counted(waiting: int, rest: str) -> None:
    assert said(routes=(closed(waiting=waiting),)).rest == rest


def test_nothing_lost_is_not_said_when_mails_have_expired() -> None:
    told = said(routes=(closed(),), expired=4)
    assert told.rest == "37 mails held; 4 have expired since."
    assert said(routes=(closed(waiting=0),), expired=1).rest == (
        "Nothing waits for it now; 1 has expired since."
    )
    assert said("zh", routes=(closed(),), expired=4).rest == "暂存 37 封，其间已有 4 封过期。"


def test_a_deadline_is_told_when_it_is_near_and_not_when_it_is_far() -> None:
    near = said(routes=(closed(),), waits=(held(expires_in_s=100),))
    assert near.line == "The first expires in 1 min 40 s."
    assert said(routes=(closed(),), waits=(held(expires_in_s=7_200),)).line == ""


def test_who_waits_is_said_to_be_told_when_critical_mail_is_held() -> None:
    waiting = CriticalWaiting("closed", True, 14, 0, SINCE)  # noqa: FBT003 - in its order
    told = said(routes=(closed(),), critical=(waiting,))
    assert told.line.startswith("People waiting are told that it takes longer")


def test_a_login_is_refused_where_there_is_no_key() -> None:
    told = said(
        providers={"relay": "smtp"}, routes=(closed(provider="relay", since=NOW - 86_400_000),)
    )
    assert told.fact == "relay refuses the login since 24 November 10:14."


def test_a_route_of_one_sender_names_it() -> None:
    one = closed(sender="acme.test", reason="sender_unverified")
    assert said(routes=(one,)).fact == "Resend has not verified acme.test since 10:02."
    key = closed(sender="acme.test")
    assert said(routes=(key,)).fact == "Resend refuses the API key for acme.test since 10:02."


def test_several_causes_that_stop_all_critical_mail_are_one_sentence() -> None:
    waiting = CriticalWaiting("closed", True, 14, 0, SINCE)  # noqa: FBT003 - in its order
    told = said(
        providers={"resend": "resend", "backup": "smtp"},
        routes=(closed(), closed(provider="backup", reason="timed_out")),
        critical=(waiting,),
    )
    assert told.name == "critical_stopped"
    assert told.text == "No critical mail can leave since 10:02. 37 mails held, nothing lost."
    assert told.line == "Closed: Resend, backup."


def test_a_route_whose_mail_another_one_carries_is_no_red_matter() -> None:
    told = said(
        providers={"resend": "resend", "backup": "smtp"},
        routes=(closed(waiting=0, carrier="backup"),),
    )
    assert told.text == (
        "Resend refuses the API key since 10:02. backup carries its mail, nothing is held."
    )
    assert told.tone == "waiting"
    assert told.line == "While this lasts there is no provider in reserve."


def test_without_a_provider_it_is_said_how_to_get_one() -> None:
    told = said(providers={}, lanes=(ClosedLane("acme.test", "credentials_missing", SINCE, 3),))
    assert told.text == "No email service is configured. 3 mails held, nothing lost."
    assert "RESEND_API_KEY" in told.line


def test_a_sender_that_no_provider_carries_is_named() -> None:
    told = said(lanes=(ClosedLane("acme.test", "credentials_missing", SINCE, 3),))
    assert told.fact == "No provider can carry mail from acme.test since 10:02."


def test_when_no_process_sends_that_is_the_sentence() -> None:
    gateway = Node("n2", "gateway", False, "host", 43, "1.2.3", 0, NOW)  # noqa: FBT003
    assert said(nodes=(gateway,)).name == "nobody_sends"


def test_who_stands_by_says_that_another_one_sends() -> None:
    own = Node("n2", "all", False, "host", 43, "1.2.3", 0, NOW)  # noqa: FBT003 - in its order
    told = said(nodes=(SENDS, own), pid=43)
    assert told.text == "This process stands by; another one sends. All mail flows."
    assert said(nodes=(SENDS, own), pid=42, today=1).name == "well"


def test_refused_applications_are_counted_with_their_requests() -> None:
    told = said(refused=(refused("placeholder"), refused("sender_invalid", "staging-web", 28)))
    assert told.text == (
        "2 applications are being refused. "
        "214 requests since 09:47 did not become mails, and never will."
    )
    assert told.href == "/console/refusals"


def test_a_stranger_with_an_unknown_key_is_a_calm_matter_and_comes_last() -> None:
    stranger = refused("unknown_key")
    assert said(refused=(stranger,)).tone == "waiting"
    assert (
        said(refused=(stranger,), waits=(held(3, state=State.UNCONFIRMED),)).name == "unconfirmed"
    )


def test_critical_mail_that_is_late_though_it_could_go_is_said() -> None:
    late = CriticalWaiting("open", False, 5, 3, SINCE)  # noqa: FBT003 - in its order
    told = said(critical=(late,))
    assert told.text == (
        "Critical mail is late. 3 mails wait, the first since 10:02:07, though a way out is open."
    )


def test_unconfirmed_mails_are_never_called_lost_or_sent() -> None:
    told = said(waits=(held(3, state=State.UNCONFIRMED),))
    assert told.text == ("3 mails are unconfirmed. Nobody knows whether the provider has them.")
    one = said(waits=(held(1, state=State.UNCONFIRMED),))
    assert one.text == "1 mail is unconfirmed. Nobody knows whether the provider has it."


def test_a_channel_that_cannot_be_reached_is_said_with_its_error() -> None:
    told = said(undelivered=(Undelivered("ops", SINCE, 2, "No answer within 20 s."),))
    assert told.fact == "The alert channel ops cannot be reached since 10:02."
    assert told.line == "No answer within 20 s."
    two = said(undelivered=(Undelivered("a", SINCE, 1, "x"), Undelivered("b", SINCE, 1, "y")))
    assert two.fact == "2 alert channels cannot be reached since 10:02."


def test_a_webhook_that_is_ill_is_said_in_plain_words() -> None:
    told = said(alerts=(alert("feedback_failing", provider="resend", kind="wrong_secret"),))
    assert told.text == (
        "Resend's reports are refused: the webhook secret does not fit. "
        "Mail goes out; whether it arrived is not known."
    )


def test_mail_by_the_second_choice_is_said_as_good_news_with_a_warning() -> None:
    told = said(alerts=(alert("degraded", "WARNING", provider="backup", first="resend"),))
    assert told.text == "Mail goes by the second choice: backup instead of Resend. It arrives."
    assert told.tone == "waiting"


def test_any_other_open_alert_is_said_with_the_title_that_it_was_told_by() -> None:
    told = said(alerts=(alert("cursor_stuck", cursor="metrics", kind="failing", error="x"),))
    assert told.tone == "broken"
    assert told.href == "/console/alerts"
    assert told.fact.endswith(".")
    assert "metrics" in told.fact


def test_what_a_route_says_is_not_said_again_by_its_alert() -> None:
    found = troubles(standing(routes=(closed(),), alerts=(alert("route_closed"),)), "en", BERLIN)
    assert [each.name for each in found] == ["route_closed"]


def test_a_paused_route_is_no_failure() -> None:
    told = said(routes=(closed(reason="paused", waiting=0, severity="WARNING"),))
    assert told.text == "Resend is paused since 10:02. Nothing waits for it."
    assert told.tone == "quiet"
    waiting = said(routes=(closed(reason="paused", waiting=2),))
    assert waiting.rest == "2 mails are held until somebody resumes it."
    assert waiting.tone == "waiting"


def test_a_pause_that_stops_all_critical_mail_is_said_first_and_once() -> None:
    waiting = CriticalWaiting("closed", True, 14, 0, SINCE)  # noqa: FBT003 - in its order
    given = {"routes": (closed(reason="paused"),), "critical": (waiting,)}
    found = troubles(standing(refused=(refused("placeholder"),), **given), "en", BERLIN)
    assert [each.name for each in found] == ["paused", "refused"]
    assert found[0].text == (
        "Resend is paused since 10:02. 37 mails are held until somebody resumes it."
    )
    assert (found[0].tone, found[0].line) == ("broken", "No critical mail can leave meanwhile.")


def test_the_worst_comes_first_and_nothing_is_left_out() -> None:
    found = troubles(
        standing(
            providers={"resend": "resend", "backup": "smtp"},
            routes=(
                closed(waiting=2),
                closed(provider="backup", reason="paused", waiting=0),
                closed(sender="b.test", reason="sender_unverified", waiting=9),
            ),
            refused=(refused("placeholder"), refused("unknown_key")),
            waits=(held(3, state=State.UNCONFIRMED),),
            undelivered=(Undelivered("ops", SINCE, 2, "x"),),
        ),
        "en",
        BERLIN,
    )
    assert [each.name for each in found] == [
        *("route_closed", "route_closed", "refused", "unconfirmed", "channel_failing"),
        *("paused", "refused_unknown"),
    ]
    assert found[0].route is not None
    assert found[0].route.sender == "b.test"


def test_all_is_well_only_with_the_proof_of_it() -> None:
    told = said(today=1_204, bad=5, sent_at=NOW - 4_000, sent_purpose="magic_link")
    assert told.fact == "All mail flows."
    assert (told.tone, told.seal) == ("proven", "tick")
    assert told.line == (
        "1,204 mails accepted today; nothing waits. Last proof 4 s ago: a sign-in link, sent."
    )
    assert (told.link, told.href) == ("5 ended badly", "/console/mails?tab=bad")


def test_a_good_check_is_proof_where_nothing_was_sent() -> None:
    check = Check(
        at=NOW - 41_000,
        provider="resend",
        verdict="good",
        reason=None,
        took_ms=80,
        failure=None,
        facts={},
    )
    told = said(today=1, waits=(held(1, state=State.QUEUED, reason=None),), good_check=check)
    assert told.line == (
        "1 mail accepted today; 1 waits and goes by itself. "
        "Last proof 41 s ago: Resend answered a check well."
    )


def test_before_the_first_mail_nothing_is_claimed_to_be_well() -> None:
    told = said()
    assert told.text == (
        "Nothing has been sent yet. Whether Resend takes mail shows with the first one."
    )
    assert told.tone == "quiet"


def test_a_database_that_is_away_is_a_sentence_too() -> None:
    told = store_away("disk I/O error", "en", BERLIN, NOW)
    assert told.text == (
        "The database cannot be used now. What was accepted is on disk and goes on once it is back."
    )
    assert told.line == "disk I/O error"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("reason", [each for each in Reason if FACTS[each].closes is not None])
def test_every_reason_that_closes_a_route_has_its_sentence(
    reason: Reason, language: OperatorLanguage
) -> None:
    told = said(language, routes=(closed(reason=reason.value, sender="acme.test"),))
    unknown = said(language, routes=(closed(reason="unknown", sender="acme.test"),))
    assert told.fact != unknown.fact or reason is Reason.UNKNOWN
    assert "{" not in told.text + told.line


def test_both_languages_say_the_same_things_with_the_same_facts() -> None:
    english, chinese = words_of("en", "sentence"), words_of("zh", "sentence")
    assert _shape(english) == _shape(chinese)


def test_no_sentence_holds_html() -> None:
    for told in troubles(
        standing(routes=(closed(),), refused=(refused("placeholder"),)), "en", BERLIN
    ):
        assert not re.search(r"[<>]|&\w+;", told.text + told.line)


def _shape(words: Any) -> Any:
    """The keys, and the names in braces below each; the frame's are not these words."""
    if isinstance(words, str):
        return sorted(set(re.findall(r"{(\w+)}", words)) - {"count"})
    return {name: _shape(each) for name, each in words.items() if name != "frame"}
