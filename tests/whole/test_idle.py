"""What nothing costs."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from tests.whole.breaking import BrokenStore
from tests.whole.house import QUICK, House

SECONDS = 3


def test_when_nothing_happens_the_store_is_asked_once_a_second(tmp_path: Path) -> None:
    asked: list[str] = []

    def around(database: Any) -> Any:
        return _Counting(database, asked)

    calm = msgspec.structs.replace(QUICK, check_interval_s=60.0, probe_interval_s=10.0)
    with House(tmp_path, store=around, delivery=calm) as house:
        assert house.send().state == "sent"
        house.log.until(lambda: asked[-3:] == ["tick"] * 3, "it is calm")
        asked.clear()
        house.log.until(lambda: asked.count("tick") >= SECONDS, "some seconds have passed")
        assert Counter(asked) == {"tick": SECONDS}


class _Counting(BrokenStore):
    """Breaks nothing; notes what it is asked."""

    def __init__(self, database: Any, asked: list[str]) -> None:
        super().__init__(database)
        self._asked = asked

    async def _in_turn(self, work: Any, body: Any, *args: Any, **kwargs: Any) -> Any:
        self._asked.append(body.__name__)
        return await super()._in_turn(work, body, *args, **kwargs)

    async def changed(self) -> bool:
        self._asked.append("changed")
        return await super().changed()
