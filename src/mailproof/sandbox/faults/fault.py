"""What can go wrong on demand: the faults by name, and what the account has of them now."""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from mailproof.sandbox.errors import ERRORS
from mailproof.sandbox.events.outcomes import FAULT_DOMAIN
from mailproof.sandbox.faults.kinds import HANG_MAX_S, SLOW_MAX_S, Act, Kind, Mishap, Stage
from mailproof.sandbox.faults.table import FAULTS
from mailproof.sandbox.messages.addresses import read_mailbox

__all__ = [
    "Fault",
    "Faults",
    "Sighting",
    "Standing",
    "UnknownFault",
    "asked_by_address",
    "read_fault",
]


_STATUS: Final = re.compile(r"[0-9]{3}")
_TIMES: Final = re.compile(r"[0-9]{1,6}")
# RFC 9110 sections 5.1 and 5.5; a line break in a value would be another header.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


# A request passes these by: they strike when its mail has been accepted.
_AFTERWARDS: Final = frozenset({Stage.RECEIVER, Stage.WEBHOOK})


class UnknownFault(ValueError):
    """A fault that cannot be: its text says what is wrong and what there is."""


class Sighting(msgspec.Struct, frozen=True):
    """As much of a request, or of a mail over SMTP, as a fault can be bound to."""

    method: str
    path: str
    recipients: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault and what it is bound to.

    `to`, `subject`, `path` are shell patterns (`*@slow.test`), empty is any; `count`: how many
    requests it meets before it is used up, None for ever; `probability` with a `seed` draws the
    same lots in every run. `status`, `headers`, `retry_after` (seconds), `body` replace those of
    an answer, `seconds` the time of what hangs, is slow or late.
    """

    name: str
    to: str = ""
    subject: str = ""
    path: str = ""
    count: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = {}
    retry_after: int | None = None
    body: Any = None
    id: str = ""

    def __post_init__(self) -> None:
        kind = FAULTS.get(self.name)
        if kind is None:
            raise UnknownFault(f"{self.name!r} is no fault. There are: {', '.join(FAULTS)}.")
        if not 0 < self.probability <= 1:
            raise UnknownFault(f"{self.name}: probability {self.probability} is not in (0, 1].")
        if self.count is not None and self.count < 1:
            raise UnknownFault(f"{self.name}: count {self.count} must be 1 or more.")
        longest = HANG_MAX_S if kind.act is Act.HANG else SLOW_MAX_S
        if self.seconds is not None and not 0 <= self.seconds <= longest:
            raise UnknownFault(
                f"{self.name}: {self.seconds} s is not within 0 and {longest:.0f} s."
            )
        # An SMTP reply below 400 would be no refusal.
        least = 400 if kind.stage.is_smtp else 200
        if self.status is not None and not least <= self.status <= 599:
            raise UnknownFault(f"{self.name}: {self.status} is no status from {least} to 599.")
        for header, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(header) or not _HEADER_VALUE.fullmatch(value):
                raise UnknownFault(f"{self.name}: HTTP cannot carry the header {header!r}.")
        self._refuse_what_has_no_effect(kind)

    def _refuse_what_has_no_effect(self, kind: Kind) -> None:
        stage = kind.stage
        answers = kind.act is Act.ANSWER
        by_http = answers and not stage.is_smtp
        takes_time = kind.act in {Act.HANG, Act.SLOW, Act.LATE}
        for option, given, matters in (
            ("path", bool(self.path), not stage.is_smtp),
            ("to", bool(self.to), stage.knows_recipients),
            ("subject", bool(self.subject), not stage.is_smtp or stage.knows_subject),
            ("seconds", self.seconds is not None, takes_time),
            ("status", self.status is not None, answers),
            ("headers", bool(self.headers), by_http),
            ("retry_after", self.retry_after is not None, by_http),
            ("body", self.body is not None, answers),
        ):
            if given and not matters:
                raise UnknownFault(f"{self.name}: {option} means nothing here ({kind.what}).")

    @property
    def kind(self) -> Kind:
        return FAULTS[self.name]

    @property
    def wants_contents(self) -> bool:
        """Can it only be decided once the request has been read?"""
        return bool(self.to or self.subject)

    def fits(self, seen: Sighting) -> bool:
        if self.path and not fnmatchcase(seen.path, self.path):
            return False
        if self.to and not any(fnmatchcase(one, self.to.lower()) for one in seen.recipients):
            return False
        return not self.subject or any(fnmatchcase(one, self.subject) for one in seen.subjects)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a fault that answers."""
        content = self.kind.body if self.body is None else self.body
        headers = {**self.kind.headers, **{k.lower(): v for k, v in self.headers.items()}}
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        status = self.status or self.kind.status
        if isinstance(content, str):
            raw = content.encode("utf-8", "replace")
        else:
            if self.status is not None and self.body is None and "statusCode" in content:
                content = {**content, "statusCode": status}
            raw = msgspec.json.encode(content)
            headers.setdefault("content-type", "application/json; charset=utf-8")
        headers.setdefault("content-type", "text/html; charset=utf-8")
        return status, headers, raw

    def reply(self) -> tuple[int, str]:
        """Code and text, its lines joined by `\\n`, of a fault that answers over SMTP."""
        text = self.kind.body if self.body is None else self.body
        return self.status or self.kind.status, str(text)


