"""The processes that share a store: who lives, what has changed, who has which duty."""

from typing import Final

import msgspec

from mailproof.store.base import Tx

__all__ = ["DEAD_AFTER_MS", "Node", "Tick", "enter", "leave", "living", "take_lease", "tick"]

# A node says once a second that it lives; five times in silence, and it does not.
DEAD_AFTER_MS: Final = 5_000


class Node(msgspec.Struct, frozen=True):
    """A process. `engine`: it sends."""

    id: str
    role: str
    engine: bool
    host: str
    pid: int
    version: str
    started_at: int
    seen_at: int


class Tick(msgspec.Struct, frozen=True):
    """What a process learns once a second, in one statement that also says that it lives.

    `routes`, `keys`, `alerts`: versions that rise with each change. `next_due_at`,
    `next_expiry_at`, `next_probe_at`: the earliest, None: there is none. `queued`: something may be
    claimed. `others`: how many more processes live. `last_event`: the newest event's id.
    `next_look_at`: when to look what became of a sent mail.
    """

    routes: int
    keys: int
    alerts: int
    next_due_at: int | None
    next_expiry_at: int | None
    next_probe_at: int | None
    next_lease_end_at: int | None
    queued: bool
    releasing: bool
    unconfirmed: bool
    others: int
    last_event: int
    next_look_at: int | None = None


async def enter(tx: Tx, node: Node) -> None:
    """Register; what dead nodes left is removed."""
    await tx.run("nodes/forget_dead", before=tx.now - 60_000)
    await tx.run(
        "nodes/enter",
        id=node.id,
        role=node.role,
        engine=node.engine,
        host=node.host,
        pid=node.pid,
        version=node.version,
        now=tx.now,
    )


async def leave(tx: Tx, node_id: str) -> None:
    await tx.run("nodes/leave", id=node_id)
    await tx.run("nodes/drop_leases", holder=node_id)


async def tick(tx: Tx, node_id: str, *, engine: bool) -> Tick | None:
    """None: this node is not registered (any more), as after a long standstill; enter again."""
    return await tx.one(
        "nodes/tick", Tick, id=node_id, engine=engine, now=tx.now, alive=tx.now - DEAD_AFTER_MS
    )


async def living(tx: Tx) -> list[Node]:
    return await tx.all("nodes/living", Node, alive=tx.now - DEAD_AFTER_MS)


async def take_lease(tx: Tx, name: str, holder: str, for_ms: int) -> bool:
    """Take or keep the duty `name`. True: it is this holder's until then."""
    return bool(
        await tx.run(
            "nodes/take_lease", name=name, holder=holder, now=tx.now, until=tx.now + for_ms
        )
    )
