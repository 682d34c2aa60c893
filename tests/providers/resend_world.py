"""The world of the Resend adapter: the sandbox, which can do all that the cases ask of a server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from mailproof.providers.base import Provider
from mailproof.providers.http import Http, open_http
from mailproof.providers.resend import Resend
from mailproof.testing import DomainStatus, Fault, GivenKey, Sandbox, Settings
from mailproof.testing.provider_suite import DOMAIN, OTHER_DOMAIN, Trouble

KEY: Final = "re_8DkCq3Vn_7xTzWb5RmYpLs2JhGfQeUaN4"
SENDING_ONLY: Final = "re_9SendingOnly_TzWb5RmYpLs2JhGfQeUa"
INSTALLATION: Final = "0192a0e0-1111-7000-8000-000000000000"

# Gets the right adapter, and how to make another with a key of one's choice.
Adapter = Callable[[Resend, Callable[[str], Resend]], Provider]

_FAULTS: Final[Mapping[Trouble, Fault]] = {
    Trouble.STOPS_READING: Fault("hang-before"),
    Trouble.HANGS: Fault("hang-after"),
    Trouble.BREAKS: Fault("reset-after"),
    Trouble.TAKES_AND_HANGS: Fault("accept-silent"),
    Trouble.TAKES_AND_BREAKS: Fault("accept-reset"),
    Trouble.TAKES_AND_ERRS: Fault("accept-500"),
    Trouble.REFUSES: Fault("missing_required_field"),
    Trouble.SLOW_DOWN: Fault("429"),
    Trouble.DOWN: Fault("503"),
    Trouble.GIBBERISH: Fault("answer", body={"done": True}),
    Trouble.ECHOES: Fault(
        "answer",
        status=400,
        headers={"x-echo": f"Bearer {KEY}"},
        body={"statusCode": 400, "name": "validation_error", "message": f"No such key: {KEY}"},
    ),
}


def settings() -> Settings:
    return Settings(
        keys=(GivenKey(KEY), GivenKey(SENDING_ONLY, permission="sending_access")),
        domains=((DOMAIN, DomainStatus.VERIFIED), (OTHER_DOMAIN, DomainStatus.PENDING)),
        rate_per_s=0,
    )


def resend(
    http: Http,
    url: str,
    key: str = KEY,
    *,
    webhook_secrets: Sequence[str] = (),
    webhook_url: str = "",
) -> Resend:
    return Resend(
        "resend",
        http,
        api_key=lambda: key,
        base_url=url,
        installation=INSTALLATION,
        version="1.2.3",
        webhook_secrets=[partial(str, secret) for secret in webhook_secrets],
        webhook_url=webhook_url,
    )


class ResendWorld:
    """See `World`. A server that nobody reaches is one that was stopped; healed, it starts anew."""

    secret = KEY
    golden = "162f563bb38e019f1e2cd5d1208858f286275a8045dbc24a66c6e37cff47471a"

    def __init__(self, http: Http, sandbox: Sandbox, adapter: Adapter) -> None:
        self.sandbox = sandbox
        self._http = http
        self._adapter = adapter
        self._arrived_before = 0
        self._is_down = False
        self.provider = self.with_secret(KEY)

    def with_secret(self, secret: str) -> Provider:
        return self._adapter(self._right(secret), self._right)

    def _right(self, secret: str) -> Resend:
        return resend(self._http, self.sandbox.url, secret)

    async def break_(self, trouble: Trouble) -> bool:
        if trouble is Trouble.UNREACHABLE:
            self._arrived_before += len(self.sandbox.mails)
            self._is_down = True
            await asyncio.to_thread(self.sandbox.stop)
        else:
            self.sandbox.fail(_FAULTS[trouble])
        return True

    async def heal(self) -> None:
        if self._is_down:
            port = int(self.sandbox.url.rpartition(":")[2])
            self.sandbox = Sandbox(settings(), port=port)
            await asyncio.to_thread(self.sandbox.start)
            self._is_down = False
        self.sandbox.heal()

    async def arrived(self) -> int:
        return self._arrived_before + len(self.sandbox.mails)


@asynccontextmanager
async def resend_world(adapter: Adapter = lambda right, _: right) -> AsyncIterator[ResendWorld]:
    """A fresh one, and well. `adapter` may put another in the place of the right one."""
    async with open_http("test/1", {}) as http:
        world = ResendWorld(http, await asyncio.to_thread(Sandbox(settings()).start), adapter)
        try:
            yield world
        finally:
            await world.heal()
            await asyncio.to_thread(world.sandbox.stop)
