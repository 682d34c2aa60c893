"""Run the command line as users do: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping

BARE = {"PATH", "SYSTEMROOT", "HOME", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR", "TEMP"}


def mailproof(
    *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run it with a bare environment in English; `env` adds to it."""
    kept = {name: value for name, value in os.environ.items() if name in BARE}
    return subprocess.run(
        [sys.executable, "-m", "mailproof", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={**kept, "LANG": "C", **(env or {})},
    )
