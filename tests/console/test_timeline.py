"""What happened to a mail is told in words, in order, with what repeats folded."""

from zoneinfo import ZoneInfo

import pytest

from mailproof.console.pages.evidence import quoted
from mailproof.console.pages.mail_sentence import SEALS, mail_sentence, stations_of
from mailproof.console.pages.markdown import markdown
from mailproof.console.pages.telling import Teller
from mailproof.console.pages.timeline import Line, ProbedRoute, timeline
from mailproof.console.words import words_of
from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.events import EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import Event
from mailproof.store.mails.listing import AttemptShown, Mail, RecipientShown, Shown
from tests.console.mail_world import KEY_REFUSED

# 2026-11-24 09:02:06.914 UTC is 10:02:06.914 in Berlin.
AT = 1_795_510_926_914
NOW = AT + 722_000
ID = "01999b6e-3f1c-7a52-b0c4-5d2e8f91a7c3"


def teller(language: str = "en", *, now: int = NOW) -> Teller:
    words = words_of(language, "mail")
    zone = ZoneInfo("Europe/Berlin")
    chosen = "zh" if language == "zh" else "en"
    return Teller(words, chosen, zone, now, {"resend": "resend"})  # type: ignore[arg-type]


def mail(state: State = State.HELD, **given: object) -> Mail:
    values: dict[str, object] = {
        "seq": 1,
        "id": ID,
        "app": "web-prod",
        "state": state,
        "purpose": "registration",
        "critical": True,
        "sender": "Tidewell <hello@tidewell.example>",
        "subject": "Confirm your address",
        "created_at": AT,
        "changed_at": AT + 190,
        "due_at": None,
        "expires_at": AT + 86_400_000,
        "provider": "resend",
        "provider_message_id": None,
        "reason": "credentials_invalid",
        "maybe_sent": False,
        "failure": KEY_REFUSED,
        "recipients": (RecipientShown("maya@harbour-books.example", "to", "open", None),),
        **given,
    }
    return Mail(**values)  # type: ignore[arg-type]


def event(number: int, kind: str, at_ms: int = 0, *, actor: str = "", **data: object) -> Event:
    return Event(number, AT + at_ms, kind, ID, actor, data)


def attempt(
    number: int, at_ms: int, outcome: str = "refused", failure: Failure | None = None
) -> AttemptShown:
    return AttemptShown(
        lease_no=number,
        provider="resend",
        key=f"{ID}.{number - 1}",
        started_at=AT + at_ms - 181,
        ended_at=AT + at_ms,
        outcome=outcome,
        reason="credentials_invalid" if failure else None,
        provider_message_id=None,
        failure=failure,
    )


ACCEPTED = event(1, "email.accepted", app="web-prod", purpose="registration")


def told(
    *events: Event, attempts: tuple[AttemptShown, ...] = (), language: str = "en"
) -> list[Line]:
    return timeline(Shown(mail(), attempts, events), teller(language))


def facts(lines: list[Line]) -> list[str]:
    return [line.fact for line in lines]


def test_a_held_mail_is_told_from_its_acceptance_to_its_hold() -> None:
    lines = told(
        ACCEPTED,
        event(2, "email.sending", 7, attempt=1, provider="resend"),
        event(3, "email.held", 190, attempt=1, reason="credentials_invalid", closed_route=True),
        attempts=(attempt(1, 188, failure=KEY_REFUSED),),
    )
    assert facts(lines) == ["Accepted", "Sending began", "Resend refused the call", "Held"]
    accepted, sending, refused, held = lines
    assert accepted.rest.startswith("From web-prod, as a mail of the purpose Registration.")
    assert sending.rest == "Attempt 1, by Resend."
    assert refused.rest.startswith("401, “API key is invalid”. The fault is not this mail’s")
    assert refused.at == AT + 188
    assert held.rest == "The route was closed because of it."
    assert held.reason == "credentials_invalid"
    assert [line.tone for line in lines] == ["proven", "moving", "broken", "waiting"]


