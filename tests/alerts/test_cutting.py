"""A message that a service would refuse for its length ends with a sentence and `…`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.alerts.cutting import cut, size_in_bytes
from mailproof.alerts.wording import Text

LONG = "One is here. Two is here! Three is here? Four."


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (46, LONG),
        (45, "One is here. Two is here! Three is here?…"),
        (30, "One is here. Two is here!…"),
        (26, "One is here. Two is here!…"),
        (20, "One is here.…"),
        (9, "One is…"),
        (1, ""),
    ],
)
def test_a_text_is_cut_behind_a_sentence_or_else_behind_a_word(most: int, said: str) -> None:
    assert cut(LONG, most) == said


def test_a_chinese_text_is_cut_behind_its_own_full_stop_in_bytes() -> None:
    text = "邮件没有丢。修好之后会自动发出。"
    assert size_in_bytes(text) == 48
    assert cut(text, 47, size_in_bytes) == "邮件没有丢。…"


@given(text=st.text(), most=st.integers(0, 60), in_bytes=st.booleans())
def test_what_is_cut_fits_and_was_there_before(
    text: str,
    most: int,
    in_bytes: bool,  # noqa: FBT001 - hypothesis passes it by name
) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    size = size_in_bytes if in_bytes else len
    short = cut(clean, most, size)
    assert size(short) <= most
    assert clean.startswith(short.removesuffix("…"))


def test_the_line_that_says_where_to_read_more_is_never_cut() -> None:
    text = Text("title", "What. " * 100, "failure", "More: docs/alerts/route_closed.md")
    short = text.fitting(100)
    assert len(short) <= 100
    assert short.endswith("…\nMore: docs/alerts/route_closed.md")
