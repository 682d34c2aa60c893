"""What a check found: first as facts, then in somebody's language."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypedDict, Unpack

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Severity

__all__ = [
    "Finding",
    "Lines",
    "Noted",
    "Phrase",
    "Status",
    "failed",
    "fine",
    "skipped",
    "unclear",
    "warned",
]


class Status(StrEnum):
    """`cannot_tell`: the check could not be made, so neither good nor bad may be concluded."""

    FAILED = "failed"
    WARNING = "warning"
    CANNOT_TELL = "cannot_tell"
    SKIPPED = "skipped"
    OK = "ok"


class Phrase(str):
    """A fact that is itself in need of words: the name of one in `[phrases]` of `words/*.toml`."""

    __slots__ = ()


class Lines(str):
    """A fact of several lines to copy, such as DNS records; each gets a line of its own."""

    __slots__ = ()


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A finding without words: `key` names its sentences in `words/*.toml`, `facts` fill them.

    With a `failure`, cause and fix come from the guidance of the diagnosis instead. `evidence` is
    what was seen, in the words of whoever said it; `command` a line to check it by hand, with
    `$VARIABLES` where a secret would stand.
    """

    check: str
    key: str
    status: Status
    severity: Severity
    facts: Mapping[str, str] = {}
    evidence: str = ""
    command: str = ""
    failure: Failure | None = None


class Finding(msgspec.Struct, frozen=True):
    """One line of `doctor --json`. `what`: what was seen and why it matters; `fix` may be empty."""

    check: str
    status: Status
    severity: Severity
    what: str
    evidence: str
    fix: str
    command: str


class Seen(TypedDict, total=False):
    """What may be said of a finding besides its name and facts; see `Noted`."""

    severity: Severity
    evidence: str
    command: str
    failure: Failure | None


_NO_FACTS: Final[Mapping[str, str]] = {}


def fine(check: str, key: str, facts: Mapping[str, str] = _NO_FACTS, **seen: Unpack[Seen]) -> Noted:
    """Looked at, and in order."""
    return _noted(Status.OK, Severity.INFO, check, key, facts, seen)


def skipped(check: str, key: str, facts: Mapping[str, str] = _NO_FACTS) -> Noted:
    """There was nothing to look at."""
    return _noted(Status.SKIPPED, Severity.INFO, check, key, facts, {})


def failed(
    check: str, key: str, facts: Mapping[str, str] = _NO_FACTS, **seen: Unpack[Seen]
) -> Noted:
    """Mail does not go, or not to everyone, until this is mended."""
    return _noted(Status.FAILED, Severity.CRITICAL, check, key, facts, seen)


def warned(
    check: str, key: str, facts: Mapping[str, str] = _NO_FACTS, **seen: Unpack[Seen]
) -> Noted:
    """Mail goes, but this costs some of it, or will."""
    return _noted(Status.WARNING, Severity.WARNING, check, key, facts, seen)


def unclear(
    check: str, key: str, facts: Mapping[str, str] = _NO_FACTS, **seen: Unpack[Seen]
) -> Noted:
    """The check could not be made; nothing follows from it but that."""
    return _noted(Status.CANNOT_TELL, Severity.WARNING, check, key, facts, seen)


def _noted(  # noqa: PLR0913 - the columns of a finding
    status: Status,
    usual: Severity,
    check: str,
    key: str,
    facts: Mapping[str, str],
    seen: Seen,
) -> Noted:
    return Noted(
        check=check,
        key=key,
        status=status,
        severity=seen.get("severity", usual),
        facts=facts,
        evidence=seen.get("evidence", ""),
        command=seen.get("command", ""),
        failure=seen.get("failure"),
    )
