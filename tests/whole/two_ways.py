"""A house with two ways out: Resend first, an SMTP server of ours behind it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from mailproof.config.settings import ProviderSettings, Settings
from tests.providers.smtp_server import SmtpServer, serving
from tests.whole.house import House, secret

__all__ = ["WRONG_KEY", "by_whom", "two_ways"]

WRONG_KEY = "re_WrongKey_TzWb5RmYpLs2JhGfQeUaN4"


@contextmanager
def in_a_thread(server: SmtpServer) -> Iterator[int]:
    """The server in a loop of its own, as another machine's; gives the port."""
    loop = asyncio.new_event_loop()
    port: list[int] = []
    started, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serving(server) as number:
            port.append(number)
            started.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert started.wait(10)
        yield port[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()


@contextmanager
def two_ways(
    folder: Path, server: SmtpServer, *, key: str = "", public_url: str = "", **given: Any
) -> Iterator[House]:
    """All of Mailproof with Resend first and `server` behind it."""
    with in_a_thread(server) as port:

        def with_smtp(settings: Settings) -> Settings:
            backup = ProviderSettings(
                name="backup",
                type="smtp",
                api_key=secret(""),
                base_url="",
                url=secret(f"smtp://127.0.0.1:{port}"),
                rate=None,
                webhook_secrets=(),
                accept_as_app_key=False,
            )
            providers = (*settings.providers, backup)
            return msgspec.structs.replace(settings, providers=providers, public_url=public_url)

        with House(folder, adjust=with_smtp, provider_key=key, **given) as house:
            yield house


def by_whom(house: House, email_id: str) -> str:
    ((provider,),) = house.rows("SELECT provider FROM emails WHERE id = ?", email_id)
    return str(provider)
