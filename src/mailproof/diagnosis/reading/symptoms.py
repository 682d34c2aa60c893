"""One shape for all channels: what the evidence shows, ready for rules to look at.

Reading is separate from judging: here nothing is decided, only found. Structure comes first
(status, error names, enhanced status codes, exception classes), words last.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Event,
    Evidence,
    HttpAnswer,
    Origin,
    Raised,
    SdkError,
    SmtpReply,
    decode_text,
)
from mailproof.diagnosis.reading.event import read_event
from mailproof.diagnosis.reading.harvest import Harvest, harvest, mentioned, parse_body
from mailproof.diagnosis.reading.reply import ENHANCED, Reply, innermost, stage_in
from mailproof.diagnosis.reading.wrapped import Wrapped, unwrap

__all__ = ["Symptoms", "read"]

# Classes and codes of SMTP clients: their sentence is about a mail server even without a code.
_SMTP_CLIENT: Final = re.compile(
    r"smtp|^(?:eauth|eenvelope|emessage|esocket|eprotocol|estream)$|mailkit|messagingexception"
)
# Their message is the server's reply without its code.
_BARE_REPLY: Final = re.compile(r"smtpcommandexception$")
# What PHPMailer and lettre print before a reply that they give without its code.
_QUOTES: Final = ("recipients failed: ", "from address failed: ")
_HEADS: Final = ("permanent: ", "transient: ")
# PHP's mailers name the code that they wanted.
_SMTP_TALK: Final = ("smtp", "expected response code", "the server response was")
_STAGE_OF: Final[Mapping[str, str]] = {
    "smtpconnecterror": "connect",
    "smtpheloerror": "ehlo",
    "smtpauthenticationerror": "auth",
    "authenticationfailedexception": "auth",
    "eauth": "auth",
    "smtpsenderrefused": "mail",
    "smtpsenderfailedexception": "mail",
    "smtprecipientrefused": "rcpt",
    "smtprecipientsrefused": "rcpt",
    "smtpaddressfailedexception": "rcpt",
    "smtpfailedrecipientexception": "rcpt",
    "smtpdataerror": "end-of-data",
    "emessage": "end-of-data",
}
_EVENT_CODE: Final = re.compile(r"(?:error_|smtp_|response_)?code=([45]\d\d)")
# Postfix names the host in its sentence: `host mx.example.org[192.0.2.1] said:`.
_SAID_BY: Final = re.compile(r"\bhost ([\w.-]{3,253})\\?\[")
_SYSEXIT: Final = re.compile(r"^(?:status |exit (?:code|status) )?(6[4-9]|7[0-8])\b")
_SYSCALL: Final = re.compile(r"(?:errno|syscall|command)=")
_AUTH_CODES: Final = frozenset({534, 535, 538})
_NO_REPLY: Final = Reply()
_CHAIN_MAX: Final = 10
_PRINTED: Final = frozenset({"sdk", "exception", "smtp"})  # a client's own sentence
_RELAYS: Final = frozenset({"smtp", "unknown"})
_TEXT_MAX: Final = 20_000


class Symptoms(msgspec.Struct, frozen=True):
    """What a piece of evidence shows. Everything but `headers` values and `text` in lower case.

    `status` HTTP, 0 without; `code` SMTP, 0 without; `names` error names and codes; `marks`
    `key=value` of each short scalar in the body; `fields` request fields that were blamed;
    `types` exception classes and errno names, outermost first, without their module; `raised` the
    same on one line, each between blanks;
    `reply` the innermost reply of a mail server on one line, empty where none spoke; `remote` the
    server that a DSN names; `page`: the body is HTML; `shape` of a body: json, page, text, empty;
    `written`: had the request gone out, None when not known.
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
    shape: str = ""
    code: int = 0
    enhanced: tuple[str, ...] = ()
    stage: str = ""
    types: tuple[str, ...] = ()
    raised: str = ""
    written: bool | None = None
    remote: str = ""
    reply: str = ""


def read(evidence: Evidence) -> Symptoms:
    """Find what the evidence shows. Never raises, whatever the provider sent."""
    seen = _read_seen(evidence)
    named = _named_addresses(evidence.context, seen.low)
    return msgspec.structs.replace(seen, fields=(*seen.fields, *named)) if named else seen


def _named_addresses(context: Context, low: str) -> tuple[str, ...]:
    """Which of the mail's own addresses the words name, as fields `address:from`, `address:to`."""
    sender = context.sender.rpartition("<")[2].strip(" >").lower()
    to = (each.rpartition("<")[2].strip(" >").lower() for each in context.to)
    named = ("address:from",) if sender and sender in low else ()
    return (*named, "address:to") if any(each and each in low for each in to) else named


