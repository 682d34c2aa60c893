"""TLS of an SMTP server: does it come about as the URL asks for, and will it tomorrow?"""

import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from mailproof.diagnosis.evidence import Evidence, Raised, SmtpReply
from mailproof.diagnosis.reasons import Severity
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.doctor.asking import shown
from mailproof.doctor.finding import Noted, failed, fine, unclear, warned
from mailproof.doctor.ports import SmtpSeen
from mailproof.providers.diagnose import diagnose

__all__ = ["check_tls", "greeted_at"]

CHECK: Final = "smtp.tls"
DAY_S: Final = 86_400.0
# Those that renew by themselves do it a month before the end; with two weeks left, none has.
_ENDS_SOON_S: Final = 14 * DAY_S

# What OpenSSL says of a certificate that it does not accept (X509_verify_cert_error_string).
_CERTIFICATE_FLAWS: Final[Mapping[str, str]] = {
    r"not yet valid": "tls.certificate_not_yet",
    r"has expired": "tls.certificate_expired",
    r"mismatch|not valid for": "tls.certificate_name",
    r"self[- ]signed": "tls.certificate_self_signed",
    r"certificate": "tls.certificate",
}
# RFC 5322 section 3.3, as Exim and Sendmail write it into their greeting.
_DATE: Final = re.compile(r"\w{3}, \d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}")


def check_tls(seen: SmtpSeen, *, now_s: float) -> Iterator[Noted]:
    """Does the server greet in the TLS mode that the URL asks for? `now_s`: since the epoch."""
    url, greeting, greeted = seen.url, seen.greeted.greeting, seen.greeted
    if greeting is None or seen.configured is None or not seen.configured.is_open:
        return
    facts = {"host": url.host, "port": str(url.port)}
    command = _by_hand(seen)
    if isinstance(greeting, Raised):
        yield _no_greeting(seen, greeting, facts, command)
    elif not greeting.code:
        evidence = redact_text(greeting.reply)[:100]
        yield failed(CHECK, "tls.not_smtp", facts, evidence=evidence, command=command)
    elif greeting.code != 220:
        yield _refused("tls.greets_badly", greeting, facts, command)
    elif isinstance(greeted.tls, SmtpReply):
        yield _refused("tls.starttls_refused", greeted.tls, facts, command)
    elif greeted.tls is not None:
        yield _no_tls(seen, greeted.tls, facts, command)
    elif greeted.offers_starttls is False and not url.is_own:
        yield warned(CHECK, "tls.no_starttls", facts, severity=Severity.ERROR, command=command)
    elif greeted.ends_s is not None and greeted.ends_s - now_s < _ENDS_SOON_S:
        yield _ends_soon(greeted.ends_s, now_s, facts, command)
    else:
        key = "tls.not_needed" if greeted.offers_starttls is False else "tls.ok"
        evidence = f"{greeting.code} {greeting.reply.splitlines()[0] if greeting.reply else ''}"
        yield fine(CHECK, key, facts, evidence=evidence.strip()[:200], command=command)


def greeted_at(seen: SmtpSeen) -> str:
    """The date in the greeting; empty: there is none."""
    greeting = seen.greeted.greeting
    found = _DATE.search(greeting.reply) if isinstance(greeting, SmtpReply) else None
    return found[0] if found else ""


def _by_hand(seen: SmtpSeen) -> str:
    at = shlex.quote(f"{seen.url.host}:{seen.url.port}")
    start = "" if seen.url.tls == "implicit" else " -starttls smtp"
    return f"openssl s_client -connect {at}{start} -crlf"


def _no_greeting(seen: SmtpSeen, problem: Raised, facts: dict[str, str], command: str) -> Noted:
    evidence = shown(problem)
    at_once = seen.url.tls == "implicit"
    if at_once and "WRONG_VERSION_NUMBER" in _chain(problem):
        return failed(CHECK, "tls.not_at_once", facts, evidence=evidence, command=command)
    if not at_once and "Timeout" in problem.type:
        # A server that waits for a TLS handshake stays silent until the client begins it.
        return failed(CHECK, "tls.maybe_at_once", facts, evidence=evidence, command=command)
    severity = Severity.ERROR
    if flaw := _flaw_of(problem):
        return failed(CHECK, flaw, facts, severity=severity, evidence=evidence, command=command)
    key = "tls.no_greeting"
    return unclear(CHECK, key, facts, severity=severity, evidence=evidence, command=command)


def _no_tls(seen: SmtpSeen, problem: Raised, facts: dict[str, str], command: str) -> Noted:
    key = _flaw_of(problem)
    # What sends in the clear, as to this machine, never sees the certificate; others may.
    found = warned if key and seen.url.tls == "none" else failed
    return found(
        CHECK,
        key or "tls.breaks_off",
        facts,
        severity=Severity.ERROR,
        evidence=shown(problem),
        command=command,
    )


def _refused(key: str, reply: SmtpReply, facts: dict[str, str], command: str) -> Noted:
    failure = diagnose(Evidence(reply, provider="smtp"))
    return failed(
        CHECK,
        key,
        facts | {"reason": str(failure.reason)},
        severity=failure.severity,
        evidence=redact_text(f"{reply.code} {reply.reply}")[:300],
        command=command,
        failure=failure,
    )


def _ends_soon(ends_s: float, now_s: float, facts: dict[str, str], command: str) -> Noted:
    # In UTC: the day may differ by one from that on somebody's calendar, which does not matter.
    date = datetime.fromtimestamp(ends_s, UTC).date().isoformat()
    left = facts | {"date": date, "days": f"{max(0.0, (ends_s - now_s) // DAY_S):.0f}"}
    severity = Severity.ERROR
    key = "tls.certificate_ends_soon"
    return warned(CHECK, key, left, severity=severity, evidence=f"notAfter={date}", command=command)


def _flaw_of(problem: Raised) -> str:
    """What is wrong with the certificate; empty: it is not about one."""
    words = _chain(problem)
    if "CERTIFICATE" not in words.upper():
        return ""
    flaws = _CERTIFICATE_FLAWS.items()
    return next((key for words_of, key in flaws if re.search(words_of, words, re.IGNORECASE)), "")


def _chain(problem: Raised) -> str:
    texts: list[str] = []
    link: Raised | None = problem
    while link is not None:
        texts.append(f"{link.type} {link.message}")
        link = link.cause
    return " ".join(texts)
