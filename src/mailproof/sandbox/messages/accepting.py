"""Accepting mail: who may send from where, single and in batches, within the quota."""

import uuid
from typing import Any, Final

from mailproof.sandbox.account import Account, ApiKey
from mailproof.sandbox.domains import may_send
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.events.outcomes import FAULT_DOMAIN, OUTCOMES, TEST_DOMAIN, outcome_of, plan
from mailproof.sandbox.faults.fault import Sighting, UnknownFault, asked_by_address
from mailproof.sandbox.messages.addresses import read_mailbox
from mailproof.sandbox.messages.message import Handover, Mail, Message
from mailproof.sandbox.messages.validation import read_message

__all__ = ["BATCH_MAX", "accept", "accept_batch", "accept_letter", "sighting"]

BATCH_MAX: Final = 100


def sighting(method: str, path: str, body: Any) -> Sighting:
    """What a fault can see of a request, however broken its body is."""
    items = body if isinstance(body, list) else [body]
    recipients: list[str] = []
    subjects: list[str] = []
    for item in items:
        if not isinstance(item, dict):
            continue
        for field in ("to", "cc", "bcc"):
            value = item.get(field)
            for entry in value if isinstance(value, list) else [value]:
                mailbox = read_mailbox(entry) if isinstance(entry, str) else None
                if mailbox is not None:
                    recipients.append(mailbox.address)
        if isinstance(subject := item.get("subject"), str):
            subjects.append(subject)
    return Sighting(method, path, tuple(recipients), tuple(subjects))


def accept(account: Account, key: ApiKey, body: Any, idempotency_key: str | None) -> dict[str, Any]:
    """POST /emails. Returns the answer; raises `Refusal`."""
    message = _read(account, key, body)
    _stay_within_quota(account, [message])
    return {"id": _record(account, key.name, message, idempotency_key).id}


def accept_letter(
    account: Account, key: ApiKey | None, message: Message, handover: Handover
) -> Mail:
    """A mail that came over SMTP. Raises `Refusal`. Without a `key`, any sender may send."""
    if key is not None:
        _authorize_sender(account, key, message)
    _stay_within_quota(account, [message], more_bytes=len(handover.raw))
    name = key.name if key is not None else handover.login
    return _record(account, name, message, None, handover=handover)


def accept_batch(
    account: Account,
    key: ApiKey,
    body: Any,
    idempotency_key: str | None,
    validation: str,
) -> dict[str, Any]:
    """POST /emails/batch: all or none, or with `permissive` those that are valid."""
    if not isinstance(body, list) or not body:
        raise Refusal("validation_error", "The batch must be an array of emails.", status=422)
    if len(body) > BATCH_MAX:
        raise Refusal("validation_error", f"A batch can have up to {BATCH_MAX} emails.", status=422)
    messages: list[tuple[int, Message]] = []
    errors: list[dict[str, Any]] = []
    for index, item in enumerate(body):
        try:
            messages.append((index, _read(account, key, item, in_batch=True)))
        except Refusal as refusal:
            if validation != "permissive":
                raise
            errors.append({"index": index, "message": refusal.message})
    _stay_within_quota(account, [message for _, message in messages])
    made = [
        _record(account, key.name, message, idempotency_key, position=index)
        for index, message in messages
    ]
    answer: dict[str, Any] = {"data": [{"id": mail.id} for mail in made]}
    if validation == "permissive":
        answer["errors"] = errors
    return answer


def _read(account: Account, key: ApiKey, body: Any, *, in_batch: bool = False) -> Message:
    message = read_message(
        body,
        account.clock.now(),
        refuse_example_domains=account.settings.switches.refuse_example_domains,
        in_batch=in_batch,
    )
    _refuse_unknown_magic(message)
    _authorize_sender(account, key, message)
    return message


