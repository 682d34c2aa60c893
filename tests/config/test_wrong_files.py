"""Each mistake in a file, and the exact sentence that it gets."""

from pathlib import Path

import pytest

from mailproof.config.problems import ConfigInvalid
from tests.config.loading import read, wrong
from tests.config.mistakes import FILES


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES)
def test_a_mistake_is_said_with_its_place_and_the_right_form(
    text: str, said: list[str], tmp_path: Path
) -> None:
    assert wrong(tmp_path, text) == said


def test_all_mistakes_are_said_at_once_not_just_the_first(tmp_path: Path) -> None:
    names = ("a proxy by name", "one port for two listeners", "a lease that ends before its call")
    assert len(wrong(tmp_path, "".join(FILES[name][0] for name in names))) == len(names)


# The text, and where its syntax error is.
SYNTAX: dict[str, tuple[str, str]] = {
    "no quotes": (
        "[delivery]\nwait = 5s\n",
        "mailproof.toml:2: not valid TOML at line 2, column 9: this is not a value."
        ' Text needs quotes, such as wait = "5s"; numbers, true and false have none.',
    ),
    "twice": (
        "[delivery]\nwait = 5\nwait = 6\n",
        "mailproof.toml:3: not valid TOML at line 3, column 9: something is there twice."
        " Write each key once, and each [table] once;"
        " for a list of tables write [[providers]] each time.",
    ),
    "an open quote": (
        'language = "en\n',
        "mailproof.toml:1: not valid TOML at line 1, column 15: a text does not end."
        " Close the quotes on the line where they begin.",
    ),
    "a colon": (
        "language: en\n",
        "mailproof.toml:1: not valid TOML at line 1, column 9: this is no setting."
        ' Write name = value, such as wait = "5s"; a comment begins with #.',
    ),
    "a backslash": (
        'public_url = "C:\\mail"\n',
        "mailproof.toml:1: not valid TOML at line 1, column 19: a backslash in double quotes."
        r" Use single quotes around it: 'C:\mail\key.txt'.",
    ),
    "an open bracket": (
        "[delivery\nwait = 5\n",
        "mailproof.toml:1: not valid TOML at line 1, column 10: a bracket does not close."
        " Write [delivery] for a table, [[providers]] for an entry of a list,"
        " and [a, b] for a list of values.",
    ),
}


@pytest.mark.parametrize(("text", "said"), SYNTAX.values(), ids=SYNTAX)
def test_a_slip_in_the_syntax_is_said_with_line_column_and_a_hint(
    text: str, said: str, tmp_path: Path
) -> None:
    assert wrong(tmp_path, text) == [said]


def test_a_mistake_is_said_in_chinese_too(tmp_path: Path) -> None:
    assert wrong(tmp_path, FILES["a rate in words"][0], language="zh") == [
        "mailproof.toml:3: providers[0].rate: '5 per sec' 不是速率。"
        '请写数字加单位，例如 "5/s" 或 "300/min"。'
    ]


def test_a_file_speaks_the_language_that_it_sets(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="这里必须是一个表"):
        read(tmp_path, 'language = "zh"\nlog = 1\n', {"LANG": "en_GB.UTF-8"})


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    assert wrong(tmp_path, None, {"MAILPROOF_CONFIG": "mine.toml"}) == [
        "mine.toml: there is no such file. Correct the path in --config or MAILPROOF_CONFIG,"
        " or leave it out to use mailproof.toml or the environment alone."
    ]


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert wrong(tmp_path, None, {"MAILPROOF_CONFIG": str(tmp_path)}) == [
        f"{tmp_path}: this is a directory. Name the file in it, such as mailproof.toml."
    ]


def test_a_file_in_another_encoding_says_on_which_line(tmp_path: Path) -> None:
    assert wrong(tmp_path, "# good\n# 邮件\n".encode("gbk")) == [
        "mailproof.toml:2: the file is not UTF-8. Save it as UTF-8 in your editor."
    ]


def test_a_file_that_can_be_no_configuration_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert wrong(tmp_path, b"#" * (1024 * 1024 + 1)) == [
        "mailproof.toml: the file is larger than 1 MiB, so it is hardly a configuration."
        " Correct the path in --config or MAILPROOF_CONFIG."
    ]


@pytest.mark.parametrize("text", ["[delivery]\nwait = " + "9" * 5_000, "a = " + "[" * 5_000])
def test_what_is_beyond_any_measure_is_a_mistake_and_no_crash(text: str, tmp_path: Path) -> None:
    assert wrong(tmp_path, text) == [
        "mailproof.toml: this cannot be read: a number or a nesting in it is beyond any measure."
        " Compare it with the example in the documentation."
    ]
