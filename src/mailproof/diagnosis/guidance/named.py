"""Facts that a failure's own words name, for the blanks and the choice of the guidance."""

import re
from typing import Final

from mailproof.diagnosis.evidence import DeliveryStatus, HttpAnswer, Seen, SmtpReply
from mailproof.diagnosis.guidance.texts import spoken
from mailproof.diagnosis.redaction.redact import redact_text

__all__ = ["failed_identities", "speaks_smtp"]

# Amazon SES names all of them: in its sandbox, sender and recipients alike.
_IDENTITIES: Final = re.compile(
    r"identities failed the check in region [\w-]{1,20}: ?"
    r"([^\s,;\"'<>]{3,254}(?:, ?[^\s,;\"'<>]{3,254}){0,9})"
)
_LISTED_MAX: Final = 3

_SMTP: Final = re.compile(
    r"\b(?:e?smtps?|starttls|javax\.mail|jakarta\.mail)\b|\b535\b|\b5\.7\.\d{1,3}\b"
    r"|\bauthentication (?:failed|unsuccessful)\b(?!.{0,80}\bapi\b)"
    r"|(?:\bport\b[^\d\n]{1,40}|:)(?:25|465|587|2525)\b"
)


def failed_identities(seen: Seen) -> str | None:
    """The addresses and domains that Amazon SES found not verified, masked."""
    for _, text in spoken(seen):
        if found := _IDENTITIES.search(text):
            listed = [name.strip(" .") for name in found[1].split(",")]
            more = " …" if len(listed) > _LISTED_MAX else ""
            return redact_text(", ".join(listed[:_LISTED_MAX])) + more
    return None


def speaks_smtp(seen: Seen) -> bool:
    """Is this about a mail server, though nobody could tell whose?"""
    if isinstance(seen, (SmtpReply, DeliveryStatus)):
        return True
    if isinstance(seen, HttpAnswer):
        return False
    return any(_SMTP.search(text.lower()) for _, text in spoken(seen))
