"""However broken the world is, the doctor comes to an end in time and tells of what hung."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack

import pytest

from mailproof.doctor.finding import Noted, Status
from mailproof.doctor.run import Limits, Options, examine, judge, look
from mailproof.doctor.settings import read_settings
from mailproof.doctor.threads import AbandonableThreads
from tests.doctor.resend_server import KEY
from tests.doctor.smtp_server import blackhole, dropping_port
from tests.doctor.world import NOW_S, World, keys_of

PROMISED_S = 10


@pytest.fixture
def holes() -> Iterator[tuple[int, int]]:
    """A port that is silent, and one that drops."""
    with ExitStack() as open_ports:
        yield open_ports.enter_context(blackhole()), open_ports.enter_context(dropping_port())


def hanging(world: World, holes: tuple[int, int]) -> None:
    """Everything that can hang hangs: API, DNS, SMTP on two kinds of ports, PostgreSQL."""
    silent, dropping = holes
    world.zone.silent = True
    world.env |= {
        "RESEND_BASE_URL": f"http://127.0.0.1:{silent}",
        "SMTP_URL": f"smtp://user:correct-horse@127.0.0.1:{silent}",
        "DATABASE_URL": f"postgres://app:correct-horse@127.0.0.1:{silent}/app",
    }
    world.smtp_ports = (dropping, dropping, silent, dropping)


async def test_everything_that_hangs_is_a_finding_of_its_own(
    world: World, holes: tuple[int, int]
) -> None:
    hanging(world, holes)
    notes = await world.examined()
    assert {"reach.failed", "tls.maybe_at_once", "database.timed_out"} <= keys_of(
        notes, Status.FAILED
    )
    assert "dns.silent" in keys_of(notes, Status.CANNOT_TELL)
    assert {"key.ok", "sender.ok"} <= keys_of(notes, Status.OK)


async def test_with_everything_hanging_the_real_limits_keep_the_promise(
    world: World, holes: tuple[int, int]
) -> None:
    hanging(world, holes)
    world.limits = Limits()
    started = time.monotonic()
    await world.examined()
    assert time.monotonic() - started < PROMISED_S - 1  # one second to start and to write


async def test_a_look_that_outlasts_its_own_deadlines_is_ended_and_told(
    world: World, holes: tuple[int, int]
) -> None:
    hanging(world, holes)
    # None: each look is ended where it first waits, however slow this machine is.
    world.limits = Limits(call_s=60, dns_s=60, port_s=60, database_s=60, whole_s=0)
    notes = await world.examined()
    late = {note.check for note in notes if note.key == "look.late"}
    assert late == {"api.reach", "dns.domain", "smtp.port", "database"}


async def test_a_check_that_breaks_is_a_finding_and_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Iterator[Noted]:
        raise ZeroDivisionError

    monkeypatch.setattr("mailproof.doctor.run.keys.check_key", broken)
    seen = await look(read_settings(world.env), world.env, world.dial(), now_s=NOW_S)
    notes = list(judge(seen))
    assert "look.bug" in keys_of(notes, Status.CANNOT_TELL)
    assert {"reach.ok", "dkim.ok"} <= keys_of(notes, Status.OK)


async def test_a_look_that_breaks_is_a_finding_without_a_secret_and_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("correct-horse")

    monkeypatch.setattr("mailproof.doctor.run.ports.reach", broken)
    world.env["SMTP_URL"] = "smtp://user:correct-horse@127.0.0.1:587"
    notes = await world.examined()
    (note,) = [note for note in notes if note.key == "look.bug"]
    assert "ZeroDivisionError, smtp.port" in note.evidence
    assert "correct-horse" not in repr(note)
    assert {"reach.ok", "dkim.ok"} <= keys_of(notes, Status.OK)


async def test_a_setting_alone_is_judged_without_any_network() -> None:
    env = {"RESEND_API_KEY": KEY, "RESEND_BASE_URL": "nowhere"}
    notes = await examine(read_settings(env), env, Options(), now_s=NOW_S)
    assert "base_url.no_scheme" in keys_of(notes, Status.FAILED)


LEFT_BEHIND = """
import asyncio, threading
from mailproof.doctor.threads import AbandonableThreads

async def leave_behind():
    loop = asyncio.get_running_loop()
    loop.set_default_executor(AbandonableThreads())
    loop.run_in_executor(None, threading.Event().wait)

asyncio.run(leave_behind())
print("done")
"""


def test_a_name_lookup_that_hangs_does_not_keep_the_program_alive() -> None:
    command = [sys.executable, "-c", LEFT_BEHIND]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "done\n"


def test_what_a_thread_returns_or_raises_arrives() -> None:
    threads = AbandonableThreads()
    answer: Future[int] = threads.submit(int, "7")
    assert answer.result(timeout=5) == 7
    with pytest.raises(ValueError, match="seven"):
        threads.submit(int, "seven").result(timeout=5)
