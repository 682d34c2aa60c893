"""A process of its own that works on a SQLite file: `python -m tests.store.another_process`.

Arguments: the file, what to do, how often. It says `ready`, waits for a line, works, and says how
much it did.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from mailproof.mail.events import EventType
from mailproof.store.base import Database, NewEvent, Tx
from mailproof.store.mails.desk import Answer, cancel, retry
from mailproof.store.nodes.keys import create_key, make_key, revoke_key
from mailproof.store.records import events
from mailproof.store.sqlite.database import open_sqlite

NOW = 1_800_000_000_000


async def bumps(database: Database) -> int:
    await database.write(_bump)
    return 1


async def _bump(tx: Tx) -> None:
    """Adds one to a number that others add to."""
    await tx.run("nodes/bump_version", name="settings")
    tx.tell(NewEvent(EventType.ALERT_OPENED))


async def keys(database: Database) -> int:
    made = make_key()
    await database.write(create_key, made, "shop", actor="cli:ada")
    revoked = await database.write(revoke_key, made.id, actor="cli:ada")
    return int(revoked is not None and revoked.revoked_at is not None)


async def cancels(database: Database) -> int:
    """The mails that were accepted last."""
    moved = await database.write(cancel, await _told(database, "email.accepted"), actor="cli:ada")
    return sum(each.answer is Answer.DONE for each in moved)


async def retries(database: Database) -> int:
    """The mails that were canceled last."""
    ids = await _told(database, "email.canceled")
    moved = await database.write(retry, ids, actor="cli:ada", lifetime_ms=lambda _: 86_400_000)
    return sum(each.answer is Answer.DONE for each in moved)


async def _told(database: Database, kind: str) -> list[str]:
    last = await database.read(events.newest)
    page = await database.read(events.after, max(0, last - 200))
    return list(dict.fromkeys(e.email_id for e in page if e.type == kind and e.email_id))[-20:]


async def dies(database: Database) -> int:
    """In the middle of a transaction, when its input ends."""
    await database.write(_half)
    return 1


async def _half(tx: Tx) -> None:
    await tx.run("nodes/bump_version", name="settings")
    say("inside")
    sys.stdin.read()


WORK: dict[str, Callable[[Database], Awaitable[int]]] = {
    work.__name__: work for work in (bumps, keys, cancels, retries, dies)
}


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(path: Path, what: str, times: int) -> None:
    database = await open_sqlite(path, now_ms=lambda: NOW)
    say("ready")
    sys.stdin.readline()
    say(sum([await WORK[what](database) for _ in range(times)]))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
