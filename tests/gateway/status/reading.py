"""Readers of status pages: their tokens, their mails, and what they are told."""

import base64
import http.client
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from mailproof.mail.lifecycle import State
from mailproof.mail.status_token import Claims, address_mac, mint
from mailproof.store.nodes.keys import hash_key, status_secret_of
from mailproof.store.shapes import NewRecipient
from tests.gateway.world import DEADLINE_S, Answer, World
from tests.store.mails import accepted, new_mail

__all__ = ["HTML", "Readers", "Stream", "token_of"]

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def token_of(key: str, address: str, purpose: str, iat: int, **given: Any) -> str:
    """As an app mints it; `given`: other claims."""
    secret = status_secret_of(key)
    mac = base64.urlsafe_b64encode(address_mac(secret, purpose, address)).rstrip(b"=").decode()
    key_id = hash_key(key).hex()[:8]
    claims = Claims(v=1, k=key_id, p=purpose, a=mac, iat=iat, exp=iat + 3_600)
    return mint(secret, msgspec.structs.replace(claims, **given))


class Readers(World):
    """A world whose status pages go by its own clock."""

    def __init__(self, folder: Path, **given: Any) -> None:
        super().__init__(folder, public_url="https://mail.acme.test", **given)
        self.given["monotonic"] = self.clock

    def token(self, address: str, purpose: str = "registration", **given: Any) -> str:
        iat = int(self.clock.now())
        return token_of(self.key, address, purpose, given.pop("iat", iat), **given)

    def mail_to(self, address: str, purpose: str = "registration", **given: Any) -> str:
        """A mail that came with this world's key, and is queued."""
        mac = address_mac(status_secret_of(self.key), purpose, address)
        recipient = NewRecipient(address, "to", mac[:16], mac)
        mail = new_mail(self.database.now(), purpose=purpose, recipients=(recipient,), **given)
        (email_id,) = self.run(accepted(self.database, mail))
        return email_id

    def put(self, email_id: str, state: State, reason: str | None = None, **given: Any) -> None:
        """Where it stands, whatever led there."""
        values = {"state": state.value, "reason": reason, **given}
        columns = ", ".join(f"{name} = ?" for name in values)
        database = sqlite3.connect(self.folder / "mailproof.db", isolation_level=None, timeout=5)
        try:
            database.execute(
                f"UPDATE emails SET {columns} WHERE id = ?",  # noqa: S608
                (*values.values(), email_id),
            )
        finally:
            database.close()

    def ask_status(self, token: str, accept: str = "application/json", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", f"/status/{token}", headers={"accept": accept, **named}, key="")

    @contextmanager
    def stream(self, token: str, **headers: str) -> Iterator["Stream"]:
        connection = http.client.HTTPConnection("127.0.0.1", self.public_port, timeout=DEADLINE_S)
        try:
            given = {"accept": "text/event-stream", **headers}
            connection.request("GET", f"/status/{token}", headers=given)
            yield Stream(connection.getresponse())
        finally:
            connection.close()


class Stream:
    """Server-sent events as they come."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response
        self.status = response.status

    def line(self) -> str:
        return self.response.readline().decode().rstrip("\n")

    def told(self) -> dict[str, Any]:
        """The next event."""
        while not (line := self.line()).startswith("data: "):
            assert line or not self.response.closed, "the stream has ended"
        tree: dict[str, Any] = json.loads(line.removeprefix("data: "))
        assert self.line() == ""
        return tree

    def rest(self) -> str:
        """All that comes until it ends."""
        return self.response.read().decode()
