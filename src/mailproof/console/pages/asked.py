"""What a list of mails was asked for: the fields of its address, read and written again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from mailproof.mail.lifecycle import PROGRESS, WAITING, State
from mailproof.store.console.search import Query

__all__ = ["TABS", "TIMES", "Asked", "read_asked"]

S = State

# The tabs, and the states of the mails in each; none: all.
TABS: Final[Mapping[str, tuple[State, ...]]] = {
    "all": (),
    "waiting": tuple(sorted({*WAITING, S.SENDING, S.UNCONFIRMED})),
    "sent": tuple(sorted(PROGRESS)),
    "bad": (S.FAILED, S.EXPIRED, S.BOUNCED, S.COMPLAINED),
    "other": (S.SUPPRESSED, S.CANCELED, S.SUPERSEDED, S.SANDBOXED),
}
# How far back, in milliseconds; `today` is since midnight, where the reader is.
TIMES: Final[Mapping[str, int | None]] = {
    "any": None,
    "hour": 3_600_000,
    "today": 0,
    "day": 86_400_000,
    "week": 7 * 86_400_000,
}
# A field may hold a name of the configuration or of an app; more is no name.
_NAME_MAX: Final = 200
_TEXT_MAX: Final = 100


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. `state` is one within the tab; `before`, `after`: the page; `upto`: only
    mails up to that place, so that the list does not move while somebody looks at it."""

    text: str = ""
    tab: str = "all"
    state: str = ""
    purpose: str = ""
    reason: str = ""
    app: str = ""
    time: str = "any"
    before: int | None = None
    after: int | None = None
    upto: int | None = None

    @property
    def fields(self) -> dict[str, str]:
        """Those that choose mails, without what is not asked for."""
        usual = Asked()
        chosen = {
            name: value
            for name in ("text", "tab", "state", "purpose", "reason", "app", "time")
            if (value := getattr(self, name)) != getattr(usual, name)
        }
        return {name: str(value) for name, value in chosen.items()}

    @property
    def is_narrow(self) -> bool:
        """Is more asked for than a tab and a time, which are what is counted?"""
        return bool(self.text or self.state or self.purpose or self.reason or self.app)

    def query(self, now: int, zone: ZoneInfo) -> Query:
        """For the store. `now`: UTC in milliseconds."""
        states = (State(self.state),) if self.state else TABS[self.tab]
        return Query(
            text=self.text,
            states=states,
            purpose=_or_none(self.purpose, none=""),
            reason=self.reason or None,
            app=self.app or None,
            since=self.since(now, zone),
        )

    def since(self, now: int, zone: ZoneInfo) -> int | None:
        """Accepted then or later, UTC in milliseconds; None: at any time."""
        span = TIMES[self.time]
        if self.time == "today":
            moment = datetime.fromtimestamp(now / 1000, zone)
            midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            return round(midnight.timestamp() * 1000)
        return None if span is None else now - span

    def url(self, **changed: str | int | None) -> str:
        """The list, with some of the fields changed; the page is kept only where it is given."""
        usual, wanted = Asked(), {**self.fields, **changed}
        fields = {
            name: value
            for name in self.__struct_fields__
            if (value := wanted.get(name)) not in (None, "", getattr(usual, name))
        }
        return f"/console/mails?{urlencode(fields)}" if fields else "/console/mails"


def read_asked(given: Mapping[str, str]) -> Asked:
    """From the fields of an address, or of a form; what nobody can have meant is left out."""
    tab, state, time = given.get("tab", ""), given.get("state", ""), given.get("time", "")
    known = set(State)
    if state in known and tab not in TABS:
        tab = next(name for name, states in TABS.items() if State(state) in states)
    return Asked(
        text=given.get("text", "").strip()[:_TEXT_MAX],
        tab=tab if tab in TABS else "all",
        state=state if state in known else "",
        purpose=given.get("purpose", "")[:_NAME_MAX],
        reason=given.get("reason", "")[:_NAME_MAX],
        app=given.get("app", "")[:_NAME_MAX],
        time=time if time in TIMES else "any",
        before=_place(given.get("before")),
        after=_place(given.get("after")),
        upto=_place(given.get("upto")),
    )


def _or_none(value: str, *, none: str) -> str | None:
    """A purpose; `-` in an address is a mail for which none was given."""
    if value == "-":
        return none
    return value or None


def _place(text: str | None) -> int | None:
    """A place in the order of arrival. It comes from outside: no number is too large to read."""
    return int(text) if text and len(text) <= 18 and text.isascii() and text.isdigit() else None