class _Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be written behind a fault's name, in their own types."""

    to: str = ""
    subject: str = ""
    path: str = ""
    count: int | None = None
    probability: float = 1.0
    seed: int = 0
    seconds: float | None = None
    status: int | None = None
    retry_after: int | None = None
    body: str | None = None


def read_fault(text: str) -> Fault:
    """Read `500`, `slow=3`, `503,count=2`, `hang-after,to=*@slow.test`. Raises `UnknownFault`."""
    first, *rest = (part.strip() for part in text.split(","))
    name, _, seconds = first.partition("=")
    options: dict[str, str] = {"seconds": seconds} if seconds else {}
    for part in rest:
        key, equals, value = part.partition("=")
        if not equals:
            raise UnknownFault(f"{text!r}: {part!r} is not written as name=value.")
        options[key.strip()] = value.strip()
    try:
        given = msgspec.convert(options, _Text, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(_Text.__struct_fields__)
        raise UnknownFault(f"{text!r}: {error}. Options are {known}.") from error
    values = {key: value for key, value in msgspec.structs.asdict(given).items() if key in options}
    if _STATUS.fullmatch(name) and name not in FAULTS:
        values = {"status": int(name), "body": _plain_error(int(name)), **values}
        name = "answer"
    return Fault(name, **values)


def _plain_error(status: int) -> dict[str, Any]:
    """Resend's shape for a status that none of its names has."""
    name = "application_error"
    return {"statusCode": status, "name": name, "message": ERRORS[name].message}


def asked_by_address(
    recipients: Iterable[str], *, over_smtp: bool = False
) -> tuple[str, Fault, int | None] | None:
    """The fault that a recipient like `500@fault.test` or `slow=3+2@fault.test` asks for.

    Returns its address, the fault, and how often it happens before mail to that address goes
    through (the +label; None for ever). Over SMTP those of SMTP are meant, else all others.
    Raises `UnknownFault` where the name says nothing.
    """
    for recipient in recipients:
        mailbox = read_mailbox(recipient)
        if mailbox is None or mailbox.domain != FAULT_DOMAIN:
            continue
        name, _, times = mailbox.local.partition("+")
        fault_name = name.partition("=")[0]
        known = fault_name in FAULTS or bool(_STATUS.fullmatch(fault_name))
        if known and fault_name.startswith("smtp-") is over_smtp:
            counted = int(times) if _TIMES.fullmatch(times) else None
            return mailbox.address, read_fault(name), counted
    return None


class Standing(msgspec.Struct, frozen=True):
    """A fault that is on: how often it will still happen (None: for ever), since when (Unix
    seconds), and how often it has struck."""

    fault: Fault
    left: int | None
    since: float
    struck: int


class _Active(msgspec.Struct):
    fault: Fault
    left: int | None
    lots: random.Random
    since: float
    struck: int = 0


class Faults:
    """The faults of one account, in the order they were added; the first that fits happens.

    `now`: Unix seconds, to tell since when one is on.
    """

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self._active: dict[str, _Active] = {}
        self._by_address: dict[str, int] = {}
        self._made = 0

    def add(self, fault: Fault) -> Fault:
        self._made += 1
        named = msgspec.structs.replace(fault, id=f"fault-{self._made}")
        # Lots, not secrets: the same seed must draw the same ones.
        lots = random.Random(fault.seed)  # noqa: S311
        self._active[named.id] = _Active(named, fault.count, lots, self._now())
        return named

    def remove(self, fault_id: str) -> bool:
        return self._active.pop(fault_id, None) is not None

    def clear(self) -> None:
        self._active.clear()
        self._by_address.clear()

    def list(self) -> list[tuple[Fault, int | None]]:
        """Each fault with how often it will still happen."""
        return [(active.fault, active.left) for active in self._active.values()]

    def standing(self) -> tuple[Standing, ...]:
        """Each fault that is on, with what it has done so far."""
        return tuple(
            Standing(each.fault, each.left, each.since, each.struck)
            for each in self._active.values()
        )

    def before_reading(self, seen: Sighting) -> Fault | None:
        """The fault that strikes when only method and path are known."""
        return self._take(
            seen, lambda fault: fault.kind.stage is Stage.HEAD and not fault.wants_contents
        )

    def of_request(self, seen: Sighting) -> Fault | None:
        """The fault of a whole request: one asked for by address first, then those added."""
        try:
            asked = asked_by_address(seen.recipients)
        except UnknownFault:
            asked = None  # the request goes on, and its validation answers 422 with what is wrong
        if asked is not None and asked[1].kind.stage not in _AFTERWARDS and self._due(*asked):
            return asked[1]
        return self._take(
            seen,
            lambda fault: (
                fault.kind.stage in {Stage.READ, Stage.ACCEPTED}
                or (fault.kind.stage is Stage.HEAD and fault.wants_contents)
            ),
        )

    def of_smtp(self, stage: Stage, seen: Sighting) -> Fault | None:
        """The fault of one step of a conversation, chosen as for a request."""
        for recipient in seen.recipients:
            asked = asked_by_address([recipient], over_smtp=True)
            if asked is not None and asked[1].kind.stage is stage and self._due(*asked):
                return asked[1]
        return self._take(seen, lambda fault: fault.kind.stage is stage)

    def _due(self, address: str, _: Fault, times: int | None) -> bool:
        """Does it still happen to this address? Counts."""
        happened = self._by_address.get(address, 0)
        if times is not None and happened >= times:
            return False
        self._by_address[address] = happened + 1
        return True

    def of_webhooks(self, seen: Sighting) -> Mishap | None:
        """What goes wrong with the webhooks of a mail that is accepted now."""
        asked = asked_by_address(seen.recipients)
        if asked is not None and asked[1].kind.stage is Stage.WEBHOOK:
            fault: Fault | None = asked[1]
        else:
            fault = self._take(seen, lambda fault: fault.kind.stage is Stage.WEBHOOK)
        if fault is None:
            return None
        late_s = fault.kind.seconds if fault.seconds is None else fault.seconds
        return Mishap(fault.name, fault.kind.act, late_s)

    def of_receiver(self, seen: Sighting) -> str:
        """The end, by its name, that a mail accepted now comes to; empty: its recipients decide."""
        asked = asked_by_address(seen.recipients)
        if asked is not None and asked[1].kind.stage is Stage.RECEIVER:
            fault: Fault | None = asked[1]
        else:
            fault = self._take(seen, lambda fault: fault.kind.stage is Stage.RECEIVER)
        return "" if fault is None else str(fault.kind.body)

    def _take(self, seen: Sighting, wanted: Callable[[Fault], bool]) -> Fault | None:
        for active in list(self._active.values()):
            fault = active.fault
            if not wanted(fault) or not fault.fits(seen):
                continue
            if active.lots.random() >= fault.probability:
                continue
            active.struck += 1
            if active.left is not None:
                active.left -= 1
                if active.left == 0:
                    del self._active[fault.id]
            return fault
        return None
