"""The page of one mail: what happened to it, what comes next, whether anybody must do anything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from mailproof.console.pages.asking import ask_provider, told_of_asking
from mailproof.console.pages.evidence import Piece, laid_out, quoted
from mailproof.console.pages.letter import Kept, kept_of
from mailproof.console.pages.mail_sentence import mail_sentence, stations_of
from mailproof.console.pages.markdown import markdown
from mailproof.console.pages.masking import mask_subject
from mailproof.console.pages.rich import rich, steps_of
from mailproof.console.pages.telling import Teller
from mailproof.console.pages.timeline import ProbedRoute, timeline
from mailproof.console.visit import Answer, NotFound, Page, Visit
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.reasons import FACTS, Next
from mailproof.diagnosis.redaction.redact import redact_evidence
from mailproof.explain.by_hand import by_hand
from mailproof.mail.lifecycle import WAITING, State
from mailproof.store.base import Tx
from mailproof.store.console.counts import Wait, waits
from mailproof.store.mails.ids import as_id
from mailproof.store.mails.listing import AttemptShown, Mail, Shown
from mailproof.store.mails.listing import show as show_mail
from mailproof.store.routes.breakers import closed_routes
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["PAGES", "teller_of"]

_RETRIED: Final = frozenset({State.FAILED, State.EXPIRED, State.CANCELED, State.UNCONFIRMED})
_RELEASED: Final = frozenset({State.HELD, State.DEFERRED})
# Commands that say nothing of this very mail.
_NO_LINE: Final = ("mailproof doctor",)


class TriedOnce(msgspec.Struct, frozen=True):
    """An attempt as it is shown."""

    number: int
    attempt: AttemptShown
    provider: str
    took: str
    outcome: str
    note: str
    pieces: tuple[Piece, ...]


def teller_of(visit: Visit) -> Teller:
    """How this visit is told things. The page's words are those of `mail.toml`."""
    types = {each.name: each.type for each in visit.parts.settings.providers}
    return Teller(visit.words, visit.language, visit.zone, visit.now, types)


async def _show(visit: Visit) -> Answer:
    email_id = as_id(visit.request.email_id)
    found = None if email_id is None else await visit.read(_read, email_id)
    if found is None:
        raise NotFound
    shown, waiting, route, has_content = found
    teller, mail = teller_of(visit), shown.mail
    sentence = mail_sentence(mail, teller, canceled_by=_canceled_by(shown))
    lines = timeline(shown, teller, route)
    subject = mask_subject(mail.subject, expected=mail.critical)
    mend = None if mail.failure is None else _mend(mail.failure, teller)
    told = None if mend is None else mend["told"]
    return visit.page(
        "mail.html",
        mail=mail,
        subject=subject,
        sentence=sentence,
        same_cause=_same_cause(mail, waiting, teller),
        stations=stations_of(mail, shown.events, teller),
        mend=mend,
        check=_checkable(mail, visit),
        lines=lines,
        days=_days(lines, visit),
        attempts=[_tried(n, each, teller) for n, each in enumerate(shown.attempts, start=1)],
        counted=sum(_counts(each) for each in shown.attempts),
        kept=Kept() if has_content else _gone(shown, visit, teller),
        deeds=_deeds(mail, route),
        done=await told_of_asking(visit),
        markdown=markdown(mail, sentence, lines, shown.attempts, told, subject, teller),
        teller=teller,
    )


async def _read(
    tx: Tx, email_id: str
) -> tuple[Shown, Wait | None, ProbedRoute | None, bool] | None:
    shown = await show_mail(tx, email_id)
    if shown is None:
        return None
    mail, waiting, route = shown.mail, None, None
    if mail.state is State.HELD:
        alike = [
            each
            for each in await waits(tx)
            if each.state is State.HELD and each.reason == mail.reason
        ]
        waiting = max(alike, key=lambda each: each.count, default=None)
        route = await _route_of(tx, mail)
    return shown, waiting, route, bool(await tx.all("mails/kept_contents", str, ids=[mail.id]))


async def _route_of(tx: Tx, mail: Mail) -> ProbedRoute | None:
    """The closed route whose reason is this mail's; which one, its lane would say."""
    if mail.reason == "paused":
        return ProbedRoute("", "", mail.reason, mail.changed_at, 0, None)
    address = mail.sender.rstrip("> ").lower()
    for each in await closed_routes(tx):
        is_its = each.sender == EVERY_SENDER or address.endswith(each.sender.lower())
        if each.reason == mail.reason and is_its:
            return ProbedRoute(
                each.provider, each.sender, each.reason, each.since, each.probes, each.next_probe_at
            )
    return None


