"""Read a paste: ask the recognisers in order, then say which failure decides."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Evidence,
    HttpAnswer,
    Origin,
    Raised,
    SdkError,
    Seen,
    SmtpReply,
)
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.explain import (
    bounce,
    http_text,
    maillog,
    objects,
    rows,
    sentences,
    smtp_text,
    stack_text,
    told_bounce,
)
from mailproof.explain.decoding import clean, unescaped
from mailproof.explain.found import Found, blank
from mailproof.explain.success import Verdict, overcome_after, verdict_on
from mailproof.explain.winnow import Winnowed, winnowed
from mailproof.providers.catalog import UNKNOWN, provider_in
from mailproof.providers.diagnose import diagnose

__all__ = ["RECOGNISERS", "Reading", "find", "read"]

Recogniser = Callable[[str], Iterable[Found]]

_FOUND_MAX: Final = 2_000
_R: Final = Reason
# What nobody but the provider can have said, if its SDK raised it.
_ANSWERED: Final = frozenset(
    {
        _R.CREDENTIALS_INVALID, _R.CREDENTIALS_RESTRICTED, _R.ACCOUNT_SUSPENDED,
        _R.SANDBOX_RESTRICTED, _R.QUOTA_EXCEEDED, _R.RATE_LIMITED, _R.SENDER_UNVERIFIED,
        _R.TEMPLATE_INVALID, _R.IDEMPOTENCY_CONFLICT, _R.RECIPIENT_SUPPRESSED,
        _R.MESSAGE_TOO_LARGE,
    }
)  # fmt: skip
_LINE_MAX: Final = 2_000
_CODES: Final = re.compile(r"\b[245]\d\d[ -]|\b[245]\.\d{1,3}\.\d{1,3}\b")
_NOT_WORDS: Final = re.compile(r"[\W_]+")
_LAYERS_MAX: Final = 2  # how often a paste is unescaped: a JSON string in a JSON string


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a paste was understood, and the `text` that was read of it.

    `others`: failures in it besides the one explained. Of a long paste, `winnowed` says what was
    looked at; `dropped` are the bytes before it that were not even read. Where `verdict` is not
    `failure`, the reason of `failure` is `unknown`, and nothing that follows from one is meant.
    """

    failure: Failure
    shape: str
    text: str
    verdict: Verdict = Verdict.FAILURE
    others: int = 0
    winnowed: Winnowed = Winnowed("")
    dropped: int = 0


def _objects(text: str) -> Iterator[Found]:
    return objects.objects(text, _structured)


def _structured(text: str) -> list[Found]:
    """What a log record says in words: anything but a guess, for its other fields may know more."""
    text = clean(text)
    return list(_ask(text, STRUCTURED)) or list(_ask(text, WORDED))


# From shapes that nothing else has to shapes that much has. What one has read, the next don't see.
STRUCTURED: Final[tuple[tuple[str, Recogniser], ...]] = (
    ("bounce mail", bounce.bounce_mails),
    ("delivery status fields", bounce.status_fields),
    ("HTTP answer", http_text.answers),
    ("HTML page", http_text.pages),
    ("Python traceback", stack_text.python_traces),
    ("Monolog line", stack_text.php_logs),
    ("PHP error", stack_text.php_errors),
    ("Node error", objects.node_errors),
    ("stack", stack_text.stacks),
    ("Ruby error", stack_text.ruby_errors),
    ("Rails error", stack_text.rails_errors),
    ("Go panic", stack_text.go_panics),
    ("mail_log", maillog.mail_log_lines),
    ("SMTP dialogue", smtp_text.dialogues),
    ("PHPMailer error", smtp_text.phpmailer_errors),
    ("told bounce", told_bounce.told_bounces),
    ("object", _objects),
    ("fields of an object", objects.loose_fields),
    ("export", rows.export_rows),
    ("curl error", http_text.curl_errors),
    ("SMTP reply", smtp_text.replies),
)
# Asked one after the other, until one finds something: these read the same words differently.
WORDED: Final[tuple[tuple[str, Recogniser], ...]] = (
    ("quoted reply", smtp_text.quoted_replies),
    ("HTTP status", http_text.phrases),
    ("exception", sentences.exception_lines),
)
RECOGNISERS: Final = (*STRUCTURED, *WORDED, ("sentence", sentences.telling_lines))


def read(text: str, *, provider: str = "", context: Context | None = None) -> Reading | None:
    """Explain a paste; None when there is nothing in it. `provider` overrules what the text says.

    Of several failures the last one that can be named decides: what stands above it in a log led
    to it, or was overcome.
    """
    long = winnowed(text)
    text = clean(long.text)
    if not text.strip():
        return None
    layer, everything = _find(text)
    around = "" if provider else provider_in(text)
    judged = [
        (found, _judge(found, provider or _provider_of(found, around), context))
        for found in everything
    ]
    known = [each for each in judged if each[1].reason is not Reason.UNKNOWN]
    found, failure = _decisive(known) if known else judged[-1]
    if not provider and (nearer := _nearer(found, failure.evidence.provider, layer)):
        failure = _judge(found, nearer, context)
    failure = _as_the_answer(found, failure, context)
    others = _others(known, found, failure)
    verdict = Verdict.FAILURE
    if not known:
        verdict = verdict_on(found, text)
    elif overcome_after(layer, found.end):
        verdict, others = Verdict.OVERCOME, others + 1
        failure = _judge(msgspec.structs.replace(found, seen=_last_line(layer)), "unknown", context)
    return Reading(
        failure=failure,
        shape=found.shape,
        text=text,
        verdict=verdict,
        others=others,
        winnowed=msgspec.structs.replace(long, text=""),
    )