def _refuse_unknown_magic(message: Message) -> None:
    """An address at fault.test that asks for nothing we know is a typo in someone's test."""
    for recipient in message.recipients:
        mailbox = read_mailbox(recipient)
        if mailbox is None or mailbox.domain != FAULT_DOMAIN:
            continue
        try:
            known = mailbox.local.partition("+")[0] in OUTCOMES or asked_by_address([recipient])
        except UnknownFault as problem:
            raise Refusal(
                "validation_error", f"Invalid `to` field. {recipient}: {problem}", status=422
            ) from problem
        if not known:
            raise Refusal(
                "validation_error",
                f"Invalid `to` field. {recipient} names no fault of a request; "
                "GET /_sandbox/faults/known lists them.",
                status=422,
            )


def _authorize_sender(account: Account, key: ApiKey, message: Message) -> None:
    sender = read_mailbox(message.sender)
    if sender is None:  # read_message refuses it before
        raise Refusal("invalid_from_address")
    if sender.domain == TEST_DOMAIN:
        _only_to_oneself(account, message)
        return
    domain = account.domain_by_name(sender.domain)
    if key.domain_id is not None and (domain is None or domain.id != key.domain_id):
        raise Refusal(
            "validation_error",
            f"This API key is not authorized to send emails from {sender.domain}",
            status=403,
        )
    if domain is None or not may_send(domain):
        raise Refusal(
            "validation_error",
            f"The {sender.domain} domain is not verified. "
            "Please, add and verify your domain on https://resend.com/domains",
            status=403,
        )


def _only_to_oneself(account: Account, message: Message) -> None:
    for recipient in message.recipients:
        mailbox = read_mailbox(recipient)
        if mailbox is None or mailbox.domain in {TEST_DOMAIN, FAULT_DOMAIN}:
            continue
        if mailbox.address != account.settings.owner.lower():
            raise Refusal(
                "validation_error",
                "You can only send testing emails to your own email address "
                f"({account.settings.owner}). To send emails to other recipients, please verify a "
                "domain at resend.com/domains, and change the `from` address to an email using "
                "this domain.",
                status=403,
            )


def _stay_within_quota(account: Account, messages: list[Message], *, more_bytes: int = 0) -> None:
    settings = account.settings
    more_bytes += sum(message.stored_bytes for message in messages)
    if (
        len(account.mails) + len(messages) > settings.mails_max
        or account.stored_bytes + more_bytes > settings.bytes_max
    ):
        raise Refusal(
            "service_unavailable",
            f"The sandbox keeps {settings.mails_max} mails of {settings.bytes_max} bytes together "
            "and is full. DELETE /_sandbox/mails empties it.",
        )
    if account.settings.switches.over_quota == "fail_later":
        return
    more = sum(len(message.recipients) for message in messages)
    exceeded = account.quota.exceeded(account.clock.now(), more)
    if exceeded:
        raise Refusal(exceeded)


def _record(  # noqa: PLR0913 - what is known of a mail
    account: Account,
    key_name: str,
    message: Message,
    idempotency_key: str | None,
    *,
    position: int | None = None,
    handover: Handover | None = None,
) -> Mail:
    now = account.clock.now()
    recipients = [read_mailbox(one) for one in message.recipients]
    addresses = tuple(mailbox.address for mailbox in recipients if mailbox is not None)
    seen = Sighting("POST", "/emails", addresses, (message.subject,))
    outcome = account.faults.of_receiver(seen) or outcome_of(message.recipients)
    if account.quota.exceeded(now, len(message.recipients)):
        outcome = "quota-failed"
    mishap = account.faults.of_webhooks(seen)
    mail = Mail(
        id=str(uuid.uuid4()),
        message=message,
        accepted_at=now,
        key_name=key_name,
        idempotency_key=idempotency_key,
        moments=plan(message, now, account.settings.step_s, outcome),
        outcome=outcome,
        mishap=mishap,
        batch_position=position,
        handover=handover,
    )
    account.keep_mail(mail)
    account.quota.add(now, len(message.recipients))
    account.postman.schedule(mail, mail.moments)
    account.tell(mail)
    return mail