def _read_seen(evidence: Evidence) -> Symptoms:
    seen, provider = evidence.seen, evidence.provider
    asked = Origin.RECEIVER if evidence.context.role == "recipient_mx" else Origin.PROVIDER
    match seen:
        case HttpAnswer():
            return _read_http(seen, provider)
        case SmtpReply():
            return _read_smtp(seen, provider, asked)
        case Raised():
            return _read_exception(seen, provider, asked)
        case SdkError():
            return _read_sdk(seen, provider)
        case Event():
            return _read_event(seen, provider)
        case DeliveryStatus():
            return _read_dsn(seen, provider, evidence.context.role)


def _read_http(seen: HttpAnswer, provider: str) -> Symptoms:
    body: Any = decode_text(seen.body) if isinstance(seen.body, bytes) else seen.body
    shape = "json"
    if isinstance(body, str):
        if is_html(body, seen.headers):
            shape = "page"
        elif (tree := parse_body(body)) is not None:
            body = tree
        else:
            shape = "text" if body.strip() else "empty"
        body = body[:_TEXT_MAX] if isinstance(body, str) else body
    return _symptoms(
        "http",
        provider,
        Origin.PROVIDER,
        Harvest(messages=(body,)) if shape == "page" else harvest(body),
        status=seen.status,
        headers=seen.headers,
        shape=shape,
    )


def _read_sdk(seen: SdkError, provider: str) -> Symptoms:
    found = harvest(seen.error)
    text = "\n".join(found.messages)[:_TEXT_MAX]
    inner = unwrap("\n".join((text, *(mark for mark in found.marks if _SYSCALL.match(mark)))))
    reply = _reply_in(found.messages, found.names, provider)
    return _symptoms(
        "sdk",
        provider,
        Origin.RECEIVER if reply.relayed else Origin.PROVIDER,
        found,
        inner=inner,
        status=found.status or inner.status,
        headers=_headers_in(seen.error),
        shape="page" if _quotes_html(text) else "",
        # An SDK prints the class or the errno where a provider prints its error name.
        types=(*sorted(found.names | inner.names), *inner.types),
        written=False if inner.before else None,
        reply=reply,
    )


def _read_event(seen: Event, provider: str) -> Symptoms:
    told = read_event(seen.event)
    found = told.found
    # The receiver's own words stand in one field; beside it the provider describes its event.
    replies = [reply for each in found.messages if (reply := innermost(each)).code]
    reply = max(
        replies or [innermost(" ".join(found.messages))], key=lambda each: bool(each.enhanced)
    )
    return _symptoms(
        "webhook",
        provider,
        told.origin,
        found,
        remote=told.remote,
        code=_code_in(found.marks),
        enhanced=tuple(code for mark in found.marks for code in ENHANCED.findall(mark)),
        reply=reply,
    )


def _read_smtp(seen: SmtpReply, provider: str, origin: Origin) -> Symptoms:
    reply = innermost(seen.reply[:_TEXT_MAX], seen.code)
    return _symptoms(
        "smtp",
        provider,
        _speaker(reply, provider, origin),
        Harvest(messages=(seen.reply[:_TEXT_MAX],)),
        code=reply.code if reply.relayed and reply.code else seen.code,
        stage=(stage_in(reply.words) if reply.relayed else "") or seen.stage.lower(),
        reply=reply,
    )


def _read_dsn(seen: DeliveryStatus, provider: str, role: str) -> Symptoms:
    text = seen.diagnostic[:_TEXT_MAX]
    reply = innermost(text)
    host = seen.remote_mta or ((said := _SAID_BY.search(text)) and said[1]) or ""
    ours = role == "relay" and not reply.relayed
    marks = {f"action={seen.action.strip().lower()}"}
    if reply.kind == "x-unix":
        marks.update(f"sysexit={number}" for number in _SYSEXIT.findall(reply.words))
    return _symptoms(
        "dsn",
        provider,
        Origin.PROVIDER if ours else Origin.RECEIVER,
        Harvest(messages=(text,), marks=frozenset(marks)),
        enhanced=tuple(ENHANCED.findall(seen.status)),
        stage=stage_in(reply.words) or stage_in(reply.before),
        remote=host.lower(),
        reply=reply,
    )


def _read_exception(seen: Raised, provider: str, asked: Origin) -> Symptoms:
    chain: list[Raised] = []
    link: Raised | None = seen
    while link is not None and len(chain) < _CHAIN_MAX:
        chain.append(link)
        link = link.cause
    names = [name for each in chain for name in (each.type, str(each.code or "")) if name]
    types = [_bare(name) for name in names]
    messages = tuple(each.message for each in chain if each.message)
    text = "\n".join(messages)[:_TEXT_MAX]
    inner = unwrap(text)
    reply = _reply_in(messages, (name.lower() for name in names), provider)
    answered = bool(inner.status or reply.code or reply.words)
    if not answered and asked is Origin.PROVIDER:
        asked = Origin.NETWORK
    return _symptoms(
        "exception",
        provider,
        _speaker(reply, provider, asked),
        # A provider's error name is a class in its SDK: `AccessDeniedException`.
        Harvest(frozenset(types), messages=messages),
        inner=inner,
        status=0 if reply.code else inner.status,
        stage=next((_STAGE_OF[name] for name in (*types, *inner.types) if name in _STAGE_OF), ""),
        shape="page" if _quotes_html(text) else "",
        types=(*types, *inner.types),
        written=False if seen.request_written is None and inner.before else seen.request_written,
        reply=reply,
    )


