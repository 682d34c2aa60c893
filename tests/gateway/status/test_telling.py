"""What a reader is told: every state in every language, and nothing is missing."""

import msgspec
import pytest

from mailproof.diagnosis.guidance import Language, guidance
from mailproof.diagnosis.reasons import FACTS, Reader, Reason
from mailproof.gateway.status.page import page, times
from mailproof.gateway.status.telling import (
    LANGUAGES,
    LOOKS,
    OF_STATE,
    may_know,
    pick_reader_language,
    said,
    service,
    tell,
    words,
)
from mailproof.mail.lifecycle import State
from mailproof.mail.purposes import Tells
from mailproof.store.mails.status import Standing

NOW = 1_800_000_000_000
MINUTE = 60_000


def standing(state: State, reason: Reason | None = None) -> Standing:
    return Standing(email_id="1", state=state, reason=reason, changed_at=NOW)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", State)
def test_each_state_is_told_in_each_language_to_who_may_know(
    state: State, language: Language
) -> None:
    told = tell(standing(state), language)
    assert told.state == OF_STATE[state]
    assert told.lang == language
    assert told.title
    assert told.text
    assert told.action


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("waited", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
def test_who_may_know_nothing_is_told_the_service_in_each_language(
    language: Language, *, stopped: bool, waited: bool
) -> None:
    told = service(stopped=stopped, waited=waited, language=language)
    expected = "problem" if stopped else "sent_if_known" if waited else "on_its_way"
    assert told.state == expected
    assert told.title
    assert told.text
    assert told.action
    assert not told.final
    assert told.since is None
    assert told.retry_at is None


def test_nothing_that_is_true_of_one_address_alone_looks_proven_to_all() -> None:
    for stopped, waited in ((False, False), (False, True), (True, False)):
        told = service(stopped=stopped, waited=waited, language="en")
        assert told.look.tone != "proven"
        assert told.look.seal != "tick"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_each_language_are_those_of_the_table_and_no_others(
    language: Language,
) -> None:
    assert set(words(language)) == {*LOOKS, "page", "on_its_way_if_known"}
    assert set(words(language)["page"]) == set(words("en")["page"])
    for name in set(words(language)) - {"page"}:
        assert set(words(language)[name]) == {"title", "text", "action"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("state", [State.FAILED, State.BOUNCED])
def test_a_mail_that_failed_is_told_with_what_its_reason_asks_of_the_reader(
    reason: Reason, state: State, language: Language
) -> None:
    told = tell(standing(state, reason), language)
    whose = {Reader.CHECK_ADDRESS: "unreachable"}.get(FACTS[reason].reader)
    if whose is not None:
        assert told.state == whose
    own = guidance(language).readers.get(reason)
    if own is not None:
        assert told.text == own
    else:
        assert told.action == words(language)[told.state]["action"]


@pytest.mark.parametrize("reason", [Reason.CREDENTIALS_INVALID, Reason.SENDER_UNVERIFIED])
def test_a_fault_of_ours_is_never_the_addresss(reason: Reason) -> None:
    assert tell(standing(State.FAILED, reason), "en").state == "not_sent"
    assert tell(standing(State.HELD, reason), "en").state == "delayed"


def test_a_delay_is_told_with_its_reason_where_there_are_words_for_it() -> None:
    told = tell(standing(State.DEFERRED, Reason.GREYLISTED), "ja")
    assert told.text == guidance("ja").readers[Reason.GREYLISTED]
    held = tell(standing(State.HELD, Reason.SENDER_UNVERIFIED), "ja")
    assert held.text == words("ja")["delayed"]["text"]


def test_a_reason_of_a_newer_release_is_told_without_words_of_its_own() -> None:
    newer = Standing(email_id="1", state=State.BOUNCED, reason="eaten_by_the_dog", changed_at=NOW)
    assert tell(newer, "en").text == words("en")["unreachable"]["text"]


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


@pytest.mark.parametrize(
    ("tells", "mail", "may"),
    [
        (Tells.SERVICE, "", False),
        (Tells.SERVICE, "0198c0de-0000-7000-8000-000000000001", True),
        (Tells.ADDRESS, "", True),
    ],
)
def test_who_came_with_the_mail_may_know_of_it(tells: Tells, mail: str, *, may: bool) -> None:
    assert may_know(tells, mail) is may


@pytest.mark.parametrize(
    ("language", "ago", "ahead"),
    [
        ("en", "Last change: 5 minutes ago", "Next try: in 1 minute"),
        ("zh", "上次变化：5分钟前", "下次尝试：1分钟后"),
        ("ja", "最後の変化：5 分前", "次の送信：1 分後"),
        ("ko", "마지막 변경: 5분 전", "다음 시도: 1분 후"),
    ],
)
def test_times_are_told_from_now_so_that_no_zone_is_needed(
    language: Language, ago: str, ahead: str
) -> None:
    at = NOW - 5 * MINUTE - 30_000
    told = tell(
        Standing(email_id="1", state=State.DEFERRED, changed_at=at, due_at=NOW + 40_000), language
    )
    assert times(told, NOW) == f"{ago} · {ahead}"
    assert times(told, NOW + MINUTE).startswith(ago.replace("5", "6"))
    assert " · " not in times(told, NOW + MINUTE), "its time is over: it is tried now"


@pytest.mark.parametrize(
    ("age_ms", "told_as"),
    [
        (0, "just now"),
        (59_000, "just now"),
        (MINUTE, "1 minute ago"),
        (119_000, "1 minute ago"),
        (60 * MINUTE, "1 hour ago"),
        (26 * 60 * MINUTE, "1 day ago"),
        (50 * 60 * MINUTE, "2 days ago"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(age_ms: int, told_as: str) -> None:
    told = tell(Standing(email_id="1", state=State.SENT, changed_at=NOW - age_ms), "en")
    assert times(told, NOW) == f"Last change: {told_as}"


@pytest.mark.parametrize("name", LOOKS)
def test_what_is_final_is_not_asked_for_again_and_what_is_not_is(name: str) -> None:
    told = said(name, "en")
    shown = page(told, NOW).body.decode()
    assert ('http-equiv="refresh"' in shown) is not told.final
    assert ("data-final" in shown) is told.final


def test_a_database_whose_clock_is_ahead_changes_nothing_in_the_future() -> None:
    told = msgspec.structs.replace(said("sent", "en"), since="2027-01-15T08:00:09Z")
    now_ms = 1_800_000_000_000  # nine seconds before that
    assert told.as_of(now_ms).since == "2027-01-15T08:00:00Z"
    assert told.as_of(now_ms + 60_000).since == told.since
    assert "just now" in page(told, now_ms).body.decode()
