"""What one mail costs from the call that accepts it to its recorded outcome, with no HTTP in: the
engine in this process, one call a mail over real HTTP to a sink that takes it at once.

Prints it beside a loop that sends the same mails with the same HTTP client and remembers nothing,
in turns in one run, because machines differ and are shared. Exits 1 when a promise is missed.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop
from gateway_alone import MAIL, now

from mailproof.app import make_engine, make_providers, open_providers_http, open_store
from mailproof.clock import SystemClock
from mailproof.config.reading import read_settings
from mailproof.engine.receipts import Caller
from mailproof.mail.events import EventType
from mailproof.mail.message import Email
from mailproof.serving import run_until_done
from mailproof.store.base import NewEvent
from mailproof.store.nodes.installation import installation
from whole import naked_calls, sink

MAILS = 10_000
WARM = 500
CALLERS = 64
ROUNDS = 3
PER_S_MIN = 3_000


class Counted:
    """Mails whose outcome is on disk."""

    def __init__(self) -> None:
        self.sent = 0
        self.wanted = 0
        self.reached = asyncio.Event()

    def heard(self, events: Sequence[NewEvent]) -> None:
        self.sent += sum(event.type is EventType.EMAIL_SENT for event in events)
        if self.sent >= self.wanted:
            self.reached.set()


async def recorded_per_s(folder: Path, port: int) -> tuple[float, float]:
    """Mails a second, and microseconds of this process's CPU for each."""
    config = folder / "mailproof.toml"
    config.write_text(
        '[[providers]]\nname = "resend"\ntype = "resend"\n'
        f'api_key = "re_benchmark_0123456789abcdef0123"\nbase_url = "http://127.0.0.1:{port}"\n',
        encoding="utf-8",
    )
    settings = read_settings(path=str(config), environ={}, cwd=folder)
    clock = SystemClock()
    database = await open_store(settings, clock)
    own = await database.write(installation)
    counted = Counted()
    database.listen(counted.heard)
    email = Email.from_json({**MAIL, "from": "Acme <hello@acme.test>"}, clock=now)
    async with open_providers_http() as http:
        engine = make_engine(settings, database, own, make_providers(settings, http, own))

        async def offer(count: int) -> None:
            counted.wanted, left = counted.sent + count, iter(range(count))
            counted.reached.clear()

            async def one() -> None:
                for _ in left:
                    await engine.counter.accept(
                        Caller(app="bench"), (email,), endpoint="/emails", wait_s=0
                    )

            await asyncio.gather(*(one() for _ in range(CALLERS)))
            await counted.reached.wait()

        async with asyncio.TaskGroup() as group:
            running = group.create_task(engine.run())
            await engine.started.wait()
            await offer(WARM)
            began, cpu = time.perf_counter(), time.process_time()
            await offer(MAILS)
            took, used = time.perf_counter() - began, time.process_time() - cpu
            engine.stop()
            await running
    await database.close()
    return MAILS / took, used / MAILS * 1e6


async def keep(ours: list[float], cpu: list[float], folder: Path, port: int) -> None:
    per_s, used = await recorded_per_s(folder, port)
    ours.append(per_s)
    cpu.append(used)


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    naked: list[float] = []
    ours: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as name, sink(Path(name)) as port:
        for number in range(ROUNDS):
            folder = Path(name) / str(number)
            folder.mkdir()
            naked.append(uvloop.run(naked_calls(port)))
            run_until_done(keep(ours, cpu, folder, port))
    share = statistics.median(one / other for one, other in zip(ours, naked, strict=True))
    say = sys.stdout.write
    say(f"naked calls, no database  {statistics.median(naked):8.0f}/s\n")
    say(
        f"accept to recorded        {statistics.median(ours):8.0f}/s (at least {PER_S_MIN}; "
        f"{share:.2f} of the naked loop; {statistics.median(cpu):.0f} µs of CPU a mail)\n"
    )
    return 0 if statistics.median(ours) >= PER_S_MIN else 1


if __name__ == "__main__":
    raise SystemExit(main())
