"""The process's log is one for all tests: put back what each one changed."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import msgspec
import pytest
import structlog

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    config = structlog.get_config()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(capture=False)
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level
    root.setLevel(level)


@pytest.fixture
def stream() -> StringIO:
    return StringIO()


@pytest.fixture
def lines(stream: StringIO) -> Lines:
    """What was written so far, each line decoded."""

    def read() -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]

    return read
