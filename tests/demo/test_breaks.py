"""Ctrl-C at any moment leaves nothing: no process, no folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailproof.demo.breaks import Breaks, Stopped
from tests.demo.told import environment, words

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups are POSIX's")

DEADLINE_S = 30.0
STEPS = words("en")["steps"]
# What is running then: nothing but the sandbox; the app; a command; the server as it starts; all.
MOMENTS = {
    "opening": "A sign-up form sends",
    "app": "Check your email!",
    "command": "$ mailproof doctor",
    "server": "$ mailproof serve",
    "all": STEPS["next_gate"]["title"],
}


@contextmanager
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """In a process group of its own, whose temporary folders lie in `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mailproof", "demo", "--lang", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(TMPDIR=str(folder)),
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if lives(process.pid):
                os.killpg(process.pid, signal.SIGKILL)


def lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def read_until(process: "subprocess.Popen[str]", marker: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if marker in line:
            return
    pytest.fail(f"it never said {marker!r}")


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_in_the_terminal_leaves_no_process_and_no_folder(
    moment: str, tmp_path: Path
) -> None:
    with demo(tmp_path) as process:
        read_until(process, MOMENTS[moment])
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 128 + signal.SIGINT
        assert said.strip() == words("en")["stopped"]
        assert not lives(process.pid)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_demo_alone_ends_what_it_started(
    number: signal.Signals, tmp_path: Path
) -> None:
    with demo(tmp_path) as process:
        read_until(process, "$ mailproof emails list")
        os.kill(process.pid, number)
        process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 128 + number
        assert not lives(process.pid)
        assert not list(tmp_path.iterdir())


def test_a_reader_that_leaves_early_leaves_nothing_running(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        read_until(process, "$ mailproof serve")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(DEADLINE_S) != 0
        assert not lives(process.pid)
        assert not list(tmp_path.iterdir())


def test_a_signal_waits_while_something_is_started() -> None:
    reached = []

    def start(breaks: Breaks) -> None:
        with breaks.held():
            with breaks.held():
                signal.raise_signal(signal.SIGINT)
                reached.append("inner")
            reached.append("outer")
        reached.append("after")

    with Breaks() as breaks, pytest.raises(Stopped, match=f"signal {signal.SIGINT:d}"):
        start(breaks)
    assert reached == ["inner", "outer"]


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Breaks():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_who_is_meant_to_outlive_its_terminal_does() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Breaks():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
