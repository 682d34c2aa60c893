"""How many connections are open at once: fewer than the system allows, whoever opens them.

Each takes a file descriptor, of which a process has only so many, and the store and the calls to
providers need theirs: strangers who only hold connections open must not keep mail from going out.
"""

import sys
from collections.abc import Collection, MutableMapping
from itertools import islice
from typing import Any, Final, Protocol, runtime_checkable

import structlog

if sys.platform != "win32":
    import resource

__all__ = ["CONNECTIONS_MAX", "DESCRIPTORS_KEPT", "connections_max", "make_room", "raise_limit"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

# 7 KB each when nothing comes in by them.
CONNECTIONS_MAX: Final = 16_000
# For the store, for calls out, for logs.
DESCRIPTORS_KEPT: Final = 200
_LEAST: Final = 50

_LOOKED_AT_MAX: Final = 100
_TOLD_EVERY_S: Final = 60.0
_TOLD_AT: Final = "mailproof.crowd_told_at"


@runtime_checkable
class _Place(Protocol):
    transport: Any

    def is_idle(self) -> bool: ...


def connections_max(*, descriptors: int | None = None) -> int:
    """How many may be open. `descriptors`: of the process; None: as the system says."""
    given = _descriptors() if descriptors is None else descriptors
    return max(_LEAST, min(CONNECTIONS_MAX, given - DESCRIPTORS_KEPT))


def raise_limit() -> None:
    """Take as many descriptors as the system lets this process have, and as are of use: most
    systems begin with 1,024, for programs that do not know what to do with more."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + DESCRIPTORS_KEPT
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:  # macOS has a smaller limit that it does not tell
        _log.warning("descriptors.limited", descriptors=soft, wanted=wanted, error=str(error))


def make_room(
    newest: object, connections: Collection[Any], state: MutableMapping[str, Any], now: float
) -> bool:
    """May the newest of these stay? Another that only waits for more makes room for it.

    `state` is the server's, where it stands when the log was last told; `now`: any clock, seconds.
    """
    limit = connections_max()
    if len(connections) <= limit:
        return True
    if now - state.get(_TOLD_AT, -_TOLD_EVERY_S) >= _TOLD_EVERY_S:
        state[_TOLD_AT] = now
        _log.error("connections.crowded", limit=limit)
    for each in islice(connections, _LOOKED_AT_MAX):
        if each is newest or not isinstance(each, _Place) or each.transport.is_closing():
            continue
        if each.is_idle():
            each.transport.close()
            return True
    return False


def _descriptors() -> int:
    if sys.platform == "win32":
        return CONNECTIONS_MAX + DESCRIPTORS_KEPT
    soft: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS_MAX + DESCRIPTORS_KEPT if soft == resource.RLIM_INFINITY else soft
