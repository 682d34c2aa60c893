"""One Resend account, in memory: what it has, and what of it a request may use."""

import secrets
import uuid
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from mailproof.sandbox.calls import CALLS_KEPT, CallSeen
from mailproof.sandbox.clock import Clock
from mailproof.sandbox.domains import Domain, DomainStatus
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.events.postman import Delivery, Postman
from mailproof.sandbox.events.webhooks import Endpoint
from mailproof.sandbox.faults.fault import Faults
from mailproof.sandbox.messages.idempotency import Idempotency
from mailproof.sandbox.messages.limits import Quota, RateWindow
from mailproof.sandbox.messages.message import Mail
from mailproof.sandbox.settings import Settings

__all__ = ["Account", "ApiKey", "Arrival", "Fact"]

_ARRIVALS_KEPT: Final = 10_000


class ApiKey(msgspec.Struct, frozen=True):
    """One API key. With a `domain_id`, it may send from that domain only."""

    id: str
    name: str
    token: str
    created_at: float
    permission: Literal["full_access", "sending_access"] = "full_access"
    domain_id: str | None = None
    state: Literal["active", "inactive", "suspended"] = "active"
    last_used_at: float | None = None


class Arrival(msgspec.Struct, frozen=True):
    """One request that arrived, or one step over SMTP. `status` 0: it got no answer."""

    at: float
    method: str
    path: str
    status: int
    took_ms: int
    key: str = ""
    idempotency_key: str | None = None
    fault: str = ""
    replayed: bool = False
    mail_ids: tuple[str, ...] = ()


# What listeners hear of: a mail is accepted, a request is over, a webhook was posted.
Fact = Mail | Arrival | Delivery


class Account:
    """The state of the sandbox. All of it lives in one event loop; nothing here waits."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.keys: dict[str, ApiKey] = {}
        self.domains: dict[str, Domain] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.mails: dict[str, Mail] = {}
        self.stored_bytes = 0
        self.arrivals: deque[Arrival] = deque(maxlen=_ARRIVALS_KEPT)
        self.calls: deque[CallSeen] = deque(maxlen=CALLS_KEPT)
        self.faults = Faults(clock.now)
        self.rate = RateWindow(settings.rate_per_s)
        self.quota = Quota(settings.daily_quota, settings.monthly_quota)
        self.idempotency = Idempotency(caches_errors=settings.switches.caches_errors)
        self.postman = Postman(clock, self.endpoints, self.tell)
        self.listeners: list[Callable[[Fact], None]] = []
        for given in settings.keys:
            key = self.add_key("sandbox", token=given.token, permission=given.permission)
            self.keys[key.token] = msgspec.structs.replace(key, state=given.state)
        for name, status in settings.domains:
            self.add_domain(name, status=status)
        for url in settings.webhooks:
            self.add_endpoint(url)
        for fault in settings.faults:
            self.faults.add(fault)

    def authenticate(self, header: str | None) -> ApiKey:
        """The key that this Authorization header carries. Raises `Refusal`."""
        scheme, _, token = (header or "").strip().partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        if not token:
            raise Refusal("missing_api_key")
        key = self.keys.get(token)
        if key is None:
            raise self.settings.switches.refuse_unknown_key()
        if key.state == "suspended":
            raise Refusal("suspended_api_key")
        if key.state == "inactive":
            raise Refusal("restricted_api_key", "API key is not active", status=403)
        used = msgspec.structs.replace(key, last_used_at=self.clock.now())
        self.keys[token] = used
        return used

    def add_key(
        self,
        name: str,
        *,
        token: str = "",
        permission: Literal["full_access", "sending_access"] = "full_access",
        domain_id: str | None = None,
    ) -> ApiKey:
        key = ApiKey(
            id=str(uuid.uuid4()),
            name=name,
            token=token or f"re_{secrets.token_urlsafe(24)}",
            created_at=self.clock.now(),
            permission=permission,
            domain_id=domain_id,
        )
        self.keys[key.token] = key
        return key

    def key_by_id(self, key_id: str) -> ApiKey | None:
        return next((key for key in self.keys.values() if key.id == key_id), None)

    def add_domain(
        self,
        name: str,
        *,
        status: DomainStatus = DomainStatus.NOT_STARTED,
        region: str = "us-east-1",
    ) -> Domain:
        return self.keep_domain(self.new_domain(name, status=status, region=region))

    def new_domain(
        self,
        name: str,
        *,
        status: DomainStatus = DomainStatus.NOT_STARTED,
        region: str = "us-east-1",
    ) -> Domain:
        """A domain that the account does not have yet."""
        return Domain(str(uuid.uuid4()), name.lower(), self.clock.now(), status, region)

    def keep_domain(self, domain: Domain) -> Domain:
        self.domains[domain.id] = domain
        return domain

    def domain_by_name(self, name: str) -> Domain | None:
        wanted = name.lower()
        return next((one for one in self.domains.values() if one.name == wanted), None)

    def set_domain_status(self, domain: Domain, status: DomainStatus) -> Domain:
        return self.keep_domain(msgspec.structs.replace(domain, status=status))

    def add_endpoint(self, url: str, events: tuple[str, ...] = ()) -> Endpoint:
        endpoint = Endpoint(str(uuid.uuid4()), url, Endpoint.new_secret(), self.clock.now(), events)
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    def keep_mail(self, mail: Mail) -> None:
        self.mails[mail.id] = mail
        self.stored_bytes += mail.stored_bytes

    def forget_mail(self) -> int:
        """Drop what arrived: mails with their events to come, requests, idempotency keys, used
        quota. Returns how many mails.
        """
        gone = len(self.mails)
        for mail in self.mails.values():
            mail.moments = ()
        self.postman.forget()
        self.mails.clear()
        self.stored_bytes = 0
        self.arrivals.clear()
        self.calls.clear()
        self.quota.forget()
        self.idempotency = Idempotency(caches_errors=self.settings.switches.caches_errors)
        return gone

    def tell(self, fact: Fact) -> None:
        """Tell those who listen (the log, a test that waits) what has just happened."""
        for listener in self.listeners:
            listener(fact)
