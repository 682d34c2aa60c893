"""How often one token may ask, and how many streams it may hold: 30 a minute, and three."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

__all__ = ["Turnstile"]

_ASKS_MAX: Final = 30
_SPAN_S: Final = 60.0
_STREAMS_MAX: Final = 3
# Of all tokens together. Who finds no room asks now and then instead.
_ALL_STREAMS_MAX: Final = 2_000
# Tokens that are remembered: whoever mints a million must not fill the memory.
_TOKENS_MAX: Final = 20_000


class Turnstile:
    """Counts by the signature of a token, which is right: a wrong one asks nothing of anybody.

    `now_s`: seconds of any clock.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._asked: OrderedDict[bytes, deque[float]] = OrderedDict()
        self._streams: dict[bytes, int] = {}
        self._held = 0

    def wait_s(self, token: bytes) -> float:
        """0: come in, and that is counted; else so many seconds later."""
        now = self._now_s()
        asked = self._asked.setdefault(token, deque())
        self._asked.move_to_end(token)
        if len(self._asked) > _TOKENS_MAX:
            self._asked.popitem(last=False)
        while asked and asked[0] <= now - _SPAN_S:
            asked.popleft()
        if len(asked) >= _ASKS_MAX:
            return asked[0] + _SPAN_S - now
        asked.append(now)
        return 0.0

    def enter(self, token: bytes) -> bool:
        """May one more stream begin? Whoever got in, `leave`s."""
        held = self._streams.get(token, 0)
        if held >= _STREAMS_MAX or self._held >= _ALL_STREAMS_MAX:
            return False
        self._streams[token] = held + 1
        self._held += 1
        return True

    def leave(self, token: bytes) -> None:
        self._held -= 1
        self._streams[token] -= 1
        if not self._streams[token]:
            del self._streams[token]
