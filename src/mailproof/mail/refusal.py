"""How a refusal is said over HTTP: in the shape and with the names that Resend's SDKs read."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mailproof.mail.invalid import InvalidInput

__all__ = ["STATUS", "Refusal", "refuse"]

# Every name that resend.com/docs/api-reference/errors documents, with the status given there.
# `validation_error` stands there with 400 and 403; for a bad field the API answers 422, as reports
# of SDK users show (resend/resend-python#65).
STATUS: Final[Mapping[str, int]] = {
    "invalid_idempotency_key": 400,
    "missing_api_key": 401,
    "restricted_api_key": 401,
    "invalid_api_key": 403,
    "suspended_api_key": 403,  # not on that page: from resend-node's list of names
    "not_found": 404,
    "method_not_allowed": 405,
    "concurrent_idempotent_requests": 409,
    "invalid_idempotent_request": 409,
    "invalid_access": 422,
    "invalid_attachment": 422,
    "invalid_from_address": 422,
    "invalid_parameter": 422,
    "invalid_region": 422,
    "missing_required_field": 422,
    "validation_error": 422,
    "daily_quota_exceeded": 429,
    "monthly_quota_exceeded": 429,
    "rate_limit_exceeded": 429,
    "security_error": 451,
    "application_error": 500,
    "internal_server_error": 500,
}


class Refusal(msgspec.Struct, frozen=True, rename={"status_code": "statusCode"}):
    """The body of an error answer. `message` says what, where and what to do."""

    status_code: int
    name: str
    message: str


def refuse(error: InvalidInput) -> Refusal:
    """Bad input as an answer; its `status_code` is also the HTTP status."""
    return Refusal(STATUS[error.name], error.name, str(error))
