"""Read a paste: ask the recognisers in order, then say which failure decides."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Evidence,
    HttpAnswer,
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
)
from mailproof.explain.decoding import clean, unescaped
from mailproof.explain.found import Found, blank
from mailproof.providers.catalog import UNKNOWN, provider_in
from mailproof.providers.diagnose import diagnose

__all__ = ["RECOGNISERS", "Reading", "find", "read"]

Recogniser = Callable[[str], Iterable[Found]]

_FOUND_MAX: Final = 2_000
_LAYERS_MAX: Final = 2  # how often a paste is unescaped: a JSON string in a JSON string


class Reading(msgspec.Struct, frozen=True):
    """How a paste was understood. `others`: failures in it besides the one explained.

    `accepted`: what was pasted shows a success, so the failure must be elsewhere.
    """

    failure: Failure
    shape: str
    others: int = 0
    accepted: bool = False


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
    ("PHP error", stack_text.php_errors),
    ("Node error", objects.node_errors),
    ("stack", stack_text.stacks),
    ("Ruby error", stack_text.ruby_errors),
    ("Rails error", stack_text.rails_errors),
    ("Go panic", stack_text.go_panics),
    ("mail_log", maillog.mail_log_lines),
    ("SMTP dialogue", smtp_text.dialogues),
    ("object", _objects),
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
    text = clean(text)
    if not text.strip():
        return None
    around = "" if provider else provider_in(text)
    judged = [
        (found, _judge(found, provider or _provider_of(found, around), context))
        for found in find(text)
    ]
    known = [each for each in judged if each[1].reason is not Reason.UNKNOWN]
    found, failure = (known or judged)[-1]
    return Reading(
        failure=failure,
        shape=found.shape,
        others=_others(known, found, failure),
        accepted=not known and _accepted(found),
    )


def find(text: str) -> Sequence[Found]:
    """Everything in clean text that shows a failure, in the order of the text; never empty."""
    layer = text
    for _ in range(_LAYERS_MAX + 1):
        if found := sorted(_ask(layer, STRUCTURED), key=lambda each: each.start):
            return found
        if "\\" not in layer:
            break
        layer = unescaped(layer)
    for _, recognise in WORDED:
        if found := sorted(recognise(layer), key=lambda each: each.start):
            return found[-_FOUND_MAX:]
    return list(sentences.telling_lines(text))


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
    own = provider_in(str(msgspec.to_builtins(found.seen)).replace("'", '"'))
    return around if own in ("smtp", UNKNOWN.name) and around != UNKNOWN.name else own


def _others(known: Sequence[tuple[Found, Failure]], found: Found, failure: Failure) -> int:
    """How many more there are. A failure told twice, as a trace and as an object, counts once."""
    rest = {
        repr(each.seen) if each.shape == found.shape else judged.reason
        for each, judged in known
        if each.shape == found.shape or judged.reason is not failure.reason
    }
    return len(rest - {repr(found.seen)})


def _accepted(found: Found) -> bool:
    seen = found.seen
    return isinstance(seen, HttpAnswer) and 200 <= seen.status < 300
