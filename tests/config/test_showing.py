"""What is in force, as a file that could be used again."""

import tomllib
from pathlib import Path

import msgspec

from mailproof.config.reading import load
from mailproof.config.schema import SCHEMA, Leaf, Named, Shape, Table
from mailproof.config.settings import Settings
from mailproof.config.showing import laid_out, rows_of
from tests.config.loading import read
from tests.config.test_reading import ENV, EXAMPLE


def plain(settings: Settings) -> str:
    return repr(msgspec.structs.replace(settings, file=""))


def test_what_is_shown_can_be_read_again_and_is_the_same(tmp_path: Path) -> None:
    text = EXAMPLE.replace('"slack://b/c/d"', '"env:SECOND"')
    env = {**ENV, "SECOND": "slack://b/c/d", "MAILPROOF_SERVER_ADMIN_PORT": "9000"}
    loaded = read(tmp_path, text, env)
    tmp_path.joinpath("again.toml").write_text(laid_out(rows_of(loaded)), "utf-8")
    again = load(path="again.toml", environ=ENV | {"SECOND": "slack://b/c/d"}, cwd=tmp_path)
    # The store stands in the file now, and so it is no default any more.
    assert plain(again.settings).replace("literal", "default") == plain(loaded.settings)
    assert again.settings.store_url.read() == loaded.settings.store_url.read()


def test_each_line_says_where_its_value_comes_from(tmp_path: Path) -> None:
    loaded = read(tmp_path, EXAMPLE, {**ENV, "MAILPROOF_DELIVERY_DEADLINE": "20"})
    lines = [" ".join(line.split()) for line in laid_out(rows_of(loaded)).splitlines()]
    assert 'language = "zh" # mailproof.toml:2' in lines
    assert 'deadline = "20s" # env MAILPROOF_DELIVERY_DEADLINE' in lines
    assert 'lease = "2m" # default' in lines
    assert 'api_key = "env:RESEND_API_KEY" # mailproof.toml:11' in lines
    assert "# admin_port: none # default" in lines
    assert "# url: hidden # mailproof.toml:30" in lines


def test_every_setting_there_is_is_shown(tmp_path: Path) -> None:
    text = EXAMPLE.replace("[purposes.registration]", "[purposes.registration]\ncritical = true")
    shown = {row.path for row in rows_of(read(tmp_path, text, ENV))}
    missing = {path for path in paths(SCHEMA, "") if path not in shown}
    assert missing == {"purposes.registration.match.from"}  # of a match, only what is there


def paths(shape: Shape, path: str) -> list[str]:
    match shape:
        case Leaf():
            return [path]
        case Table():
            dot = "." if path else ""
            return [
                leaf
                for key, inner in shape.keys.items()
                for leaf in paths(inner, f"{path}{dot}{key}")
            ]
        case Named():
            return paths(shape.entry, f"{path}.registration")
    return paths(shape.entry, f"{path}[0]")


def test_what_is_shown_is_toml_even_of_a_bare_environment(tmp_path: Path) -> None:
    shown = tomllib.loads(laid_out(rows_of(read(tmp_path))))
    assert shown["server"]["port"] == 7025
    assert "providers" not in shown
