"""One shape for all channels: what the evidence shows, ready for rules to look at.

Reading is separate from judging: here nothing is decided, only found. Structure comes first
(status, error names, enhanced status codes, exception classes), words last.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import (
    DeliveryStatus,
    Event,
    Evidence,
    HttpAnswer,
    Origin,
    Raised,
    SdkError,
    SmtpReply,
)
from mailproof.diagnosis.harvest import Harvest, harvest, parse_body
from mailproof.diagnosis.wrapped import Wrapped, unwrap

__all__ = ["Symptoms", "read"]

_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_TEXT_MAX: Final = 20_000


class Symptoms(msgspec.Struct, frozen=True):
    """What a piece of evidence shows. Everything but `headers` values and `text` in lower case.

    `status` HTTP, 0 without; `code` SMTP, 0 without; `names` error names and codes; `marks`
    `key=value` of each short scalar in the body; `fields` request fields that were blamed;
    `types` exception classes and errno names, outermost first, without their module;
    `page`: the body is HTML; `written`: had the request gone out, None when not known.
    """

    channel: str
    provider: str
    origin: Origin
    text: str = ""
    low: str = ""
    status: int = 0
    headers: Mapping[str, str] = {}
    names: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    page: bool = False
    code: int = 0
    enhanced: tuple[str, ...] = ()
    stage: str = ""
    types: tuple[str, ...] = ()
    written: bool | None = None
    remote: str = ""


def read(evidence: Evidence) -> Symptoms:
    """Find what the evidence shows. Never raises, whatever the provider sent."""
    seen, provider = evidence.seen, evidence.provider
    match seen:
        case HttpAnswer():
            return _read_http(seen, provider)
        case SmtpReply():
            receiver = evidence.context.role == "recipient_mx"
            return _read_smtp(seen, provider, Origin.RECEIVER if receiver else Origin.PROVIDER)
        case Raised():
            return _read_exception(seen, provider)
        case SdkError():
            return _read_sdk(seen, provider)
        case Event():
            return _read_event(seen, provider)
        case DeliveryStatus():
            return _read_dsn(seen, provider)


def _read_http(seen: HttpAnswer, provider: str) -> Symptoms:
    body: Any = seen.body
    page = False
    if isinstance(body, str):
        page = is_html(body, seen.headers)
        body = body[:_TEXT_MAX] if page else (parse_body(body) or body[:_TEXT_MAX])
    found = Harvest(messages=(body,)) if page else harvest(body)
    return _symptoms(
        "http",
        provider,
        Origin.PROVIDER,
        found,
        status=seen.status,
        headers=seen.headers,
        page=page,
    )


def _read_sdk(seen: SdkError, provider: str) -> Symptoms:
    found = harvest(seen.error)
    inner = unwrap("\n".join(found.messages))
    return _symptoms(
        "sdk",
        provider,
        Origin.PROVIDER,
        found,
        inner=inner,
        status=found.status or inner.status,
    )


def _read_event(seen: Event, provider: str) -> Symptoms:
    return _symptoms("webhook", provider, Origin.RECEIVER, harvest(seen.event))


def _read_smtp(seen: SmtpReply, provider: str, origin: Origin) -> Symptoms:
    found = Harvest(messages=(seen.reply[:_TEXT_MAX],))
    return _symptoms("smtp", provider, origin, found, code=seen.code, stage=seen.stage.lower())


def _read_dsn(seen: DeliveryStatus, provider: str) -> Symptoms:
    found = Harvest(
        messages=(seen.diagnostic[:_TEXT_MAX],), marks=frozenset({f"action={seen.action.lower()}"})
    )
    return _symptoms(
        "dsn",
        provider,
        Origin.RECEIVER,
        found,
        inner=unwrap(seen.diagnostic[:_TEXT_MAX]),
        enhanced=(seen.status,) if seen.status else (),
        remote=seen.remote_mta.lower(),
    )


def _read_exception(seen: Raised, provider: str) -> Symptoms:
    chain: list[Raised] = []
    link: Raised | None = seen
    while link is not None and len(chain) < 10:
        chain.append(link)
        link = link.cause
    types = [_bare(name) for each in chain for name in (each.type, str(each.code or "")) if name]
    messages = tuple(each.message for each in chain if each.message)
    inner = unwrap("\n".join(messages))
    answered = bool(inner.status or inner.code)
    return _symptoms(
        "exception",
        provider,
        Origin.PROVIDER if answered else Origin.NETWORK,
        Harvest(messages=messages),
        inner=inner,
        status=inner.status,
        types=(*types, *inner.types),
        written=seen.request_written,
    )


def _symptoms(  # noqa: PLR0913 - one place where the shape is filled
    channel: str,
    provider: str,
    origin: Origin,
    found: Harvest,
    *,
    inner: Wrapped | None = None,
    status: int = 0,
    headers: Mapping[str, str] = {},
    page: bool = False,
    code: int = 0,
    enhanced: tuple[str, ...] = (),
    stage: str = "",
    types: tuple[str, ...] = (),
    written: bool | None = None,
    remote: str = "",
) -> Symptoms:
    text = "\n".join(found.messages)[:_TEXT_MAX]
    inner = inner or Wrapped()
    body = inner.body
    return Symptoms(
        channel=channel,
        provider=provider,
        origin=origin,
        text=text,
        low=text.lower(),
        status=status,
        headers=headers,
        names=found.names | body.names | inner.names,
        marks=found.marks | body.marks,
        fields=tuple(field.lower() for field in (*found.fields, *body.fields)),
        page=page,
        code=code or inner.code,
        enhanced=tuple(dict.fromkeys((*enhanced, *_ENHANCED.findall(text)))),
        stage=stage or inner.stage,
        types=types,
        written=written,
        remote=remote,
    )


def is_html(body: str, headers: Mapping[str, str]) -> bool:
    head = body[:400].lstrip().lower()
    if head.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in head:
        return True
    return "html" in headers.get("content-type", "").lower() and head.startswith("<")


def _bare(name: str) -> str:
    """`requests.exceptions.ReadTimeout` and `Symfony\\…\\TransportException` without the module."""
    return re.split(r"[.\\:/$]+", name)[-1].strip().lower()
