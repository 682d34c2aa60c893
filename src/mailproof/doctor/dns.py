"""Judge the DNS of the From domain: may this sender prove that its mail is its own?"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.finding import Noted, failed, fine, skipped, unclear, warned
from mailproof.doctor.resolving import DnsSeen, Found
from mailproof.doctor.spf import LOOKUPS_MAX, SpfCount, spf_flaw, spf_records

__all__ = [
    "DEFAULT_REGION",
    "check_answers",
    "check_dkim",
    "check_dmarc",
    "check_domain_exists",
    "check_return_path",
    "check_return_path_spf",
    "check_spf",
]

DEFAULT_REGION: Final = "us-east-1"
_FEEDBACK: Final = re.compile(r"feedback-smtp\.[\w-]+\.amazonses\.com\.?$", re.IGNORECASE)
_MEANT_AS_DMARC: Final = re.compile(r"v\s*=\s*DMARC1\b", re.IGNORECASE)
# RFC 7489 section 6.3: it comes first, and in capitals.
_DMARC: Final = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_POLICY: Final = re.compile(r"(?:^|;)\s*p\s*=\s*(none|quarantine|reject)\s*(?:;|$)", re.IGNORECASE)
# Section 6.6.3: where reports are asked for, a missing policy counts as `none`.
_REPORTS: Final = re.compile(r"(?:^|;)\s*rua\s*=\s*mailto:", re.IGNORECASE)
# Panels that keep the quotes around a pasted value put them into the record.
_KEY: Final = re.compile(r"""(?:^|;)["'\s]*p\s*=\s*([^;]*)""")
# RFC 6376 section 3.3.3: keys under 1024 bits count as unsigned.
_RSA_MIN_BYTES: Final = 128


def check_answers(seen: DnsSeen) -> Iterator[Noted]:
    """Said once, instead of once for every record."""
    if seen.silent:
        facts = {"domain": seen.domain, "problem": seen.exists.problem}
        yield unclear(
            "dns.domain",
            "dns.silent",
            facts,
            severity=Severity.ERROR,
            evidence=seen.exists.problem,
            command=seen.exists.command,
        )


def check_domain_exists(seen: DnsSeen) -> Iterator[Noted]:
    """A From domain that is not in the DNS is refused by most receivers (4.1.8, 5.1.8)."""
    check, found = "dns.domain", seen.exists
    facts = {"domain": seen.domain}
    if found.state == "no_name":
        yield failed(
            check, "dns.no_domain", facts, evidence=f"NXDOMAIN {found.name}", command=found.command
        )
    elif found.state == "unknown":
        yield _unknown(check, found)
    else:
        yield fine(check, "dns.domain_ok", facts, command=found.command)


def check_spf(seen: DnsSeen, *, by_resend: bool) -> Iterator[Noted]:
    """SPF of the From domain itself: what receivers of an SMTP server's mail look at.

    Resend's mail is judged by the return path instead, so there a missing record is no fault.
    """
    if seen.exists.state == "no_name":
        return
    records = spf_records(seen.spf.values)
    if not records and by_resend and seen.spf.state != "unknown":
        yield skipped("dns.spf", "spf.not_needed", {"domain": seen.domain})
        return
    flaws = _spf(
        "dns.spf", seen.spf, seen.spf_count, mechanism="include:$YOUR_PROVIDER", stops=not by_resend
    )
    yield from flaws


def check_return_path_spf(seen: DnsSeen, *, custom_return_path: str, told: bool) -> Iterator[Noted]:
    """SPF where Resend's mail is judged by it: at the return path, `send.` by default.

    `told`: Resend has shown this account's domains, so a return path elsewhere would be known.
    """
    check = "dns.return_path_spf"
    if seen.exists.state == "no_name":
        return
    if not told and not seen.return_path_spf.values and not seen.return_path_mx.values:
        return  # `check_return_path` says what may be the matter
    if custom_return_path:
        yield skipped(check, "return_path.custom", {"name": custom_return_path})
        return
    found = seen.return_path_spf
    mechanism = "include:amazonses.com"
    yield from _spf(check, found, seen.return_path_spf_count, mechanism=mechanism, stops=True)
    records = spf_records(found.values)
    if len(records) == 1 and not spf_flaw(records[0]) and mechanism not in records[0].lower():
        facts = {"name": found.name, "mechanism": mechanism}
        yield failed(
            check, "spf.without_provider", facts, evidence=records[0][:300], command=found.command
        )


