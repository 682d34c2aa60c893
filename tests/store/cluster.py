"""A PostgreSQL server of this test run's own, and a fresh database in it for each test."""

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]
import msgspec
import psutil  # type: ignore[import-untyped]

from mailproof.store.postgres.database import open_postgres
from tests.doctor.postgres_server import Postgres, running_postgres

__all__ = ["Cluster", "running_cluster"]

_TEMPLATE: Final = "mailproof_template"
_PREFIX: Final = "mailproof-postgres-"


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

    async def restart(self) -> None:
        """As an operator does: whoever is connected is cut off."""
        folder = self.server.folder
        user = folder.stat().st_uid if os.geteuid() == 0 else None
        process = await asyncio.create_subprocess_exec(
            str(self.server.programs / "pg_ctl"),
            *("-w", "-D", str(folder), "-m", "fast", "-l", str(folder / "log"), "restart"),
            stdout=asyncio.subprocess.DEVNULL,
            user=user,
        )
        assert await process.wait() == 0

    async def configure(self, setting: str, value: str) -> None:
        """Return when the server has taken it up."""
        await self.as_admin(f"ALTER SYSTEM SET {setting} = {value}")
        await self.as_admin("SELECT pg_reload_conf()")
        while await self.as_admin(f"SHOW {setting}") != value:  # noqa: ASYNC110 - it says no more
            await asyncio.sleep(0.01)

    async def as_admin(self, statement: str, *values: Any) -> Any:
        """Run it as the superuser; returns the first value of its answer, if it has one."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Started in a folder of its own, stopped in the end.

    Not in pytest's: each run of pytest takes all other users' rights from that, and PostgreSQL
    does not run as root.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _end_orphan(left)
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder,
        running_postgres(Path(folder)) as server,
    ):
        yield Cluster(server)


def _end_orphan(folder: Path) -> None:
    """A run that was killed had no time to stop its server. The package notes who uses it."""
    try:
        users = msgspec.json.decode((folder / ".handle_pids.json").read_bytes(), type=list[int])
        if any(psutil.pid_exists(user) for user in users):
            return
        server = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
        if str(folder) in server.cmdline():
            server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            server.wait(10)
    except (OSError, ValueError, psutil.Error):
        return  # it is being made or removed at this moment, or belongs to somebody else
    shutil.rmtree(folder, ignore_errors=True)
