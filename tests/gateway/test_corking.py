"""Head and body of an answer leave with one write, and nothing that was written is forgotten."""

import asyncio
from typing import Any

from mailproof.gateway.corking import Corked


class Wire(asyncio.Transport):
    """Notes what is done with it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Any] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append("closed")

    def abort(self) -> None:
        self.done.append("aborted")


def corked() -> tuple[Wire, Corked]:
    wire = Wire()
    return wire, Corked(wire, asyncio.get_running_loop())


async def test_what_is_written_in_one_turn_leaves_with_one_write() -> None:
    wire, transport = corked()
    transport.write(b"head ")
    transport.write(b"body")
    assert wire.done == []
    await asyncio.sleep(0)
    assert wire.done == [b"head body"]
    transport.write(b"next")
    await asyncio.sleep(0)
    assert wire.done == [b"head body", b"next"]


async def test_a_connection_that_closes_first_sends_what_was_written() -> None:
    wire, transport = corked()
    transport.write(b"bye")
    transport.close()
    await asyncio.sleep(0)
    assert wire.done == [b"bye", "closed"]


async def test_a_connection_that_is_cut_sends_nothing_more() -> None:
    wire, transport = corked()
    transport.write(b"too late")
    transport.abort()
    await asyncio.sleep(0)
    assert wire.done == ["aborted"]
