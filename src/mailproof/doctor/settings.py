"""What the app is configured with, and where each value came from."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from mailproof.diagnosis.placeholder import is_placeholder
from mailproof.doctor.dotenv import Entry, parse_dotenv
from mailproof.doctor.finding import Phrase

__all__ = ["Setting", "Settings", "read_settings"]

# The first name that is set counts. RESEND_API_URL is what Resend's Python SDK reads.
API_KEY: Final = ("RESEND_API_KEY",)
SENDER: Final = ("RESEND_FROM", "RESEND_FROM_EMAIL", "EMAIL_FROM", "MAIL_FROM", "SMTP_FROM")
BASE_URL: Final = ("RESEND_BASE_URL", "RESEND_API_URL")
SMTP_URL: Final = ("SMTP_URL", "EMAIL_SERVER")
DATABASE_URL: Final = ("MAILPROOF_DATABASE_URL", "DATABASE_URL")
_READ: Final = (*API_KEY, *SENDER, *BASE_URL, *SMTP_URL, *DATABASE_URL)

_PASSWORD: Final = re.compile(r"//[^:/]*:(.+)@", re.DOTALL)
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_]\w*)(?::?-([^}]*))?\}")
_BARE_REFERENCE: Final = re.compile(r"\$([A-Za-z_]\w*)")


class Setting(msgspec.Struct, frozen=True):
    """A value and its origin: empty for the environment, else `file:line`."""

    name: str
    value: str
    origin: str = ""

    @property
    def where(self) -> str:
        """The origin, as a fact for a sentence."""
        return self.origin or Phrase("environment")

    @property
    def quoted(self) -> bool:
        """Are quotes part of the value? Whoever reads it finds no URL in it."""
        text = self.value.strip()
        return len(text) > 2 and text[0] == text[-1] and text[0] in "\"'`"

    def __repr__(self) -> str:  # half of these values are secrets
        return f"<Setting {self.name} from {self.where}>"


class Settings(msgspec.Struct, frozen=True):
    """All values that were found, by name, and what was odd about the file they came from.

    `file` is its name, empty without one. `doubled` and `contradicted` hold names: written twice
    in the file with different values; set otherwise in the environment.
    """

    values: Mapping[str, Setting] = {}
    file: str = ""
    strange_lines: tuple[int, ...] = ()
    utf16: bool = False
    doubled: Mapping[str, tuple[int, int]] = {}
    contradicted: tuple[str, ...] = ()

    def first(self, names: Iterable[str]) -> Setting | None:
        """The first of `names` that is set to something, else to nothing; None: none is set."""
        found = [self.values[name] for name in names if name in self.values]
        return next((each for each in found if each.value.strip()), found[0] if found else None)

    @property
    def secrets(self) -> dict[str, str]:
        """Each secret that was found, and the `$NAME` to show in its place; the longest first.

        A URL without a login is none, and neither is a placeholder: it is to be recognised.
        """
        found: dict[str, str] = {}
        urls = [each for each in (self.smtp_url, self.database_url) if each and "@" in each.value]
        key = self.api_key
        for each in (*urls, *([key] if key and not is_placeholder(key.value.strip()) else ())):
            found |= dict.fromkeys((each.value, each.value.strip(" \n\"'")), f"${each.name}")
            # The password inside, as it is written and as it is meant.
            if login := _PASSWORD.search(each.value):
                found |= dict.fromkeys((login[1], unquote(login[1])), "$PASSWORD")
        return dict(sorted(found.items(), key=lambda item: -len(item[0])))

    @property
    def api_key(self) -> Setting | None:
        return self.first(API_KEY)

    @property
    def sender(self) -> Setting | None:
        return self.first(SENDER)

    @property
    def base_url(self) -> Setting | None:
        return self.first(BASE_URL)

    @property
    def smtp_url(self) -> Setting | None:
        return self.first(SMTP_URL)

    @property
    def database_url(self) -> Setting | None:
        return self.first(DATABASE_URL)


def read_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Read the environment and, if given, a `.env` file, whose values win over the environment.

    Raises `OSError` when the file cannot be read.
    """
    values = {name: Setting(name, environ[name]) for name in _READ if name in environ}
    if env_file is None:
        return Settings(values)
    parsed = parse_dotenv(env_file.read_bytes())
    expanded = _expand(parsed.entries, environ)
    doubled: dict[str, tuple[int, int]] = {}
    in_file: dict[str, Setting] = {}
    line_of: dict[str, int] = {}
    for entry in expanded:
        if entry.name not in _READ:
            continue
        earlier = in_file.get(entry.name)
        if earlier is not None and earlier.value != entry.value:
            doubled[entry.name] = (line_of[entry.name], entry.line)
        line_of[entry.name] = entry.line
        in_file[entry.name] = Setting(entry.name, entry.value, f"{env_file.name}:{entry.line}")
    contradicted = tuple(
        name
        for name, setting in in_file.items()
        if name in environ and environ[name] != setting.value
    )
    return Settings(
        values | in_file,
        env_file.name,
        parsed.strange_lines,
        parsed.utf16,
        doubled,
        contradicted,
    )


def _expand(entries: Iterable[Entry], environ: Mapping[str, str]) -> Iterable[Entry]:
    """Put in `${NAME}`, or `${NAME:-this}`, if it is known, and `$NAME` if the file has set it.

    Any other `$` stays: it is more often part of a password than a name of the environment.
    """
    known, in_file = dict(environ), dict[str, str]()
    for entry in entries:
        value = entry.value
        if not entry.literal:
            value = _REFERENCE.sub(lambda hit: known.get(hit[1]) or hit[2] or hit[0], value)
            value = _BARE_REFERENCE.sub(lambda hit: in_file.get(hit[1], hit[0]), value)
        known[entry.name] = in_file[entry.name] = value
        yield Entry(entry.name, value, entry.line, entry.literal)
