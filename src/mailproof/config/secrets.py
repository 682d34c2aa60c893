"""Secrets: written as `env:NAME` or `file:PATH`, and looked up each time they are needed."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog

from mailproof.config.kinds import Kind, comma_list
from mailproof.config.problems import Wrong, shown
from mailproof.config.settings import Secret

__all__ = ["SECRET", "SECRETS", "Reference", "is_variable", "missing", "resolve"]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.config")

_BYTES_MAX: Final = 64 * 1024
_SECRETS_MAX: Final = 2  # the one in use, and its successor
# Only what looks like a variable's name is shown: someone may have put the secret itself there.
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")

# `RESEND_API_KEY`, `$KEY`, `${KEY}`: someone meant `env:`.
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}")


class Reference(msgspec.Struct, frozen=True):
    """What was written where a secret belongs. `text`: a name, a path, or the secret itself."""

    kind: Literal["env", "file", "literal"]
    text: str

    @property
    def origin(self) -> str:
        """As it may be shown."""
        if self.kind == "literal":
            return "literal"
        if self.kind == "env" and not _NAME.fullmatch(self.text):
            return "env:…"
        return f"{self.kind}:{shown(self.text)[1:-1]}"

    def __repr__(self) -> str:
        return f"<Reference {self.origin}>"


class SecretFile:
    """A file with one secret, read again when it has changed. Empty while it cannot be read."""

    def __init__(self, path: Path, origin: str) -> None:
        self._path, self._origin = path, origin
        self._seen: tuple[int, int, int] | None = None
        self._value = ""
        self.why = ""

    def __call__(self) -> str:
        try:
            stat = self._path.stat()
            # A new file in the place of the old one can have its size and time.
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._value, self._seen = self._content(), seen
                self.why = ""
        except (OSError, ValueError) as error:
            self._unreadable(error)
        return self._value

    def _content(self) -> str:
        with self._path.open("rb") as file:
            raw = file.read(_BYTES_MAX + 1)
        if len(raw) > _BYTES_MAX:
            raise ValueError("larger than 64 KiB")
        return raw.decode("utf-8-sig").strip()

    def _unreadable(self, error: OSError | ValueError) -> None:
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        # Once, not at every mail; and what cannot be read from the start is said by `missing`.
        if self._seen is not None:
            log.warning("secret.unreadable", origin=self._origin, why=why)
        self._value, self._seen, self.why = "", None, why


def resolve(reference: Reference, *, environ: Mapping[str, str], folder: Path) -> Secret:
    """The secret behind what was written; `folder`: where a relative `file:` begins."""
    return Secret(reference.origin, _reader(reference, environ, folder))


def _reader(reference: Reference, environ: Mapping[str, str], folder: Path) -> Callable[[], str]:
    match reference.kind:
        case "env":
            return lambda: environ.get(reference.text, "").strip()
        case "file":
            return SecretFile(folder / reference.text, reference.origin)
        case "literal":
            return lambda: reference.text


def missing(secret: Secret) -> Wrong | None:
    """Why the secret is not there; None: it is."""
    if secret.read():
        return None
    if isinstance(secret.read, SecretFile):
        why = secret.read.why
        return Wrong("secret.file", origin=secret.origin, why=why) if why else Wrong("secret.empty")
    if secret.origin == "literal":
        return Wrong("secret.empty")
    key = "secret.name" if secret.origin == "env:…" else "secret.unset"
    return Wrong(key, origin=secret.origin, name=secret.origin.removeprefix("env:"))


def is_variable(secret: Secret) -> bool:
    """Does a literal look like the name of a variable, and not like a secret?"""
    return secret.origin == "literal" and _VARIABLE.fullmatch(secret.read()) is not None


def _reference(raw: object) -> Reference:
    if not isinstance(raw, str):
        raise Wrong("secret.text")
    text = raw.strip()
    for kind in ("env", "file"):
        if text.startswith(f"{kind}:"):
            name = text.removeprefix(f"{kind}:").strip()
            if not name:
                raise Wrong("secret.nameless")
            return Reference("env" if kind == "env" else "file", name)
    return Reference("literal", text)


def _references(raw: object) -> tuple[Reference, ...]:
    several = raw if isinstance(raw, list) else [raw]
    if not 1 <= len(several) <= _SECRETS_MAX:
        raise Wrong("secret.count")
    return tuple(_reference(each) for each in several)


SECRET: Final = Kind(_reference)
SECRETS: Final = Kind(_references, comma_list)
