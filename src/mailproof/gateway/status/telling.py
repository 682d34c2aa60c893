"""From how a mail stands to what its reader is told: one table, four languages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from mailproof.diagnosis.guidance import Language, guidance
from mailproof.diagnosis.reasons import Reason
from mailproof.gateway.status.buttons import Button, buttons_of
from mailproof.gateway.status.wording import (
    LANGUAGES,
    Facts,
    Sentences,
    clock_time,
    kind_of,
    masked,
    span_of,
    words,
)
from mailproof.mail.lifecycle import State
from mailproof.mail.purposes import UNSPECIFIED, Purpose, Tells
from mailproof.mail.typos import meant
from mailproof.store.mails.status import Standing

__all__ = [
    "LANGUAGES",
    "LOOKS",
    "OF_STATE",
    "Look",
    "Told",
    "may_know",
    "said",
    "service",
    "tell",
    "words",
]

_NO_FACTS: Final = Facts()

# Each state of a mail, in the reader's terms. For what `_FAULTS` may be, the reason decides.
OF_STATE: Final[Mapping[State, str]] = {
    State.SCHEDULED: "scheduled",
    State.QUEUED: "on_its_way",
    State.SENDING: "on_its_way",
    State.DEFERRED: "delayed",
    State.HELD: "delayed",
    State.UNCONFIRMED: "delayed",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.BOUNCED: "unreachable",
    State.FAILED: "not_sent",
    State.COMPLAINED: "stopped",
    State.SUPPRESSED: "stopped",
    State.EXPIRED: "expired",
    State.CANCELED: "canceled",
    State.SUPERSEDED: "superseded",
    State.SANDBOXED: "test",
}
_FAULTS: Final = frozenset({"unreachable", "not_sent"})
# What is the address's own: nobody here made a mistake.
_OF_ADDRESS: Final = frozenset(
    {
        Reason.RECIPIENT_INVALID,
        Reason.MAILBOX_NOT_FOUND,
        Reason.RECIPIENT_DOMAIN_NOT_FOUND,
        Reason.MAILBOX_DISABLED,
        Reason.MAILBOX_FULL,
        Reason.RECIPIENT_REFUSED,
        Reason.GREYLISTED,
        Reason.RECEIVER_UNAVAILABLE,
    }
)
# Nobody reads mail there: if the domain looks like a slip, it was one.
_NOBODY: Final = frozenset(
    {Reason.RECIPIENT_INVALID, Reason.MAILBOX_NOT_FOUND, Reason.RECIPIENT_DOMAIN_NOT_FOUND}
)
# What a reason can say more of. The others say by themselves what to do.
_EXPLAINED: Final = frozenset({"delayed", "stopped", *_FAULTS})
_REASONS: Final = {reason.value: reason for reason in Reason}

Step = Literal["done", "open", "none"]


class Look(msgspec.Struct, frozen=True):
    """How it is drawn. `track`: accepted, sent, delivered; `open`: not yet, or not any more."""

    tone: Literal["moving", "proven", "waiting", "broken", "quiet"]
    seal: Literal["dots", "tick", "clock", "cross", "bang", "dash"]
    track: tuple[Step, Step, Step]


# By what is said. What has no look here is no state: the link itself does not work.
LOOKS: Final[Mapping[str, Look]] = {
    "on_its_way": Look("moving", "dots", ("done", "none", "none")),
    "scheduled": Look("quiet", "clock", ("none", "none", "none")),
    "delayed": Look("waiting", "clock", ("done", "open", "none")),
    "sent": Look("proven", "tick", ("done", "done", "none")),
    "delivered": Look("proven", "tick", ("done", "done", "done")),
    "unreachable": Look("broken", "cross", ("done", "done", "open")),
    "not_sent": Look("broken", "bang", ("done", "open", "none")),
    "stopped": Look("quiet", "dash", ("done", "none", "none")),
    "expired": Look("quiet", "clock", ("done", "open", "none")),
    "canceled": Look("quiet", "dash", ("done", "none", "none")),
    "superseded": Look("quiet", "dash", ("done", "none", "none")),
    "test": Look("quiet", "dash", ("done", "none", "none")),
    "nothing": Look("quiet", "dots", ("none", "none", "none")),
    # True of everybody, so nothing here is proven of anybody.
    "sent_if_known": Look("moving", "dots", ("open", "open", "none")),
    "problem": Look("waiting", "clock", ("open", "none", "none")),
    "ended": Look("quiet", "clock", ("none", "none", "none")),
    "unknown": Look("quiet", "dash", ("none", "none", "none")),
    "busy": Look("quiet", "clock", ("none", "none", "none")),
}
_FINAL: Final = frozenset(
    {
        *("delivered", "unreachable", "not_sent", "stopped", "expired", "canceled"),
        *("superseded", "test", "ended", "unknown"),
    }
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader is told: what happened, what it means, what to do (empty: `text` says it).

    `final`: nothing follows. `address`: masked, empty where it may not be told; `suggestion`: the
    domain that was probably meant. `time`: when it left, as it stands in `text`, for whoever knows
    the reader's zone to put `since` in its place. `again_at`: from then on another mail may be
    asked for, None where nothing says so; `again_after_s`: that long after a mail was accepted.
    `since`, `retry_at`, `again_at`, and `now` where one of them is told: ISO 8601, UTC. Clocks of
    readers are wrong, so theirs do not say how long it is until then.
    """

    state: str
    title: str
    text: str
    action: str
    final: bool
    lang: Language
    look: Look
    buttons: tuple[Button, ...] = ()
    address: str = ""
    suggestion: str = ""
    time: str = ""
    again_at: str | None = None
    again_after_s: int = UNSPECIFIED.again_s
    since: str | None = None
    retry_at: str | None = None
    now: str | None = None

    def as_of(self, now_ms: int) -> "Told":
        """With the time that it is told at, UTC in milliseconds, where it tells of times.

        What the database's clock says may be ahead of ours: nothing has changed in the future.
        """
        if self.since is None and self.retry_at is None and self.again_at is None:
            return self
        now = _text(now_ms)
        return msgspec.structs.replace(self, since=self.since and min(self.since, now), now=now)


