"""Threads that may be left behind: a name lookup that hangs must not keep the program alive."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["AbandonableThreads"]

P = ParamSpec("P")
T = TypeVar("T")


class AbandonableThreads(ThreadPoolExecutor):
    """An executor whose work nobody waits for at exit: one daemon thread for each call.

    asyncio looks names up in its default executor and waits for it before `asyncio.run` returns.
    With a dead DNS server, `getaddrinfo` takes 20 seconds and more and cannot be cancelled. A
    subclass, because `loop.set_default_executor` takes nothing else.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - not swallowed: the caller gets it
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, name="doctor-lookup", daemon=True).start()
        return future
