"""A stand-in for Resend's API with only what the doctor asks: its answers are set by the test.

The wording of the errors is Resend's (API reference, "Errors").
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

KEY = "re_8DkCq3Vn_7xTzWb5RmYpLs2JhGfQeUaN4"
DOMAIN = "acme.test"
DATE = "Mon, 21 Sep 2026 14:13:20 GMT"

Answer = tuple[int, Any, Mapping[str, str]]


def refusal(status: int, name: str, message: str) -> Answer:
    return status, {"statusCode": status, "name": name, "message": message}, {}


NO_KEY = refusal(401, "missing_api_key", "Missing API key in the authorization header.")
BAD_KEY = refusal(400, "validation_error", "API key is invalid")
SENDING_ONLY = refusal(401, "restricted_api_key", "This API key is restricted to only send emails")
NO_RECIPIENT = refusal(422, "missing_required_field", "Missing `to` field.")
SUSPENDED = refusal(403, "suspended_api_key", "This API key is suspended")


def page(status: int, html: str, **headers: str) -> Answer:
    return status, html, {"content-type": "text/html", **headers}


class Resend:
    """Healthy unless a test says otherwise; remembers each request."""

    def __init__(self) -> None:
        self.domains: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self.add_domain(DOMAIN, "verified")
        self.headers = {"Date": DATE, "ratelimit-limit": "5", "ratelimit-remaining": "4"}
        self.listing: Answer | None = None
        self.sending: Answer = NO_RECIPIENT
        self.everything: Answer | None = None
        self.seen: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.mails: list[Any] = []

    def add_domain(self, name: str, status: str) -> None:
        self.domains.append(
            {"id": f"d-{len(self.domains)}", "name": name, "status": status, "region": "us-east-1"}
        )

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.seen.append((request.method, request.path, dict(request.headers), body))
        status, answer, headers = self._answer(request, body)
        headers = {**self.headers, **headers}
        if isinstance(answer, str):
            return web.Response(status=status, text=answer, headers=_typed(headers))
        return web.json_response(answer, status=status, headers=headers)

    def _answer(self, request: web.Request, body: Any) -> Answer:
        if self.everything is not None:
            return self.everything
        if not request.headers.get("User-Agent"):
            return 403, "error code: 1010", {}
        sent = request.headers.get("Authorization", "")
        if not sent:
            return NO_KEY
        if sent != f"Bearer {KEY}":
            return BAD_KEY
        if (request.method, request.path) == ("POST", "/emails"):
            return self._send(body)
        if self.listing is not None:
            return self.listing
        if request.path == "/domains":
            return 200, {"object": "list", "has_more": False, "data": self.domains}, {}
        found = [each for each in self.domains if request.path == f"/domains/{each['id']}"]
        if found:
            return 200, {"object": "domain", **found[0], "records": self.records}, {}
        return refusal(404, "not_found", "The requested endpoint does not exist.")

    def _send(self, body: Any) -> Answer:
        if self.sending is not NO_RECIPIENT or "to" not in body:
            return self.sending
        self.mails.append(body)
        return 200, {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}, {}


def _typed(headers: Mapping[str, str]) -> dict[str, str]:
    return {"content-type": "text/plain", **headers}


@asynccontextmanager
async def serve_resend(resend: Resend) -> AsyncIterator[str]:
    """Serve until the block ends; gives the base URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", resend.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
