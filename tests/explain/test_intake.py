"""Files and pipes are taken in alike; what is no text is named."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.explain.decoding import NotText, clean, text_of
from mailproof.explain.intake import newest

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=30)


class Pipe(io.BytesIO):
    """What cannot be wound forward."""

    def seekable(self) -> bool:
        return False


@given(LINES, st.integers(1, 400))
def test_a_file_and_a_pipe_give_the_same(lines: list[bytes], limit: int) -> None:
    raw = b"\n".join(lines)
    from_file, from_pipe = newest(io.BytesIO(raw), limit), newest(Pipe(raw), limit)
    assert from_file == from_pipe
    kept, dropped = from_file
    assert raw[dropped:] == kept
    assert len(kept) <= limit
    assert not dropped or raw[dropped - 1 : dropped] == b"\n" or len(kept) == limit


def test_what_fits_is_taken_whole() -> None:
    assert newest(io.BytesIO(b"550 no\n"), 7) == (b"550 no\n", 0)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "program"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Outlook"),
        (bytes(range(256)) * 20, "not text"),
        (bytes(4_000), "not text"),
    ],
)
def test_what_is_no_text_is_named(raw: bytes, says: str) -> None:
    with pytest.raises(NotText, match=says):
        text_of(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "发信失败：535 认证失败".encode("gbk"),
        "550 no\r\n".encode("utf-16-le"),
        b"\x1b[31m550 5.1.1 no\x1b[0m\x07\r\n" * 9,
        b"550 \xff\xfe\xe9",
    ],
)
def test_text_in_other_encodings_is_text(raw: bytes) -> None:
    assert text_of(raw)


def test_lines_that_docker_wrapped_are_one_text_again() -> None:
    wrapped = '{"log":"Error: a\\n","stream":"stderr"}\n{"log":"  at b\\n","stream":"stderr"}'
    assert clean(wrapped) == "Error: a\n  at b"
    assert clean('{"log":"no stream"}') == '{"log":"no stream"}'
