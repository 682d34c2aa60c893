"""From how a mail stands to what its reader is told: one table, four languages."""

import functools
import pkgutil
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from mailproof.diagnosis.guidance import Language, guidance
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.lifecycle import State
from mailproof.mail.purposes import Tells
from mailproof.store.mails.status import Standing

__all__ = [
    "LANGUAGES",
    "LOOKS",
    "OF_STATE",
    "Look",
    "Told",
    "may_know",
    "pick_reader_language",
    "said",
    "service",
    "tell",
    "words",
]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh", "ja", "ko")

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


class Labels(msgspec.Struct, frozen=True):
    """What stands before `{time}` for `since` and `retry_at`, and how "now" is said."""

    since: str
    retry: str
    now: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader is told: what happened, what it means, what to do (empty: `text` says it).

    `final`: nothing follows. `since`, `retry_at`, and `now` where one of them is told: ISO 8601,
    UTC. Clocks of readers are wrong, so theirs do not say how long ago that was.
    """

    state: str
    title: str
    text: str
    action: str
    final: bool
    lang: Language
    look: Look
    labels: Labels
    since: str | None = None
    retry_at: str | None = None
    now: str | None = None

    def as_of(self, now_ms: int) -> "Told":
        """With the time that it is told at, UTC in milliseconds, where it tells of times.

        What the database's clock says may be ahead of ours: nothing has changed in the future.
        """
        if self.since is None and self.retry_at is None:
            return self
        now = _text(now_ms)
        return msgspec.structs.replace(self, since=self.since and min(self.since, now), now=now)


Words = Mapping[str, Mapping[str, Any]]


@functools.cache
def words(language: Language) -> Words:
    """All sentences of one language, read once."""
    raw = pkgutil.get_data(__name__, f"words/{language}.toml")
    if raw is None:
        raise FileNotFoundError(f"words/{language}.toml is not in the installed package")
    return tomllib.loads(raw.decode())


def pick_reader_language(asked: str, accepted: str) -> Language:
    """`?lang=`, else the first that the browser names of those that there are, else English."""
    for tag in (asked, *accepted.split(",")):
        name = tag.strip().partition(";")[0].partition("-")[0].lower()
        for language in LANGUAGES:
            if name == language:
                return language
    return "en"


def tell(standing: Standing, language: Language) -> Told:
    """What may be told to somebody who may know of this mail."""
    if standing.state is None:
        return said("nothing", language)
    name = OF_STATE[standing.state]
    reason = _REASONS.get(standing.reason or "")
    if name in _FAULTS and reason is not None:
        name = "unreachable" if reason in _OF_ADDRESS else "not_sent"
    told = said(name, language)
    if reason is not None and name in _EXPLAINED:
        text = guidance(language).readers.get(reason)
        if text is not None:
            told = msgspec.structs.replace(told, text=text, action="")
    return msgspec.structs.replace(
        told, since=_iso(standing.changed_at), retry_at=_iso(standing.due_at)
    )


def service(*, stopped: bool, waited: bool, language: Language) -> Told:
    """What is true of everybody who asks: it knows of no address. `waited`: long enough for a mail
    to have left."""
    if stopped:
        return said("problem", language)
    if waited:
        return said("sent_if_known", language)
    return said("on_its_way", language, "on_its_way_if_known")


def may_know(tells: Tells, mail: str) -> bool:
    """May this token's holder hear what became of this very address? `mail`: the one it names."""
    return tells is Tells.ADDRESS or bool(mail)


def said(state: str, language: Language, sentences: str = "") -> Told:
    """`sentences`: where they stand among the words, if not under the state's own name."""
    found, page = words(language)[sentences or state], words(language)["page"]
    return Told(
        state=state,
        title=found["title"],
        text=found["text"],
        action=found["action"],
        final=state in _FINAL,
        lang=language,
        look=LOOKS[state],
        labels=Labels(page["since"], page["retry"], page["now"]),
    )


def _iso(at: int | None) -> str | None:
    return None if at is None else _text(at)


def _text(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