def check_return_path(
    seen: DnsSeen, *, region: str, custom_return_path: str, told: bool
) -> Iterator[Noted]:
    """The MX record through which bounces and complaints find back to Resend; `told` as above."""
    check, found = "dns.return_path", seen.return_path_mx
    if seen.exists.state == "no_name":
        return
    if custom_return_path:
        yield skipped(check, "return_path.custom", {"name": custom_return_path})
        return
    target = f"feedback-smtp.{region or DEFAULT_REGION}.amazonses.com"
    facts = {"name": found.name, "target": target, "domain": seen.domain}
    hosts = [value.split()[-1] for value in found.values]
    evidence = ", ".join(found.values)
    if found.state == "unknown":
        yield _unknown(check, found)
    elif not hosts and seen.return_path_misplaced.values:
        yield _misplaced(check, found, seen.return_path_misplaced)
    elif not hosts and told:
        yield failed(check, "return_path.missing", facts, command=found.command)
    elif not hosts:
        key = "return_path.missing_or_elsewhere"
        yield warned(check, key, facts, severity=Severity.ERROR, command=found.command)
    elif not any(_FEEDBACK.fullmatch(host) for host in hosts):
        yield failed(check, "return_path.other", facts, evidence=evidence, command=found.command)
    elif region and not any(host.lower().rstrip(".") == target for host in hosts):
        yield failed(check, "return_path.region", facts, evidence=evidence, command=found.command)
    elif len(hosts) > 1:
        yield warned(check, "return_path.doubled", facts, evidence=evidence, command=found.command)
    else:
        yield fine(check, "return_path.ok", facts, evidence=evidence, command=found.command)


def check_dkim(seen: DnsSeen) -> Iterator[Noted]:
    """The public key with which receivers check Resend's signature."""
    check, found = "dns.dkim", seen.dkim
    if seen.exists.state == "no_name":
        return
    facts = {"name": found.name, "domain": seen.domain}
    keys = [value for value in found.values if _KEY.search(value)]
    evidence = f"{found.values[0][:60]}… ({len(found.values[0])})" if found.values else ""
    if found.state == "unknown":
        yield _unknown(check, found)
    elif not found.values and seen.dkim_misplaced.values:
        yield _misplaced(check, found, seen.dkim_misplaced)
    elif not found.values:
        yield failed(check, "dkim.missing", facts, command=found.command)
    elif not keys:
        yield failed(check, "dkim.no_key", facts, evidence=evidence, command=found.command)
    elif len(keys) > 1:
        yield failed(check, "dkim.doubled", facts, evidence=evidence, command=found.command)
    elif flaw := _key_flaw(keys[0]):
        yield failed(check, f"dkim.{flaw}", facts, evidence=evidence, command=found.command)
    else:
        yield fine(check, "dkim.ok", facts, evidence=evidence, command=found.command)


