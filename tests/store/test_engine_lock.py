"""One process sends on a file, and when it dies the next one does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailproof.store.base import StoreUnavailable
from mailproof.store.sqlite.engine_lock import EngineLock

# Takes the lock, says so, and goes on until its input ends.
HOLD = """
import sys
from pathlib import Path
from mailproof.store.sqlite.engine_lock import EngineLock
lock = EngineLock(Path(sys.argv[1]))
sys.stdout.write(f"{lock.acquire()}\\n")
sys.stdout.flush()
sys.stdin.read()
"""

# Forks a child that outlives it, and lets the lock go only by dying.
FORK = """
import os, sys
from pathlib import Path
from mailproof.store.sqlite.engine_lock import EngineLock
lock = EngineLock(Path(sys.argv[1]))
lock.acquire()
if os.fork() == 0:
    sys.stdout.write("child\\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)
os._exit(0)
"""

# Starts a program that outlives it.
START = """
import os, subprocess, sys
from pathlib import Path
from mailproof.store.sqlite.engine_lock import EngineLock
lock = EngineLock(Path(sys.argv[1]))
lock.acquire()
child = "import sys; sys.stdout.write('child\\\\n'); sys.stdout.flush(); sys.stdin.read()"
subprocess.Popen([sys.executable, "-c", child], close_fds=False)
os._exit(0)
"""


def started(program: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mailproof.db"


def test_one_holds_it_and_the_other_hears_who(path: Path) -> None:
    first, second = EngineLock(path), EngineLock(path)
    assert first.acquire()
    assert first.acquire(), "it is ours already"
    assert not second.acquire()
    assert second.holder() == f"process {os.getpid()}"
    first.release()
    assert second.acquire()
    second.release()
    second.release()


def test_another_process_holds_it_until_it_is_killed(path: Path) -> None:
    with started(HOLD, path) as process:
        assert said(process) == "True"
        lock = EngineLock(path)
        assert not lock.acquire()
        assert lock.holder() == f"process {process.pid}"
        process.kill()
        process.wait()
        assert lock.acquire()
        with started(HOLD, path) as other:
            assert said(other) == "False"
        lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_child_of_a_dead_holder_does_not_keep_it(path: Path) -> None:
    with started(FORK, path) as process:
        assert said(process) == "child"
        process.wait()
        lock = EngineLock(path)
        assert lock.acquire()
        lock.release()


def test_a_program_that_a_dead_holder_started_does_not_keep_it(path: Path) -> None:
    with started(START, path) as process:
        assert said(process) == "child"
        process.wait()
        lock = EngineLock(path)
        assert lock.acquire()
        lock.release()


def test_a_missing_folder_is_said(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        EngineLock(path / "nowhere" / "mailproof.db").acquire()


def test_who_holds_it_is_unknown_before_it_is_written(path: Path) -> None:
    lock = EngineLock(path)
    assert lock.holder() == "another process"
    lock.path.write_bytes(b"\xff\xfe")
    assert lock.holder() == "another process"
