"""Workers that send by SMTP, killed for real. There are no idempotency keys to repeat under.

Nothing is lost. A second copy goes out only where nobody can know whether the first did, only for a
purpose that wants it, and never unmarked. Judged by the server's inbox and the database alone.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import msgspec

from mailproof.testing.provider_suite import Trouble
from tests.chaos.checker import Picture
from tests.chaos.workers import PATIENCE_S, Town, founded
from tests.providers.smtp_server import SmtpServer, serving
from tests.store.cluster import Cluster

LEASE_S: Final = 1.0


class Fall(msgspec.Struct, frozen=True):
    """Where it dies: at a step of its own, or while the server does this. `open`: does anybody
    know then whether the mail is out? `copies`: so many the server has at that moment."""

    at: str
    open: bool
    copies: int = 0
    trouble: Trouble | None = None


FALLS: Final = (
    Fall("committed take", open=False),
    Fall("begin begin", open=False),
    Fall("commit begin", open=False),
    Fall("committed begin", open=True),
    Fall("send smtp", open=True),
    Fall("before the text", open=True, trouble=Trouble.STOPS_READING),
    Fall("after the dot, not taken", open=True, trouble=Trouble.HANGS),
    Fall("after the dot, taken", open=True, copies=1, trouble=Trouble.TAKES_AND_HANGS),
    Fall("answered smtp", open=True, copies=1),
    Fall("begin record", open=True, copies=1),
    Fall("commit record", open=True, copies=1),
    Fall("committed record", open=False, copies=1),
)
# `otp`: two copies are harmless and none is not. `receipt`: an operator decides.
PURPOSES: Final = ("otp", "receipt")


async def test_a_worker_killed_at_any_step_of_an_smtp_mail_loses_nothing_and_marks_every_doubt(
    tmp_path: Path,
) -> None:
    places = [tmp_path / f"{number}.db" for number in range(len(FALLS) * len(PURPOSES))]
    await all_of(places, tmp_path)


async def test_the_same_on_postgresql_where_another_node_takes_over(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with AsyncExitStack() as stack:
        places = [
            await stack.enter_async_context(cluster.fresh_database())
            for _ in range(len(FALLS) * len(PURPOSES))
        ]
        await all_of(places, tmp_path)


async def all_of(places: Sequence[Path | str], folder: Path) -> None:
    """Six at a time: each is two processes."""
    plays = [(fall, purpose) for fall in FALLS for purpose in PURPOSES]
    at_once = asyncio.Semaphore(6)

    async def play(number: int) -> None:
        async with at_once:
            fall, purpose = plays[number]
            server = SmtpServer(offers=("SIZE 50000000",))
            async with (
                serving(server) as port,
                founded(places[number], folder / str(number)) as town,
            ):
                await killed(town, server, fall, purpose, f"smtp://127.0.0.1:{port}")

    async with asyncio.TaskGroup() as group:
        for number in range(len(plays)):
            group.create_task(play(number))


async def killed(town: Town, server: SmtpServer, fall: Fall, purpose: str, url: str) -> None:
    stop_at = "" if fall.trouble else fall.at
    first = await town.worker(stop_at=stop_at, lease_s=LEASE_S, smtp_url=url, purpose=purpose)
    if fall.trouble:
        server.break_(fall.trouble)
    first.accept("mail-1", key="key-1")
    if fall.trouble is Trouble.STOPS_READING:
        await until(lambda: "DATA" in server.heard)
    elif fall.trouble:
        await until(lambda: server.messages == 1)
    else:
        await first.said("at")
    first.kill()
    server.heal()
    copies = len(server.mails)
    second = await town.worker(lease_s=LEASE_S, smtp_url=url, purpose=purpose)
    second.accept("mail-1", key="key-1")  # its caller was not told, and repeats
    await town.rest()
    goes_again = purpose == "otp" or not fall.open
    if goes_again:
        await until_state(town, "sent")
    await second.stop()
    about = f"{fall.at}, {purpose}"
    assert copies == fall.copies, about
    judge(about, fall, server, await town.eye.look(), goes_again=goes_again)


def judge(
    about: str, fall: Fall, server: SmtpServer, picture: Picture, *, goes_again: bool
) -> None:
    (mail,) = picture.mails
    types = [event.type for event in picture.events]
    more = 0 if fall.at == "committed record" or not goes_again else 1
    arrived = [received.recipients for received in server.mails]
    assert arrived == [("mail-1@customer.test",)] * (fall.copies + more), about
    assert mail.state == ("sent" if goes_again else "unconfirmed"), about
    # Marked where there is a doubt, and nowhere else.
    assert ("email.unconfirmed" in types) is fall.open, f"{about}: {types}"
    doubled = [event for event in picture.events if event.facts.get("may_double")]
    assert bool(doubled) is (fall.open and goes_again), about
    outcomes = [attempt.outcome for attempt in picture.attempts]
    assert outcomes == ["unknown"] * fall.open + ["accepted"] * goes_again, f"{about}: {outcomes}"


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


async def until_state(town: Town, state: str) -> None:
    """An unconfirmed mail that goes again is at rest for a moment in between."""
    async with asyncio.timeout(PATIENCE_S):
        while {mail.state for mail in (await town.eye.look()).mails} != {state}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
