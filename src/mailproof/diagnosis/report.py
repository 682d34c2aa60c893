"""A failure as scripts and people get it: the FAILURE object of the command line and the API."""

from typing import Any

import msgspec

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.diagnosis.reasons import Next, Reader, Reason, Severity
from mailproof.diagnosis.redaction.redact import redact_evidence

__all__ = ["Report", "report"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong and what to do. Names and keys are the same in every language.

    `closes`: what this failure closes, `provider`, `sender`, with `/n` after n different mails, or
    `rate`. `retry_after_s` seconds. `evidence`: the channel and its fields, without secrets.
    """

    reason: Reason
    origin: Origin
    next: Next
    closes: str | None
    retryable: bool
    retry_after_s: float | None
    ambiguous: bool
    failover_helps: bool
    severity: Severity
    cause: str
    fix: str
    reader_action: Reader
    evidence: dict[str, Any]


def report(failure: Failure, language: OperatorLanguage) -> Report:
    """The failure with its cause and fix in the operator's language. Holds no secret."""
    cause, fix = guidance(language).cause_and_fix(failure)
    shown = redact_evidence(failure.evidence)
    return Report(
        reason=failure.reason,
        origin=failure.origin,
        next=failure.next,
        closes=None if failure.closes is None else str(failure.closes),
        retryable=failure.retryable,
        retry_after_s=failure.retry_after_s,
        ambiguous=failure.ambiguous,
        failover_helps=failure.failover_helps,
        severity=failure.severity,
        cause=cause,
        fix=fix,
        reader_action=failure.reader,
        evidence={**msgspec.to_builtins(shown.seen), "provider": shown.provider},
    )
