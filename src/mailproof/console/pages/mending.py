"""What a closed route needs: its cause with the proof, and the way to mend it."""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from mailproof.config.settings import ProviderSettings, Secret, Settings
from mailproof.console.pages.evidence import decoded, quoted
from mailproof.console.pages.phrasing import Speech
from mailproof.console.pages.rich import rich, steps_of
from mailproof.diagnosis.evidence import Evidence, HttpAnswer, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.placeholder import is_placeholder
from mailproof.diagnosis.reasons import Reason
from mailproof.explain.by_hand import by_hand
from mailproof.store.mails.failures import failure_from_json
from mailproof.store.records.causes import cause_and_fix, reason_named

__all__ = ["Hint", "Mend", "hint_of", "mend_of", "provider_named"]

# A key shorter than this would be half told by its ends.
_HINTED_MIN: Final = 24
_BEGINNING, _END = 7, 4
_ABOUT_THE_KEY: Final = frozenset(
    {
        Reason.CREDENTIALS_MISSING,
        Reason.CREDENTIALS_INVALID,
        Reason.CREDENTIALS_RESTRICTED,
        Reason.ACCOUNT_SUSPENDED,
    }
)


class Hint(msgspec.Struct, frozen=True):
    """Which key it is, for who knows it: its ends, or the login's name; and where it is read from.

    `is_login`: a login, and no key. `text` empty: it is not set, or too short to be hinted at.
    """

    text: str
    source: str
    is_login: bool
    is_set: bool


class Mend(msgspec.Struct, frozen=True, kw_only=True):
    """Cause left, fix right. `steps`: text, or text with a line to copy.

    `bad`, `evidence`: what the provider answered. `by_hand`: the line with which to see it oneself;
    empty: there is none. `about_the_key`: another key may mend it.
    """

    cause: Markup
    steps: list[Any]
    bad: str = ""
    evidence: str = ""
    by_hand: str = ""
    about_the_key: bool = False


def provider_named(settings: Settings, name: str) -> ProviderSettings | None:
    """None: no longer configured."""
    return next((each for each in settings.providers if each.name == name), None)


def hint_of(provider: ProviderSettings) -> Hint:
    """What may be shown of a secret: enough to tell two keys apart, too little to use."""
    is_login = provider.type == "smtp"
    secret = provider.url if is_login else provider.api_key
    value = _now(secret)
    source = _source(secret)
    if not value:
        return Hint("", source, is_login, is_set=False)
    if is_login:
        return Hint(_login(value), source, is_login, is_set=True)
    if is_placeholder(value):
        return Hint(value, source, is_login, is_set=True)
    text = f"{value[:_BEGINNING]}…{value[-_END:]}" if len(value) >= _HINTED_MIN else ""
    return Hint(text, source, is_login, is_set=True)


def mend_of(
    failure_json: str | None,
    reason: str | None,
    name: str,
    settings: Settings,
    speech: Speech,
) -> Mend | None:
    """None: nothing is known about why, as when a release that knows more wrote it."""
    told = cause_and_fix(speech.language, failure=failure_json, reason=reason, provider=name)
    if told is None:
        return None
    failure = failure_from_json(failure_json)
    provider = provider_named(settings, name)
    known = reason_named(reason)
    about_the_key = known in _ABOUT_THE_KEY
    steps: list[Any] = [rich(step) for step in steps_of(told[1])]
    if about_the_key and provider is not None and (line := _line(provider)):
        steps = _with_line(steps, line)
    bad, evidence = _seen(failure)
    return Mend(
        cause=rich(told[0]),
        steps=steps,
        bad=bad,
        evidence=evidence,
        by_hand=_by_hand(failure, provider),
        about_the_key=about_the_key,
    )


def _with_line(steps: list[Any], line: str) -> list[Any]:
    """The line to copy belongs to the step that speaks of its name; else to the first."""
    name = line.partition("=")[0]
    at = next((place for place, step in enumerate(steps) if name in step), 0)
    return [*steps[:at], (steps[at], line), *steps[at + 1 :]]


def _line(provider: ProviderSettings) -> str:
    """How the variable is set, with an ellipsis where the secret stands; empty: it is none."""
    secret = provider.url if provider.type == "smtp" else provider.api_key
    kind, _, name = secret.origin.partition(":")
    if kind != "env":
        return ""
    if provider.type == "smtp":
        return f"{name}=smtps://…"
    return f"{name}=re_…" if provider.type == "resend" else f"{name}=…"


def _seen(failure: Failure | None) -> tuple[str, str]:
    """What was answered: the part that went wrong, and the rest, in the provider's words."""
    if failure is None:
        return "", ""
    seen = decoded(failure.evidence.seen)
    bad, said = quoted(seen)
    quote = f"“{said}”" if said else ""
    match seen:
        case HttpAnswer(body={"name": str(name)}):
            return bad, f"{name}\n{quote}".rstrip()
        case Raised():
            return bad, said
    return bad, quote


def _by_hand(failure: Failure | None, provider: ProviderSettings | None) -> str:
    if failure is None:
        return ""
    if provider is None:
        return by_hand(failure, "")
    if provider.type == "smtp":
        parts = urlsplit(_now(provider.url))
        host = f"smtp://{parts.hostname}:{parts.port or 587}" if parts.hostname else ""
        return by_hand(failure, host)
    evidence = msgspec.structs.replace(failure.evidence, provider=provider.type)
    return by_hand(msgspec.structs.replace(failure, evidence=_known(evidence)), "")


def _known(evidence: Evidence) -> Evidence:
    """A sandbox answers as Resend does."""
    if evidence.provider == "sandbox":
        return msgspec.structs.replace(evidence, provider="resend")
    return evidence


def _now(secret: Secret) -> str:
    try:
        return secret.read().strip()
    except OSError:  # a file that is away: shown as not set, and told by the route's own failure
        return ""


def _source(secret: Secret) -> str:
    """`RESEND_API_KEY`, a path, or empty for what stands in the configuration itself."""
    kind, _, name = secret.origin.partition(":")
    return name if kind in {"env", "file"} else ""


def _login(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname or ""
