"""Ask the DNS about the From domain: every record that mail from it stands on, all at once."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import msgspec

from mailproof.diagnosis.evidence import Raised
from mailproof.doctor.spf import SpfCount, count_lookups
from mailproof.providers.http import raised

__all__ = ["DnsSeen", "Found", "Resolving", "domains_above", "look_up", "unresolved"]

DKIM_SELECTOR: Final = "resend"
_ABOVE_MAX: Final = 8
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
    """What the DNS says about `domain`. `*_misplaced`: the same name with the domain doubled;
    `dmarc_above`: the same record of each domain above, the highest first.

    Panels that add the domain by themselves turn `send.acme.com` into `send.acme.com.acme.com`.
    """

    domain: str
    exists: Found
    spf: Found
    dmarc: Found
    dmarc_above: tuple[Found, ...]
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
    questions: Mapping[str, tuple[str, str]] = {
        "exists": (domain, "SOA"),
        "spf": (domain, "TXT"),
        "dmarc": (f"_dmarc.{domain}", "TXT"),
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
        }
        above = [
            group.create_task(resolving.ask(f"_dmarc.{name}", "TXT"))
            for name in domains_above(domain)
        ]
    found = {key: task.result() for key, task in tasks.items()}
    async with asyncio.TaskGroup() as group:
        own = group.create_task(_count(resolving, found["spf"], deadline_s / 2))
        path = group.create_task(_count(resolving, found["return_path_spf"], deadline_s / 2))
    return DnsSeen(
        domain=domain,
        spf_count=own.result(),
        return_path_spf_count=path.result(),
        dmarc_above=tuple(each.result() for each in above),
        **found,
    )


async def unresolved(host: str, *, deadline_s: float) -> Raised | None:
    """Why this machine finds no address for `host`; None: it does.

    Asked before a connection is tried, so that a silent DNS is not taken for a silent server.
    """
    try:
        async with asyncio.timeout(deadline_s):
            await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return raised(socket.gaierror(socket.EAI_AGAIN, f"no answer in {deadline_s:g} s"))
    except UnicodeError as error:  # a label is empty or too long
        return raised(socket.gaierror(socket.EAI_NONAME, str(error)))
    except OSError as error:
        return raised(error)
    return None


def domains_above(domain: str) -> list[str]:
    """`a.b.acme.com`: acme.com, b.acme.com. Where an organisation begins, no list can tell for
    sure, so each is asked, up to eight of them, as receivers do (RFC 9989, DNS tree walk)."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(len(labels) - 2, 0, -1)][:_ABOVE_MAX]


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
        # Of each server asked: address, over TCP?, port, what it answered or how it failed, reply.
        said = [each[3] for each in error.kwargs.get("errors", ())]
        return ", ".join(dict.fromkeys(str(each) for each in said))[:200] or "SERVFAIL"
    return f"{type(error).__name__}: {error}"[:200]
