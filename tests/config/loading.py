"""Write a configuration file as a user would, and read it."""

from collections.abc import Mapping
from pathlib import Path

from mailproof.config.problems import ConfigInvalid, tell
from mailproof.config.reading import Loaded, load
from mailproof.diagnosis.guidance.language import OperatorLanguage

# Of the right shape, and made up.
KEY = "re_abcdefgh_abcdefghijklmnopqrstuvwx"
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def read(
    folder: Path,
    text: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    *,
    language: OperatorLanguage | None = None,
) -> Loaded:
    """Read `text` as `mailproof.toml` in `folder`; None: there is no file."""
    if text is not None:
        raw = text.encode() if isinstance(text, str) else text
        folder.joinpath("mailproof.toml").write_bytes(raw)
    return load(path=None, environ=env or {}, cwd=folder, language=language)


def wrong(
    folder: Path,
    text: str | bytes | None,
    env: Mapping[str, str] | None = None,
    *,
    language: OperatorLanguage = "en",
) -> list[str]:
    """What is said about it, a problem per entry. Empty: it is good."""
    try:
        read(folder, text, env, language=language)
    except ConfigInvalid as invalid:
        return str(invalid).split("\n")
    return []


def odd(loaded: Loaded, language: OperatorLanguage = "en") -> list[str]:
    """The warnings, but for the one about alert channels, which most tests have none of."""
    told = [each for each in loaded.warnings if each.key != "channel.none"]
    return [str(each) for each in tell(tuple(told), language)]
