"""Start one of Debian's daemons for a test, and be sure that it ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["daemon", "find", "free_port", "place"]

START_DEADLINE_S = 30.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find(name: str) -> str:
    """Where the program is, also for users whose PATH lacks the administrator's folders."""
    program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if program is None:
        pytest.fail(f"{name} is missing; `make test-real` installs it")
    return program


@contextmanager
def place() -> Iterator[Path]:
    """A folder of its own that also the daemon's unprivileged user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="mailproof-real-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def daemon(name: str, arguments: Sequence[str | Path], *, ready: str) -> Iterator[None]:
    """Run a daemon in the foreground from the line that matches `ready` until the block ends."""
    process = subprocess.Popen(
        [find(name), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # so that its workers end with it
    )
    with process:
        too_late = threading.Timer(START_DEADLINE_S, _end, [process])
        too_late.start()
        try:
            _wait_for(process, ready)
            too_late.cancel()
            # Nobody reads its log from here on, and a full pipe would stop it.
            drain = threading.Thread(target=_drain, args=[process])
            drain.start()
            try:
                yield
            finally:
                _end(process)
                drain.join()
        finally:
            too_late.cancel()
            _end(process)


def _wait_for(process: "subprocess.Popen[str]", ready: str) -> None:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if re.search(ready, line):
            return
    pytest.fail(f"it ended instead of getting ready; it said:\n{said}")


def _drain(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for _ in process.stdout:
        pass


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is not None:
        return
    for how, patience_s in ((signal.SIGTERM, 10.0), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            break
        try:
            process.wait(patience_s)
            break
        except subprocess.TimeoutExpired:
            continue
