"""The endpoints under /domains, /api-keys and /webhooks."""

from typing import Any, Literal, cast

import msgspec
from starlette.routing import Route

from mailproof.sandbox.account import ApiKey
from mailproof.sandbox.api.call import Call, Json, guarded, page, parse_id
from mailproof.sandbox.clock import postgres_time
from mailproof.sandbox.domains import (
    REGIONS,
    Domain,
    DomainStatus,
    describe,
    is_domain_name,
    summary,
)
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.events.webhooks import WEBHOOK_EVENTS, Endpoint

__all__ = ["ACCOUNT_ROUTES"]


def _invalid(field: str, why: str = "") -> Refusal:
    return Refusal("validation_error", f"Invalid `{field}` field. {why}".strip(), status=422)


def _optional(call: Call, field: str, kind: type, default: Any) -> Any:
    value = call.fields.get(field)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise _invalid(field)
    return value


# Domains.


def create_domain(call: Call) -> Json:
    name = call.text("name").strip().lower()
    region = _optional(call, "region", str, "us-east-1")
    if region not in REGIONS:
        raise Refusal("invalid_region")
    if call.account.domain_by_name(name) is not None:
        raise Refusal(
            "validation_error", f"The {name} domain has been registered already", status=403
        )
    if not is_domain_name(name):
        raise _invalid("name", "It must be a domain, like `example.com`.")
    made = _changed(call, call.account.new_domain(name, region=region))
    return Json(describe(call.account.keep_domain(made)), 201)


def _changed(call: Call, domain: Domain) -> Domain:
    """The domain with what a request says of it. Raises `Refusal`, and nothing has changed then."""
    capabilities = _optional(call, "capabilities", dict, {})
    for capability in ("sending", "receiving"):
        if capabilities.get(capability, "enabled") not in ("enabled", "disabled"):
            raise _invalid("capabilities")
    return msgspec.structs.replace(
        domain,
        return_path=_optional(call, "custom_return_path", str, domain.return_path),
        open_tracking=_optional(call, "open_tracking", bool, domain.open_tracking),
        click_tracking=_optional(call, "click_tracking", bool, domain.click_tracking),
        sending=capabilities.get("sending", domain.sending),
        receiving=capabilities.get("receiving", domain.receiving),
    )


def list_domains(call: Call) -> dict[str, Any]:
    newest_first = list(reversed(call.account.domains.values()))
    domains, has_more = page(call, newest_first, lambda domain: domain.id)
    return {"object": "list", "has_more": has_more, "data": [summary(one) for one in domains]}


def get_domain(call: Call) -> dict[str, Any]:
    return {"object": "domain", **describe(_domain(call))}


def update_domain(call: Call) -> dict[str, Any]:
    return {"object": "domain", "id": call.account.keep_domain(_changed(call, _domain(call))).id}


def verify_domain(call: Call) -> dict[str, Any]:
    """Start a check: a new domain is pending afterwards, as no DNS is asked here."""
    domain = _domain(call)
    if domain.status is not DomainStatus.VERIFIED:
        call.account.set_domain_status(domain, DomainStatus.PENDING)
    return {"object": "domain", "id": domain.id}


def delete_domain(call: Call) -> dict[str, Any]:
    domain = call.account.domains.pop(_domain(call).id)
    return {"object": "domain", "id": domain.id, "deleted": True}


def _domain(call: Call) -> Domain:
    domain = call.account.domains.get(parse_id(call.request.path_params["id"]))
    if domain is None:
        raise Refusal("not_found", "Domain not found")
    return domain


# API keys.


def create_key(call: Call) -> Json:
    permission = _optional(call, "permission", str, "full_access")
    if permission not in {"full_access", "sending_access"}:
        raise Refusal("invalid_access")
    domain_id = _optional(call, "domain_id", str, None)
    if domain_id is not None:
        domain_id = parse_id(domain_id)
        if domain_id not in call.account.domains:
            raise Refusal("not_found", "Domain not found")
    made = call.account.add_key(
        call.text("name"),
        permission=cast(Literal["full_access", "sending_access"], permission),
        domain_id=domain_id,
    )
    return Json({"id": made.id, "token": made.token}, 201)


def list_keys(call: Call) -> dict[str, Any]:
    keys, has_more = page(call, list(reversed(call.account.keys.values())), lambda key: key.id)
    data = [
        {
            "id": key.id,
            "name": key.name,
            "created_at": postgres_time(key.created_at),
            "last_used_at": None if key.last_used_at is None else postgres_time(key.last_used_at),
        }
        for key in keys
    ]
    return {"object": "list", "has_more": has_more, "data": data}


