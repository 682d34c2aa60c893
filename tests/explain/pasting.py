"""The pastes in `pastes/` and what is expected of each (`expected.csv`)."""

import csv
from pathlib import Path

import msgspec

from mailproof.explain.decoding import text_of
from mailproof.explain.reading import Reading, read

PASTES = Path(__file__).parent / "pastes"


class Expected(msgspec.Struct, frozen=True):
    """A row of the table: the paste's file without its ending, and how it must be read."""

    paste: str
    reason: str
    provider: str
    channel: str
    origin: str


def expected_readings() -> list[Expected]:
    with (PASTES / "expected.csv").open(encoding="utf-8", newline="") as table:
        return [Expected(**row) for row in csv.DictReader(table)]


def pasted(name: str) -> str:
    return text_of((PASTES / f"{name}.txt").read_bytes())


def reading_of(text: str) -> Reading:
    reading = read(text)
    assert reading is not None
    return reading
