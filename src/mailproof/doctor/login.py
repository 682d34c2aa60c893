"""The login at an SMTP server, and how large its mails may be."""

from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import Raised, SmtpReply
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.doctor.asking import shown
from mailproof.doctor.finding import Noted, failed, fine, unclear, warned
from mailproof.doctor.ports import SmtpSeen

__all__ = ["check_login", "check_size"]

# In Base64 a file takes a third more; a scan or an invoice with pictures has three megabytes.
_SIZE_SMALL_BYTES: Final = 5_000_000


def check_login(seen: SmtpSeen) -> Iterator[Noted]:
    """Is the login of the URL let in? Says nothing where the conversation did not come that far."""
    check, url, greeted = "smtp.login", seen.url, seen.greeted
    if seen.health is None or not greeted.offers:
        return
    facts = {"host": url.host, "port": str(url.port), "scheme": url.scheme}
    failure = seen.health.failure
    if failure is None:
        yield fine(check, "login.ok", facts)
        return
    heard = failure.evidence.seen
    if isinstance(heard, SmtpReply) and heard.stage == "auth":
        yield failed(
            check,
            "login.refused",
            facts,
            severity=failure.severity,
            evidence=_reply(heard),
            failure=failure,
        )
    elif greeted.tls is not None:
        return  # without TLS there is no login, and that is told already
    elif greeted.offered("AUTH") is None:
        yield failed(check, "login.not_offered", facts, evidence=_offers(greeted.offers))
    elif url.tls == "none" and not any(each.startswith("AUTH") for each in greeted.in_clear or ()):
        evidence = _offers(greeted.in_clear or ())
        yield failed(check, "login.only_encrypted", facts, evidence=evidence)
    else:
        yield unclear(
            check,
            "login.unclear",
            facts,
            severity=failure.severity,
            evidence=shown(heard) if isinstance(heard, Raised) else _reply(heard),
            failure=failure,
        )


def check_size(seen: SmtpSeen) -> Iterator[Noted]:
    """Are mails with attachments taken? RFC 1870: SIZE 0 or no number is no limit that is told."""
    check, told = "smtp.size", seen.greeted.offered("SIZE") or ""
    size_bytes = int(told) if told.isdecimal() and len(told) < 16 else 0
    if not size_bytes:
        return
    facts = {"host": seen.url.host, "size": f"{size_bytes / 1_000_000:.1f}"}
    evidence = f"SIZE {size_bytes}"
    if size_bytes < _SIZE_SMALL_BYTES:
        yield warned(check, "size.small", facts, evidence=evidence)
    else:
        yield fine(check, "size.ok", facts, evidence=evidence)


def _reply(heard: object) -> str:
    """A refusal at another step, in one line."""
    return redact_text(f"{heard.code} {heard.reply}")[:300] if isinstance(heard, SmtpReply) else ""


def _offers(words: tuple[str, ...]) -> str:
    return f"EHLO: {', '.join(words)}"[:300]
