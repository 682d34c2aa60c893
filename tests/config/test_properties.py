"""Whatever is written: the settings, or `ConfigInvalid`, and nothing else."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailproof.config.lines import line_of, lines_of
from mailproof.config.problems import ConfigInvalid, tell
from mailproof.config.reading import Loaded, load
from mailproof.config.schema import SCHEMA, Leaf, Named, Shape, Table
from mailproof.config.showing import laid_out, rows_of

# What looks like a value, and is or is not one.
WORDS = st.sampled_from(
    "5s 1h 0.5ms 400d 5/s 0/s 300/min resend sandbox env:X env: file: file:. file:x literal"
    " http://[ http://[::1]:99999 https://a@b https://api.resend.com/ postgres:// sqlite:///a/b"
    " sqlite:///../x 127.0.0.1 ::1/0 10.0.0.1/8 ( a{99999999999} (?L) (?i)x true en zh-TW DEBUG"
    " slack://x whsec_AAAAAAAAAAAAAAAA stop promise service nan 0.0.0.0".split()
)
SCALARS = (
    WORDS
    | st.text(max_size=20)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.none()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def contents(shape: Shape) -> st.SearchStrategy[Any]:
    """A table as it should be, in which anything may be something else."""
    match shape:
        case Leaf():
            return VALUES
        case Table():
            keys = {key: contents(inner) | VALUES for key, inner in shape.keys.items()}
            return st.fixed_dictionaries({}, optional=keys)
        case Named():
            names = st.sampled_from(["otp", "registraton", "welcome", "Bad-Name", ""])
            return st.dictionaries(names, contents(shape.entry), max_size=3)
    return st.lists(contents(shape.entry), max_size=3)


def written(value: Any) -> str:
    """TOML for what the strategies make; what it cannot hold becomes text."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(written(each) for each in value)}]"
        case dict():
            pairs = (f"{quoted(key)} = {written(each)}" for key, each in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case str():
            return quoted(value)
    return str(value) if hasattr(value, "isoformat") else quoted(repr(value))


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def outcome(raw: bytes | None, environ: dict[str, str]) -> Loaded | ConfigInvalid:
    with tempfile.TemporaryDirectory() as folder:
        if raw is not None:
            Path(folder, "mailproof.toml").write_bytes(raw)
        try:
            loaded = load(path=None, environ=environ, cwd=Path(folder))
        except ConfigInvalid as invalid:
            said = tell((*invalid.problems, *invalid.warnings), "zh")
            assert invalid.problems
            assert all(each.problem and each.fix for each in said)
            return invalid
        assert all(str(each) for each in tell(loaded.warnings, "en"))
        laid_out(rows_of(loaded)).encode()
        return loaded


VARIABLES = st.dictionaries(
    st.sampled_from(
        "LANGUAGE PUBLIC_URL TRUSTED_PROXIES DELIVERY_WAIT PROVIDERS_0_TYPE PROVIDERS_0_API_KEY"
        " PROVIDERS_0_WEBHOOK_SECRET PROVIDERS_1_RATE PROVIDERS_RESEND_BASE_URL DATABASE_URL"
        " PURPOSES_OTP_MATCH_SUBJECT ALERTS_CHANNELS_0_URL SERVER_PORT ADMIN_TOKEN CONFIG"
        " PROVIDERS PROVIDERS_0 PURPOSES__ _ DELIVERY_AT_ONCE".split()
    ).map("MAILPROOF_{}".format)
    | st.text(max_size=10).map("MAILPROOF_{}".format),
    WORDS | st.text(st.characters(), max_size=20),
    max_size=6,
)


@given(content=contents(SCHEMA), environ=VARIABLES)
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_is_read_or_refused(
    content: dict[str, Any], environ: dict[str, str]
) -> None:
    text = "".join(f"{key} = {written(value)}\n" for key, value in content.items())
    outcome(text.encode(), environ)


@given(
    raw=st.binary(max_size=200) | st.text("[]{}=\"'\\\n#.,ab1 \r\x00é", max_size=60).map(str.encode)
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    outcome(raw, {})


@given(environ=VARIABLES, key=st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_environment_is_read_or_refused(environ: dict[str, str], key: str) -> None:
    outcome(None, {**environ, "RESEND_API_KEY": key})


NAMES = st.text("abc-_1", min_size=1, max_size=4) | st.text(max_size=3)
PIECES = st.lists(
    st.tuples(
        st.sampled_from(["key", "table", "tables", "comment", "blank"]),
        NAMES,
        WORDS | st.just("two\nlines = 1\n[no.header]") | st.lists(st.just("# x = 1"), max_size=3),
    ),
    max_size=12,
)


@given(pieces=PIECES)
def test_every_key_is_found_on_the_line_where_it_was_written(
    pieces: list[tuple[str, str, Any]],
) -> None:
    lines: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    for position, (kind, name, value) in enumerate(pieces):
        unique, here = f"{name}{position}", sum(line.count("\n") + 1 for line in lines) + 1
        match kind:
            case "comment":
                lines.append("# key = 'none' [[")
            case "blank":
                lines.append("")
            case "key":
                lines.append(f"{quoted(unique)} = {laid_on_lines(value)} # = [")
                expected[*table, unique] = here
            case "table":
                table = (unique,)
                lines.append(f" [ {quoted(unique)} ] # x")
                expected[table] = here
            case _:
                index = len({path[1] for path in expected if path[0] == "list" and len(path) > 1})
                table = ("list", index)
                lines.append("[[list]]")
                expected[table] = here
    found = lines_of("\n".join(lines))
    assert {path: line_of(path, found) for path in expected} == expected


def laid_on_lines(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return f'"""{value}"""'
    if isinstance(value, list):
        return "[\n" + "".join(f"  {quoted(each)}, # ]\n" for each in value) + "]"
    return quoted(value)