def update_key(call: Call) -> dict[str, Any]:
    key = msgspec.structs.replace(_key(call), name=call.text("name"))
    call.account.keys[key.token] = key
    return {"object": "api_key", "id": key.id}


def delete_key(call: Call) -> dict[str, Any]:
    key = call.account.keys.pop(_key(call).token)
    return {"object": "api_key", "id": key.id, "deleted": True}


def _key(call: Call) -> ApiKey:
    key = call.account.key_by_id(parse_id(call.request.path_params["id"]))
    if key is None:
        raise Refusal("not_found", "API key not found")
    return key


# Webhooks.


def create_webhook(call: Call) -> Json:
    url = _url(call.text("endpoint"))
    if call.fields.get("events") is None:
        raise Refusal("missing_required_field", "Missing `events` field.")
    made = call.account.add_endpoint(url, _events(call, ()))
    return Json({"object": "webhook", "id": made.id, "signing_secret": made.secret}, 201)


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise _invalid("endpoint", "It must be a URL.")
    return text


def _events(call: Call, default: tuple[str, ...]) -> tuple[str, ...]:
    events = _optional(call, "events", list, None)
    if events is None:
        return default
    if not events or not all(isinstance(event, str) and event for event in events):
        raise _invalid("events", f"It must be a list of events, like {WEBHOOK_EVENTS[0]}.")
    return tuple(events)


def list_webhooks(call: Call) -> dict[str, Any]:
    newest_first = list(reversed(call.account.endpoints.values()))
    endpoints, has_more = page(call, newest_first, lambda endpoint: endpoint.id)
    data = [_endpoint_summary(endpoint) for endpoint in endpoints]
    return {"object": "list", "has_more": has_more, "data": data}


def get_webhook(call: Call) -> dict[str, Any]:
    endpoint = _endpoint(call)
    return {
        "object": "webhook",
        **_endpoint_summary(endpoint),
        "signing_secret": endpoint.secret,
    }


def _endpoint_summary(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "endpoint": endpoint.url,
        "events": list(endpoint.events) or None,
        "status": endpoint.status,
        "created_at": postgres_time(endpoint.created_at),
    }


def update_webhook(call: Call) -> dict[str, Any]:
    endpoint = _endpoint(call)
    status = _optional(call, "status", str, endpoint.status)
    if status not in {"enabled", "disabled"}:
        raise _invalid("status")
    changed = msgspec.structs.replace(
        endpoint,
        url=_url(_optional(call, "endpoint", str, endpoint.url)),
        events=_events(call, endpoint.events),
        status=status,
    )
    call.account.endpoints[changed.id] = changed
    return {"object": "webhook", "id": changed.id}


def delete_webhook(call: Call) -> dict[str, Any]:
    endpoint = call.account.endpoints.pop(_endpoint(call).id)
    return {"object": "webhook", "id": endpoint.id, "deleted": True}


def _endpoint(call: Call) -> Endpoint:
    endpoint = call.account.endpoints.get(parse_id(call.request.path_params["id"]))
    if endpoint is None:
        raise Refusal("not_found", "Webhook not found")
    return endpoint


ACCOUNT_ROUTES = (
    Route("/domains", guarded(create_domain), methods=["POST"]),
    Route("/domains", guarded(list_domains), methods=["GET"]),
    Route("/domains/{id}", guarded(get_domain), methods=["GET"]),
    Route("/domains/{id}", guarded(update_domain), methods=["PATCH"]),
    Route("/domains/{id}", guarded(delete_domain), methods=["DELETE"]),
    Route("/domains/{id}/verify", guarded(verify_domain), methods=["POST"]),
    Route("/api-keys", guarded(create_key), methods=["POST"]),
    Route("/api-keys", guarded(list_keys), methods=["GET"]),
    Route("/api-keys/{id}", guarded(update_key), methods=["PATCH"]),
    Route("/api-keys/{id}", guarded(delete_key), methods=["DELETE"]),
    Route("/webhooks", guarded(create_webhook), methods=["POST"]),
    Route("/webhooks", guarded(list_webhooks), methods=["GET"]),
    Route("/webhooks/{id}", guarded(get_webhook), methods=["GET"]),
    Route("/webhooks/{id}", guarded(update_webhook), methods=["PATCH"]),
    Route("/webhooks/{id}", guarded(delete_webhook), methods=["DELETE"]),
)
