"""The sandbox's own API under /_sandbox: what arrived, what goes wrong, what the account may do.

It wants no key and counts for no limit: who can reach the port owns the sandbox.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailproof.sandbox.account import Account
from mailproof.sandbox.api.call import Json
from mailproof.sandbox.domains import DomainStatus, describe, is_domain_name
from mailproof.sandbox.faults.fault import Fault, UnknownFault, read_fault
from mailproof.sandbox.faults.table import FAULTS
from mailproof.sandbox.messages.message import Handover, Mail

__all__ = ["ADMIN_ROUTES", "describe_mail"]


class NotUnderstood(ValueError):
    """A request to the admin API that makes no sense; its text says why."""


_Count = Annotated[int, msgspec.Meta(ge=0)]


class _KeyState(msgspec.Struct, forbid_unknown_fields=True):
    """UNSET leaves as it is; null of the domain is any."""

    token: Annotated[str, msgspec.Meta(min_length=1)]
    state: Literal["active", "inactive", "suspended"] | msgspec.UnsetType = msgspec.UNSET
    permission: Literal["full_access", "sending_access"] | msgspec.UnsetType = msgspec.UNSET
    domain: str | msgspec.UnsetType | None = msgspec.UNSET


class _DomainState(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    status: DomainStatus


class _Limits(msgspec.Struct, forbid_unknown_fields=True):
    """UNSET leaves as it is; null of a quota is none, 0 of the rate is none."""

    rate_per_s: _Count | msgspec.UnsetType = msgspec.UNSET
    daily_quota: _Count | msgspec.UnsetType | None = msgspec.UNSET
    monthly_quota: _Count | msgspec.UnsetType | None = msgspec.UNSET


class _FaultText(msgspec.Struct, forbid_unknown_fields=True):
    fault: str


def _own(do: Callable[[Account, Request, bytes], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            return Json(do(request.app.state.account, request, body))
        except (NotUnderstood, UnknownFault, msgspec.DecodeError) as problem:
            return Json({"error": str(problem)}, 422)
        except (UnicodeDecodeError, RecursionError):
            return Json({"error": "The body must be JSON."}, 422)

    return endpoint


def describe_mail(mail: Mail, now: float) -> dict[str, Any]:
    """All that the sandbox knows of a mail."""
    return {
        "id": mail.id,
        "accepted_at": mail.accepted_at,
        "key": mail.key_name,
        "idempotency_key": mail.idempotency_key,
        "batch_position": mail.batch_position,
        "last_event": mail.last_event(now),
        "mishap": "" if mail.mishap is None else mail.mishap.name,
        "message": msgspec.to_builtins(mail.message),
        "via": "http" if mail.handover is None else "smtp",
        "handover": None if mail.handover is None else _describe_handover(mail.handover),
        "attempts": msgspec.to_builtins(mail.attempts),
        "events": [
            {"at": moment.at, "event": moment.event} for moment in mail.moments if moment.at <= now
        ],
    }


def _describe_handover(handover: Handover) -> dict[str, Any]:
    """All but the bytes, which may be many: `/inbox/{id}/source` has them."""
    return {
        "from": handover.sender,
        "to": list(handover.recipients),
        "login": handover.login,
        "encrypted": handover.encrypted,
        "size_bytes": len(handover.raw),
    }


def list_mails(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    """Every accepted mail, the first first; `?to=` finds those to one address."""
    now = account.clock.now()
    wanted = request.query_params.get("to", "").lower()
    mails = [
        describe_mail(mail, now)
        for mail in account.mails.values()
        if not wanted or any(wanted in one.lower() for one in mail.message.recipients)
    ]
    return {"count": len(mails), "data": mails}


def forget_mails(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    return {"forgotten": account.forget_mail()}


def list_requests(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    """The last requests of any kind, the refused and the unanswered included."""
    return {"data": msgspec.to_builtins(list(account.arrivals))}


def list_deliveries(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    """The last tries to post a webhook."""
    return {"data": msgspec.to_builtins(list(account.postman.deliveries))}


def known_faults(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    return {
        "data": [
            {"name": name, "strikes": kind.stage, "what": kind.what, "reason": kind.reason}
            for name, kind in FAULTS.items()
        ]
    }


def list_faults(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    return {
        "data": [
            {**msgspec.to_builtins(fault), "left": left} for fault, left in account.faults.list()
        ]
    }


def add_fault(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    """Add `{"fault": "503,count=2"}` as on the command line, or an object with the same fields."""
    fields = msgspec.json.decode(body)
    if isinstance(fields, dict) and "fault" in fields:
        fault = read_fault(msgspec.convert(fields, _FaultText).fault)
    else:
        try:
            fault = msgspec.convert(fields, Fault)
        except msgspec.ValidationError as problem:
            why = str(problem).rstrip(".")
            raise NotUnderstood(f'{why}. Write {{"fault": "503,count=2"}}.') from problem
    return dict(msgspec.to_builtins(account.faults.add(fault)))


def remove_fault(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    fault_id = request.path_params["id"]
    if not account.faults.remove(fault_id):
        raise NotUnderstood(f"There is no fault {fault_id!r}; GET /_sandbox/faults lists them.")
    return {"removed": fault_id}


def clear_faults(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    gone = len(account.faults.list())
    account.faults.clear()
    return {"removed": gone}


def set_key(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    """Add a key, or change what it may."""
    wanted = msgspec.json.decode(body, type=_KeyState)
    changes: dict[str, Any] = {
        field: value
        for field in ("state", "permission")
        if (value := getattr(wanted, field)) is not msgspec.UNSET
    }
    if wanted.domain is None:
        changes["domain_id"] = None
    elif wanted.domain is not msgspec.UNSET:
        domain = account.domain_by_name(wanted.domain)
        if domain is None:
            raise NotUnderstood(f"There is no domain {wanted.domain!r}.")
        changes["domain_id"] = domain.id
    key = account.keys.get(wanted.token) or account.add_key("sandbox", token=wanted.token)
    key = msgspec.structs.replace(key, **changes)
    account.keys[key.token] = key
    return dict(msgspec.to_builtins(key))


def set_domain(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    """Add a domain, or set its state, as if its DNS had changed."""
    wanted = msgspec.json.decode(body, type=_DomainState)
    if not is_domain_name(wanted.name):
        raise NotUnderstood(f"{wanted.name!r} is no domain, like acme.test.")
    domain = account.domain_by_name(wanted.name) or account.add_domain(wanted.name)
    return describe(account.set_domain_status(domain, wanted.status))


def set_limits(account: Account, request: Request, body: bytes) -> dict[str, Any]:
    wanted = msgspec.json.decode(body, type=_Limits)
    if wanted.rate_per_s is not msgspec.UNSET:
        account.rate.limit = wanted.rate_per_s
    if wanted.daily_quota is not msgspec.UNSET:
        account.quota.daily = wanted.daily_quota
    if wanted.monthly_quota is not msgspec.UNSET:
        account.quota.monthly = wanted.monthly_quota
    return {
        "rate_per_s": account.rate.limit,
        "daily_quota": account.quota.daily,
        "monthly_quota": account.quota.monthly,
    }


ADMIN_ROUTES = (
    Route("/_sandbox/mails", _own(list_mails), methods=["GET"]),
    Route("/_sandbox/mails", _own(forget_mails), methods=["DELETE"]),
    Route("/_sandbox/requests", _own(list_requests), methods=["GET"]),
    Route("/_sandbox/deliveries", _own(list_deliveries), methods=["GET"]),
    Route("/_sandbox/faults/known", _own(known_faults), methods=["GET"]),
    Route("/_sandbox/faults", _own(list_faults), methods=["GET"]),
    Route("/_sandbox/faults", _own(add_fault), methods=["POST"]),
    Route("/_sandbox/faults", _own(clear_faults), methods=["DELETE"]),
    Route("/_sandbox/faults/{id}", _own(remove_fault), methods=["DELETE"]),
    Route("/_sandbox/keys", _own(set_key), methods=["PUT"]),
    Route("/_sandbox/domains", _own(set_domain), methods=["PUT"]),
    Route("/_sandbox/limits", _own(set_limits), methods=["PUT"]),
)
