"""Is the From domain verified at Resend? From what it lists, what it refuses, and the DNS."""

from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.reasons import Reason, Severity
from mailproof.doctor.asking import ApiSeen, Domain, Record, accepted, shown
from mailproof.doctor.finding import Lines, Noted, Phrase, failed, fine, skipped, unclear
from mailproof.doctor.resolving import RETURN_PATH, DnsSeen
from mailproof.doctor.sender import Sender

__all__ = ["check_domain", "custom_return_path", "region"]

CHECK: Final = "api.domain"
_LISTED_MAX: Final = 5
_STATES: Final = frozenset(
    "not_started pending failed temporary_failure partially_verified partially_failed".split()
)
_SAYS_SENDER: Final = frozenset(
    {Reason.SENDER_UNVERIFIED, Reason.SANDBOX_RESTRICTED, Reason.SENDER_INVALID}
)


def check_domain(api: ApiSeen, sender: Sender | None, seen: DnsSeen | None) -> Iterator[Noted]:
    """Conclude from the best that is known: Resend's list, its refusal, or the records it needs."""
    if sender is None:
        yield skipped(CHECK, "domain.no_sender")
        return
    facts = {"domain": sender.domain}
    if sender.is_testing or sender.is_public:
        return  # `sender` has said so already
    own = _own(api, sender.domain)
    if own is not None and own.status == "verified":
        yield fine(CHECK, "domain.verified", facts, evidence=f"{own.name}: {own.status}")
    elif own is not None:
        yield _not_verified(api, own, facts)
    elif api.test is not None and accepted(api.test):
        yield fine(CHECK, "domain.verified", facts, evidence=shown(api.test))
    elif refused := _refused(api, facts):
        yield refused
    elif api.domains is not None and not api.more:
        yield _not_listed(api.domains, sender.domain, facts)
    else:
        yield _from_dns(api, seen, facts)


def region(api: ApiSeen | None, domain: str) -> str:
    """Where Resend sends this domain's mail from; empty when it did not tell."""
    own = _own(api, domain) if api is not None else None
    return own.region if own is not None else ""


def custom_return_path(api: ApiSeen | None) -> str:
    """The return path when it is not the usual `send.`; empty when it is, or when nobody told."""
    for record in api.records if api is not None else ():
        if record.type == "MX" and record.record == "SPF":
            return "" if record.name.partition(".")[0] == RETURN_PATH else record.name
    return ""


def _own(api: ApiSeen, domain: str) -> Domain | None:
    return next((each for each in api.domains or () if each.name == domain), None)


def _not_verified(api: ApiSeen, own: Domain, facts: dict[str, str]) -> Noted:
    """Say which records are still missing. Only those for sending count: inbound has its own."""
    wanted = [each for each in api.records if each.record in {"SPF", "DKIM"}]
    missing = [each for each in wanted if each.status != "verified"]
    evidence = f"{own.name}: {own.status}"
    if own.status.startswith("partially_") and wanted and not missing:
        return fine(CHECK, "domain.verified", facts, evidence=evidence)
    lines = Lines("\n".join(_line(each) for each in missing if each.value))
    facts |= {"status": own.status, "records": lines or Phrase("records_at_resend")}
    key = f"domain.{own.status}" if own.status in _STATES else "domain.other_state"
    return failed(CHECK, key, facts, evidence=evidence, command=_dig(own.name))


def _line(record: Record) -> str:
    """The whole record, to be copied as it is."""
    priority = "" if record.priority is None else f"{record.priority} "
    return f"{record.type} {record.name} = {priority}{record.value}"


def _refused(api: ApiSeen, facts: dict[str, str]) -> Noted | None:
    for answer in (api.test, api.probe):
        if not isinstance(answer, HttpAnswer) or answer.status < 300:
            continue
        failure = api.failure(answer)
        if failure.reason in _SAYS_SENDER and not _mismatch(api, facts["domain"]):
            return failed(
                CHECK,
                "domain.refused",
                facts | {"reason": str(failure.reason)},
                severity=failure.severity,
                evidence=shown(answer),
                command=_dig(facts["domain"]),
                failure=failure,
            )
    return None


def _mismatch(api: ApiSeen, domain: str) -> bool:
    """Does the account have the domain above or below this one? Then that is the better answer."""
    return any(_related(each.name, domain) for each in api.domains or ())


def _related(one: str, other: str) -> bool:
    return one.endswith(f".{other}") or other.endswith(f".{one}")


def _not_listed(domains: tuple[Domain, ...], domain: str, facts: dict[str, str]) -> Noted:
    related = [each for each in domains if _related(each.name, domain)]
    evidence = ", ".join(f"{each.name}: {each.status}" for each in domains[:_LISTED_MAX])
    if related:
        best = next((each for each in related if each.status == "verified"), related[0])
        facts |= {"other": best.name, "status": best.status}
        return failed(CHECK, "domain.mismatch", facts, evidence=evidence, command=_dig(domain))
    if domains:
        facts |= {"others": ", ".join(each.name for each in domains[:_LISTED_MAX])}
        return failed(CHECK, "domain.not_listed", facts, evidence=evidence, command=_dig(domain))
    return failed(CHECK, "domain.none_listed", facts, command=_dig(domain))


def _from_dns(api: ApiSeen, seen: DnsSeen | None, facts: dict[str, str]) -> Noted:
    """A sending-only key may not see the list, but no domain is verified without its DKIM key."""
    if not api.with_key and api.listing is None:
        return skipped(CHECK, "domain.not_asked", facts)
    command = _dig(facts["domain"])
    if seen is None or seen.dkim.state == "unknown":
        return unclear(CHECK, "domain.unclear", facts, command=command)
    if not seen.dkim.values:
        return failed(CHECK, "domain.dns_says_no", facts, command=command)
    if not seen.return_path_mx.values:  # it may be elsewhere: Resend lets its name be chosen
        return unclear(CHECK, "domain.unclear_return_path", facts, command=command)
    return unclear(CHECK, "domain.dns_says_yes", facts, severity=Severity.INFO, command=command)


def _dig(domain: str) -> str:
    return f"dig +short TXT resend._domainkey.{domain}; dig +short MX send.{domain}"
