"""A store small enough to be read at once: what the real ones must do, in plain lists.

Nothing is taken from the store's code but its words. One transaction at a time, no disk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailproof.mail.lifecycle import WAITING, State, move

ORDER = ("first", "second")
KEY_TTL_MS = 3_600_000
THREE_IN_A_ROW = 3


@dataclass
class Mail:
    """`pin`: for good; `bound`: to the provider that may have it."""

    id: str
    seq: int
    sender: str
    pin: str
    purpose: str
    critical: bool
    expires_at: int
    due_at: int | None
    supersede_key: bytes | None
    state: State = State.QUEUED
    bound: str = ""
    avoid: str | None = None
    lease_no: int = 0
    node: str = ""
    provider: str = ""
    leased_until: int = 0
    unknown_since: int | None = None

    @property
    def lane(self) -> tuple[str, str]:
        return (self.sender, self.bound or self.pin)

    @property
    def urgency(self) -> tuple[bool, int, int]:
        return (not self.critical, self.expires_at, self.seq)


@dataclass
class Route:
    since: int
    systemic: bool = False


@dataclass
class Lane:
    usable: list[str] = field(default_factory=list)
    began_at: int = 0
    released: int = 0


@dataclass
class Result:
    """What an attempt came to. `kind` is a name of `store_suite.outcomes`."""

    mail: Mail
    lease_no: int
    kind: str
    started_at: int


class Model:
    """All of it. Times in milliseconds."""

    def __init__(self) -> None:
        self.mails: dict[str, Mail] = {}
        self.closed: dict[tuple[str, str], Route] = {}
        self.lanes: dict[tuple[str, str], Lane] = {}
        self.rows: dict[tuple[str, str], tuple[int, str]] = {}

    # ---- lanes ----

    def usable(self, lane: tuple[str, str]) -> list[str]:
        sender, pin = lane
        return [
            name
            for name in ORDER
            if pin in {"", name} and not {(name, "*"), (name, sender)} & self.closed.keys()
        ]

    def enter_lane(self, lane: tuple[str, str]) -> Lane:
        return self.lanes.setdefault(lane, Lane(self.usable(lane)))

    def settle(self, now: int) -> None:
        for key, lane in self.lanes.items():
            usable = self.usable(key)
            if usable and not lane.usable:
                lane.began_at, lane.released = now, 0
            lane.usable = usable

    def carrier(self, mail: Mail) -> str:
        """Who may carry it now; empty: nobody."""
        usable = self.lanes[mail.lane].usable
        if mail.avoid and usable[:1] == [mail.avoid] and len(usable) > 1:
            return usable[1]
        return usable[0] if usable else ""

    def within(self, *states: State) -> list[Mail]:
        return sorted((m for m in self.mails.values() if m.state in states), key=lambda m: m.seq)

    # ---- routes ----

    def close(self, provider: str, sender: str, now: int, *, systemic: bool = False) -> None:
        route = self.closed.setdefault((provider, sender), Route(now))
        route.systemic = systemic

    def open(self, provider: str, sender: str) -> None:
        self.closed.pop((provider, sender), None)
        self.rows.pop((provider, sender), None)

    # ---- moves ----

    def accept(self, mails: Sequence[Mail], now: int) -> None:
        for mail in mails:
            self.mails[mail.id] = mail
            shut = not self.enter_lane(mail.lane).usable
            if mail.due_at is not None and mail.due_at > now:
                mail.state = State.SCHEDULED
            else:
                mail.state, mail.due_at = (State.HELD if shut else State.QUEUED), None
            for other in self.mails.values():
                if (
                    other is not mail
                    and other.state in WAITING
                    and mail.supersede_key
                    and other.supersede_key == mail.supersede_key
                ):
                    other.state = State.SUPERSEDED

    def claim(
        self, provider: str, most: int, node: str, now: int, until: int, lanes: Iterable[str]
    ) -> list[Mail]:
        """`lanes`: sender and pin, in the order in which the store made them."""
        met: list[Mail] = []
        for key in lanes:
            sender, _, pin = key.partition("|")
            lane = self.lanes[sender, pin]
            if lane.usable[:1] != [provider]:
                continue
            allowed = int(2 ** min((now - lane.began_at) / 1000, 20)) - lane.released
            held = [mail for mail in self.within(State.HELD) if mail.lane == (sender, pin)]
            held.sort(key=lambda mail: mail.urgency)
            count = max(0, min(allowed, most - len(met)))
            few = held[: max(count, 20)]
            least = min((mail.lease_no for mail in few), default=0)
            few = [mail for mail in few if mail.lease_no <= least + 1]
            few.sort(key=lambda mail: (not mail.critical, mail.lease_no, mail.urgency))
            for mail in few[:count]:
                mail.avoid = None
                lane.released += mail.expires_at > now
                met.append(self._take(mail, provider, node, now, until))
        queued = [
            mail
            for mail in self.within(State.QUEUED)
            if not self.lanes[mail.lane].usable or self.carrier(mail) == provider
        ]
        queued.sort(key=lambda mail: mail.urgency)
        for mail in queued[: most - len(met)]:
            if mail.expires_at > now and not self.lanes[mail.lane].usable:
                mail.state = move(mail.state, State.HELD)
                met.append(mail)
            else:
                met.append(self._take(mail, provider, node, now, until))
        return sorted(met, key=lambda mail: mail.urgency)

    def _take(self, mail: Mail, provider: str, node: str, now: int, until: int) -> Mail:
        if mail.expires_at <= now:
            mail.state = move(mail.state, State.EXPIRED)
        else:
            mail.state = move(mail.state, State.SENDING)
            mail.provider, mail.node, mail.leased_until = provider, node, until
            mail.lease_no += 1
        return mail

    def probe(self, provider: str, sender: str, node: str, now: int, until: int) -> Mail | None:
        behind = [
            mail
            for mail in self.within(State.HELD)
            if not self.lanes[mail.lane].usable
            and mail.lane[1] in {"", provider}
            and mail.expires_at > now
            and (
                mail.sender == sender
                if sender != "*"
                else (provider, mail.sender) not in self.closed
            )
        ]
        if not behind:
            return None
        few = [
            mail
            for lane in {mail.lane for mail in behind}
            for mail in sorted(
                (mail for mail in behind if mail.lane == lane), key=lambda mail: mail.urgency
            )[:20]
        ]
        mail = min(few, key=lambda mail: (mail.lease_no, mail.urgency))
        mail.avoid = None
        return self._take(mail, provider, node, now, until)

    def record(self, results: Sequence[Result], now: int) -> list[bool]:
        """For each, whether it was written."""
        good = [r.mail.state is State.SENDING and r.mail.lease_no == r.lease_no for r in results]
        ours = [result for result, written in zip(results, good, strict=True) if written]
        for result in ours:
            if result.kind in {"sent", "judged"}:
                self._open_tried(result)
        for result in ours:
            if result.kind.startswith("turned_away"):
                sender = result.mail.sender if result.kind.endswith("sender") else "*"
                self.close(result.mail.provider, sender, now)
                for lane in self.lanes.values():
                    if lane.usable[:1] == [result.mail.provider]:
                        lane.began_at, lane.released = now, 0
        for result in ours:
            self._count(result, now)
        self.settle(now)
        for result in ours:
            self._go_on(result, now)
        return good

    def _open_tried(self, result: Result) -> None:
        for sender in ("*", result.mail.sender):
            route = self.closed.get((result.mail.provider, sender))
            past_the_gate = result.kind == "sent" or (route and not route.systemic)
            if route and result.started_at >= route.since and past_the_gate:
                self.open(result.mail.provider, sender)

    def _count(self, result: Result, now: int) -> None:
        key = (result.mail.provider, result.mail.sender)
        if result.kind == "sent":
            self.rows.pop(key, None)
        if result.kind == "judged":
            count, last = self.rows.get(key, (0, ""))
            self.rows[key] = (count + (last != result.mail.id), result.mail.id)
            route = self.closed.get(key)
            if self.rows[key][0] >= THREE_IN_A_ROW or (route and route.systemic):
                self.close(*key, now, systemic=True)

    def _go_on(self, result: Result, now: int) -> None:
        mail, kind = result.mail, result.kind
        unknown = kind in {"unknown", "unconfirmed"}
        mail.bound = mail.provider if unknown else ""
        mail.unknown_since = (mail.unknown_since or result.started_at) if unknown else None
        usable = self.enter_lane(mail.lane).usable
        mail.avoid = mail.provider if kind == "elsewhere" or kind[:6] == "turned" else None
        to = {
            "sent": State.SENT,
            "judged": State.FAILED,
            "unconfirmed": State.UNCONFIRMED,
            "elsewhere": State.QUEUED,
            "turned_away": State.QUEUED,
            "turned_away_sender": State.QUEUED,
        }.get(kind, State.DEFERRED)
        if to in {State.QUEUED, State.DEFERRED}:
            if not usable:
                to = State.HELD
            elif to is State.QUEUED and usable == [mail.avoid]:
                to = State.DEFERRED
        mail.state = move(mail.state, to)
        mail.due_at = now + 1_000 if to is State.DEFERRED else None

    def recover(self, mails: Sequence[Mail], now: int) -> None:
        for mail in mails:
            mail.state, mail.due_at = move(mail.state, State.DEFERRED), now
            mail.bound, mail.lease_no = mail.provider, mail.lease_no + 1
            mail.unknown_since = mail.unknown_since or mail.leased_until - LEASE_MS
            self.enter_lane(mail.lane)

    def free(self, mails: Sequence[Mail]) -> None:
        """Two copies are harmless: any provider may carry it."""
        for mail in mails:
            mail.bound, mail.unknown_since, mail.avoid = "", None, None
            self.enter_lane(mail.lane)
            mail.state = move(mail.state, State.QUEUED)


LEASE_MS = 30_000