def test_what_a_person_did_says_who_it_was_and_where() -> None:
    lines = told(
        ACCEPTED,
        event(2, "email.canceled", 10, actor="console:lena", why="by_hand", was="queued"),
        event(3, "email.queued", 20, actor="cli:ada", why="by_hand", was="canceled"),
        event(4, "email.rescheduled", 30, actor="key:1f2e3d4c", due_at=NOW + 60_000),
    )
    actors = [line.actor for line in lines]
    assert actors[1:] == ["lena, in the console", "ada, on the command line", "API key 1f2e3d4c"]
    assert lines[1].rest == "By hand. Before: Queued."
    assert lines[3].rest == "It goes on at 10:15."


def test_rounds_that_are_alike_are_folded_and_none_is_lost() -> None:
    events, attempts = [ACCEPTED], []
    for n in range(1, 16):
        at = n * 60_000
        events.append(event(2 * n, "email.sending", at, attempt=n, provider="resend", probe=True))
        held = event(2 * n + 1, "email.held", at + 200, attempt=n, reason="credentials_invalid")
        events.append(held)
        attempts.append(attempt(n, at + 190, failure=KEY_REFUSED))
    lines = told(*events, attempts=tuple(attempts))
    assert facts(lines)[-1] == "The same 14 more times"
    assert len(lines) == 1 + 3 + 1
    assert len(lines[-1].folded) == 14 * 3
    assert lines[-1].at == AT + 15 * 60_000 + 200


def test_rounds_with_different_reasons_are_told_one_by_one() -> None:
    events = [ACCEPTED]
    for n, reason in enumerate(("timed_out", "connection_failed", "timed_out"), start=1):
        events.append(event(2 * n, "email.sending", n * 1_000, attempt=n, provider="resend"))
        due_at = AT + n * 60_000
        events.append(event(2 * n + 1, "email.deferred", n * 1_000, reason=reason, due_at=due_at))
    assert len(told(*events)) == len(events)


def test_an_attempt_whose_end_nobody_heard_says_so() -> None:
    lines = told(
        ACCEPTED,
        event(2, "email.sending", 7, attempt=1, provider="resend"),
        event(3, "email.lease_lost", 120_000, attempt=1, provider="resend", node="n1"),
        event(4, "email.unconfirmed", 120_000, attempt=1, provider="resend", outcome="unknown"),
        attempts=(attempt(1, 120_000, "unknown"),),
    )
    assert facts(lines)[2:] == [
        "Nobody heard the end of it",
        "Whoever was sending it stopped",
        "Unconfirmed",
    ]
    assert lines[-1].rest == "The provider may have it all the same."


def test_what_a_provider_tells_late_says_when_it_was_and_how_it_was_told() -> None:
    lines = told(
        ACCEPTED,
        event(2, "email.delivered", 600_000, provider="resend", via="webhook", happened_at=AT),
        event(
            3, "email.bounced", 601_000, provider="resend", via="asked", happened_at=AT + 600_000
        ),
    )
    assert lines[1].rest == "Resend said so. It happened at 10:02."
    assert lines[2].rest == "Resend said so when it was asked."


def test_a_held_mail_says_how_often_its_route_was_probed_and_when_next() -> None:
    route = ProbedRoute("resend", "*", "credentials_invalid", AT, 14, NOW + 60_000)
    lines = timeline(Shown(mail(), (), (ACCEPTED,)), teller(), route)
    assert lines[-1].fact == "Probed 14 times, still closed"
    assert lines[-1].rest == "The next probe is due 10:15:08."
    paused = ProbedRoute("", "", "paused", AT, 0, None)
    assert "paused" in timeline(Shown(mail(), (), (ACCEPTED,)), teller(), paused)[-1].fact


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_event_that_belongs_to_a_mail_has_its_words(language: str) -> None:
    words = words_of(language, "mail")["events"]
    of_mails = {
        kind
        for kind in EventType
        if kind.startswith(("email.", "attempt.", "event.", "recipient."))
    }
    assert not of_mails - set(words)


