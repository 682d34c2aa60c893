"""A DNS server for tests: a table of names, over UDP and TCP on one free port."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

# RFC 1035 section 4.2.1: longer answers are cut over UDP, and asked for again over TCP.
UDP_MAX_BYTES = 1232


class Zone:
    """What the server knows. A name that has no records does not exist (NXDOMAIN)."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.broken: set[str] = set()
        self.silent = False

    def put(self, name: str, kind: str, *values: str) -> None:
        self.records[name, kind] = list(values)

    def text(self, name: str, *values: str) -> None:
        """TXT records, cut into strings of 255 as DNS demands."""
        self.put(name, "TXT", *(_quoted(value) for value in values))

    def drop(self, name: str, kind: str = "") -> None:
        """Take away a record; without `kind` the name and all below it."""
        for key in list(self.records):
            below = not kind and key[0].endswith(f".{name}")
            if (key[0] == name and kind in {"", key[1]}) or below:
                del self.records[key]

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        values = self.records.get((name, kind))
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values:
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, values))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.flags |= dns.flags.RA
        return response


def _quoted(value: str) -> str:
    pieces = [value[at : at + 255] for at in range(0, len(value), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self.zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.zone.silent:
            return
        response = self.zone.answer(dns.message.from_wire(data))
        wire = response.to_wire()
        if len(wire) > UDP_MAX_BYTES:
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        self.transport.sendto(wire, addr)


@asynccontextmanager
async def serve_dns(zone: Zone) -> AsyncIterator[tuple[str, int]]:
    """Serve until the block ends; gives host and port."""

    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        wire = zone.answer(dns.message.from_wire(await reader.readexactly(length))).to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(over_tcp, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(zone), local_addr=(host, port))
    try:
        yield host, port
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
