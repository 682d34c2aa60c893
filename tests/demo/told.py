"""One run of the demo in each language, for all tests that look at it."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["LANGUAGES", "STEPS", "Told", "environment", "tell", "words"]

STEPS = ("silence", "asked", "warned", "held", "next_gate", "released", "timeline")
LANGUAGES = ("en", "zh")
DEADLINE_S = 120.0

Told = subprocess.CompletedProcess[str]


def words(language: str) -> Mapping[str, Any]:
    path = files("mailproof.demo") / "words" / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8"))


def environment(**changes: str) -> dict[str, str]:
    """The caller's, less what would reach into the demo's output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILPROOF_")}
    return {**kept, "COLUMNS": "88", "PYTHONUTF8": "1", "TZ": "UTC", **changes}


@cache
def _both() -> Mapping[str, Told]:
    """At the same time: most of a run is waiting."""
    started = {
        language: subprocess.Popen(
            [sys.executable, "-m", "mailproof", "demo", "--lang", language],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )
        for language in LANGUAGES
    }
    told = {}
    for language, process in started.items():
        with process:
            out, talk = process.communicate(timeout=DEADLINE_S)
        told[language] = Told(process.args, process.returncode, out, talk)
    return told


def tell(language: str) -> Told:
    """What a run said."""
    return _both()[language]
