"""What `docs/operate.md` says the gateway stands is what the code has, in both languages."""

import re

import pytest

from mailproof.gateway import crowd, hooks_in, own_mails, sending, server, wire
from mailproof.gateway.preferences import WAIT_MAX_S
from mailproof.gateway.status import serving, turnstile
from tests.docs.pages import LANGUAGES, page, tables

KB, MB = 1024, 1024 * 1024
ARRIVING = [wire.ARRIVING_S, wire.ARRIVING_BYTES_PER_S // KB, 1]
# The numbers of each row, in its order; where a language has another order, they are sorted.
LIMITS: list[list[float]] = [
    [crowd.CONNECTIONS_MAX, crowd.DESCRIPTORS_KEPT],
    [server._KEEP_ALIVE_S],
    [wire.HEAD_MAX // KB],
    ARRIVING,
    ARRIVING,
    [wire.AHEAD_MAX],
    [sending.BODY_MAX // MB],
    [hooks_in._BODY_MAX // KB],
    [own_mails._BODY_MAX // KB],
    [sending.BATCH_MAX],
    [server._WAITING_MAX],
    [server._BYTES_MAX // MB],
    [hooks_in._WAITING_MAX, hooks_in._BYTES_MAX // MB],
    [WAIT_MAX_S],
    [turnstile._ASKS_MAX, turnstile._SPAN_S],
    [turnstile._STREAMS_MAX],
    [turnstile._ALL_STREAMS_MAX],
    [serving._STREAM_MAX_S],
]
HEADING = {"en": "## What the gateway stands", "zh": "## 网关扛得住什么"}


def told(language: str) -> list[list[float]]:
    part = page("operate", language).partition(HEADING[language])[2].partition("\n## ")[0]
    (rows,) = tables(part)
    return [
        sorted(float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", row[1]))
        for row in rows
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_limit_of_the_gateway_is_the_one_in_force(language: str) -> None:
    assert told(language) == [sorted(map(float, each)) for each in LIMITS]


def test_the_statuses_beyond_a_limit_are_the_same_in_both_languages() -> None:
    english, chinese = (
        [re.findall(r"\b[2-5]\d\d\b", line) for line in page("operate", each).split("\n")
         if line.startswith("|")]
        for each in LANGUAGES
    )  # fmt: skip
    assert english == chinese
