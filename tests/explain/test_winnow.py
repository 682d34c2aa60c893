"""A failure is found wherever it stands in a long log, at a bounded cost."""

import time

import pytest

from mailproof.explain.reading import read
from mailproof.explain.telling import tell
from mailproof.explain.winnow import WHOLE_MAX, winnowed
from tests.explain.pasting import pasted, reading_of

QUIET = "2026-11-24T09:12:{:02d}Z INFO req-{} GET /api/items/{} 200 3ms user=u{}@example.org\n"
FAILED = (
    '2026-11-24T09:12:02Z ERROR send failed {"statusCode":403,"name":"validation_error",'
    '"message":"The acme.test domain is not verified"}\n'
)


def quiet(size: int) -> str:
    count = size // 80
    return "".join(QUIET.format(number % 60, number, number, number) for number in range(count))


LOG = quiet(1_000_000)


@pytest.mark.parametrize("where", [0, 0.02, 0.1, 0.5, 0.9, 1])
@pytest.mark.parametrize("failed", [FAILED, pasted("python-requests-chain"), pasted("dsn-postfix")])
def test_a_failure_is_found_wherever_it_stands(failed: str, where: float) -> None:
    at = LOG.rfind("\n", 0, int(where * len(LOG)) or 1) + 1
    reading = reading_of(f"{LOG[:at]}{failed}\n{LOG[at:]}")
    assert reading.failure.reason == reading_of(failed).failure.reason
    assert reading.winnowed.places == 1
    assert "1,0" in tell(reading, "en").notes[-1]


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_log_of_one_line_is_searched_as_well(where: float) -> None:
    items = ['{"i":1,"msg":"GET /x 200","ok":true}'] * 20_000
    items.insert(int(where * len(items)), '{"i":2,"error":{"name":"rate_limit_exceeded"}}')
    assert reading_of(f'{{"logs":[{",".join(items)}]}}').failure.reason == "rate_limited"


def test_what_tells_of_mail_is_read_before_what_does_not() -> None:
    other = "09:13 ERROR db deadlock detected, transaction failed, order 17\n" * 20_000
    reading = reading_of(LOG[:300_000] + FAILED + LOG[:20_000] + other)
    assert reading.failure.reason == "sender_unverified"
    assert reading.winnowed.left > 0
    assert "were skipped" in tell(reading, "en").notes[-1]


def test_of_the_same_kind_the_newest_decides() -> None:
    early = FAILED.replace("403", "401").replace(
        "acme.test domain is not verified", "key is invalid"
    )
    reading = reading_of(early + LOG + FAILED + LOG)
    assert reading.failure.reason == "sender_unverified"


def test_a_short_paste_is_read_whole() -> None:
    text = "x" * WHOLE_MAX
    assert winnowed(text).text is text


def test_a_long_log_without_a_failure_says_so() -> None:
    reading = read(LOG)
    assert reading is not None
    assert reading.verdict == "nothing"
    assert "none of them speak of a failure" in tell(reading, "en").notes[-1]


@pytest.mark.parametrize("unit", [FAILED, "error ", "İ failed: 550 5.1.1 x\n", "{"])
def test_a_log_of_nothing_but_failures_costs_no_more(unit: str) -> None:
    text = (unit * 2_000_000)[:2_000_000]
    assert sum(map(len, winnowed(text).text.split("\n\n"))) <= WHOLE_MAX
    begin = time.process_time()
    read(text)
    assert time.process_time() - begin < 10
