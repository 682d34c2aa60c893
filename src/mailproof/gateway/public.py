"""The public listener: apps with their keys, health checks, the description of the API."""

from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Network
from typing import Final

import msgspec

from mailproof.engine.receipts import Caller
from mailproof.gateway.client import client_address
from mailproof.gateway.exchange import Answer, Refused, Request, json_answer
from mailproof.gateway.hooks_in import Hear, HooksIn
from mailproof.gateway.keyring import KeyKind, KeyRing
from mailproof.gateway.own_mails import OwnMails
from mailproof.gateway.refusals import Refusals, message_of, recipient_of
from mailproof.gateway.routing import Route, Routes
from mailproof.gateway.sending import Sending
from mailproof.gateway.status.serving import StatusPages
from mailproof.store.nodes.installation import Installation
from mailproof.store.records.refusals import NewRefusal, RefusalKind

__all__ = ["PublicSide", "Readiness", "api_description"]

_MISSING: Final = "The requested endpoint does not exist."
_SENDING: Final = frozenset({"/emails", "/emails/batch"})
_VERSION: Final = b'"0.0.0"'

_NO_KEY: Final = (
    "Missing API key in the authorization header. Send `Authorization: Bearer <key>`; "
    "`mailproof keys create NAME` makes a key."
)
_BAD_KEY: Final = (
    "API key is invalid. No app has it here: `mailproof keys list` shows the keys that are, "
    "`mailproof keys create NAME` makes one."
)
_LOOP: Final = (
    "This request comes from Mailproof itself: the `base_url` of a provider in its configuration "
    "points at this gateway, so that each mail would come back for ever. Set it to the provider's "
    "own address, such as `https://api.resend.com`."
)

Keyed = Callable[[Request, Caller], Awaitable[Answer]]


class Readiness(msgspec.Struct, frozen=True):
    """`ready`: mail can be accepted durably. `reasons`: what is wrong, one sentence each."""

    ready: bool
    reasons: tuple[str, ...] = ()


def api_description(version: str) -> bytes:
    """The OpenAPI document of the public listener."""
    raw = files("mailproof.gateway").joinpath("openapi.json").read_bytes()
    return raw.replace(_VERSION, f'"{version}"'.encode(), 1)


class PublicSide:
    """Everything on the public port. `now_ms`: UTC in milliseconds."""

    def __init__(  # noqa: PLR0913 - the parts that it is made of
        self,
        *,
        sending: Sending,
        own_mails: OwnMails,
        status: StatusPages,
        hear: Hear,
        keys: KeyRing,
        refusals: Refusals,
        installation: Installation,
        readiness: Callable[[], Awaitable[Readiness]],
        trusted_proxies: Sequence[IPv4Network | IPv6Network],
        now_ms: Callable[[], int],
        is_draining: Callable[[], bool],
        version: str,
    ) -> None:
        self._keys = keys
        self._refusals = refusals
        self._installation = installation
        self._readiness = readiness
        self._trusted_proxies = trusted_proxies
        self._now_ms = now_ms
        self._description = api_description(version)
        self._is_draining = is_draining
        keyed, mail = self._keyed, own_mails
        self._routes = Routes(
            (
                Route("/emails", {"POST": keyed(sending.send), "GET": keyed(mail.list_some)}),
                Route("/emails/batch", {"POST": keyed(sending.send_batch)}),
                Route(
                    "/emails/{id}",
                    {"GET": keyed(mail.show_one), "PATCH": keyed(mail.reschedule)},
                ),
                Route("/emails/{id}/cancel", {"POST": keyed(mail.cancel)}),
                Route("/v1/emails/{id}", {"GET": keyed(mail.show_in_full)}),
                Route("/status/{id}", {"GET": status.show}),
                Route("/status.js", {"GET": status.script}),
                Route("/webhooks/{id}", {"POST": HooksIn(hear, _MISSING).take}),
                Route("/healthz", {"GET": _alive}),
                Route("/readyz", {"GET": self._ready}),
                Route("/openapi.json", {"GET": self._describe}),
            ),
            _MISSING,
        )

    async def answer(self, request: Request) -> Answer:
        """Raises `Refused`, `StoreUnavailable`, `CommitUnknown`, `ClientLeft`."""
        if _is_sending(request):
            self._stop_loop(request)
        return await self._routes.answer(request)

    def note(self, request: Request, refused: Refused) -> bool:
        """Take note of an error that is answered on a sending endpoint; False: on another one."""
        if not _is_sending(request):
            return False
        fingerprint = self._installation.fingerprint(request.token) if request.token else ""
        new = NewRefusal(
            at=self._now_ms(),
            kind=_kind_of(request, refused),
            app=request.app,
            key_fingerprint=fingerprint,
            client=client_address(request, self._trusted_proxies),
            path=request.path_told,
            name=refused.name,
            status=refused.status,
            recipient=recipient_of(request.body, refused.where),
            purpose=request.purpose,
            message=message_of(refused),
        )
        self._refusals.add(new, request, refused)
        return True

    def _keyed(self, handler: Keyed) -> Callable[[Request], Awaitable[Answer]]:
        async def answer(request: Request) -> Answer:
            caller = await self._authenticate(request)
            made = await handler(request, caller)
            for part in request.refused:
                self.note(request, part)
            return made

        return answer

    async def _authenticate(self, request: Request) -> Caller:
        scheme, _, token = (request.header(b"authorization") or "").partition(" ")
        request.token = token.strip() if scheme.lower() == "bearer" else ""
        if not request.token:
            request.kind = RefusalKind.NO_KEY
            raise Refused("missing_api_key", _NO_KEY)
        known = await self._keys.look(request.token)
        request.app = known.app
        if known.caller is None:
            request.kind = _KINDS[known.kind]
            # Status and name as the real API answers, whatever its documentation says.
            raise Refused("validation_error", _BAD_KEY, status=400)
        return known.caller

    def _stop_loop(self, request: Request) -> None:
        theirs = request.header(b"mailproof-installation")
        if theirs == self._installation.id or request.user_agent.startswith("mailproof/"):
            raise Refused("application_error", _LOOP, status=508)

    async def _ready(self, request: Request) -> Answer:
        if self._is_draining():
            return _readiness("unavailable", ("The server is stopping.",))
        found = await self._readiness()
        if not found.ready:
            return _readiness("unavailable", found.reasons)
        return _readiness("degraded" if found.reasons else "ok", found.reasons)

    async def _describe(self, request: Request) -> Answer:
        return Answer(200, self._description)


_KINDS: Final = {
    KeyKind.ONCE_VALID: RefusalKind.ONCE_VALID,
    KeyKind.PLACEHOLDER: RefusalKind.PLACEHOLDER,
    KeyKind.UNKNOWN: RefusalKind.UNKNOWN_KEY,
}


def _kind_of(request: Request, refused: Refused) -> RefusalKind:
    """A From that is no sender is a setting of the app: all of its mails meet the same."""
    if request.kind is RefusalKind.OTHER and refused.where.rpartition(".")[2] == "from":
        return RefusalKind.SENDER_INVALID
    return request.kind


async def _alive(request: Request) -> Answer:
    return json_answer({"status": "ok"})


def _readiness(status: str, reasons: Sequence[str]) -> Answer:
    tree = {"status": status, "reasons": list(reasons)}
    return json_answer(tree, status=503 if status == "unavailable" else 200)


def _is_sending(request: Request) -> bool:
    return request.method == "POST" and request.path in _SENDING