def check_dmarc(seen: DnsSeen) -> Iterator[Noted]:
    """Gmail, Yahoo and Outlook ask bulk senders for a DMARC record; all respect what it says."""
    check, found = "dns.dmarc", seen.dmarc
    if seen.exists.state == "no_name":
        return
    records = [value for value in found.values if _MEANT_AS_DMARC.search(value)]
    if not records:  # RFC 7489 section 6.6.3: a subdomain follows its organisation's domain
        for above in seen.dmarc_above:
            if inherited := [value for value in above.values if _DMARC.match(value)]:
                found, records = above, inherited
                break
    facts = {"name": found.name, "domain": seen.domain}
    evidence = " | ".join(records or found.values)[:300]
    if found.state == "unknown":
        yield _unknown(check, found)
    elif not records:
        key = "dmarc.malformed" if found.values else "dmarc.missing"
        yield warned(check, key, facts, evidence=evidence, command=found.command)
    elif len(records) > 1:
        yield warned(
            check,
            "dmarc.doubled",
            facts,
            severity=Severity.ERROR,
            evidence=evidence,
            command=found.command,
        )
    elif not _is_dmarc(records[0]):
        yield warned(
            check,
            "dmarc.malformed",
            facts,
            severity=Severity.ERROR,
            evidence=evidence,
            command=found.command,
        )
    else:
        yield fine(check, "dmarc.ok", facts, evidence=evidence, command=found.command)


def _is_dmarc(record: str) -> bool:
    has_policy = _POLICY.search(record) or _REPORTS.search(record)
    return _DMARC.match(record) is not None and has_policy is not None


def _spf(
    check: str, found: Found, count: SpfCount, *, mechanism: str, stops: bool
) -> Iterator[Noted]:
    note = failed if stops else warned
    records = spf_records(found.values)
    facts = {
        "name": found.name,
        "mechanism": mechanism,
        "count": str(count.lookups),
        "max": str(LOOKUPS_MAX),
        "target": count.dead,
    }
    evidence, command = " | ".join(records)[:400], found.command
    flaw = spf_flaw(records[0]) if len(records) == 1 else ""
    severity = Severity.CRITICAL if stops else Severity.ERROR
    if found.state == "unknown":
        yield _unknown(check, found)
    elif not records:
        yield note(check, "spf.missing", facts, severity=severity, command=command)
    elif len(records) > 1:
        facts |= {"number": str(len(records))}
        yield note(
            check, "spf.doubled", facts, severity=severity, evidence=evidence, command=command
        )
    elif flaw in {"truncated", "bad_term"}:
        key = f"spf.{flaw}"
        yield note(check, key, facts, severity=severity, evidence=evidence, command=command)
    elif count.lookups > LOOKUPS_MAX:
        key = "spf.too_many_lookups"
        yield note(check, key, facts, severity=severity, evidence=evidence, command=command)
    elif count.dead:
        key = "spf.dead_include"
        yield note(check, key, facts, severity=severity, evidence=evidence, command=command)
    elif flaw:
        yield warned(check, f"spf.{flaw}", facts, evidence=evidence, command=command)
    elif not count.complete:
        yield unclear(check, "spf.incomplete", facts, evidence=evidence, command=command)
    else:
        yield fine(check, "spf.ok", facts, evidence=evidence, command=command)


def _key_flaw(record: str) -> str:
    """A DER key names its own length, so a cut one gives itself away."""
    hit = _KEY.search(record)
    text = "".join((hit[1] if hit else "").split())
    if not text:
        return "revoked"
    if re.search(r"(?:^|;)\s*k\s*=\s*ed25519", record):
        return "" if len(text) >= 43 else "truncated"
    try:
        der = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return "truncated" if re.fullmatch(r"[A-Za-z0-9+/]+=*", text) else "damaged"
    if len(der) < 4 or der[0] != 0x30:  # a SEQUENCE (X.690 section 8.9)
        return "damaged"
    if der[1] < 0x80:
        expected = 2 + der[1]
    else:
        width = der[1] & 0x7F
        expected = 2 + width + int.from_bytes(der[2 : 2 + width], "big")
    if len(der) < expected:
        return "truncated"
    return "weak" if expected < _RSA_MIN_BYTES else ""


def _misplaced(check: str, wanted: Found, found: Found) -> Noted:
    facts = {"name": wanted.name, "found": found.name}
    return failed(check, "dns.misplaced", facts, evidence=found.name, command=found.command)


def _unknown(check: str, found: Found) -> Noted:
    facts = {"name": found.name, "kind": found.kind, "problem": found.problem}
    return unclear(check, "dns.unknown", facts, evidence=found.problem, command=found.command)
