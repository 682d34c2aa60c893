"""One mail as Markdown, for a ticket: what happened, why, what to do. No address, no secret."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailproof.console.pages.evidence import laid_out
from mailproof.console.pages.mail_sentence import MailSentence
from mailproof.console.pages.telling import Teller
from mailproof.console.pages.timeline import Line
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.store.mails.listing import AttemptShown, Mail

__all__ = ["markdown"]

# Characters of one attempt's evidence: a ticket is read by people.
_EVIDENCE_MAX: Final = 2_000


def markdown(  # noqa: PLR0913 - what the page shows, once more
    mail: Mail,
    sentence: MailSentence,
    lines: Sequence[Line],
    attempts: Sequence[AttemptShown],
    cause_and_fix: tuple[str, str] | None,
    subject: str,
    teller: Teller,
) -> str:
    """The page as text. `subject`: as it may be shown."""
    text = "\n".join(_parts(mail, sentence, lines, attempts, cause_and_fix, subject, teller))
    # Once more over all of it: whatever stands in the events, no address and no secret leaves here.
    return redact_text(text)


def _parts(  # noqa: PLR0913
    mail: Mail,
    sentence: MailSentence,
    lines: Sequence[Line],
    attempts: Sequence[AttemptShown],
    cause_and_fix: tuple[str, str] | None,
    subject: str,
    teller: Teller,
) -> Iterator[str]:
    words, about = teller.words["markdown"], teller.words["about"]
    colon = teller.words["parts"]["colon"]
    yield f"## {teller.joined(sentence.fact, sentence.rest)}"
    yield ""
    for name, value in _facts(mail, subject, teller):
        yield f"- **{about[name]}**{colon} {value}".rstrip()
    if cause_and_fix is not None:
        for name, text in zip(("cause", "fix"), cause_and_fix, strict=True):
            yield f"\n### {words[name]}\n\n{text}"
    yield f"\n### {words['timeline']} ({words['times'].format(zone=teller.zone.key)})\n"
    for line in lines:
        by = teller.words["timeline"]["by"].format(actor=line.actor) if line.actor else ""
        reason = f"`{line.reason}`" if line.reason else ""
        told = " ".join(each for each in (line.rest, by, reason) if each)
        yield f"- {teller.stamp(line.at)} **{line.fact}** {told}".rstrip()
    if attempts:
        yield f"\n### {words['attempts']}"
    for number, attempt in enumerate(attempts, start=1):
        yield from _attempt(number, attempt, teller)
    yield f"\n{words['masked']}"


def _facts(mail: Mail, subject: str, teller: Teller) -> Iterator[tuple[str, str]]:
    yield "id", f"`{mail.id}`"
    for role in ("to", "cc", "bcc"):
        if addresses := mail.addresses(role):
            yield role, ", ".join(addresses)
    yield "from", mail.sender
    yield "subject", subject
    yield "purpose", teller.purpose(mail.purpose)
    yield "app", mail.app
    yield "expires", teller.stamp(mail.expires_at)
    if mail.provider:
        yield "provider", mail.provider
    if mail.provider_message_id:
        yield "provider_id", f"`{mail.provider_message_id}`"


def _attempt(number: int, attempt: AttemptShown, teller: Teller) -> Iterator[str]:
    words = teller.words["attempts"]
    outcome = words[f"outcome_{attempt.outcome}"]
    took = teller.span(attempt.ended_at - attempt.started_at)
    reason = f" · `{attempt.reason}`" if attempt.reason else ""
    yield f"\n**{words['one'].format(n=number)}** {attempt.provider} · {took} · {outcome}{reason}"
    if attempt.failure is not None:
        pieces = laid_out(attempt.failure.evidence.seen, teller.words["seen"])
        seen = "".join(piece.text for piece in pieces)[:_EVIDENCE_MAX]
        # A fence that no line of the evidence can end.
        fence = "`" * (3 + seen.count("```"))
        yield f"\n{fence}\n{seen}\n{fence}"
