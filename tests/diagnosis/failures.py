"""Failures as the guidance gets them, for tests that choose reason and evidence themselves."""

from typing import Final

from mailproof.diagnosis.evidence import Context, Evidence, HttpAnswer, Origin, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import FACTS, Reason

__all__ = ["EVERYTHING_KNOWN", "NOTHING_KNOWN", "failure"]

NOTHING_KNOWN: Final = Evidence(Raised())
EVERYTHING_KNOWN: Final = Evidence(
    HttpAnswer(403), provider="resend", context=Context(sender="Acme <hello@acme.test>")
)


def failure(
    reason: Reason,
    evidence: Evidence = NOTHING_KNOWN,
    *,
    guide: tuple[str, ...] = (),
    origin: Origin = Origin.PROVIDER,
    retry_after_s: float | None = None,
) -> Failure:
    facts = FACTS[reason]
    return Failure(
        reason=reason,
        origin=origin,
        next=facts.next,
        closes=facts.closes,
        retry_after_s=retry_after_s,
        ambiguous=False,
        guide=(*guide, f"{evidence.provider}.{reason}", str(reason)),
        evidence=evidence,
    )
