"""Resend's errors: every name with its documented status and sentence."""

from collections.abc import Mapping
from typing import Final

import msgspec

__all__ = ["ERRORS", "KnownError", "Refusal"]


class KnownError(msgspec.Struct, frozen=True):
    """What Resend answers under a name, when nothing more exact is said."""

    status: int
    message: str


_E = KnownError

# Statuses and sentences: resend.com/docs/api-reference/errors. The last four are on no page, but
# in its official clients (resend-rust src/error.rs) and in answers that people have pasted.
ERRORS: Final[Mapping[str, KnownError]] = {
    "invalid_idempotency_key": _E(400, "The key must be between 1-256 chars."),
    "validation_error": _E(400, "We found an error with one or more fields in the request."),
    "missing_api_key": _E(401, "Missing API key in the authorization header."),
    "restricted_api_key": _E(401, "This API key is restricted to only send emails"),
    "invalid_api_key": _E(403, "API key is invalid."),
    "not_found": _E(404, "The requested endpoint does not exist."),
    "method_not_allowed": _E(405, "Method is not allowed for the requested path."),
    "invalid_idempotent_request": _E(
        409, "Same idempotency key used with a different request payload."
    ),
    "concurrent_idempotent_requests": _E(
        409, "Same idempotency key used while original request is still in progress."
    ),
    "invalid_attachment": _E(422, "Attachment must have either a `content` or `path`."),
    "invalid_from_address": _E(422, "Invalid `from` field."),
    "invalid_access": _E(422, 'Access must be "full_access" | "sending_access".'),
    "invalid_parameter": _E(422, "The parameter must be a valid UUID."),
    "invalid_region": _E(
        422, 'Region must be "us-east-1" | "eu-west-1" | "sa-east-1" | "ap-northeast-1".'
    ),
    "missing_required_field": _E(422, "The request body is missing one or more required fields."),
    "monthly_quota_exceeded": _E(429, "You have reached your monthly email sending quota."),
    "daily_quota_exceeded": _E(429, "You have reached your daily email sending quota."),
    "rate_limit_exceeded": _E(
        429,
        "Too many requests. Please limit the number of requests per second. "
        "Or contact support to increase rate limit.",
    ),
    "security_error": _E(451, "We may have found a security issue with the request."),
    "application_error": _E(500, "An unexpected error occurred."),
    "internal_server_error": _E(500, "An unexpected error occurred."),
    "suspended_api_key": _E(403, "This API key is suspended"),
    "invalid_permission": _E(403, "Access token is missing required scopes."),
    "resource_locked": _E(409, "Another request is already updating this resource."),
    "service_unavailable": _E(503, "API is temporarily unavailable"),
}


class Refusal(Exception):
    """An error answer of Resend's. Status and sentence default to those of its name."""

    def __init__(
        self,
        name: str,
        message: str = "",
        *,
        status: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        known = ERRORS[name]
        self.name = name
        self.status = status or known.status
        self.message = message or known.message
        self.headers = headers or {}
        super().__init__(f"{self.status} {name}: {self.message}")

    @property
    def body(self) -> dict[str, str | int]:
        """The JSON that every official client reads."""
        return {"statusCode": self.status, "name": self.name, "message": self.message}
