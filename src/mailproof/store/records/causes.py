"""Cause and fix of what was stored as a failure, or as nothing but the name of its reason."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import Evidence, Origin, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import OperatorLanguage, guidance
from mailproof.diagnosis.reasons import FACTS, Reason
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.store.mails.failures import failure_from_json

__all__ = ["cause_and_fix", "reason_named"]

_NAMES: Final = {reason.value: reason for reason in Reason}


def cause_and_fix(
    language: OperatorLanguage,
    *,
    failure: str | bytes | Mapping[str, Any] | None,
    reason: str | None,
    provider: str | None,
) -> tuple[str, str] | None:
    """Both in the operator's language, without secrets.

    `failure` as it stands in the database, or decoded from there; where none was kept, what is
    generally true of `reason` at `provider`. None: neither is known.
    """
    found = _whole(failure) or _bare(reason, provider)
    if found is None:
        return None
    cause, fix = guidance(language).cause_and_fix(found)
    return redact_text(cause), redact_text(fix)


def reason_named(name: object) -> Reason | None:
    """The reason of that name; None: there is none, or not in this release."""
    return _NAMES.get(name) if isinstance(name, str) else None


def _whole(failure: str | bytes | Mapping[str, Any] | None) -> Failure | None:
    if isinstance(failure, Mapping):
        return failure_from_json(msgspec.json.encode(failure))
    return failure_from_json(failure)


def _bare(name: str | None, provider: str | None) -> Failure | None:
    reason = reason_named(name)
    if reason is None:
        return None
    facts = FACTS[reason]
    return Failure(
        reason=reason,
        origin=Origin.PROVIDER,
        next=facts.next,
        closes=facts.closes,
        retry_after_s=None,
        ambiguous=False,
        guide=(f"{provider or 'unknown'}.{reason}", str(reason)),
        evidence=Evidence(Raised(), provider or "unknown"),
    )
