"""Sandboxes whose time stands still, and a place for their webhooks to go."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from mailproof.testing import ManualClock, Sandbox, Settings
from tests.sandbox.api import Api
from tests.sandbox.receiver import Receiver


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def start(clock: ManualClock) -> Iterator[Callable[..., Api]]:
    """Start a sandbox with these settings (no request limit unless told)."""
    with ExitStack() as running:

        def run(**settings: Any) -> Api:
            chosen = Settings(**{"rate_per_s": 0, **settings})
            return Api(running.enter_context(Sandbox(chosen, clock=clock)))

        yield run


@pytest.fixture
def api(start: Callable[..., Api]) -> Api:
    return start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
