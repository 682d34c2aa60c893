"""Providers and engine for the time of one command."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from mailproof.app import close_providers, make_engine, make_providers, open_providers_http
from mailproof.config.settings import Settings
from mailproof.engine.mailroom import Mailroom
from mailproof.providers.base import Provider
from mailproof.store.base import Database
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import living
from mailproof.store.records.checks import NewCheck
from mailproof.store.routes.board import refuse_other_providers

__all__ = ["check_providers", "open_mailroom"]


@asynccontextmanager
async def open_mailroom(settings: Settings, database: Database) -> AsyncIterator[Mailroom]:
    """Take mail in through this store. Where nobody sends from it, this process does until the
    block ends; what is under way then is brought to its end first. Raises `OtherProviders`: an
    engine of this configuration would take the store's routes for removed, and end their mail.
    """
    names = [each.name for each in settings.providers]
    await database.read(refuse_other_providers, names)
    own = await database.write(installation)
    others = any(node.engine for node in await database.read(living))
    async with open_providers_http() as http:
        providers = make_providers(settings, http, own)
        role = "gateway" if others else "all"
        engine = make_engine(settings, database, own, providers, role=role)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(engine.run())
                await engine.started.wait()
                try:
                    yield engine.counter
                finally:
                    engine.stop()
        except ExceptionGroup as several:  # what the block raised, the group has wrapped
            if len(several.exceptions) == 1:
                raise several.exceptions[0] from several
            raise
        finally:
            await close_providers(providers)


async def check_providers(settings: Settings, database: Database) -> list[NewCheck]:
    """Ask every configured provider how it is, all at once. Sends no mail, closes no route."""
    own = await database.write(installation)
    async with open_providers_http() as http:
        providers = make_providers(settings, http, own)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_check(each, settings.delivery.deadline_s)) for each in providers
            ]
    return [task.result() for task in tasks]


async def _check(provider: Provider, deadline_s: float) -> NewCheck:
    began = monotonic()
    health = await provider.check(deadline_s=deadline_s)
    return NewCheck(
        provider=provider.name,
        verdict=health.verdict.value,
        took_ms=round((monotonic() - began) * 1_000),
        failure=health.failure,
        facts=health.facts,
    )
