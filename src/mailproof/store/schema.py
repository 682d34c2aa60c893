"""Which schema this release can work with: versions may roll, one node after the other."""

from typing import Final

from mailproof.store.base import SchemaTooNew

__all__ = ["CODE", "check_schema"]

# The newest migration that this release brings. A contracting migration raises `min_code`.
CODE: Final = 11


def check_schema(version: int, min_code: int) -> None:
    """Raises `SchemaTooNew`: a newer release has taken away what this one needs."""
    if min_code > CODE:
        raise SchemaTooNew(
            f"The database has schema {version}, which needs a release that knows {min_code}; this "
            f"one knows {CODE}. Install the newer release here too."
        )
