"""The faults by name, those of HTTP and of the webhooks written out here."""

from collections.abc import Mapping
from typing import Any, Final

from mailproof.sandbox.errors import ERRORS
from mailproof.sandbox.faults.kinds import HANG_MAX_S, Act, Kind, Stage
from mailproof.sandbox.faults.smtp_table import SMTP_FAULTS

__all__ = ["FAULTS"]

_CLOUDFLARE: Final = {"server": "cloudflare", "cf-ray": "8f2b1c0000000000-FRA"}
_PLAIN: Final = {"content-type": "text/plain; charset=UTF-8"}


def _page(title: str, text: str) -> str:
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>{text}</center>\r\n</body>\r\n</html>\r\n"
    )


_PORTAL: Final = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Guest Wi-Fi: please sign in</title></head>
<body><h1>Welcome</h1><form action="/login" method="post"><input name="room">
<button>Connect</button></form></body></html>
"""


def _error(name: str, status: int = 0) -> Kind:
    known = ERRORS[name]
    status = status or known.status
    headers = {"retry-after": "1"} if name == "rate_limit_exceeded" else {}
    body = {"statusCode": status, "name": name, "message": known.message}
    what = f"{status} {name}, in Resend's shape"
    return Kind(Stage.READ, Act.ANSWER, what, status, headers, body)


def _answer(what: str, status: int, headers: Mapping[str, str], body: Any) -> Kind:
    return Kind(Stage.READ, Act.ANSWER, what, status, headers, body)


def _accepted(what: str, status: int, body: Any) -> Kind:
    return Kind(Stage.ACCEPTED, Act.ANSWER, what, status, {}, body)


_STATUSES: Final[Mapping[str, Kind]] = {
    # Which name a bare status stands for; 502 and 504 come from what stands before the API.
    "400": _error("validation_error"),
    "401": _error("missing_api_key"),
    "403": _error("invalid_api_key"),
    "404": _error("not_found"),
    "409": _error("concurrent_idempotent_requests"),
    "422": _error("validation_error", 422),
    "429": _error("rate_limit_exceeded"),
    "451": _error("security_error"),
    "500": _error("internal_server_error"),
    "502": _answer("502 as a page", 502, _CLOUDFLARE, _page("502 Bad Gateway", "cloudflare")),
    "503": _error("service_unavailable"),
    "504": _answer("504 as a page", 504, _CLOUDFLARE, _page("504 Gateway Time-out", "cloudflare")),
}


def _refused(status: int, message: str, what: str) -> Kind:
    """A `validation_error`, which can mean anything; only its sentence says what."""
    body = {"statusCode": status, "name": "validation_error", "message": message}
    return Kind(Stage.READ, Act.ANSWER, what, status, {}, body)


# What most people meet first.
_SITUATIONS: Final[Mapping[str, Kind]] = {
    "sender-unverified": _refused(
        403,
        "The acme.test domain is not verified. "
        "Please, add and verify your domain on https://resend.com/domains",
        "403, as for a domain that is not verified",
    ),
    "testing-only": _refused(
        403,
        "You can only send testing emails to your own email address (owner@acme.test). To send "
        "emails to other recipients, please verify a domain at resend.com/domains, and change the "
        "`from` address to an email using this domain.",
        "403, as for the testing sender",
    ),
    "unknown-key": _refused(400, "API key is invalid", "400, as for a key that does not exist"),
}

_STRANGE_ANSWERS: Final[Mapping[str, Kind]] = {
    "answer": _answer("any status, headers and body of yours", 200, {}, {}),
    "html": _answer(
        "503 as a page", 503, {}, _page("503 Service Temporarily Unavailable", "nginx")
    ),
    "cloudflare-1010": _answer(
        "403 of the edge, as without a User-Agent",
        403,
        {**_CLOUDFLARE, **_PLAIN},
        "error code: 1010",
    ),
    "captive-portal": _answer("200 with the sign-in page of a hotel", 200, {}, _PORTAL),
    "wrong-host": _answer(
        "404 of a host that is not Resend",
        404,
        {**_PLAIN, "server": "Vercel", "x-vercel-error": "DEPLOYMENT_NOT_FOUND"},
        "The deployment could not be found on Vercel.\n\nDEPLOYMENT_NOT_FOUND\n",
    ),
    "redirect": _answer(
        "301 to another host", 301, {"location": "https://www.example.test/emails"}, ""
    ),
    "empty": _answer("200 without a body", 200, {"content-type": "application/json"}, ""),
    "broken-json": _answer(
        "200 with half an object", 200, {"content-type": "application/json"}, '{"id": "49a3999c-0ce'
    ),
}

_WIRE: Final[Mapping[str, Kind]] = {
    "slow": Kind(Stage.ACCEPTED, Act.SLOW, "all is done at once, the answer comes late", seconds=3),
    "hang-before": Kind(
        Stage.HEAD, Act.HANG, "stops reading after the head and never answers", seconds=HANG_MAX_S
    ),
    "hang-after": Kind(
        Stage.READ, Act.HANG, "reads all, does nothing, never answers", seconds=HANG_MAX_S
    ),
    "reset-before": Kind(Stage.HEAD, Act.RESET, "resets the connection after the head"),
    "reset-after": Kind(Stage.READ, Act.RESET, "reads all, does nothing, resets the connection"),
    "accept-silent": Kind(
        Stage.ACCEPTED, Act.HANG, "accepts the mail and never answers", seconds=HANG_MAX_S
    ),
    "accept-reset": Kind(Stage.ACCEPTED, Act.RESET, "accepts the mail and resets the connection"),
    "accept-truncated": Kind(
        Stage.ACCEPTED, Act.TRUNCATE, "accepts the mail and ends within the answer"
    ),
    "accept-500": _accepted(
        "accepts the mail and answers 500",
        500,
        {
            "statusCode": 500,
            "name": "internal_server_error",
            "message": ERRORS["internal_server_error"].message,
        },
    ),
    "accept-502": _accepted(
        "accepts the mail and answers 502 as a page", 502, _page("502 Bad Gateway", "cloudflare")
    ),
}

_RECEIVER: Final[Mapping[str, Kind]] = {
    "receiver-bounces": Kind(
        Stage.RECEIVER, Act.END, "accepted, and bounces: no such mailbox", body="bounced"
    ),
    "receiver-full": Kind(
        Stage.RECEIVER, Act.END, "accepted, and bounces: the mailbox is full", body="mailbox-full"
    ),
    "receiver-complains": Kind(
        Stage.RECEIVER, Act.END, "delivered, and reported as spam", body="complained"
    ),
}

_WEBHOOKS: Final[Mapping[str, Kind]] = {
    "no-webhooks": Kind(Stage.WEBHOOK, Act.NO_WEBHOOKS, "accepted, and no event ever comes"),
    "late-webhooks": Kind(Stage.WEBHOOK, Act.LATE, "events come late", seconds=60),
    "doubled-webhooks": Kind(
        Stage.WEBHOOK, Act.DOUBLE, "each event comes twice, under one svix-id"
    ),
    "reordered-webhooks": Kind(Stage.WEBHOOK, Act.REORDER, "the last event comes first"),
    "badly-signed-webhooks": Kind(Stage.WEBHOOK, Act.BAD_SIGNATURE, "signed with another secret"),
}

FAULTS: Final[Mapping[str, Kind]] = {
    **_STATUSES,
    **{name: _error(name) for name in ERRORS},
    **_SITUATIONS,
    **_STRANGE_ANSWERS,
    **_WIRE,
    **_RECEIVER,
    **_WEBHOOKS,
    **SMTP_FAULTS,
}
