"""Pauses between looks, shortened: what is tested is that somebody looks, not how seldom."""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from mailproof import engine, serving
from mailproof.alerts import reviewing, watch
from mailproof.record.metrics import following, page
from mailproof.store.records import alerts

__all__ = ["hurried"]

_ENGINE = [
    importlib.import_module(f"{engine.__name__}.{each.name}")
    for each in pkgutil.iter_modules(engine.__path__)
]
_PAUSES: tuple[tuple[list[ModuleType], str, object], ...] = (
    ([watch], "_STALLED_S", 0.05),
    ([watch], "_BUSY_S", 0.1),
    ([watch], "_QUIET_S", 0.1),
    ([reviewing], "_EVERY_S", 0.1),
    ([alerts], "_GATHER_MS", 0),
    ([alerts], "GONE_FOR_S", (0.0,)),
    ([alerts], "_BACKOFF_S", (1,)),
    ([serving], "_REMIND_EVERY_S", 0.1),
    ([following], "_AFTER_FAILURE_S", 0.05),
    ([page], "_FRESH_S", 0.0),
    ([page], "_FRESH_FACTOR", 0),
    (_ENGINE, "_EVERY_S", 0.05),
    (_ENGINE, "_SWEEP_EVERY_S", 0.1),
    (_ENGINE, "_SWEEP_SELDOM_EVERY_S", 0.1),
    (_ENGINE, "_TIDY_EVERY_S", 0.1),
    (_ENGINE, "_JUDGE_EVERY_S", 0.0),
    (_ENGINE, "_LEAST_EVERY_S", 0.0),
    (_ENGINE, "_SAY_AGAIN_S", 0.0),
    (_ENGINE, "_PROBE_EVERY_S", 0.05),
    (_ENGINE, "_AFTER_CRASH_S", 0.05),
    (_ENGINE, "_STORE_PAUSE_S", 0.05),
    (_ENGINE, "_RECORD_AGAIN_S", 0.05),
)


@contextmanager
def hurried() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for modules, name, value in _PAUSES:
            having = [module for module in modules if hasattr(module, name)]
            assert having, f"{name} is called otherwise now"
            for module in having:
                patch.setattr(module, name, value)
        yield