def test_an_event_of_a_newer_release_is_told_by_its_name() -> None:
    assert facts(told(ACCEPTED, event(2, "email.teleported")))[-1] == "email.teleported"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_sentence_and_stations(state: State, language: str) -> None:
    one = mail(state, due_at=NOW + 90_000, reason="timed_out")
    sentence = mail_sentence(one, teller(language), canceled_by="console:lena")
    assert (sentence.seal, sentence.tone) == SEALS[state]
    assert sentence.fact.endswith((".", "。"))
    assert "{" not in sentence.fact + sentence.rest
    assert "  " not in sentence.fact + sentence.rest
    if language == "zh":
        assert "， " not in sentence.fact + sentence.rest
        assert " ，" not in sentence.fact + sentence.rest
    stations = stations_of(one, (ACCEPTED,), teller(language))
    assert len(stations) == 3
    assert stations[0].time == "10:02:06"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_has_an_end_for_the_sentence(language: str) -> None:
    assert not {*Reason, "paused"} - set(words_of(language, "mail")["why"])


def test_the_sentence_names_the_cause_the_condition_and_the_deadline() -> None:
    sentence = mail_sentence(mail(), teller())
    assert sentence.fact == "Held: Resend refuses the API key."
    assert sentence.rest == (
        "It leaves by itself once the key works; it expires tomorrow at 10:02."
    )
    chinese = mail_sentence(mail(), teller("zh"))
    assert chinese.fact == "已暂存：Resend 拒绝了 API 密钥。"
    assert chinese.rest == "密钥恢复后会自动发出；明天 10:02 过期。"


def test_sent_never_says_delivered_and_expired_says_whether_it_may_be_out() -> None:
    sent = mail_sentence(mail(State.SENT, reason=None, failure=None), teller())
    assert sent.rest == "Whether it was delivered, Resend has not told."
    for maybe, said in ((True, "Resend may have it all the same."), (False, "It was not sent.")):
        expired = mail_sentence(mail(State.EXPIRED, maybe_sent=maybe), teller())
        assert said in expired.rest


def test_moments_are_told_by_the_readers_own_day() -> None:
    late = AT + 14 * 3_600_000  # past midnight in Berlin, not yet in UTC
    assert teller(now=late).moment(AT) == "yesterday at 10:02"
    assert teller().moment(AT) == "at 10:02"
    assert teller().moment(AT - 3 * 86_400_000) == "on 21 November at 10:02"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_markdown_for_a_ticket_holds_no_address_and_no_key(language: str) -> None:
    one, said = mail(), teller(language)
    lines = told(
        ACCEPTED,
        event(2, "email.sending", 7, attempt=1, provider="resend"),
        event(3, "email.held", 190, attempt=1, reason="credentials_invalid"),
        attempts=(attempt(1, 188, failure=KEY_REFUSED),),
        language=language,
    )
    text = markdown(
        one,
        mail_sentence(one, said),
        lines,
        (attempt(1, 188, failure=KEY_REFUSED),),
        ("Key re_AbCdEfGh_12345678901234567890 is refused.", "Ask ada@tidewell.example."),
        "481 ••• is your code",
        said,
    )
    assert ID in text
    assert "credentials_invalid" in text
    assert "2026-11-24 10:02:06.914" in text
    assert "API key is invalid" in text
    for secret in ("maya@", "hello@", "ada@", "re_AbCdEfGh_1234"):
        assert secret not in text


def test_the_two_languages_have_the_same_words() -> None:
    for page in ("mail", "mails"):
        english, chinese = (_names(words_of(language, page)) for language in ("en", "zh"))
        assert english == chinese


def _names(tree: object, path: str = "") -> set[str]:
    if not isinstance(tree, dict):
        return {path}
    return {name for key, child in tree.items() for name in _names(child, f"{path}.{key}")}


def test_json_that_was_kept_as_text_is_quoted_as_the_sentence_in_it() -> None:
    body = '{"statusCode":400,"name":"validation_error","message":"API key is invalid"}'
    assert quoted(HttpAnswer(400, {}, body)) == ("400", "API key is invalid")
    assert quoted(HttpAnswer(502, {}, "<html>Bad gateway")) == ("502", "<html>Bad gateway")
