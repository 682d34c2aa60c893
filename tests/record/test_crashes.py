"""What nobody caught is heard."""

import asyncio
import gc
import sys
import threading
from io import StringIO

import pytest

from mailproof.record.crashes import guard_loop, guard_process
from mailproof.record.logs import configure
from tests.record.conftest import Lines

SECRET = "re_Ab12Cd34_Ef56Gh78Ij90Kl12Mn34Op56"


@pytest.fixture(autouse=True)
def guarded(stream: StringIO) -> None:
    configure("INFO", "json", "en", stream=stream)
    guard_process()


def crash() -> None:
    raise RuntimeError(f"the key {SECRET} did it")


def check(lines: Lines, where: str) -> None:
    (line,) = lines()
    assert (line["event"], line["level"]) == ("task.crashed", "critical")
    assert line["where"] == where
    assert "RuntimeError: the key re_[redacted] did it" in line["exception"]
    assert "in crash" in line["exception"]
    assert line["fix"]


def test_a_crash_of_the_program_is_told(lines: Lines) -> None:
    try:
        crash()
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    check(lines, "program")


def test_a_crash_of_a_thread_is_told_with_its_name(lines: Lines) -> None:
    thread = threading.Thread(target=crash, name="postman")
    thread.start()
    thread.join()
    check(lines, "postman")


def test_a_thread_that_ends_itself_is_no_crash(lines: Lines) -> None:
    thread = threading.Thread(target=sys.exit)
    thread.start()
    thread.join()
    assert lines() == []


class Fragile:
    def __del__(self) -> None:
        crash()


def test_a_crash_in_a_finalizer_is_told(lines: Lines) -> None:
    Fragile()
    gc.collect()
    (line,) = lines()
    assert (line["event"], line["level"]) == ("task.crashed", "critical")
    assert "RuntimeError" in line["exception"]


async def test_a_crash_in_a_callback_of_the_loop_is_told(lines: Lines) -> None:
    loop = asyncio.get_running_loop()
    guard_loop(loop)
    loop.call_soon(crash)
    done = asyncio.Event()
    loop.call_soon(done.set)
    await done.wait()
    check(lines, "event loop")


async def test_what_the_loop_complains_of_without_an_exception_is_an_error(lines: Lines) -> None:
    loop = asyncio.get_running_loop()
    guard_loop(loop)
    loop.call_exception_handler({"message": "Unclosed client session"})
    (line,) = lines()
    assert (line["event"], line["level"]) == ("loop.complained", "error")
    assert line["message"] == "Unclosed client session"


def test_ctrl_c_is_no_crash(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert lines() == []
    assert "KeyboardInterrupt" in capsys.readouterr().err
