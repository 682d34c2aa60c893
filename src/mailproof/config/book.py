"""What the readers of the single parts share: all that was given, and where remarks go."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from mailproof.config.problems import Remarks, ValuePath, Wrong
from mailproof.config.secrets import Reference, is_variable, missing, resolve
from mailproof.config.settings import Secret
from mailproof.config.sheet import Sheet

__all__ = ["Book"]


class Book(msgspec.Struct, frozen=True):
    """`file` is empty where there is none; `folder`: where relative paths begin."""

    sheet: Sheet
    remarks: Remarks
    environ: Mapping[str, str]
    folder: Path
    file: str

    def wrong(self, path: ValuePath, key: str, /, **facts: str) -> None:
        self.remarks.wrong(path, self.sheet.origin(path), key, **facts)

    def odd(self, path: ValuePath, key: str, /, **facts: str) -> None:
        self.remarks.odd(path, self.sheet.origin(path), key, **facts)

    def given(self, path: ValuePath) -> bool:
        """Was it written, be it right or wrong?"""
        return path in self.sheet.given

    def refuse(self, path: ValuePath, wrong: Wrong) -> None:
        self.wrong(path, wrong.key, **wrong.facts)

    def secret(self, path: ValuePath) -> Secret | None:
        """The secret there, present or not; None: nothing was written, or nothing that is one."""
        reference = self.sheet.values.get(path)
        return self.resolve(reference, path) if isinstance(reference, Reference) else None

    def needed_secret(self, path: ValuePath) -> Secret | None:
        """As `secret`, and one that is not there now is remarked as wrong."""
        secret = self.secret(path)
        wrong = missing(secret) if secret else None
        if wrong:
            self.refuse(path, wrong)
            return None
        return secret

    def resolve(self, reference: Reference, path: ValuePath) -> Secret:
        secret = resolve(reference, environ=self.environ, folder=self.folder)
        origin = self.sheet.origin(path)
        if reference.kind == "literal" and origin.kind == "env":
            return msgspec.structs.replace(secret, origin=f"env:{origin.name}")
        return secret

    def tell_literal(self, path: ValuePath, secret: Secret) -> None:
        """A secret in a file that gets copied, committed and shown around is remarked as odd."""
        if secret.origin == "literal":
            key = "secret.variable" if is_variable(secret) else "secret.literal"
            self.odd(path, key)
