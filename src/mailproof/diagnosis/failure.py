"""A failure: evidence, explained."""

import msgspec

from mailproof.diagnosis.evidence import Evidence, Origin
from mailproof.diagnosis.reasons import FACTS, Closes, Failover, Next, Reader, Reason, Severity

__all__ = ["Failure"]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, and what follows from it.

    `retry_after_s` seconds, when the other side named a time. `ambiguous`: the provider may have
    the mail all the same. `guide` names the guidance that fits best, from exact to general.
    Always legal: `hold` closes something at once, a receiver's word closes nothing.
    """

    reason: Reason
    origin: Origin
    next: Next
    closes: Closes | None
    retry_after_s: float | None
    ambiguous: bool
    guide: tuple[str, ...]
    evidence: Evidence

    @property
    def retryable(self) -> bool:
        """May the very same mail go out later without anyone changing it?"""
        return self.next is not Next.END

    @property
    def severity(self) -> Severity:
        return FACTS[self.reason].severity

    @property
    def reader(self) -> Reader:
        return FACTS[self.reason].reader

    @property
    def failover_helps(self) -> bool:
        """Could another provider deliver it now, without the risk of a second copy?"""
        helps = FACTS[self.reason].failover in {Failover.YES, Failover.DEFINITE}
        return helps and not self.ambiguous
