"""`mailproof explain` as users run it: arguments, files, pipes, languages, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailproof.diagnosis.report import Report
from tests.cli.running import mailproof

BODY = (
    '{"statusCode":403,"name":"validation_error","message":"The acme.test domain is not verified"}'
)
CASE = b'{"id":"a","channel":"smtp","input":{"code":550,"reply":"5.1.1 no such user"}}\n'
# What SaaSFly's sign-in page gets with RESEND_API_KEY='1' and RESEND_FROM='1', and drops.
SAASFLY = (
    b"{ data: null, error: { statusCode: 401, message: 'API key is invalid',"
    b" name: 'validation_error' } }"
)


def reason_in(done: subprocess.CompletedProcess[bytes]) -> str:
    assert done.returncode == 0, done.stderr.decode()
    return str(json.loads(done.stdout)["reason"])


def test_a_status_and_a_body_as_arguments_are_one_answer() -> None:
    done = mailproof("explain", "--json", "403", BODY)
    assert reason_in(done) == "sender_unverified"
    assert json.loads(done.stdout)["evidence"]["status"] == 403


def test_words_without_quotes_are_one_text() -> None:
    done = mailproof("explain", "--json", *"550 5.1.1 User unknown".split())
    assert reason_in(done) == "mailbox_not_found"


def test_a_file_is_read(tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_text(f"09:12:01 ERROR {BODY}\n", encoding="utf-8")
    assert reason_in(mailproof("explain", "--json", str(log))) == "sender_unverified"


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_is_read(arguments: list[str]) -> None:
    assert (
        reason_in(mailproof("explain", "--json", *arguments, stdin=SAASFLY))
        == "credentials_invalid"
    )


def test_saasflys_lost_error_is_told_with_cause_and_fix_in_both_languages() -> None:
    english = mailproof("explain", stdin=SAASFLY).stdout.decode()
    chinese = mailproof("explain", "--lang", "zh", stdin=SAASFLY).stdout.decode()
    assert english.startswith("Resend does not know the key")
    assert "https://resend.com/api-keys" in english
    assert chinese.startswith("Resend 不认识")
    assert "https://resend.com/api-keys" in chinese
    assert "Authorization: Bearer $RESEND_API_KEY" in english


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_chinese_in_any_encoding_is_read_and_printed(encoding: str) -> None:
    paste = "发信失败：smtp.qq.com 返回 550 域名未验证".encode(encoding)
    done = mailproof("explain", "--json", stdin=paste, env={"LANG": "C", "LC_ALL": "C"})
    assert done.returncode == 0
    assert "域名未验证" in done.stdout.decode("utf-8")


def test_the_language_follows_the_locale() -> None:
    done = mailproof("explain", "550 5.1.1 no such user", env={"LANG": "zh_CN.UTF-8"})
    assert "原因" in done.stdout.decode()


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1"])
def test_a_terminal_that_lacks_the_letters_gets_what_it_can_show(encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding}
    for command in (("explain", "--lang", "zh", "550 5.1.1 no such user"), ("doctor", "--help")):
        assert mailproof(*command, env=env).returncode == 0


def test_json_is_the_failure_and_nothing_else() -> None:
    done = mailproof("explain", "--json", "550 5.1.1 no such user")
    assert list(json.loads(done.stdout)) == list(Report.__struct_fields__)
    assert done.stderr == b""


def test_given_addresses_and_provider_are_used() -> None:
    done = mailproof("explain", "--provider", "ses", "--to", "a@example.org", "550 5.1.1 no user")
    assert "Amazon SES" in done.stdout.decode()
    assert "dig +short MX example.org" in done.stdout.decode()


def test_an_unknown_failure_was_still_read() -> None:
    done = mailproof("explain", "it just does not work")
    assert done.returncode == 0
    assert b"Paste instead" in done.stdout


def test_what_is_no_failure_is_said_to_be_none() -> None:
    told = mailproof("explain", '{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}')
    assert told.returncode == 0
    assert told.stdout.startswith(b"This shows no failure")
    shown = json.loads(mailproof("explain", "--json", "HTTP/2 200").stdout)
    assert (shown["reason"], shown["next"], shown["severity"]) == ("unknown", "end", "INFO")
    assert shown["cause"].startswith("This shows no failure")


@pytest.mark.parametrize(
    ("raw", "says"), [(b"\x1f\x8b\x08" + bytes(99), "gzip -dc"), (bytes(range(256)), "not text")]
)
def test_what_is_no_text_is_a_misuse(raw: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "mail.log.1"
    path.write_bytes(raw)
    for done in (mailproof("explain", str(path)), mailproof("explain", "-", stdin=raw)):
        assert done.returncode == 2
        assert says in done.stderr.decode()
        assert done.stdout == b""


def test_a_directory_is_a_misuse(tmp_path: Path) -> None:
    done = mailproof("explain", str(tmp_path))
    assert done.returncode == 2
    assert "is a directory" in done.stderr.decode()


def test_a_long_log_reads_the_same_from_a_file_and_a_pipe(tmp_path: Path) -> None:
    quiet = b"".join(b"09:12 INFO request %d took %d ms\n" % (n, n % 9) for n in range(40_000))
    raw = quiet + BODY.encode() + b"\n" + quiet
    path = tmp_path / "app.log"
    path.write_bytes(raw)
    from_file = mailproof("explain", "--json", str(path))
    from_pipe = mailproof("explain", "--json", stdin=raw)
    assert reason_in(from_file) == "sender_unverified"
    assert from_file.stdout == from_pipe.stdout
    assert b"characters were searched" in from_file.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-file.log"], "No file 'no-such-file.log' here."),
        ([], "There is nothing to explain"),
        (["--provider", "pigeon", "x"], "'pigeon' is not one of"),
        (["--lang", "fr", "x"], "'fr' is not one of"),
    ],
)
def test_what_could_not_be_read_is_a_misuse(arguments: list[str], says: str) -> None:
    done = mailproof("explain", *arguments, stdin=b" \n")
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert done.stdout == b""


def test_lines_in_lines_out() -> None:
    done = mailproof("explain", "--jsonl", stdin=CASE * 3)
    assert done.returncode == 0
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a"] * 3


def test_a_bad_line_is_answered_and_makes_the_exit_code_one() -> None:
    done = mailproof("explain", "--jsonl", stdin=CASE + b'{"id":"b"}\n' + CASE)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in lines] == ["a", "b", "a"]
    assert set(lines[1]) == {"id", "error"}


def test_lines_are_read_from_files_too(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(CASE)
    done = mailproof("explain", "--jsonl", str(path), str(path))
    assert done.stdout.count(b"\n") == 2


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(CASE * 5_000)
    with subprocess.Popen(
        [sys.executable, "-m", "mailproof", "explain", "--jsonl", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_pipe_gets_no_colours() -> None:
    assert b"\x1b" not in mailproof("explain", "550 5.1.1 no such user").stdout


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_asks_for_none(
    env: dict[str, str],
    coloured: bool,  # noqa: FBT001
) -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "mailproof", "explain", "550 5.1.1 no such user"],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        check=True,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **env},
    )
    os.close(theirs)
    shown = os.read(ours, 4_000)
    os.close(ours)
    assert (b"\x1b[1m" in shown) is coloured
