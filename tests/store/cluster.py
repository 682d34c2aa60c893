"""A PostgreSQL server of this test run's own, and a fresh database in it for each test."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]

from mailproof.store.postgres.database import open_postgres
from tests.doctor.postgres_server import Postgres, running_postgres

__all__ = ["Cluster", "running_cluster"]

_TEMPLATE: Final = "mailproof_template"


class Cluster:
    """`server` is restarted and reconfigured by tests that need it; they leave it as it was."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self._numbers = itertools.count(1)
        self._has_template = False

    @property
    def admin_url(self) -> str:
        """Of the superuser, over the Unix socket."""
        return f"postgresql://postgres@/postgres?host={self.server.folder}&port={self.server.port}"

    @asynccontextmanager
    async def fresh_database(self, *, migrated: bool = True) -> AsyncIterator[str]:
        """The URL of a database that nobody has written to; it is dropped in the end."""
        name = f"mailproof_{next(self._numbers)}"
        if migrated and not self._has_template:
            await self.as_admin(f"CREATE DATABASE {_TEMPLATE} OWNER app")
            template = await open_postgres(self.server.url(database=_TEMPLATE))
            await template.close()
            self._has_template = True
        template_name = _TEMPLATE if migrated else "template0"
        await self.as_admin(f"CREATE DATABASE {name} OWNER app TEMPLATE {template_name}")
        try:
            yield self.server.url(database=name)
        finally:
            await self.as_admin(f"DROP DATABASE {name} WITH (FORCE)")

    async def as_admin(self, statement: str) -> Any:
        """Run it as the superuser; returns the first value of its answer, if it has one."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Started in a folder of its own, stopped in the end.

    Not in pytest's: each run of pytest takes all other users' rights from that, and PostgreSQL
    does not run as root.
    """
    with (
        tempfile.TemporaryDirectory(prefix="mailproof-postgres-") as folder,
        running_postgres(Path(folder)) as server,
    ):
        yield Cluster(server)
