"""`mailproof serve` as it runs: a process of its own, its log read as it comes."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.whole.house import Answer, ask
from tests.whole.log import DEADLINE_S, Log

__all__ = ["Served", "write_config"]

_KEPT = {"PATH", "SYSTEMROOT", "HOME", "TMPDIR", "TEMP"}
_LISTENS = re.compile(r"listens on (http://\S+) \(apps\) and (http://\S+) \(operators\)")


def write_config(folder: Path, *, provider_url: str, key: str, more: str = "") -> Path:
    """A configuration whose provider is a sandbox; apps may use its key."""
    path = folder / "mailproof.toml"
    path.write_text(
        f"""
        language = "en"
        {more}
        [log]
        format = "json"
        [[providers]]
        name = "resend"
        type = "resend"
        api_key = "{key}"
        base_url = "{provider_url}"
        accept_as_app_key = true
        """,
        encoding="utf-8",
    )
    return path


class Served:
    """From `with` on it is ready; at the end it is stopped as SIGTERM does, unless it is dead.

    `ready_s`: so long it took to start. `code` runs instead of `mailproof serve`, with its
    arguments in `sys.argv`; `python`: of another environment.
    """

    def __init__(
        self, config: Path, *, key: str, code: str = "", python: str | Path = sys.executable
    ) -> None:
        start = ["-c", code] if code else ["-m", "mailproof"]
        self._command = [python, *start, "serve", "--port", "0", "--config", config]
        self._folder = config.parent
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        self._env = {**kept, "LANG": "C", "PYTHONUTF8": "1"}
        if not code:  # what is broken on purpose does not clean up
            self._env["PYTHONWARNINGS"] = "error"
        self.key = key
        self.log = Log()
        self.ready_s = 0.0
        self.url = self.admin_url = ""

    def __enter__(self) -> Self:
        began = time.monotonic()
        self.process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.log.until(lambda: self._find_urls() or self.process.poll() is not None, "it listens")
        self.ready_s = time.monotonic() - began
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def stop(self) -> int:
        """Its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(DEADLINE_S * 2)
        self._reader.join(DEADLINE_S)
        return code

    def send(self, mail: Mapping[str, Any], **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.url, "POST", "/emails", mail, key=self.key, headers=named)

    @property
    def resident_mb(self) -> float:
        """What it holds of this machine's memory now (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def _find_urls(self) -> bool:
        found = _LISTENS.search("\n".join(self.log.plain))
        if found is not None:
            self.url, self.admin_url = found[1], found[2]
        return found is not None

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.feed(line.rstrip("\n"))
        self.log.notify()
