"""A client as plain as cURL: it checks each JSON answer against the published API, restated."""

import http.client
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import msgspec

from mailproof.testing import Sandbox

MAIL: Mapping[str, Any] = {
    "from": "Acme <news@acme.test>",
    "to": ["delivered@resend.dev"],
    "subject": "Your sign-in link",
    "html": "<p>Hello</p>",
}


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def name(self) -> str:
        """The error's name, checked to be of Resend's shape and to agree with its status."""
        conforms(self.json, "error")
        assert self.json["statusCode"] == self.status
        return str(self.json["name"])

    @property
    def message(self) -> str:
        return str(self.json["message"])


@cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    text = Path(__file__).with_name("answers.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{kind}", "$defs": json.loads(text)},
        format_checker=jsonschema.FormatChecker(),
    )


def conforms(value: Any, kind: str) -> None:
    """Fail where `value` is not what the published API says of this kind of answer."""
    _validator(kind).validate(value)


class Api:
    """Talks to one sandbox with one key."""

    def __init__(self, sandbox: Sandbox, key: str | None = None) -> None:
        self.sandbox = sandbox
        self.key = sandbox.api_key if key is None else key

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        timeout_s: float = 10.0,
    ) -> Answer:
        given = {"user-agent": "test/1", **(headers or {})}
        if self.key:
            given.setdefault("authorization", f"Bearer {self.key}")
        if body is not None:
            raw = json.dumps(body).encode()
            given.setdefault("content-type", "application/json")
        where = urlsplit(self.sandbox.url)
        connection = http.client.HTTPConnection(where.netloc, timeout=timeout_s)
        try:
            connection.request(method, path, raw, {k: v for k, v in given.items() if v})
            heard = connection.getresponse()
            names = {name.lower(): value for name, value in heard.getheaders()}
            answer = Answer(heard.status, names, heard.read())
        finally:
            connection.close()
        if kind:
            assert answer.status < 300, answer
            conforms(answer.json, kind)
        return answer

    def send(self, *, key: str | None = None, path: str = "/emails", **changes: Any) -> Answer:
        """POST /emails with a good mail, but for `changes` (None removes a field)."""
        body = {k: v for k, v in {**MAIL, **changes}.items() if v is not None}
        headers = {} if key is None else {"idempotency-key": key}
        return self.ask("POST", path, body, headers=headers)

    def sent(self, **changes: Any) -> str:
        """Send a mail that must be accepted; returns its id."""
        answer = self.send(**changes)
        assert answer.status == 200, answer
        conforms(answer.json, "id")
        return str(answer.json["id"])

    def last_event(self, mail_id: str) -> str:
        return str(self.ask("GET", f"/emails/{mail_id}", kind="email").json["last_event"])