async def _check(visit: Visit) -> Answer:
    """Ask the provider that this mail waits for, now."""
    names = {each.name for each in visit.parts.settings.providers}
    name = (await visit.form()).get("provider", [""])[-1]
    email_id = as_id(visit.request.email_id)
    if email_id is None or name not in names:
        raise NotFound
    return await ask_provider(visit, name, f"/console/mails/{email_id}")


def _mend(failure: Failure, teller: Teller) -> dict[str, Any]:
    """Cause and fix, the evidence in one line, and a line with which to see it by hand."""
    cause, fix = guidance(teller.language).cause_and_fix(failure)
    number, sentence = quoted(redact_evidence(failure.evidence).seen)
    steps: list[Any] = [rich(step) for step in steps_of(fix)]
    line = by_hand(failure, "")
    if line not in _NO_LINE and "$SMTP_HOST" not in line and line not in fix:
        steps.append((teller.words["act"]["by_hand"], line))
    return {
        "cause": rich(cause),
        "told": (cause, fix),
        "steps": steps,
        "bad": number,
        "evidence": f"“{sentence}” → {failure.reason.value}" if sentence else failure.reason.value,
    }


def _same_cause(mail: Mail, waiting: Wait | None, teller: Teller) -> str:
    """How many others wait as this one does; empty: none."""
    if waiting is None or waiting.count <= 1:
        return ""
    parts = teller.words["parts"]
    if waiting.more:
        many: str = parts["same_cause_many"].format(n=f"{waiting.count - 1:,}")
        return many
    name = "same_cause_one" if waiting.count == 2 else "same_cause"
    told: str = parts[name].format(n=f"{waiting.count - 1:,}")
    return told


def _checkable(mail: Mail, visit: Visit) -> str:
    """The provider to ask whether it works again; empty: that would not help this mail."""
    if mail.state not in (State.HELD, State.DEFERRED) or mail.reason == "paused":
        return ""
    names = [each.name for each in visit.parts.settings.providers]
    if mail.provider in names:
        return mail.provider or ""
    return names[0] if len(names) == 1 else ""


def _deeds(mail: Mail, route: ProbedRoute | None) -> tuple[str, ...]:
    """What a person may do to it; each is asked about first. Behind a closed route (`route`)
    releasing can't help, so it is not offered."""
    deeds = []
    if mail.state in _RETRIED:
        deeds.append("retry")
    if mail.state in _RELEASED and route is None:
        deeds.append("release")
    if mail.state in WAITING:
        deeds.append("cancel")
    return tuple(deeds)


def _tried(number: int, attempt: AttemptShown, teller: Teller) -> TriedOnce:
    words, failure = teller.words["attempts"], attempt.failure
    pieces: tuple[Piece, ...] = ()
    if failure is not None:
        seen = redact_evidence(failure.evidence).seen
        pieces = tuple(laid_out(seen, teller.words["seen"]))
        origin = words[f"origin_{failure.origin.value}"]
        note = words["origin"].format(origin=origin, key=attempt.key)
    elif attempt.outcome == "unknown":
        note = words["died"].format(key=attempt.key)
    else:
        note = words["no_failure"].format(key=attempt.key, id=attempt.provider_message_id or "?")
    return TriedOnce(
        number,
        attempt,
        teller.provider(attempt.provider),
        teller.span(attempt.ended_at - attempt.started_at),
        words[f"outcome_{attempt.outcome}"],
        note,
        pieces,
    )


def _counts(attempt: AttemptShown) -> bool:
    """Does it count as a try of the mail's? As the engine decides it: by the reason."""
    failure = attempt.failure
    if failure is None or attempt.outcome != "refused" or failure.next is Next.HOLD:
        return False
    return FACTS[failure.reason].tries is not None


def _canceled_by(shown: Shown) -> str:
    for event in reversed(shown.events):
        if event.type == "email.canceled":
            return event.actor
    return ""


def _days(lines: Sequence[Any], visit: Visit) -> str:
    """The day, or the days, on which it all happened: named once, with the zone."""
    days = [datetime.fromtimestamp(line.at / 1000, visit.zone).date() for line in lines]
    first, last = lines[0].at if lines else visit.now, lines[-1].at if lines else visit.now
    day = visit.time(first, "day")
    if days and days[0] != days[-1]:
        day = f"{day} – {visit.time(last, 'day')}"
    return f"{day}, {visit.zone.key}"


def _gone(shown: Shown, visit: Visit, teller: Teller) -> Kept:
    contents_ms = round(visit.parts.settings.retention.contents_s * 1000)
    return kept_of(shown, contents_ms, teller)


PAGES: Final = (
    Page("/console/mails/{id}", "GET", _show, words="mail"),
    Page("/console/mails/{id}/check", "POST", _check, role="admin", words="mail"),
)
