"""What every part of an engine works with."""

from collections.abc import Callable

import msgspec

from mailproof.clock import Clock
from mailproof.engine.policy import Policy
from mailproof.store.base import Database
from mailproof.store.nodes.nodes import Node
from mailproof.store.shapes import Routing

__all__ = ["Context"]


class Context(msgspec.Struct, frozen=True):
    """`jitter` gives a number from 0 to 1, by chance."""

    database: Database
    policy: Policy
    routing: Routing
    clock: Clock
    node: Node
    jitter: Callable[[], float]