def find(text: str) -> Sequence[Found]:
    """Everything in clean text that shows a failure, in the order of the text; never empty."""
    return _find(text)[1]


def _find(text: str) -> tuple[str, Sequence[Found]]:
    """The same, with the text in which it stands: escapes may have been undone to find it."""
    layer = text
    for _ in range(_LAYERS_MAX + 1):
        if found := sorted(_ask(layer, STRUCTURED), key=lambda each: each.start):
            return layer, found
        if "\\" not in layer:
            break
        layer = unescaped(layer)
    for _, recognise in WORDED:
        if found := sorted(recognise(layer), key=lambda each: each.start):
            return layer, found[-_FOUND_MAX:]
    return text, list(sentences.telling_lines(text))


def _ask(text: str, recognisers: Sequence[tuple[str, Recogniser]]) -> Iterator[Found]:
    for _, recognise in recognisers:
        found = list(recognise(text))[-_FOUND_MAX:]
        text = blank(text, found) if found else text
        yield from found


def _judge(found: Found, provider: str, context: Context | None) -> Failure:
    known = found.context
    if context is not None:
        known = Context(
            sender=context.sender or known.sender,
            to=context.to or known.to,
            role=context.role or known.role,
        )
    return diagnose(Evidence(found.seen, provider, known))


def _provider_of(found: Found, around: str) -> str:
    """What the evidence itself gives away beats what stands around it in the paste."""
    if found.provider:
        return found.provider
    if isinstance(found.seen, (SmtpReply, DeliveryStatus)):
        return "smtp" if around == UNKNOWN.name else around
    own = provider_in(_told(found))
    return around if own in ("smtp", UNKNOWN.name) and around != UNKNOWN.name else own


def _decisive(known: Sequence[tuple[Found, Failure]]) -> tuple[Found, Failure]:
    """The last one; but what the other side said itself beats how a client sums the same up."""
    found, failure = known[-1]
    if not isinstance(found.seen, Raised):
        return known[-1]
    said = [
        each
        for each in known
        if each[1].reason is failure.reason and isinstance(each[0].seen, (SmtpReply, HttpAnswer))
    ]
    return said[-1] if said else known[-1]


def _as_the_answer(found: Found, failure: Failure, context: Context | None) -> Failure:
    """An SDK's exception that stands for the provider's answer is its error, not the network's."""
    seen, provider = found.seen, failure.evidence.provider
    if (
        not isinstance(seen, Raised)
        or failure.origin is not Origin.NETWORK
        or provider in ("smtp", UNKNOWN.name)
        or failure.reason not in _ANSWERED
    ):
        return failure
    error = {"name": seen.type.rpartition(".")[2], "message": seen.message}
    said = _judge(msgspec.structs.replace(found, seen=SdkError(error)), provider, context)
    return said if said.reason is failure.reason else failure


def _nearer(found: Found, provider: str, text: str) -> str:
    """The provider that the very lines name, where the evidence itself names none."""
    if found.provider or provider_in(_told(found)) not in ("smtp", UNKNOWN.name):
        return ""
    begin = text.rfind("\n", 0, found.start) + 1
    end = text.find("\n", found.start)
    near = provider_in(text[begin : len(text) if end < 0 else end])
    return near if near not in ("smtp", UNKNOWN.name, provider) else ""


def _told(found: Found) -> str:
    return str(msgspec.to_builtins(found.seen)).replace("'", '"')


def _last_line(text: str) -> SdkError:
    return SdkError({"message": text.rstrip().rpartition("\n")[2].strip()[-_LINE_MAX:]})


def _others(known: Sequence[tuple[Found, Failure]], found: Found, failure: Failure) -> int:
    """How many more there are. A failure told twice, as a trace and as an object, counts once."""
    gist = _gist(found.seen)
    rest = {
        (judged.reason, _gist(each.seen)) if each.shape == found.shape else (judged.reason, "")
        for each, judged in known
        if each.shape == found.shape or judged.reason is not failure.reason
    }
    return sum(reason is not failure.reason or not _overlap(gist, told) for reason, told in rest)


def _gist(seen: Seen) -> str:
    """The words without codes, blanks and marks: a reply quoted in an exception has the same."""
    match seen:
        case SmtpReply():
            told = seen.reply
        case DeliveryStatus():
            told = seen.diagnostic
        case Raised():
            told = f"{seen.message} {'' if seen.cause is None else _gist(seen.cause)}"
        case _:
            told = str(msgspec.to_builtins(seen))
    return _NOT_WORDS.sub("", _CODES.sub("", told.lower()))


def _overlap(one: str, other: str) -> bool:
    return one in other or other in one
