"""Failures as they are stored: JSON, redacted before it was written."""

import msgspec
import structlog

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.redaction.redact import redact_evidence

__all__ = ["failure_from_json", "failure_to_json"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.store")


def failure_to_json(failure: Failure) -> bytes:
    """Without secrets and with masked addresses, as attempts, routes and checks keep it."""
    shown = msgspec.structs.replace(failure, evidence=redact_evidence(failure.evidence))
    return msgspec.json.encode(shown)


def failure_from_json(stored: bytes | str | None) -> Failure | None:
    """What `failure_to_json` wrote. None: nothing was stored, or a newer release, which knows
    reasons that this one does not, wrote it; that is logged.
    """
    if stored is None:
        return None
    try:
        return msgspec.json.decode(stored, type=Failure)
    except msgspec.DecodeError as error:
        _log.warning("failure.unreadable", error=str(error))
        return None
