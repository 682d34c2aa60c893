"""What a failure means and what to do: for the operator in English and Chinese, with the place to
click or the record to add; for the person who waits for the mail also in Japanese and Korean.

The words live in one TOML file per language; only the file that is asked for is read, once.
"""

import functools
import pkgutil
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from mailproof.diagnosis.evidence import DeliveryStatus, HttpAnswer, Origin, SdkError, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance.hints import hint_for
from mailproof.diagnosis.guidance.language import OperatorLanguage, pick_language
from mailproof.diagnosis.guidance.named import failed_identities, speaks_smtp
from mailproof.diagnosis.guidance.sender_domain import sender_domain
from mailproof.diagnosis.guidance.template import Template, compile_template
from mailproof.diagnosis.reasons import FACTS, Reason

__all__ = ["Guidance", "Language", "OperatorLanguage", "guidance", "pick_language"]

Language = Literal["en", "zh", "ja", "ko"]

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class Guidance(msgspec.Struct, frozen=True):
    """The words of one language. `ja` and `ko` have the reader's words only."""

    language: Language
    causes: Mapping[str, Template]
    fixes: Mapping[str, Template]
    readers: Mapping[str, str]
    providers: Mapping[str, Mapping[str, str]]
    fallback: Mapping[str, str]
    units: Mapping[str, tuple[str, str]]

    def cause(self, failure: Failure) -> str:
        """One sentence for the operator: what happened, and why."""
        return self.cause_and_fix(failure)[0]

    def fix(self, failure: Failure) -> str:
        """What the operator can do, up to three sentences: where to click, what to add or run."""
        return self.cause_and_fix(failure)[1]

    def cause_and_fix(self, failure: Failure) -> tuple[str, str]:
        """Both, looked up once: cheaper than one after the other."""
        keys = _keys(failure)
        values: dict[str, str | None] = {}

        def known(name: str) -> str | None:
            if name not in values:
                values[name] = self._known(name, failure)
            return values[name]

        cause, fix = (
            next(texts[key] for key in keys if key in texts) for texts in (self.causes, self.fixes)
        )
        return cause.fill(known, self.fallback), fix.fill(known, self.fallback)

    def reader(self, failure: Failure | Reason) -> str:
        """What to tell the person who waits. The same for all with this reason: it gives no
        account away.
        """
        reason = failure if isinstance(failure, Reason) else failure.reason
        return self.readers.get(reason) or self.readers[FACTS[reason].reader]

    def duration(self, seconds: float) -> str:
        """A time as people say it, rounded up to its own unit: `45 seconds`, `2 minutes`."""
        name, size = next(
            (unit for unit in _UNITS if seconds >= 2 * unit[1] or seconds == unit[1]), _UNITS[-1]
        )
        count = max(1, -int(-seconds // size))
        one, many = self.units[name]
        return f"{count} {one if count == 1 else many}"

    def _known(self, name: str, failure: Failure) -> str | None:
        match name:
            case "domain":
                return sender_domain(failure.evidence)
            case "identities":
                return failed_identities(failure.evidence.seen)
            case "status":
                return _status(failure)
            case "retry_after":
                wait = failure.retry_after_s
                return None if wait is None else self.duration(wait)
            case "provider":
                name = "title"
        known = self.providers.get(failure.evidence.provider) or self.providers["unknown"]
        return known[name]


@functools.cache
def guidance(language: Language) -> Guidance:
    """The guidance in a language; for `ja` and `ko`, causes and fixes are in English."""
    words = _read(language)
    operators = words if "reason" in words else _read("en")
    return Guidance(
        language=language,
        causes=_compiled(operators, "cause"),
        fixes=_compiled(operators, "fix"),
        readers={**words["reader"]["action"], **words["reader"]["reason"]},
        providers=operators["providers"],
        fallback=operators["fallback"],
        units={name: (one, many) for name, (one, many) in operators["duration"].items()},
    )


def _read(language: Language) -> dict[str, Any]:
    raw = pkgutil.get_data(__name__, f"{language}.toml")
    if raw is None:
        raise FileNotFoundError(
            f"{language}.toml is not in the installed package; install it again"
        )
    return tomllib.loads(raw.decode())


def _compiled(words: Mapping[str, Any], piece: str) -> dict[str, Template]:
    entries = {
        **dict(_entries(words["reason"], ())),
        **dict(_entries(words["receiver"], ("receiver",))),
        **dict(_entries(words["hint"], ("hint",))),
        **dict(_entries(words["guide"], ())),
    }
    said = {key: entries[entry["as"]] if "as" in entry else entry for key, entry in entries.items()}
    return {key: compile_template(entry[piece]) for key, entry in said.items() if piece in entry}


def _entries(
    tree: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each entry under its dotted key; tables such as `smtp.google` have a dot of their own."""
    for name, child in tree.items():
        if any(isinstance(piece, str) for piece in child.values()):
            yield ".".join((*path, name)), child
        pieces = {key: piece for key, piece in child.items() if not isinstance(piece, str)}
        yield from _entries(pieces, (*path, name))


def _keys(failure: Failure) -> tuple[str, ...]:
    """Where guidance for this failure may stand, from exact to general."""
    hint = hint_for(failure)
    receiver = failure.origin is Origin.RECEIVER
    evidence = failure.evidence
    smtp = evidence.provider == "unknown" and speaks_smtp(evidence.seen)
    return (
        *(() if hint is None else (f"hint.{hint}",)),
        *failure.guide[:-2],
        *((f"receiver.{failure.reason}",) if receiver else ()),
        *((f"smtp.{failure.reason}",) if smtp else ()),
        *failure.guide[-2:],
    )


def _status(failure: Failure) -> str | None:
    """The number that the other side gave, with its protocol."""
    match failure.evidence.seen:
        case HttpAnswer(status=status) if status:
            return f"HTTP {status}"
        case SmtpReply(code=code) if code:
            return f"SMTP {code}"
        case SdkError(error={"statusCode": int(status)}):
            return f"HTTP {status}"
        case DeliveryStatus(status=status) if status:
            return f"SMTP {status[:11]}"
        case _:
            return None
