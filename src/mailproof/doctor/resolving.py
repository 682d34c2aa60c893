"""Ask the DNS about the From domain: every record that mail from it stands on, all at once."""

import asyncio
from collections.abc import Mapping
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import msgspec

from mailproof.doctor.spf import SpfCount, count_lookups

__all__ = ["DnsSeen", "Found", "Resolving", "look_up"]

DKIM_SELECTOR: Final = "resend"
RETURN_PATH: Final = "send"  # Resend's default label, custom_return_path changes it


class Found(msgspec.Struct, frozen=True):
    """The answer to one question. `state`: found, no_name (NXDOMAIN), no_record, or unknown.

    `unknown` means that nobody answered in time, or only with an error, told in `problem`.
    """

    name: str
    kind: str
    state: str
    values: tuple[str, ...] = ()
    problem: str = ""

    @property
    def command(self) -> str:
        return f"dig +short {self.kind} {self.name}"


class DnsSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What the DNS says about `domain`. `*_misplaced`: the same name with the domain doubled.

    Panels that add the domain by themselves turn `send.acme.com` into `send.acme.com.acme.com`.
    """

    domain: str
    exists: Found
    spf: Found
    dmarc: Found
    dmarc_above: Found | None
    dkim: Found
    dkim_misplaced: Found
    return_path_mx: Found
    return_path_spf: Found
    return_path_misplaced: Found
    spf_count: SpfCount
    return_path_spf_count: SpfCount

    @property
    def silent(self) -> bool:
        """Did no question get an answer? Then the DNS server is the fault, not the domain."""
        asked = (self.exists, self.spf, self.dmarc, self.dkim, self.return_path_mx)
        return all(each.state == "unknown" for each in asked)


class Resolving:
    """A stub resolver with a deadline; `nameserver` (host, port) instead of the system's."""

    def __init__(self, nameserver: tuple[str, int] | None, *, deadline_s: float) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=nameserver is None)
        if nameserver is not None:
            self._resolver.nameservers = [nameserver[0]]
            self._resolver.port = nameserver[1]
        self._resolver.lifetime = deadline_s
        # One lost datagram must not cost the whole deadline.
        self._resolver.timeout = deadline_s / 3

    async def ask(self, name: str, kind: str) -> Found:
        """One question; every way in which DNS can fail is an answer."""
        try:
            answer = await self._resolver.resolve(name, kind, search=False)
        except dns.resolver.NXDOMAIN:
            return Found(name, kind, "no_name")
        except dns.resolver.NoAnswer:
            return Found(name, kind, "no_record")
        except (dns.exception.DNSException, OSError) as error:
            return Found(name, kind, "unknown", problem=_said(error))
        return Found(name, kind, "found", tuple(sorted(_text(each) for each in answer)))


async def look_up(domain: str, nameserver: tuple[str, int] | None, *, deadline_s: float) -> DnsSeen:
    """Ask everything about `domain` (ASCII); at most `deadline_s` a question, twice for SPF.

    Raises `dns.resolver.NoResolverConfiguration` when the system names no DNS server.
    """
    resolving = Resolving(nameserver, deadline_s=deadline_s / 2)
    above = domain.partition(".")[2]
    questions: Mapping[str, tuple[str, str]] = {
        "exists": (domain, "SOA"),
        "spf": (domain, "TXT"),
        "dmarc": (f"_dmarc.{domain}", "TXT"),
        "dmarc_above": (f"_dmarc.{above}", "TXT"),
        "dkim": (f"{DKIM_SELECTOR}._domainkey.{domain}", "TXT"),
        "dkim_misplaced": (f"{DKIM_SELECTOR}._domainkey.{domain}.{domain}", "TXT"),
        "return_path_mx": (f"{RETURN_PATH}.{domain}", "MX"),
        "return_path_spf": (f"{RETURN_PATH}.{domain}", "TXT"),
        "return_path_misplaced": (f"{RETURN_PATH}.{domain}.{domain}", "MX"),
    }
    async with asyncio.TaskGroup() as group:
        tasks = {
            key: group.create_task(resolving.ask(name, kind))
            for key, (name, kind) in questions.items()
            if key != "dmarc_above" or "." in above
        }
    found = {key: task.result() for key, task in tasks.items()}
    async with asyncio.TaskGroup() as group:
        own = group.create_task(_count(resolving, found["spf"], deadline_s / 2))
        path = group.create_task(_count(resolving, found["return_path_spf"], deadline_s / 2))
    return DnsSeen(
        domain=domain,
        spf_count=own.result(),
        return_path_spf_count=path.result(),
        dmarc_above=found.pop("dmarc_above", None),
        **found,
    )


async def _count(resolving: Resolving, found: Found, deadline_s: float) -> SpfCount:
    async def texts(name: str) -> tuple[str, ...] | None:
        answer = await resolving.ask(name, "TXT")
        return None if answer.state == "unknown" else answer.values

    return await count_lookups(found.values, texts, deadline_s=deadline_s)


def _text(record: dns.rdata.Rdata) -> str:
    """A TXT record's strings joined without a gap (RFC 7208 section 3.3); others as written."""
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return record.to_text()


def _said(error: BaseException) -> str:
    if isinstance(error, dns.resolver.LifetimeTimeout | dns.exception.Timeout | TimeoutError):
        return "timeout"
    if isinstance(error, dns.resolver.NoNameservers):
        return "SERVFAIL"
    return f"{type(error).__name__}: {error}"[:200]
