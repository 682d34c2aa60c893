"""Nothing dies in silence: what nobody caught is told at CRITICAL, with its traceback."""

import asyncio
import sys
import threading
from types import TracebackType
from typing import Any, Final

import structlog

__all__ = ["guard_loop", "guard_process"]

log: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("mailproof.record")


def guard_process() -> None:
    """Hear of exceptions that end the program or a thread, and of those that cannot be raised."""
    sys.excepthook = _program_crashed
    threading.excepthook = _thread_crashed
    sys.unraisablehook = _could_not_be_raised


def guard_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Hear of exceptions in callbacks and of tasks that nobody awaited."""
    loop.set_exception_handler(_loop_crashed)


def _program_crashed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):  # somebody pressed Ctrl-C: no crash
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("task.crashed", where="program", exc_info=(kind, error, trace))


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    if issubclass(args.exc_type, SystemExit):  # how a thread is ended on purpose
        return
    where = args.thread.name if args.thread else "thread"
    found = (args.exc_type, args.exc_value, args.exc_traceback)
    log.critical("task.crashed", where=where, exc_info=found)


def _could_not_be_raised(args: "sys.UnraisableHookArgs") -> None:
    where = args.err_msg or "finalizer"
    found = (args.exc_type, args.exc_value, args.exc_traceback)
    log.critical("task.crashed", where=where, object=repr(args.object), exc_info=found)


def _loop_crashed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    task = context.get("task") or context.get("future") or context.get("handle")
    where = task.get_name() if isinstance(task, asyncio.Task) else "event loop"
    message = context.get("message", "")
    if error is None:  # such as a connection that nobody closed
        log.error("loop.complained", where=where, message=message)
        return
    found = (type(error), error, error.__traceback__)
    log.critical("task.crashed", where=where, message=message, exc_info=found)
