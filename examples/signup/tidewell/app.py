"""Tidewell: the application, its database, its mail, and the drainer of its outbox."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from mailproof import Mailproof
from mailproof.integrations.outbox import Outbox
from tidewell.accounts import Accounts
from tidewell.database import open_database
from tidewell.limits import Crowd
from tidewell.pages import router
from tidewell.sessions import Cookies
from tidewell.settings import Settings

__all__ = ["make_app"]

_STATIC: Final = Path(__file__).parent / "static"


def make_app(
    environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.time
) -> FastAPI:
    """`uvicorn --factory tidewell.app:make_app`."""
    settings = Settings.from_env(environ)
    mail = Mailproof.from_env(sender=settings.sender, environ=environ)
    mail_url = environ.get("MAILPROOF_PUBLIC_URL") or environ.get("MAILPROOF_URL", "")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = await open_database(settings.database_url)
        try:
            async with mail, asyncio.TaskGroup() as group:
                app.state.accounts = Accounts(engine, mail, settings.base_url, settings.cooldown_s)
                draining = group.create_task(Outbox(engine).drain(mail))
                yield
                draining.cancel()
        finally:
            await engine.dispose()

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.state.clock = clock
    app.state.crowd = Crowd(settings.asks_max)
    app.state.cookies = Cookies(settings.secret, secure=settings.base_url.startswith("https:"))
    app.state.mail_url = mail_url.rstrip("/")
    app.mount("/static", StaticFiles(directory=_STATIC))
    app.include_router(router)
    headers = _headers(app.state.mail_url)

    @app.middleware("http")
    async def guard(request: Request, call_next) -> Response:  # type: ignore[no-untyped-def] # noqa: ANN001
        response: Response = await call_next(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    return app


def _headers(mail_url: str) -> dict[str, str]:
    """Scripts come from us and from Mailproof; a link's page tells nobody where it was."""
    parts = urlsplit(mail_url)
    mail = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return {
        "content-security-policy": (
            "default-src 'self'; img-src 'self' data:; "
            f"script-src 'self'{mail}; connect-src 'self'{mail}; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
