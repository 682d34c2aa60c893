"""An application that enqueues three mails, drains its outbox, and is killed on the way.

Run as `python -m tests.integrations.dying URL STEP`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

from mailproof import Mailproof
from mailproof.integrations.outbox import Outbox
from mailproof.integrations.outbox.databases import Database, HandOver, Row, Settled
from tests.integrations.world import AppDatabase, numbered

__all__ = ["STEPS"]

# Where the power is cut, and how many mails are promised then.
STEPS: Final = {
    "before_commit": 0,
    "after_commit": 3,
    "after_claim": 3,
    "after_first_accept": 3,
    "before_delete": 3,
    "after_delete": 3,
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Cutting:
    """Wraps the database of an outbox, and the Mailproof that it is handed to."""

    def __init__(self, database: Database, step: str) -> None:
        self._database = database
        self._step = step

    async def take(self, most: int, hand_over: HandOver, after: int = 0) -> int:
        async def cut(rows: Sequence[Row]) -> Settled:
            if self._step == "after_claim":
                die()
            settled = await hand_over(rows)
            if self._step == "before_delete":
                die()
            return settled

        taken = await self._database.take(most, cut, after)
        if self._step == "after_delete":
            die()
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class DyingMailproof(Mailproof):
    async def hand_over(self, row: Any) -> str:
        email_id = await super().hand_over(row)
        if sys.argv[2] == "after_first_accept":
            die()
        return email_id


async def main(url: str, step: str) -> None:
    async with AppDatabase.opened(url) as database, DyingMailproof.from_env() as mail:
        async with database.engine.begin() as connection:
            for number in (1, 2, 3):
                await mail.enqueue(numbered(number), connection=connection)
            if step == "before_commit":
                die()
        if step == "after_commit":
            die()
        outbox = Outbox(database.engine if "sqlite" in url else url)
        outbox._database = Cutting(outbox._database, step)
        await outbox.drain_once(mail)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
