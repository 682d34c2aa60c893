"""One mail told to a person: where it is, why, what to do, and all that happened to it."""

from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import Any, Final

import msgspec

from mailproof.cli.tables import columns_of, local_time
from mailproof.cli.words import Words, words
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.mail.lifecycle import State
from mailproof.store.base import Event
from mailproof.store.mails.listing import AttemptShown, Mail, RecipientShown, Shown

__all__ = ["ASKS_FOR_SOMEBODY", "event_words", "mail_page", "where_it_is"]

# A person has to do something, or to know: `emails show` exits with 1.
ASKS_FOR_SOMEBODY: Final = frozenset(
    {
        State.HELD,
        State.UNCONFIRMED,
        State.FAILED,
        State.EXPIRED,
        State.BOUNCED,
        State.COMPLAINED,
        State.SUPPRESSED,
    }
)

# It ended beside every attempt: whether one of them got through is part of where it is.
_ENDED_BESIDE: Final = frozenset({State.EXPIRED, State.SUPERSEDED, State.CANCELED})

# Characters of an answer; `--json` prints it whole.
_ANSWER_MAX: Final = 400

# What of an event's data is told, in this order, and the names that stand for a sentence.
_FACTS: Final = ("app", "attempt", "provider", "was", "fate", "by", "due_at", "reason")
_FLAGS: Final = ("probe", "closed_route")


def mail_page(
    shown: Shown,
    language: OperatorLanguage,
    *,
    strong: Callable[[str], str],
    zone: tzinfo | None = None,
) -> str:
    """The whole page. `zone` None: that of this machine. `strong` marks headings."""
    said, mail = words(language), shown.mail
    parts = [strong(where_it_is(mail, language, zone))]
    if mail.failure is not None:
        cause, fix = _cause_and_fix(mail.failure, language)
        parts.append(said.phrases["cause_line"].format(text=cause))
        parts.append(said.phrases["todo_line"].format(text=fix))
    parts += ["", *_about(mail, said, zone)]
    parts += ["", strong(said.phrases["timeline"]), *_timeline(shown.events, said, zone)]
    if shown.attempts:
        parts += ["", strong(said.phrases["attempts"])]
        told = mail.failure
        for number, attempt in enumerate(shown.attempts, start=1):
            parts.append(_attempt_line(number, attempt, said, zone))
            if attempt.failure is not None:
                parts += _failure(attempt.failure, told, language)
                told = attempt.failure
    return "\n".join(parts)


def where_it_is(mail: Mail, language: OperatorLanguage, zone: tzinfo | None = None) -> str:
    """Its state, and the times that matter in it; where that is a question, whether it was sent."""
    said, provider = words(language), mail.provider or "?"
    text = said.states[mail.state].format(
        provider=provider,
        since=local_time(mail.changed_at, zone),
        due="?" if mail.due_at is None else local_time(mail.due_at, zone),
        expires=local_time(mail.expires_at, zone),
    )
    if mail.state in _ENDED_BESIDE:
        phrase = said.phrases["maybe_sent" if mail.maybe_sent else "not_sent"]
        # Chinese has no space between sentences.
        text += ("" if language == "zh" else " ") + phrase.format(provider=provider)
    return text


def event_words(event: Event, said: Words, zone: tzinfo | None = None) -> str:
    """What happened, in words; an event of a newer release is told by its name."""
    what = said.events.get(event.type, event.type)
    facts = [_fact(name, event.data[name], said, zone) for name in _FACTS if name in event.data]
    facts += [said.facts[name] for name in _FLAGS if event.data.get(name)]
    if why := said.facts.get(str(event.data.get("why"))):
        facts.append(why)
    if event.data.get("outcome") == "unknown":
        facts.append(said.facts["unknown"])
    if event.actor:
        facts.append(said.facts["actor"].format(value=event.actor))
    return " · ".join([what, *facts])


def _fact(name: str, value: Any, said: Words, zone: tzinfo | None) -> str:
    shown = local_time(value, zone) if name == "due_at" else value
    return said.facts[name].format(value=shown)


def _about(mail: Mail, said: Words, zone: tzinfo | None) -> Iterator[str]:
    phrases = said.phrases
    to = ", ".join(mail.addresses("to"))
    purpose = mail.purpose or phrases["no_purpose"]
    if mail.critical:
        purpose = phrases["critical"].format(purpose=purpose)
    recipients = [_recipient(each, phrases["recipient"], phrases["recipient_open"])
                  for each in mail.recipients]  # fmt: skip
    rows = [
        ("ID", mail.id),
        (phrases["mail"], phrases["from_to"].format(sender=mail.sender, to=to)),
        (said.columns["subject"], mail.subject),
        (said.columns["app"], mail.app),
        (phrases["purpose"], purpose),
        (phrases["expires"], local_time(mail.expires_at, zone)),
        (phrases["recipients"], ", ".join(recipients)),
    ]
    heads = [(head.capitalize() if head.isascii() and head != "ID" else head) for head, _ in rows]
    width = max(columns_of(head) for head in heads) + 2
    for head, (_, value) in zip(heads, rows, strict=True):
        yield head + " " * (width - columns_of(head)) + value


def _recipient(each: RecipientShown, settled: str, waiting: str) -> str:
    state = f"{each.state} ({each.reason})" if each.reason else each.state
    words_ = waiting if each.state == "open" else settled
    return words_.format(address=each.address, role=each.role, state=state)


def _timeline(events: tuple[Event, ...], said: Words, zone: tzinfo | None) -> Iterator[str]:
    for event in events:
        yield f"  {local_time(event.at, zone, precise=True)}  {event_words(event, said, zone)}"


def _attempt_line(number: int, attempt: AttemptShown, said: Words, zone: tzinfo | None) -> str:
    outcome = said.phrases[attempt.outcome].format(
        id=attempt.provider_message_id or "?", reason=attempt.reason or "?"
    )
    return "  " + said.phrases["attempt_line"].format(
        number=number,
        provider=attempt.provider,
        at=local_time(attempt.started_at, zone),
        took=f"{(attempt.ended_at - attempt.started_at) / 1000:.1f}",
        outcome=outcome,
    )


def _failure(failure: Failure, told: Failure | None, language: OperatorLanguage) -> Iterator[str]:
    """What was seen, and its cause and fix, unless they have been told before it."""
    phrases = words(language).phrases
    seen = msgspec.json.encode(failure.evidence.seen).decode()
    if len(seen) > _ANSWER_MAX:
        seen = seen[:_ANSWER_MAX] + "…"
    yield "     " + phrases["answer_line"].format(text=seen)
    cause_and_fix = _cause_and_fix(failure, language)
    if told is None or cause_and_fix != _cause_and_fix(told, language):
        for name, text in zip(("cause_line", "fix_line"), cause_and_fix, strict=True):
            yield "     " + phrases[name].format(text=text)


def _cause_and_fix(failure: Failure, language: OperatorLanguage) -> tuple[str, str]:
    return guidance(language).cause_and_fix(failure)