def tell(
    standing: Standing,
    language: Language,
    purpose: Purpose = UNSPECIFIED,
    support_url: str = "",
) -> Told:
    """What may be told to somebody who may know of this mail. `purpose`: the mail's own."""
    if standing.state is None:
        return said("nothing", language, purpose=purpose)
    name = OF_STATE[standing.state]
    reason = _REASONS.get(standing.reason or "")
    if name in _FAULTS and reason is not None:
        name = "unreachable" if reason in _OF_ADDRESS else "not_sent"
    facts = _facts(name, standing, language)
    kind = kind_of(standing.purpose)
    if name == "unreachable":
        kind = "nobody" if reason in _NOBODY else ""
    told = said(name, language, facts=facts, kind=kind, purpose=purpose, support_url=support_url)
    if reason is not None and name in _EXPLAINED and not (facts.domain and kind):
        text = guidance(language).readers.get(reason)
        if text is not None:
            action = told.action if facts.domain else ""
            told = msgspec.structs.replace(told, text=text, action=action)
    newest = standing.newest_at
    return msgspec.structs.replace(
        told,
        again_at=_iso(None if newest is None else newest + purpose.again_s * 1000),
        since=_iso(standing.changed_at),
        retry_at=_iso(standing.due_at),
    )


def _facts(name: str, standing: Standing, language: Language) -> Facts:
    accepted, expires = standing.accepted_at, standing.expires_at
    left = standing.changed_at if name == "sent" else None
    lasts = None if accepted is None or expires is None else expires - accepted
    domain = meant(standing.address.rpartition("@")[2]) if name == "unreachable" else None
    return Facts(
        address=masked(standing.address),
        time="" if left is None else clock_time(left),
        span="" if lasts is None else span_of(lasts, language),
        domain=domain or "",
    )


def service(
    *,
    stopped: bool,
    waited: bool,
    language: Language,
    asked_at: int | None = None,
    purpose: Purpose = UNSPECIFIED,
) -> Told:
    """What is true of everybody who asks: it knows of no address. `waited`: long enough for a mail
    to have left; `asked_at`: since when the token is, UTC in milliseconds."""
    state = "problem" if stopped else "sent_if_known" if waited else "on_its_way"
    sentences = "on_its_way_if_known" if state == "on_its_way" else state
    told = said(state, language, sentences, purpose=purpose)
    again_at = None if asked_at is None else asked_at + purpose.again_s * 1000
    return msgspec.structs.replace(told, again_at=_iso(again_at))


def may_know(tells: Tells, mail: str) -> bool:
    """May this token's holder hear what became of this very address? `mail`: the one it names."""
    return tells is Tells.ADDRESS or bool(mail)


def said(  # noqa: PLR0913 - what a sentence hangs on
    state: str,
    language: Language,
    sentences: str = "",
    *,
    facts: Facts = _NO_FACTS,
    kind: str = "",
    purpose: Purpose = UNSPECIFIED,
    support_url: str = "",
) -> Told:
    """`sentences`: where they stand among the words, if not under the state's own name."""
    found = Sentences.of(sentences or state, language, facts, kind)
    return Told(
        state=state,
        title=found.title,
        text=found.text,
        action=found.action,
        final=state in _FINAL,
        lang=language,
        look=LOOKS[state],
        buttons=buttons_of(state, language, kind=kind, domain=facts.domain, support=support_url),
        address=facts.address,
        suggestion=facts.domain,
        time=facts.time,
        again_after_s=purpose.again_s,
    )


def _iso(at: int | None) -> str | None:
    return None if at is None else _text(at)


def _text(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
