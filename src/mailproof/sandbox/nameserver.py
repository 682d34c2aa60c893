"""A name server for the sandbox's own domains, so that DNS can be wrong and be mended as well.

A verified domain has every record that Resend asks for; any other one exists, and lacks them.
Names that are not the sandbox's do not exist: nothing is ever asked of another server.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from mailproof.sandbox.domains import Domain, DomainStatus, records

__all__ = ["NameServer", "listen_dns"]

_TTL_S: Final = 0  # a change must be seen at once


class NameServer(asyncio.DatagramProtocol):
    """Answers DNS over UDP (RFC 1035) about `domains()`, asked anew for every question."""

    def __init__(self, domains: Callable[[], Iterable[Domain]]) -> None:
        self._domains = domains
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of classes of their own, so there is nothing to check against.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return  # not a question; RFC 1035 leaves the answer to us, and silence harms nobody
        if self._transport is not None and query.question and not query.flags & dns.flags.QR:
            self._transport.sendto(self._answer(query).to_wire(), addr)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        zones = [one for one in self._domains() if _within(name, one.name)]
        # `mail.acme.test` is a zone of its own beside `acme.test`: the closest one answers.
        zone = max(zones, key=lambda one: len(one.name), default=None)
        if zone is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        published = _zone(zone)
        # A name above one that has records exists as well, if only as a step (RFC 8020).
        if not any(_within(owner, name) for owner, _, _ in published):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        if texts := [text for owner, type_, text in published if (owner, type_) == (name, kind)]:
            answer.answer.append(dns.rrset.from_text(question.name, _TTL_S, "IN", kind, *texts))
        return answer


def listen_dns(host: str, port: int) -> socket.socket:
    """A bound UDP socket; port 0 takes a free one. Raises `OSError`: in use, or not ours."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


def _within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _zone(domain: Domain) -> list[tuple[str, str, str]]:
    """Owner, type and text of each record; a domain that was never verified only exists."""
    soa = f"ns.{domain.name}. hostmaster.{domain.name}. 1 3600 600 86400 60"
    zone = [(domain.name, "SOA", soa)]
    if domain.status is not DomainStatus.VERIFIED:
        return zone
    zone.append((f"_dmarc.{domain.name}", "TXT", '"v=DMARC1; p=none;"'))
    for record in records(domain):
        owner = f"{record['name']}.{domain.name}"
        if record["type"] == "MX":
            zone.append((owner, "MX", f"{record['priority']} {record['value']}."))
        else:
            zone.append((owner, record["type"], f'"{record["value"]}"'))
    return zone
