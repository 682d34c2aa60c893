"""Numbers over time as shapes: where each bar stands, how high, in which tone. No drawing here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from mailproof.store.console.history import Mark
from mailproof.store.console.minutes import Minute

__all__ = ["SPANS", "Bar", "Chart", "Column", "Span", "chart", "counted_bars", "health", "spark"]

_MINUTE_MS: Final = 60_000
# Of the small one beside a purpose.
SPARK_WIDTH: Final = 120
SPARK_HEIGHT: Final = 20
# Of the wide one: the left edge of its bars, the line that they stand on, the room above and below.
_LEFT: Final = 34.0
_WIDTH: Final = 1150.0
_GROUND: Final = 120.0
_ABOVE: Final = 99.0
_BELOW: Final = 20.0
_GRID_STEPS: Final = (1, 2, 5)
_GRID_LINES: Final = 4
_BAR_PART: Final = 0.84
_LEAST: Final = 3.0


class Span(msgspec.Struct, frozen=True):
    """A span that is looked at: `bars` of `minutes` each; every `labelled` bars its time stands."""

    name: str
    minutes: int
    bars: int
    labelled: int


SPANS: Final[Mapping[str, Span]] = {
    each.name: each
    for each in (
        Span("hours", 2, 60, 10),
        Span("day", 20, 72, 9),
        Span("week", 120, 84, 12),
    )
}


class Bar(msgspec.Struct, frozen=True):
    """A rectangle. `tone`: proven, waiting, broken, or empty: plain ink."""

    x: float
    y: float
    width: float
    height: float
    tone: str = ""


class Column(msgspec.Struct, frozen=True):
    """What one bar stands for: from `at` (UTC ms) on."""

    at: int
    sent: int
    waiting: int
    bad: int


class Chart(msgspec.Struct, frozen=True):
    """`grid`: height and number of each line; `labels`: place and moment (UTC ms); `marks`: the
    places of moments that are to be marked, those that fall into it."""

    bars: tuple[Bar, ...]
    grid: tuple[tuple[float, int], ...]
    labels: tuple[tuple[float, int], ...]
    columns: tuple[Column, ...]
    mark: float | None

    @property
    def sent(self) -> int:
        return sum(each.sent for each in self.columns)

    @property
    def waiting(self) -> int:
        return sum(each.waiting for each in self.columns)

    @property
    def bad(self) -> int:
        return sum(each.bad for each in self.columns)

    @property
    def told(self) -> tuple[Column, ...]:
        """Those in which something happened, the newest first: for the table."""
        return tuple(each for each in reversed(self.columns) if each.sent + each.waiting + each.bad)


def chart(minutes: Sequence[Minute], now: int, span: Span, mark_at: int | None = None) -> Chart:
    """The last `span` up to `now` (UTC ms); `mark_at`: a moment to mark."""
    columns = _columns(minutes, now, span)
    highest = max((each.sent + each.waiting for each in columns), default=0)
    step = _grid_step(highest)
    top = max(step * -(-highest // step), step)
    lowest = max((each.bad for each in columns), default=0)
    pitch = (_WIDTH - _LEFT) / span.bars
    bars: list[Bar] = []
    for place, each in enumerate(columns):
        x = round(_LEFT + 1 + place * pitch, 1)
        bars += _stack(each, x, round(pitch * _BAR_PART, 1), top, lowest)
    begin = columns[0].at
    mark = None
    if mark_at is not None and begin <= mark_at <= now:
        mark = round(_LEFT + (mark_at - begin) / (span.minutes * _MINUTE_MS) * pitch, 1)
    lines = [(round(_GROUND - _ABOVE * at / top, 1), at) for at in range(step, top + 1, step)]
    labels = [
        (round(_LEFT + place * pitch, 1), each.at)
        for place, each in enumerate(columns)
        if place and (each.at // (span.minutes * _MINUTE_MS)) % span.labelled == 0
    ]
    return Chart(tuple(bars), tuple(lines), tuple(labels), tuple(columns), mark)


def spark(minutes: Sequence[Minute], now: int) -> tuple[Bar, ...]:
    """The last hour of a purpose in 30 bars: what was accepted; amber where it came to wait."""
    first = now // _MINUTE_MS - 59
    pairs = [[0, 0, 0] for _ in range(30)]
    for each in minutes:
        if 0 <= (place := (each.minute - first) // 2) < len(pairs):
            pairs[place][0] += max(each.accepted, each.sent)
            pairs[place][1] += each.sent
            pairs[place][2] += each.waiting
    tones = ["waiting" if waiting and not sent else "" for _, sent, waiting in pairs]
    return _bars([came for came, _, _ in pairs], tones, SPARK_WIDTH, SPARK_HEIGHT)


def counted_bars(
    counts: Mapping[int, int], now: int, *, width: int = 176, height: int = 36
) -> tuple[Bar, ...]:
    """Counts by the minute since 1970, of the last hour, in 30 bars."""
    first = now // _MINUTE_MS - 59
    pairs = [0] * 30
    for minute, count in counts.items():
        if 0 <= (place := (minute - first) // 2) < len(pairs):
            pairs[place] += count
    return _bars(pairs, [""] * len(pairs), width, height)


def health(marks: Iterable[Mark]) -> tuple[tuple[str, int], ...]:
    """The class of each mark and when it begins (UTC ms)."""
    return tuple((_HEALTH_TONES[each.tone], each.at) for each in marks)


_HEALTH_TONES: Final[Mapping[str, str]] = {
    "open": "proven",
    "slowed": "waiting",
    "closed": "broken",
    "paused": "quiet",
    "unknown": "quiet",
}


def _bars(counts: Sequence[int], tones: Sequence[str], width: int, height: int) -> tuple[Bar, ...]:
    highest = max(counts, default=0)
    pitch = width / len(counts)
    return tuple(
        Bar(
            round(place * pitch, 1),
            round(height - (tall := max(_LEAST, height * count / highest)), 1),
            round(pitch * 0.7, 1),
            round(tall, 1),
            tone,
        )
        for place, (count, tone) in enumerate(zip(counts, tones, strict=True))
        if count
    )


def _columns(minutes: Sequence[Minute], now: int, span: Span) -> list[Column]:
    """Bars end with the one that is under way, at whole multiples of their length."""
    length = span.minutes
    last = now // _MINUTE_MS // length
    first = last - span.bars + 1
    sums = {place: [0, 0, 0] for place in range(first, last + 1)}
    for each in minutes:
        if (place := each.minute // length) in sums:
            total = sums[place]
            total[0] += each.sent
            total[1] += each.waiting
            total[2] += each.bad
    return [Column(place * length * _MINUTE_MS, *total) for place, total in sorted(sums.items())]


def _grid_step(highest: int) -> int:
    """A round number, so that a few lines reach up to `highest`."""
    size = 1
    while True:
        for step in _GRID_STEPS:
            if step * size * _GRID_LINES >= highest:
                return step * size
        size *= 10


def _stack(column: Column, x: float, width: float, top: int, lowest: int) -> list[Bar]:
    """Sent on the ground, what came to wait on top of it, what ended badly below."""
    bars, ground = [], _GROUND
    for count, tone in ((column.sent, "proven"), (column.waiting, "waiting")):
        if count:
            tall = round(max(_LEAST, _ABOVE * count / top), 1)
            ground -= tall
            bars.append(Bar(x, round(ground, 1), width, tall, tone))
    if column.bad:
        tall = round(max(5.0, _BELOW * column.bad / max(lowest, 10)), 1)
        bars.append(Bar(x, _GROUND + 3, width, tall, "broken"))
    return bars
