"""A provider that takes every mail at once: the least that can be on the other side.

    python bench/sink.py PORT_FILE

Writes its port to the file; answers POST with a new id, GET with how many came.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvloop


class Sink(asyncio.Protocol):
    count = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.seen = bytearray()

    def data_received(self, data: bytes) -> None:
        self.seen += data
        while True:
            end = self.seen.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.seen[:end]).lower()
            _, found, rest = head.partition(b"content-length: ")
            length = int(rest.partition(b"\r\n")[0]) if found else 0
            if len(self.seen) < end + 4 + length:
                return
            del self.seen[: end + 4 + length]
            self.answer(is_mail=head.startswith(b"post"))

    def answer(self, *, is_mail: bool) -> None:
        if is_mail:
            Sink.count += 1
            body = b'{"id":"00000000-0000-4000-8000-%012x"}' % Sink.count
        else:
            body = b'{"object":"list","has_more":false,"data":[],"count":%d}' % Sink.count
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n" % len(body) + body
        )


def told(port: int) -> None:
    Path(sys.argv[1]).write_text(str(port), encoding="ascii")


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    told(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
