"""Whatever people paste, the failure in it is found: each file in `pastes/` is one such paste."""

import msgspec
import pytest

from mailproof.diagnosis.evidence import HttpAnswer, Raised, SmtpReply
from mailproof.diagnosis.report import report
from mailproof.explain.decoding import unescaped
from mailproof.explain.reading import Reading
from tests.explain.pasting import PASTES, Expected, expected_readings, pasted, reading_of

TABLE = expected_readings()


def as_read(name: str, reading: Reading) -> Expected:
    evidence = reading.failure.evidence
    channel = str(evidence.seen.__struct_config__.tag)
    failure = reading.failure
    return Expected(name, failure.reason, evidence.provider, channel, failure.origin)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.paste)
def test_a_paste_is_read_as_the_table_says(row: Expected) -> None:
    assert as_read(row.paste, reading_of(pasted(row.paste))) == row


def test_every_paste_is_in_the_table() -> None:
    assert {row.paste for row in TABLE} == {path.stem for path in PASTES.glob("*.txt")}
    assert len(TABLE) >= 60


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.paste)
def test_windows_line_ends_and_trailing_blanks_change_nothing(row: Expected) -> None:
    windows = "\r\n" + pasted(row.paste).replace("\n", "\r\n") + "  \r\n\r\n"
    assert as_read(row.paste, reading_of(windows)) == row


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.paste)
def test_what_json_printed_can_be_explained_again(row: Expected) -> None:
    first = reading_of(pasted(row.paste)).failure
    printed = msgspec.json.encode(report(first, "en")).decode()
    again = reading_of(printed).failure
    assert (again.reason, again.evidence.provider) == (first.reason, first.evidence.provider)


@pytest.mark.parametrize(
    "name",
    [
        "node-resend-domain-not-verified", "curl-i-429", "log-kubernetes", "smtp-line",
        "python-recipients-refused", "postfix-bounced", "node-nodemailer-eauth", "java-connect",
    ],
)  # fmt: skip
def test_a_paste_copied_out_of_a_json_string_reads_the_same(name: str) -> None:
    escaped = msgspec.json.encode(pasted(name)).decode()
    assert reading_of(escaped).failure.reason is reading_of(pasted(name)).failure.reason


def test_escapes_are_undone_one_layer_at_a_time() -> None:
    assert unescaped(r"a\nb\"c\u0041") == 'a\nb"cA'
    assert unescaped(r"\\n") == r"\n"


def test_the_last_failure_decides_and_the_others_are_counted() -> None:
    reading = reading_of(pasted("two-failures"))
    assert reading.failure.reason == "sender_unverified"
    assert reading.others == 1


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.paste)
def test_one_failure_is_not_counted_as_several(row: Expected) -> None:
    assert reading_of(pasted(row.paste)).others == row.paste.startswith("two-")


def test_a_failure_told_twice_is_one_failure() -> None:
    told_twice = pasted("node-saasfly-key-is-1") * 2
    assert reading_of(told_twice).others == 0


def test_each_bounced_mail_of_a_log_counts() -> None:
    line = pasted("postfix-bounced").splitlines()[1]
    log = "\n".join(line.replace("nobody@", f"nobody{number}@") for number in range(20))
    assert reading_of(log).others == 19


def test_the_stage_of_a_dialogue_comes_from_its_verbs() -> None:
    seen = reading_of(pasted("smtp-dialogue-smtplib")).failure.evidence.seen
    assert isinstance(seen, SmtpReply)
    assert (seen.code, seen.stage) == (552, "end-of-data")


def test_a_traceback_keeps_its_chain_and_knows_whether_the_request_was_written() -> None:
    seen = reading_of(pasted("python-requests-read-timeout")).failure.evidence.seen
    assert isinstance(seen, Raised)
    assert seen.type == "requests.exceptions.ReadTimeout"
    assert seen.cause is not None
    assert seen.cause.type == "TimeoutError"
    assert seen.request_written is True


def test_a_traceback_in_connecting_knows_that_nothing_was_written() -> None:
    failure = reading_of(pasted("python-connection-refused")).failure
    assert isinstance(failure.evidence.seen, Raised)
    assert failure.evidence.seen.request_written is False
    assert not failure.ambiguous


def test_headers_of_a_curl_transcript_are_kept_and_its_chatter_is_not() -> None:
    seen = reading_of(pasted("curl-v-403")).failure.evidence.seen
    assert isinstance(seen, HttpAnswer)
    assert seen.headers["cf-ray"] == "8f2b1c0000000000-FRA"
    assert seen.body.startswith('{"statusCode":403')
    assert seen.body.endswith('"name":"validation_error"}')


def test_the_returned_mail_in_a_bounce_gives_sender_and_recipient() -> None:
    context = reading_of(pasted("dsn-postfix")).failure.evidence.context
    assert context.sender == "noreply@acme.test"
    assert context.to == ("nobody@example.org",)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.paste)
def test_what_a_receiver_said_closes_nothing(row: Expected) -> None:
    if row.origin == "receiver":
        assert reading_of(pasted(row.paste)).failure.closes is None


@pytest.mark.parametrize("name", ["exchange-432", "reply-without-hyphen", "exchange-said"])
def test_no_stage_is_made_up(name: str) -> None:
    said = "LED=550 5.7.133 not authenticated; authentication required; delivery restriction"
    seen = reading_of(said if name == "exchange-said" else pasted(name)).failure.evidence.seen
    assert isinstance(seen, SmtpReply)
    assert seen.stage == ""


def test_a_reply_whose_continuation_lost_its_hyphen_is_one_reply() -> None:
    seen = reading_of(pasted("reply-without-hyphen")).failure.evidence.seen
    assert isinstance(seen, SmtpReply)
    assert "support.google.com" in seen.reply


@pytest.mark.parametrize("name", ["log-docker-json-node", "node-fields-without-a-head"])
def test_what_node_was_connecting_for_was_never_written(name: str) -> None:
    failure = reading_of(pasted(name)).failure
    assert isinstance(failure.evidence.seen, Raised)
    assert failure.evidence.seen.request_written is False
    assert not failure.ambiguous


def test_a_cause_whose_own_header_was_not_copied_is_linked() -> None:
    seen = reading_of(pasted("python-cause-without-its-header")).failure.evidence.seen
    assert isinstance(seen, Raised)
    assert seen.cause is not None
    assert (seen.cause.type, seen.cause.request_written) == ("ConnectionRefusedError", False)


def test_a_reply_in_a_json_string_ends_with_the_string() -> None:
    line = pasted("log-json-quotes-a-reply").replace('"error":"gomail', '"stack":1,"error":"gomail')
    for text in (line, line.removeprefix("{")):
        seen = reading_of(text).failure.evidence.seen
        assert isinstance(seen, SmtpReply)
        assert seen.reply.endswith("https://resend.com/domains")
