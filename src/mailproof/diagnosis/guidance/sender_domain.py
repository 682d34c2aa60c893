"""Whose domain the mail was sent from: from the context, else from the failure's own words."""

import re
from typing import Final

from mailproof.diagnosis.evidence import Evidence, Seen
from mailproof.diagnosis.guidance.texts import spoken
from mailproof.diagnosis.redaction.redact import redact_text

__all__ = ["sender_domain"]

# `from.email` and `reply_to.0.email` are fields of a request, whatever domains exist.
_FIELD: Final = (
    r"(?:from|to|cc|bcc|sender|reply[-_]?to|recipients?|personalizations)"
    r"(?:\.\d{1,4})?\.(?:email|name|address|domain)\b"
)
_NAME: Final = rf"(?!{_FIELD})((?:[\w-]{{1,63}}\.){{1,8}}[^\W\d_](?:[^\W_]|-){{1,62}})(?![\w-])"
_ADDRESS: Final = re.compile(rf"@{_NAME}")
_FROM_KEYS: Final = frozenset({"from", "source", "sender", "from_email", "fromemail", "mailfrom"})

# The ways in which providers and mail servers name the sender's domain (their error references).
_NAMED: Final = re.compile(
    rf"""\bthe\s+{_NAME}\s+domain\b
    | \bdomain(?:\s+(?:name|not\s+found))?\s*:?\s*[\[('"`]?{_NAME}
    | \b(?:e?mails?|messages?|sends?)\s+from\s+[\[('"`]?{_NAME}
    | \bfailed\s+the\s+check\s+in\s+region\s+[\w-]{{1,20}}:\s*(?:[^\s@,]{{1,64}}@)?{_NAME}
    | \b(?:spf|dkim)\s*\[{_NAME}\]
    | \bfrom[\s:=<"'`]{{1,4}}[^\s@<>"']{{1,64}}@{_NAME}""",
    re.IGNORECASE | re.VERBOSE,
)


def sender_domain(evidence: Evidence) -> str | None:
    """The domain of the From address; None when neither context nor words name it."""
    found = _ADDRESS.search(evidence.context.sender) or _named(evidence.seen)
    if found is None:
        return None
    return redact_text(next(name for name in found.groups() if name).lower())


def _named(seen: Seen) -> re.Match[str] | None:
    texts = spoken(seen)
    for key, text in texts:
        if key.lower() in _FROM_KEYS and (found := _ADDRESS.search(text)):
            return found
    return _NAMED.search("\n".join(text for _, text in texts))
