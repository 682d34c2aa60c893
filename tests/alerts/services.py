"""Chat services on loopback: what each one was asked, and what it answers."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

_DEADLINE_S = 20.0


class Asked(msgspec.Struct, frozen=True):
    """One request, as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.raw)


class Services:
    """Answers every request with `status` and `body`; `asked`: those that came, in order."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.status = 200
        self.body = "{}"
        self.url = ""
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @property
    def place(self) -> str:
        """Host and port, as they stand in an Apprise URL."""
        return self.url.removeprefix("http://")

    async def wait_for(self, count: int) -> None:
        """Until so many requests have come."""
        async with asyncio.timeout(_DEADLINE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.asked) >= count)

    async def _answer(self, request: web.Request) -> web.Response:
        asked = Asked(
            request.method,
            request.path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        async with self._arrived:
            self.asked.append(asked)
            self._arrived.notify_all()
        return web.Response(status=self.status, text=self.body, content_type="application/json")
