"""`--jsonl`: one case in, one failure out, in order, whatever the line holds."""

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.report import Report
from mailproof.explain.lines import Explainer, explain_lines


def case(name: str, provider: str, channel: str, **fields: object) -> bytes:
    return msgspec.json.encode(
        {"id": name, "provider": provider, "channel": channel, "input": fields}
    )


REFUSED = {"type": "ConnectionRefusedError", "message": "refused", "request_written": False}
LIMITED = {"name": "rate_limit_exceeded", "statusCode": 429, "message": "Too many requests"}
COMPLAINED = {"type": "email.complained", "data": {}}
CASES = [
    case("a", "resend", "http", status=401, headers={}, body={"name": "missing_api_key"}),
    case("b", "smtp", "smtp", stage="rcpt", code=550, reply="5.1.1 no such user"),
    case("c", "smtp", "exception", **REFUSED),
    case("d", "resend", "sdk", error=LIMITED),
    case("e", "resend", "webhook", event=COMPLAINED),
    case("f", "smtp", "dsn", action="failed", status="5.2.2", diagnostic="smtp; 552 mailbox full"),
]
REASONS = [
    *("credentials_missing", "mailbox_not_found", "connection_failed"),
    *("rate_limited", "complained", "mailbox_full"),
]


class Line(msgspec.Struct):
    id: str | int | None
    reason: str = ""
    error: str = ""


def answers(raw: bytes) -> tuple[list[Line], Explainer]:
    explainer, out = Explainer("en"), io.BytesIO()
    explain_lines(io.BytesIO(raw), out, explainer)
    return [msgspec.json.decode(line, type=Line) for line in out.getvalue().splitlines()], explainer


def test_each_channel_is_explained_in_order() -> None:
    lines, explainer = answers(b"\n".join(CASES))
    assert [(line.id, line.reason) for line in lines] == list(zip("abcdef", REASONS, strict=True))
    assert not explainer.any_bad


def test_a_line_out_has_the_id_and_the_fields_of_a_failure_and_nothing_else() -> None:
    line = msgspec.json.decode(Explainer("en").answer(CASES[0]))
    assert list(line) == ["id", *Report.__struct_fields__]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'{"id":"x","channel":"smtp"}', "x"),
        (b'{"id":7,"channel":"pigeon","input":{}}', 7),
        (b'{"id":"y","channel":"smtp","input":{"code":"many"}}', "y"),
        (b"no JSON", None),
        (b"[]", None),
        (b'{"id":"z"', None),
    ],
)
def test_a_bad_line_says_where_and_why_and_the_rest_goes_on(line: bytes, name: object) -> None:
    lines, explainer = answers(CASES[0] + b"\n" + line + b"\n" + CASES[1])
    assert [each.reason for each in lines] == ["credentials_missing", "", "mailbox_not_found"]
    assert lines[1].id == name
    assert lines[1].error.startswith("line 2 is no case: ")
    assert explainer.any_bad


def test_nulls_and_numbers_in_strings_are_forgiven() -> None:
    lines, explainer = answers(
        b'{"id":"a","provider":null,"channel":"smtp",'
        b'"input":{"stage":null,"code":"550","reply":"5.1.1 no such user"}}\n'
        b'{"id":"b","channel":"http",'
        b'"input":{"status":429,"headers":{"retry-after":3,"x":["a","b"]},"body":null}}'
    )
    assert [line.reason for line in lines] == ["mailbox_not_found", "rate_limited"]
    assert not explainer.any_bad


def test_blank_lines_are_passed_by() -> None:
    assert len(answers(b"\n\r\n" + CASES[0] + b"\r\n\n")[0]) == 1


def test_a_provider_that_was_given_overrules_the_lines() -> None:
    line = Explainer("en", provider="postmark").answer(CASES[0])
    assert msgspec.json.decode(line)["evidence"]["provider"] == "postmark"


def test_sentences_come_in_the_language_that_was_asked_for() -> None:
    cause = msgspec.json.decode(Explainer("zh").answer(CASES[1]))["cause"]
    assert any("\u4e00" <= char <= "\u9fff" for char in cause)


class Trickle(io.RawIOBase):
    """A pipe whose writer pauses between the pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.answered: list[int] = []
        self.out = io.BytesIO()

    def read1(self, _size: int) -> bytes:
        self.answered.append(self.out.getvalue().count(b"\n"))
        return self.pieces.pop(0) if self.pieces else b""


def test_whoever_writes_line_by_line_is_answered_line_by_line() -> None:
    source = Trickle([CASES[0] + b"\n", CASES[1][:20], CASES[1][20:] + b"\n", CASES[2]])
    explain_lines(source, source.out, Explainer("en"))  # type: ignore[arg-type]
    assert source.answered == [0, 1, 1, 2, 2]
    assert source.out.getvalue().count(b"\n") == 3


@given(
    st.lists(
        st.binary(max_size=60).filter(lambda raw: raw.strip() and b"\n" not in raw), max_size=8
    )
)
def test_any_bytes_give_one_answer_per_line(raw: list[bytes]) -> None:
    lines, explainer = answers(b"\n".join(raw))
    assert len(lines) == len(raw)
    assert explainer.any_bad == bool(raw)