def _speaker(reply: Reply, provider: str, asked: Origin) -> Origin:
    """Whose words a reply holds. Only a relay passes on what a receiver said while we wait."""
    return Origin.RECEIVER if reply.relayed and provider in _RELAYS else asked


def _reply_in(messages: Iterable[str], names: Iterable[str], provider: str) -> Reply:
    """A mail server's reply in what a client printed; empty where it is an HTTP client."""
    text = "\n".join(messages)[:_TEXT_MAX]
    reply = innermost(text)
    names, low = tuple(names), text.lower()
    if (
        reply.enhanced
        or low.startswith(_HEADS)
        or any(quote in low for quote in _QUOTES)
        or any(map(_BARE_REPLY.search, names))
    ):
        return reply
    if reply.code and (
        provider == "smtp"
        or any(talk in low for talk in _SMTP_TALK)
        or any(map(_SMTP_CLIENT.search, names))
    ):
        return reply
    return _NO_REPLY


def _code_in(marks: Iterable[str]) -> int:
    """The reply code that an event has in a field of its own."""
    found = (_EVENT_CODE.fullmatch(mark) for mark in marks)
    return max((int(each[1]) for each in found if each), default=0)


def _symptoms(  # noqa: PLR0913 - one place where the shape is filled
    channel: str,
    provider: str,
    origin: Origin,
    found: Harvest,
    *,
    inner: Wrapped | None = None,
    status: int = 0,
    headers: Mapping[str, str] = {},
    shape: str = "",
    code: int = 0,
    enhanced: tuple[str, ...] = (),
    stage: str = "",
    types: tuple[str, ...] = (),
    written: bool | None = None,
    remote: str = "",
    reply: Reply = _NO_REPLY,
) -> Symptoms:
    text = "\n".join(found.messages)[:_TEXT_MAX]
    inner = inner or Wrapped()
    body = inner.body
    said = mentioned(text) if channel in _PRINTED else Harvest()
    return Symptoms(
        channel=channel,
        provider=provider,
        origin=origin,
        text=text,
        low=text.lower(),
        status=status,
        headers=headers,
        names=found.names | body.names | inner.names | said.names | _named_by(headers),
        marks=found.marks | body.marks | said.marks,
        fields=tuple(field.lower() for field in (*found.fields, *body.fields)),
        page=shape == "page",
        shape=shape,
        code=code or reply.code,
        enhanced=reply.enhanced or enhanced,
        stage=stage or _stage(code or reply.code, text, replied=bool(reply.words)),
        types=types,
        raised=f" {' '.join(types)} " if types else "",
        written=written,
        remote=remote,
        reply=reply.words,
    )


def _stage(code: int, text: str, *, replied: bool) -> str:
    """Which command was answered: 534, 535 and 538 answer AUTH only (RFC 4954 section 6)."""
    if code in _AUTH_CODES:
        return "auth"
    return stage_in(text.lower()) if code or replied else ""


def is_html(body: str, headers: Mapping[str, str]) -> bool:
    head = body[:400].lstrip().lower()
    if head.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in head:
        return True
    return "html" in headers.get("content-type", "").lower() and head.startswith("<")


def _named_by(headers: Mapping[str, str]) -> frozenset[str]:
    """AWS names the error in a header, `LimitExceededException:http://…`, and only there."""
    name = headers.get("x-amzn-errortype", "").partition(":")[0].strip().lower()
    return frozenset((name,)) if name else frozenset()


def _quotes_html(text: str) -> bool:
    low = text.lower()
    return "<html" in low or "<!doctype html" in low


def _headers_in(error: Any) -> Mapping[str, str]:
    """The headers that an SDK kept, wherever it keeps them: `headers`, `response.headers`."""
    for holder in (error, error.get("response") if isinstance(error, Mapping) else None):
        kept = holder.get("headers") if isinstance(holder, Mapping) else None
        if isinstance(kept, Mapping):
            return {str(name).lower(): str(value) for name, value in kept.items()}
    return {}


def _bare(name: str) -> str:
    """`requests.exceptions.ReadTimeout` and `Symfony\\…\\TransportException` without the module."""
    return re.split(r"[.\\:/$]+", name)[-1].strip().lower()
