"""What a reader is told: every state in every language, and nothing is missing."""

from typing import Any

import msgspec
import pytest

from mailproof.diagnosis.guidance import Language, guidance
from mailproof.diagnosis.reasons import FACTS, Reader, Reason
from mailproof.gateway.status.page import page
from mailproof.gateway.status.telling import (
    LANGUAGES,
    LOOKS,
    OF_STATE,
    Told,
    may_know,
    said,
    service,
    tell,
    words,
)
from mailproof.mail.lifecycle import State
from mailproof.mail.purposes import PURPOSES, Tells
from mailproof.store.mails.status import Standing

NOW = 1_800_000_000_000
MINUTE = 60_000


def standing(state: State, reason: Reason | None = None, **given: Any) -> Standing:
    return Standing(email_id="1", state=state, reason=reason, changed_at=NOW, **given)


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
    ("tells", "mail", "may"),
    [
        (Tells.SERVICE, "", False),
        (Tells.SERVICE, "0198c0de-0000-7000-8000-000000000001", True),
        (Tells.ADDRESS, "", True),
    ],
)
def test_who_came_with_the_mail_may_know_of_it(tells: Tells, mail: str, *, may: bool) -> None:
    assert may_know(tells, mail) is may


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


# ------------------------------------------------------------------ the sentences of the situations

MAYA = "maya@harbour-books.example"
EXPIRES = NOW + 15 * MINUTE


def heard(told: Told) -> str:
    return f"{told.title}. {told.text} {told.action}"


@pytest.mark.parametrize(
    ("state", "purpose", "said"),
    [
        (
            State.SENDING,
            "registration",
            "On its way. We are sending the mail to m•••a@harbour-books.example. "
            "This takes a few seconds.",
        ),
        (
            State.SENT,
            "registration",
            "Sent. It left at 08:00 UTC. "
            "If you don’t see it within a minute, look in your spam folder too.",
        ),
        (
            State.DELIVERED,
            "registration",
            "Delivered. It is in the mailbox of m•••a@harbour-books.example. "
            "Open it and follow the link.",
        ),
        (
            State.DELIVERED,
            "otp",
            "Delivered. It is in the mailbox of m•••a@harbour-books.example. "
            "Open it and enter the code.",
        ),
        (
            State.HELD,
            "registration",
            "This takes longer than usual. Our mail service has a problem. You needn’t do "
            "anything: your account is safe, and the mail goes out by itself.",
        ),
        (
            State.EXPIRED,
            "magic_link",
            "This link is no longer valid. It was good for 15 minutes. "
            "Ask for a new one; only the newest works.",
        ),
        (
            State.EXPIRED,
            "receipt",
            "This mail came too late. It could not go out within 15 minutes, and is of no use any "
            "more. Ask for a new one.",
        ),
        (
            State.FAILED,
            "registration",
            "We couldn’t send this mail. The mistake is ours, and we have been told. "
            "Please write to us; we’ll get you in.",
        ),
    ],
)
def test_each_situation_is_told_in_a_title_and_two_sentences(
    state: State, purpose: str, said: str
) -> None:
    mail = standing(state, address=MAYA, purpose=purpose, accepted_at=NOW, expires_at=EXPIRES)
    assert heard(tell(mail, "en")) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "There is no mailbox m•••a@gmial.com. Did you mean gmail.com?"),
        ("zh", "邮箱 m•••a@gmial.com 不存在。 您是不是想写 gmail.com？"),
        ("ja", "メールボックス m•••a@gmial.com は存在しません。 gmail.com ではありませんか。"),
        ("ko", "m•••a@gmial.com 메일함이 없습니다. 혹시 gmail.com 주소가 아닙니까?"),
    ],
)
@pytest.mark.parametrize(
    "reason",
    [Reason.MAILBOX_NOT_FOUND, Reason.RECIPIENT_DOMAIN_NOT_FOUND, Reason.RECIPIENT_INVALID],
)
def test_a_slip_in_the_domain_is_asked_about(language: Language, said: str, reason: Reason) -> None:
    told = tell(standing(State.BOUNCED, reason, address="maya@gmial.com"), language)
    assert f"{told.text} {told.action}" == said
    assert told.suggestion == "gmail.com"
    use, other = told.buttons
    assert (use.act, use.domain, use.primary) == ("address", "gmail.com", True)
    assert (other.act, other.domain, other.primary) == ("address", "", False)


