"""A consistent copy of the database, made by PostgreSQL's own `pg_dump`."""

import asyncio
import os
from pathlib import Path

from mailproof.store.base import StoreError, StoreUnavailable
from mailproof.store.postgres.errors import told
from mailproof.store.postgres.urls import PostgresUrl

__all__ = ["dump"]


async def dump(url: PostgresUrl, path: str) -> int:
    """Write it to a new file, which only this user can read; returns its size in bytes.

    Raises `StoreError`: the file exists, `pg_dump` is missing, or older than the server.
    """
    target = _new_file(path)
    try:
        await _run(url, target)
    except BaseException:
        os.unlink(path)
        raise
    return os.stat(path).st_size


def _new_file(path: str) -> Path:
    target = Path(path)
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise StoreError(f"{path} exists already. Name a new file.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    return target


async def _run(url: PostgresUrl, target: Path) -> None:
    """The password goes by the environment: a command line can be read by every user."""
    command = ["pg_dump", "--format=custom", "--no-password", "--file", str(target)]
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = url.password
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            "--dbname",
            url.without_password,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise StoreError(
            "pg_dump is not installed here. Install PostgreSQL's client programs, or back up where "
            "the database runs."
        ) from error
    try:
        _, said = await process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        words = RuntimeError(said.decode(errors="replace"))
        raise StoreUnavailable(f"pg_dump: {told(url.where, words, url.password)}")
