"""Where a mail stands: one sentence for each state, and three stations with their times."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mailproof.console.pages.telling import Teller
from mailproof.mail.lifecycle import State
from mailproof.store.base import Event
from mailproof.store.mails.listing import Mail

__all__ = ["SEALS", "MailSentence", "Station", "mail_sentence", "stations_of", "why"]

S = State

# The mark before the sentence, and its tone.
SEALS: Final[Mapping[State, tuple[str, str]]] = {
    S.SCHEDULED: ("clock", "quiet"),
    S.QUEUED: ("dots", "moving"),
    S.SENDING: ("dots", "moving"),
    S.DEFERRED: ("clock", "waiting"),
    S.HELD: ("pause", "waiting"),
    S.UNCONFIRMED: ("bang", "waiting"),
    S.SENT: ("tick", "proven"),
    S.DELIVERED: ("tick", "proven"),
    S.BOUNCED: ("cross", "broken"),
    S.COMPLAINED: ("bang", "broken"),
    S.FAILED: ("cross", "broken"),
    S.EXPIRED: ("clock", "broken"),
    S.SUPPRESSED: ("cross", "quiet"),
    S.CANCELED: ("cross", "quiet"),
    S.SUPERSEDED: ("cross", "quiet"),
    S.SANDBOXED: ("tick", "quiet"),
}

# Of each state: how the line leaves the first station, the kind and the name of the second one, the
# kind, the name and the words of the third. Kinds: done, held (waits), bad, here, open.
_STATIONS: Final[Mapping[State, tuple[str, str, str, str, str, str]]] = {
    S.SCHEDULED: ("part", "here", "scheduled", "open", "delivered", "not_yet"),
    S.QUEUED: ("part", "here", "queued", "open", "delivered", "not_yet"),
    S.SENDING: ("", "here", "sending", "open", "delivered", "not_yet"),
    S.DEFERRED: ("halt", "held", "deferred", "open", "delivered", "not_yet"),
    S.HELD: ("halt", "held", "held", "open", "delivered", "not_yet"),
    S.UNCONFIRMED: ("", "held", "unconfirmed", "open", "delivered", "not_told"),
    S.SENT: ("", "done part", "sent", "open", "delivered", "not_told"),
    S.DELIVERED: ("", "done", "sent", "done", "delivered", ""),
    S.BOUNCED: ("", "done", "sent", "bad", "bounced", ""),
    S.COMPLAINED: ("", "done", "sent", "bad", "complained", ""),
    S.FAILED: ("", "bad", "failed", "open", "delivered", "never"),
    S.EXPIRED: ("halt", "bad", "expired", "open", "delivered", "never"),
    S.SUPPRESSED: ("part", "open", "stopped", "open", "delivered", "never"),
    S.CANCELED: ("part", "open", "stopped", "open", "delivered", "never"),
    S.SUPERSEDED: ("part", "open", "stopped", "open", "delivered", "never"),
    S.SANDBOXED: ("part", "open", "sandboxed", "open", "delivered", "never"),
}
_WAITS: Final = frozenset({S.QUEUED, S.SENDING, S.DEFERRED, S.HELD, S.UNCONFIRMED})
_GOES_AT: Final = frozenset({S.SCHEDULED, S.DEFERRED})
_TOLD_OF: Final = frozenset({S.DELIVERED, S.BOUNCED, S.COMPLAINED})
_GLYPHS: Final[Mapping[str, str]] = {
    "done": "tick",
    "done part": "tick",
    "held": "pause",
    "bad": "cross",
}


class MailSentence(msgspec.Struct, frozen=True):
    """`fact`: how it stands. `rest`: what follows from it, or the deadline."""

    seal: str
    tone: str
    fact: str
    rest: str


class Station(msgspec.Struct, frozen=True):
    """`kind`: the classes of its mark and of the line after it. `glyph`: the mark in it, if any."""

    kind: str
    glyph: str
    name: str
    time: str


def mail_sentence(mail: Mail, teller: Teller, *, canceled_by: str = "") -> MailSentence:
    """The sentence at the top of a mail's page. `canceled_by`: the actor, where one did it."""
    seal, tone = SEALS[mail.state]
    words = teller.words
    form, parts = words["sentence"][mail.state], words["parts"]
    provider = teller.provider(mail.provider)
    values = {
        "provider": provider,
        "why": why(mail, teller),
        "since": teller.moment(mail.changed_at),
        "since_time": teller.clock(mail.changed_at),
        "due": "" if mail.due_at is None else teller.moment(mail.due_at),
        "expires": teller.moment(mail.expires_at),
        "once": words["once"].get(mail.reason or "other", words["once"]["other"]),
        "sent_or_not": parts["maybe_sent" if mail.maybe_sent else "not_sent"].format(
            provider=provider
        ),
        "by": parts["by"].format(actor=teller.actor(canceled_by)) if canceled_by else "",
    }
    fact, rest = (teller.tidy(form[name].format(**values)) for name in ("fact", "rest"))
    return MailSentence(seal, tone, fact, rest)


def why(mail: Mail, teller: Teller) -> str:
    """Why it stands there, as the end of a sentence."""
    reason = mail.reason or (mail.failure.reason.value if mail.failure else "")
    if not reason:
        told: str = teller.words["parts"]["no_reason"]
        return told
    form: str = teller.words["why"].get(reason, teller.reason(reason))
    return form.format(provider=_blamed(mail, teller))


def stations_of(mail: Mail, events: Sequence[Event], teller: Teller) -> tuple[Station, ...]:
    """Accepted, sent, delivered: what is proven, and when it was."""
    line, second, second_name, third, third_name, third_words = _STATIONS[mail.state]
    names, at = teller.words["stations"], mail.changed_at
    third_time = names[third_words] if third_words else teller.clock(at)
    return (
        Station(f"done {line}".strip(), "tick", names["accepted"], teller.clock(mail.created_at)),
        Station(
            second, _GLYPHS.get(second, ""), names[second_name], _second_time(mail, events, teller)
        ),
        Station(third, _GLYPHS.get(third, ""), names[third_name], third_time),
    )


def _second_time(mail: Mail, events: Sequence[Event], teller: Teller) -> str:
    if mail.state in _TOLD_OF:
        # A provider's event may have been quicker than its answer.
        sent = (event.at for event in reversed(events) if event.type == "email.sent")
        return teller.clock(next(sent, mail.changed_at))
    if mail.state in _GOES_AT:
        return "" if mail.due_at is None else teller.clock(mail.due_at)
    told = teller.clock(mail.changed_at)
    if mail.state in _WAITS:
        since: str = teller.words["stations"]["since"].format(time=told)
        return since
    return told


def _blamed(mail: Mail, teller: Teller) -> str:
    """The provider that said it; a held mail that was never tried knows it from its route."""
    failure = mail.failure
    if mail.provider is None and failure is not None and failure.evidence.provider != "unknown":
        return teller.provider(failure.evidence.provider)
    if mail.provider is None and len(teller.types) == 1:
        return teller.provider(next(iter(teller.types)))
    return teller.provider(mail.provider)