def test_a_mailbox_that_is_full_is_told_as_full_and_the_slip_is_asked_about() -> None:
    told = tell(standing(State.BOUNCED, Reason.MAILBOX_FULL, address="maya@gmial.com"), "en")
    assert told.text == guidance("en").readers[Reason.MAILBOX_FULL]
    assert told.action == "Did you mean gmail.com?"


@pytest.mark.parametrize("state", sorted(set(State) - {State.BOUNCED}))
def test_only_about_an_address_that_cannot_be_reached_is_a_slip_asked(state: State) -> None:
    assert not tell(standing(state, address="maya@gmial.com"), "en").suggestion


def test_an_address_that_was_erased_or_is_one_of_several_is_not_told() -> None:
    for address in ("", "erased"):
        told = tell(standing(State.SENDING, address=address), "en")
        assert told.text == words("en")["on_its_way"]["text"]
        assert told.address == ""


def test_another_mail_may_be_asked_for_some_time_after_the_newest_was_accepted() -> None:
    mail = standing(State.SENT, accepted_at=NOW - 90_000, newest_at=NOW)
    told = tell(mail, "en", msgspec.structs.replace(PURPOSES["otp"], again_s=90))
    assert told.again_at == "2027-01-15T08:01:30Z"
    assert told.again_after_s == 90
    assert tell(Standing(), "en").again_at is None, "no mail was accepted"


def test_where_nobody_may_be_told_of_the_goes_by_what_the_token_says() -> None:
    told = service(stopped=False, waited=True, language="en", asked_at=NOW)
    assert told.again_at == "2027-01-15T08:01:00Z"
    assert [each.act for each in told.buttons] == ["again"]


def test_a_link_to_us_is_offered_where_the_fault_is_ours_and_nowhere_else() -> None:
    url = "mailto:help@tidewell.example?subject=Sign-up"
    for state in State:
        told = tell(standing(state), "en", support_url=url)
        support = [each for each in told.buttons if each.act == "support"]
        assert bool(support) is (told.state in {"not_sent", "stopped"}), state
    (button,) = tell(standing(State.FAILED), "en", support_url=url).buttons
    assert (button.label, button.href) == ("help@tidewell.example", url)
    (button,) = tell(standing(State.FAILED), "zh", support_url="https://help.example/").buttons
    assert button.label == "联系我们"
    assert tell(standing(State.FAILED), "en").buttons == ()


@pytest.mark.parametrize("state", State)
def test_there_are_two_buttons_at_most_and_one_of_them_is_the_thing_to_do(state: State) -> None:
    for address in ("maya@gmial.com", MAYA):
        told = tell(standing(state, address=address), "en", support_url="https://help.example/")
        assert len(told.buttons) <= 2
        assert sum(each.primary for each in told.buttons) <= 1


def test_a_mail_that_goes_by_itself_is_not_offered_again() -> None:
    for state in (State.QUEUED, State.SENDING, State.HELD, State.DEFERRED, State.SUPERSEDED):
        assert tell(standing(state, newest_at=NOW), "en").buttons == ()
    assert service(stopped=True, waited=True, language="en", asked_at=NOW).buttons == ()


def test_what_was_of_use_for_a_time_is_offered_anew_by_its_name() -> None:
    for purpose, label in (("magic_link", "link"), ("otp", "code"), ("receipt", "again")):
        (button,) = tell(standing(State.EXPIRED, purpose=purpose), "en").buttons
        assert button.label == words("en")["buttons"][label]
        assert button.label_in == words("en")["buttons"][f"{label}_in"]
        assert button.primary
