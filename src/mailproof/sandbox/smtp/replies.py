"""How refusals are worded over SMTP."""

from collections.abc import Mapping
from typing import Final

from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.events.outcomes import FAULT_DOMAIN, OUTCOMES
from mailproof.sandbox.faults.fault import UnknownFault, asked_by_address
from mailproof.sandbox.faults.kinds import Stage
from mailproof.sandbox.messages.addresses import read_mailbox

__all__ = ["of_refusal", "of_unknown_magic", "written"]

# Code and enhanced code for the names of Resend's errors; what its relay answers is not documented.
_CODES: Final[Mapping[str, tuple[int, str]]] = {
    "rate_limit_exceeded": (451, "4.7.0"),
    "daily_quota_exceeded": (450, "4.5.3"),
    "monthly_quota_exceeded": (450, "4.5.3"),
    "service_unavailable": (452, "4.3.1"),
    "invalid_from_address": (550, "5.1.7"),
}
_OTHERS: Final = (550, "5.7.1")


def written(code: int, text: str) -> str:
    """A reply, over as many lines as its text has (RFC 5321 section 4.2.1)."""
    *before, last = " ".join(text.split("\r")).split("\n")
    return "\r\n".join([*(f"{code}-{line}" for line in before), f"{code} {last}"])


def of_refusal(refusal: Refusal) -> str:
    """What the account does not allow, in the sentence that the API has for it."""
    code, enhanced = _CODES.get(refusal.name, _OTHERS)
    return written(code, f"{enhanced} {' '.join(refusal.message.split())}")


def of_unknown_magic(address: str) -> str:
    """The reply to a recipient at fault.test that asks for nothing known; empty: it is fine."""
    mailbox = read_mailbox(address)
    if mailbox is None or mailbox.domain != FAULT_DOMAIN:
        return ""
    if mailbox.local.partition("+")[0] in OUTCOMES:
        return ""
    try:
        asked = asked_by_address([address], over_smtp=True) or asked_by_address([address])
    except UnknownFault as problem:
        return written(550, f"5.1.1 {address}: {problem}")
    stage = asked[1].kind.stage if asked is not None else None
    if stage is Stage.WEBHOOK or (stage is not None and stage.is_smtp and stage.knows_recipients):
        return ""
    why = "names no fault of a recipient over SMTP"
    if stage is not None and stage.is_smtp:
        why = "names a fault that strikes before a recipient is known; add it with --fault"
    return written(550, f"5.1.1 {address} {why}")
