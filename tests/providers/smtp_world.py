"""The world of the SMTP adapter: a small server that can do all that the cases ask of one."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

from mailproof.diagnosis.failure import Failure
from mailproof.providers.base import Outgoing, Provider, Sent
from mailproof.providers.smtp import Smtp
from mailproof.testing.provider_suite import Trouble, sample
from tests.providers.smtp_server import LOGIN, PASSWORD, SmtpServer, serving, trust

__all__ = [
    "INSTALLATION",
    "SmtpWorld",
    "failed",
    "sample_from",
    "send",
    "sent",
    "smtp",
    "smtp_world",
    "talking",
]

_DEADLINE_S: Final = 5.0

INSTALLATION: Final = "0192a0e0-1111-7000-8000-000000000000"

# Gets the right adapter, and how to make another with a password of one's choice.
Adapter = Callable[[Smtp, Callable[[str], Smtp]], Provider]


def smtp(
    port: int, password: str = PASSWORD, *, scheme: str = "smtp", query: str = "", **given: Any
) -> Smtp:
    """An adapter for the server on this port."""
    login = f"{quote(LOGIN, safe='')}:{quote(password, safe='')}@"
    url = f"{scheme}://{login}127.0.0.1:{port}{query}"
    return Smtp("backup", url=lambda: url, installation=INSTALLATION, tls=trust, **given)


class SmtpWorld:
    """See `World`. A server that nobody reaches is one that was stopped; healed, it starts anew."""

    secret = PASSWORD
    golden = "8e0de1984e4bb82d7e8cf92c072eb8e948717e8821a4a807c5ac893dc8d7c49e"

    def __init__(self, adapter: Adapter) -> None:
        self.server = SmtpServer()
        self.port = 0
        self._adapter = adapter
        self._serving = AsyncExitStack()
        self._made: list[Smtp] = []
        self._provider: Provider | None = None

    @property
    def provider(self) -> Provider:
        if self._provider is None:
            self._provider = self.with_secret(PASSWORD)
        return self._provider

    def with_secret(self, secret: str) -> Provider:
        return self._adapter(self._right(secret), self._right)

    def _right(self, secret: str) -> Smtp:
        self._made.append(smtp(self.port, secret))
        return self._made[-1]

    async def start(self) -> None:
        self.port = await self._serving.enter_async_context(serving(self.server, port=self.port))

    async def break_(self, trouble: Trouble) -> bool:
        if trouble is Trouble.UNREACHABLE:
            await self._serving.aclose()
            return True
        return self.server.break_(trouble)

    async def heal(self) -> None:
        await self._serving.aclose()
        await self.start()

    async def arrived(self) -> int:
        return len(self.server.mails)

    async def close(self) -> None:
        for each in self._made:
            await each.close()
        await self._serving.aclose()


@asynccontextmanager
async def smtp_world(adapter: Adapter = lambda right, _: right) -> AsyncIterator[SmtpWorld]:
    """A fresh one, and well. `adapter` may put another in the place of the right one."""
    world = SmtpWorld(adapter)
    await world.start()
    try:
        yield world
    finally:
        await world.close()


@asynccontextmanager
async def talking(
    server: SmtpServer, *, implicit_tls: bool = False, **given: Any
) -> AsyncIterator[Smtp]:
    """An adapter for this server, while both are there."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(server, implicit_tls=implicit_tls))
        provider = smtp(port, **given)
        stack.push_async_callback(provider.close)
        yield provider


async def send(provider: Smtp, mail: Outgoing | None = None) -> Sent | Failure:
    return await provider.send(provider.encode(mail or sample()), key="k", deadline_s=_DEADLINE_S)


async def sent(provider: Smtp, mail: Outgoing | None = None) -> Sent:
    result = await send(provider, mail)
    assert isinstance(result, Sent), result
    return result


async def failed(provider: Smtp, mail: Outgoing | None = None) -> Failure:
    result = await send(provider, mail)
    assert isinstance(result, Failure), result
    return result


def sample_from(sender: str) -> Outgoing:
    fields: dict[str, Any] = {"from": sender}
    return sample(1, **fields)
