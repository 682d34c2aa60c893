"""The endpoints under /emails."""

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.routing import Route

from mailproof.sandbox.api.call import Call, Json, guarded, page, parse_id
from mailproof.sandbox.clock import postgres_time
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.events.outcomes import plan
from mailproof.sandbox.messages.accepting import accept, accept_batch
from mailproof.sandbox.messages.idempotency import Answer, fingerprint
from mailproof.sandbox.messages.message import Mail
from mailproof.sandbox.messages.schedule import AHEAD_MAX_S, read_schedule

__all__ = ["EMAIL_ROUTES"]


def send(call: Call) -> Json:
    return _once(call, lambda body, key: accept(call.account, call.key, body, key))


def send_batch(call: Call) -> Json:
    validation = call.request.headers.get("x-batch-validation", "strict")
    if validation not in {"strict", "permissive"}:
        raise Refusal(
            "validation_error", "x-batch-validation must be `strict` or `permissive`.", status=422
        )
    return _once(
        call, lambda body, key: accept_batch(call.account, call.key, body, key, validation)
    )


def _once(call: Call, do: Callable[[Any, str | None], dict[str, Any]]) -> Json:
    """Do it, or give again what was answered when this idempotency key was used before."""
    account, exchange = call.account, call.exchange
    key = call.request.headers.get("idempotency-key")
    body = call.body
    if key is not None:
        now = account.clock.now()
        claim = account.idempotency.claim(key, fingerprint(call.request.url.path, body), now)
        exchange.claim = claim
        if claim.answer is not None:
            exchange.replayed = True
            exchange.mail_ids = _mail_ids(claim.answer.body)
            return Json(claim.answer.body, claim.answer.status)
    try:
        answer = Answer(200, do(body, key))
    except Refusal as refusal:
        if exchange.claim is not None:
            exchange.claim.answer = Answer(refusal.status, refusal.body)
        raise
    if exchange.claim is not None:
        exchange.claim.answer = answer
    exchange.mail_ids = _mail_ids(answer.body)
    return Json(answer.body)


def _mail_ids(body: dict[str, Any]) -> tuple[str, ...]:
    if "id" in body:
        return (body["id"],)
    return tuple(entry["id"] for entry in body.get("data", ()))


def list_emails(call: Call) -> dict[str, Any]:
    newest_first = list(reversed(call.account.mails.values()))
    mails, has_more = page(call, newest_first, lambda mail: mail.id)
    now = call.account.clock.now()
    return {"object": "list", "has_more": has_more, "data": [_summary(mail, now) for mail in mails]}


def get_email(call: Call) -> dict[str, Any]:
    mail = _mail(call)
    message = mail.message
    return {
        "object": "email",
        **_summary(mail, call.account.clock.now()),
        "html": message.html,
        "text": message.text,
        "tags": [{"name": name, "value": value} for name, value in message.tags.items()],
        "topic_id": message.topic_id,
    }


def _summary(mail: Mail, now: float) -> dict[str, Any]:
    message = mail.message
    return {
        "id": mail.id,
        "message_id": mail.message_id,
        "from": message.sender,
        "to": message.to,
        "cc": message.cc,
        "bcc": message.bcc,
        "reply_to": message.reply_to,
        "subject": message.subject,
        "created_at": postgres_time(mail.accepted_at),
        "scheduled_at": _time_or_none(message.scheduled_at),
        "last_event": mail.last_event(now),
    }


def _time_or_none(at: float | None) -> str | None:
    return None if at is None else postgres_time(at)


def update_email(call: Call) -> dict[str, Any]:
    """Move a scheduled mail to another time."""
    mail = _scheduled(call)
    now = call.account.clock.now()
    at = read_schedule(call.text("scheduled_at"), now)
    if at is None or at > now + AHEAD_MAX_S:
        raise Refusal("validation_error", "Invalid `scheduled_at` field.", status=422)
    mail.message = msgspec.structs.replace(mail.message, scheduled_at=at)
    passed = tuple(moment for moment in mail.moments if moment.at <= now)
    to_come = plan(mail.message, now, call.account.settings.step_s, mail.outcome)
    to_come = tuple(moment for moment in to_come if moment.event != "scheduled")
    mail.moments = passed + to_come
    call.account.postman.schedule(mail, to_come)
    return {"object": "email", "id": mail.id}


def cancel_email(call: Call) -> dict[str, Any]:
    mail = _scheduled(call)
    mail.cancel(call.account.clock.now())
    return {"object": "email", "id": mail.id}


def _mail(call: Call) -> Mail:
    mail = call.account.mails.get(parse_id(call.request.path_params["id"]))
    if mail is None:
        raise Refusal("not_found", "Email not found")
    return mail


def _scheduled(call: Call) -> Mail:
    mail = _mail(call)
    if mail.last_event(call.account.clock.now()) != "scheduled":
        raise Refusal("validation_error", "Email is not scheduled.", status=422)
    return mail


EMAIL_ROUTES = (
    Route("/emails", guarded(send, sending=True), methods=["POST"]),
    Route("/emails", guarded(list_emails), methods=["GET"]),
    Route("/emails/batch", guarded(send_batch, sending=True), methods=["POST"]),
    Route("/emails/{id}", guarded(get_email), methods=["GET"]),
    Route("/emails/{id}", guarded(update_email), methods=["PATCH"]),
    Route("/emails/{id}/cancel", guarded(cancel_email), methods=["POST"]),
)
